//! Conferences: how they are changed, and what is read of them.

mod accounts;
mod changing;
pub(crate) mod invitations;
mod polls;
mod reading;
pub(crate) mod timeline;
