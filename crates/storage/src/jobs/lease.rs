//! Leases: a lease gives one node the job for a time.

use trialogue_domain::{ConferenceId, Timestamp};

use crate::node::NodeId;
use crate::rows::row;

/// The right of a node to do a job until a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The node that does the job.
    pub node: NodeId,
    /// When another node may do it.
    pub until: Timestamp,
}

/// A job under a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeasedJob<W> {
    /// The row.
    pub id: i64,
    /// The jobs of a kind with the same key follow each other.
    pub ordering_key: Option<i32>,
    /// The conference that it is about.
    pub conference: Option<ConferenceId>,
    /// What is to be done.
    pub work: W,
    /// How often it was leased, this time included.
    pub attempts: i32,
    /// Under which lease.
    pub lease: Lease,
}

row! {
    /// A leased row. Nothing is changed by it when the lease was lost.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct LeasedRow deleted from jobs
    where {
        id: i64 = id,
        node: i64 = lease_node,
        until: i64 = lease_until,
    }
}

row! {
    /// A leased row becomes free again. Nothing is changed by it when the lease was lost.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct PutBack updated in jobs
    where {
        id: i64 = id,
        node: i64 = lease_node,
        until: i64 = lease_until,
    }
    set {
        attempts: i32,
        due_at: Option<i64>,
        lease_node: Option<i64>,
        lease_until: Option<i64>,
    }
}

impl<W> LeasedJob<W> {
    /// The row, to be deleted.
    pub(crate) const fn row(&self) -> LeasedRow {
        LeasedRow { id: self.id, node: self.lease.node.0, until: self.lease.until.0 }
    }

    /// The row, after so many attempts, to be tried at `due`.
    pub(crate) const fn put_back(&self, attempts: i32, due: Timestamp) -> PutBack {
        let Lease { node, until } = self.lease;
        PutBack {
            id: self.id,
            node: node.0,
            until: until.0,
            attempts,
            due_at: Some(due.0),
            lease_node: None,
            lease_until: None,
        }
    }
}
