//! The way from a fake engine to the server, on which notifications can be held up and mixed up.

use trialogue_media::{Notification, Notifications, Notifier};

/// Takes in what the engine says and passes it on, at once or when it is told to.
#[derive(Debug)]
pub(super) struct Delivery {
    said: Notifications,
    heard: Notifier,
    held: Option<Vec<Notification>>,
}

impl Delivery {
    pub(super) fn new(said: Notifications, heard: Notifier) -> Self {
        Self { said, heard, held: None }
    }

    /// Passes on, or keeps, what was said so far.
    pub(super) fn take_in(&mut self) {
        while let Ok(notification) = self.said.try_recv() {
            match &mut self.held {
                Some(held) => held.push(notification),
                None => self.heard.notify(notification),
            }
        }
    }

    /// Drops what was said so far.
    pub(super) fn ignore(&mut self) {
        while self.said.try_recv().is_ok() {}
    }

    pub(super) fn hold(&mut self) {
        self.take_in();
        self.held.get_or_insert_default();
    }

    pub(super) fn release(&mut self, mix: impl FnOnce(&mut Vec<Notification>)) {
        self.take_in();
        let mut held = self.held.take().unwrap_or_default();
        mix(&mut held);
        for notification in held {
            self.heard.notify(notification);
        }
    }
}
