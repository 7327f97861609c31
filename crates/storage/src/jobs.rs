//! Work to be done outside a transaction.

pub(crate) mod backlog;
pub(crate) mod deliveries;
pub(crate) mod outbox;
