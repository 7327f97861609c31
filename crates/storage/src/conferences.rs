//! Conferences: how they are changed, and what is read of them.

pub(crate) mod accounts;
pub(crate) mod changing;
pub(crate) mod invitations;
pub(crate) mod polls;
pub(crate) mod reading;
pub(crate) mod timeline;
