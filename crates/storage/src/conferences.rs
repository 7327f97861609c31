//! Conferences: the operations on them and what is read of them.

pub(crate) mod accounts;
pub(crate) mod calls;
pub(crate) mod invitations;
pub(crate) mod polls;
pub(crate) mod presence;
pub(crate) mod timeline;
