//! Users, their logins, and what each of them follows.

pub(crate) mod availability;
pub(crate) mod companies;
pub(crate) mod directory;
pub(crate) mod images;
pub(crate) mod interpreters;
pub(crate) mod languages;
pub(crate) mod logins;
pub(crate) mod management;
pub(crate) mod standings;
