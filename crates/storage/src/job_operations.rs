//! The queue of jobs as workers see it: claim, receive, finish, put back, and look at what waits.

pub(crate) mod backlog;
mod claim;
pub(crate) mod invitation;
mod receive;
