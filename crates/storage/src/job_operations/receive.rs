//! How a worker receives the new jobs of its node.

use std::time::Duration;

use crate::jobs::handover::Inbox;
use crate::jobs::kind::JobKind;
use crate::jobs::work::Work;
use crate::node::NodeId;
use crate::store::Store;

impl Store {
    /// From now on, new jobs of a kind are leased to this node and come into the inbox, at most `capacity` changes at a
    /// time. What has no place is not leased: it is claimed ([`Store::claim_jobs`]). The worker before, if there was one,
    /// gets no more.
    pub fn receive_jobs<W: Work>(
        &self,
        kind: JobKind,
        node: NodeId,
        lease: Duration,
        capacity: usize,
    ) -> Inbox<W> {
        self.workers().receive(kind, node, lease, capacity)
    }
}
