//! Work to be done outside a transaction: one table, one kind of lease, one way to claim, finish and repeat.
//!
//! A job is inserted with the change that causes it. If a worker of its kind runs at this node, the row is leased to the
//! node at once, and the worker gets the job from memory after the COMMIT (`handover.rs`). Everything else is claimed
//! (`job_operations/claim.rs`): what was not handed over, what failed, and what a dead node had leased.
//!
//! To add a kind: a variant of [`kind::JobKind`] and a [`work::Work`] with its payload (`work.rs`). The worker is a
//! `Handler` of the crate `app`.

pub(crate) mod handover;
pub(crate) mod insert;
pub(crate) mod kind;
pub(crate) mod lease;
pub(crate) mod work;
