//! The end of one conference's log, shared by its followers.

use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use trialogue_storage::Recorded;

use super::{LiveEvent, locked};

/// Maximum number of events that are kept for the followers. A follower that is further behind reads the log by itself.
pub(super) const KEPT: usize = 16;

pub(super) struct Feed {
    /// How many follow. Changed under the lock of the feeds only.
    pub(super) followers: AtomicUsize,
    end: Mutex<End>,
    /// How often the end has changed.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct End {
    /// Without a gap.
    events: VecDeque<Arc<LiveEvent>>,
    /// The log could not be read: each follower may see for itself why.
    unreadable: bool,
}

/// What a feed has for a follower.
pub(super) enum Next {
    /// This comes next.
    Event(Arc<LiveEvent>),
    /// Nothing yet.
    Wait,
    /// What comes next is not kept: read it from the log.
    Read,
}

impl Feed {
    pub(super) fn new() -> Self {
        Self { followers: AtomicUsize::new(0), end: Mutex::default(), changes: watch::Sender::new(0) }
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The last place known; 0 before the first look.
    pub(super) fn last_seq(&self) -> i32 {
        locked(&self.end).last_seq()
    }

    pub(super) fn after(&self, seq: i32) -> Next {
        let end = locked(&self.end);
        if end.unreadable {
            return Next::Read;
        }
        let missing = end.last_seq() - seq;
        if missing <= 0 {
            return Next::Wait;
        }
        // The next event is `missing` places from the end. It is not kept if fewer events are.
        let place = usize::try_from(missing).ok().and_then(|missing| end.events.len().checked_sub(missing));
        place
            .and_then(|place| end.events.get(place))
            .map_or(Next::Read, |event| Next::Event(Arc::clone(event)))
    }

    /// Takes in what was read, oldest first.
    pub(super) fn extend(&self, read: Vec<Recorded>) {
        let mut end = locked(&self.end);
        let new: Vec<Recorded> = read.into_iter().filter(|event| event.seq > end.last_seq()).collect();
        if new.is_empty() && !end.unreadable {
            return;
        }
        end.unreadable = false;
        // What was read begins after a gap: what is kept must have none.
        if new.first().is_some_and(|first| first.seq != end.last_seq() + 1) {
            end.events.clear();
        }
        end.events.extend(new.into_iter().map(|event| Arc::new(event.into())));
        let surplus = end.events.len().saturating_sub(KEPT);
        end.events.drain(..surplus);
        drop(end);
        self.changed();
    }

    pub(super) fn cannot_be_read(&self) {
        locked(&self.end).unreadable = true;
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }
}

impl End {
    fn last_seq(&self) -> i32 {
        self.events.back().map_or(0, |event| event.recorded.seq)
    }
}
