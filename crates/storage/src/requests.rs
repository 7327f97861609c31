//! Requests: opening them, offering them, and what providers see of them.

pub(crate) mod opening;
pub(crate) mod plans;
pub(crate) mod released;
pub(crate) mod second;
pub(crate) mod waiting;
