//! What an engine sees, on its way to the server.

use tokio::sync::mpsc;
use trialogue_domain::{ConferenceId, Observation};

/// Something that an engine saw. It may come late, twice or in the wrong order: [`trialogue_domain::observe`] bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// Where.
    pub room: ConferenceId,
    /// What.
    pub observation: Observation,
}

/// The end that an engine speaks into.
#[derive(Debug, Clone)]
pub struct Notifier(mpsc::UnboundedSender<Notification>);

/// The end that the server listens at. It ends when every [`Notifier`] is gone.
pub type Notifications = mpsc::UnboundedReceiver<Notification>;

/// A way for notifications. It never makes the engine wait, for an engine speaks only when a party comes or goes.
pub fn notifications() -> (Notifier, Notifications) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Notifier(sender), receiver)
}

impl Notifier {
    /// Passes it on; into the void if nobody listens any more, as when the server is about to stop.
    pub fn notify(&self, notification: Notification) {
        let _ = self.0.send(notification);
    }
}

#[cfg(test)]
mod tests {
    use trialogue_domain::ParticipantId;

    use super::*;

    #[test]
    fn what_is_said_is_heard_and_a_closed_ear_is_no_fault() {
        let received =
            Notification { room: ConferenceId(1), observation: Observation::Joined(ParticipantId(2)) };
        let (notifier, mut notifications) = notifications();
        notifier.notify(received);
        assert_eq!(notifications.try_recv(), Ok(received));
        drop(notifications);
        notifier.notify(received);
    }
}
