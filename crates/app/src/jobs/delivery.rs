//! Delivery of invitations: a worker for each channel.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use trialogue_delivery::{Delivery, Invitation};
use trialogue_domain::Timestamp;
use trialogue_storage::{Channel, DeliveryWork, JobKind, LeasedJob, LiveInvitation, NodeId};

use crate::back_off::pause;
use crate::conferences::Conferences;
use crate::jobs::{self, Handler, JobOutcome, PATIENCE, Queue};
use crate::links::LinkKey;
use crate::ports::Clock;

/// Maximum number of tries. A dead invitation is given up before.
const TRIES: i32 = 20;

/// Longest back-off of a delivery.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What brings the invitations of one channel.
#[derive(Clone)]
pub struct DeliveryWorker {
    /// What is kept, and changed by the rules.
    pub conferences: Conferences,
    /// This node.
    pub node: NodeId,
    /// Which channel.
    pub channel: Channel,
    /// What sends.
    pub delivery: Arc<dyn Delivery>,
    /// What the links are derived from.
    pub key: LinkKey,
    /// What links begin with.
    pub public_url: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl DeliveryWorker {
    /// Delivers until told to stop.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        jobs::run(self, stop).await;
    }

    async fn deliver(&self, work: DeliveryWork, live: &LiveInvitation) -> Result<(), Failure> {
        if !self.key.opens(work.participant, work.invited_at, &live.invitation) {
            // Another node may have the right one.
            let error = "it was made under another link_key: set the same one on every node".to_owned();
            return Err(Failure { error, is_transient: true });
        }
        let invitation = Invitation {
            participant: work.participant,
            inviter: live.inviter.clone(),
            link: self.key.link(&self.public_url, work.participant, work.invited_at),
            minutes: minutes(self.clock.now(), live.deadline),
        };
        match timeout(PATIENCE, self.delivery.deliver(&live.to, &invitation)).await {
            Ok(outcome) => outcome
                .map_err(|error| Failure { is_transient: error.is_transient(), error: error.to_string() }),
            Err(_) => Err(Failure { error: "no answer in time".to_owned(), is_transient: true }),
        }
    }
}

/// Why an invitation was not sent, and whether another try may go well.
struct Failure {
    error: String,
    is_transient: bool,
}

impl Handler for DeliveryWorker {
    type Work = DeliveryWork;

    const SLOTS: usize = 4;

    const FIRST_PAUSE: Duration = Duration::from_millis(500);

    fn kind(&self) -> JobKind {
        JobKind::Delivery(self.channel)
    }

    fn queue(&self) -> Queue {
        Queue { conferences: self.conferences.clone(), node: self.node, clock: Arc::clone(&self.clock) }
    }

    async fn attempt(&self, job: &LeasedJob<DeliveryWork>) -> JobOutcome {
        let conference = job.conference.map_or(0, |conference| conference.0);
        let (participant, channel, attempts) = (job.work.participant.0, self.channel, job.attempts);
        let outcome = match self.conferences.store().live_invitation(job, channel, self.clock.now()).await {
            // It is answered, withdrawn or expired.
            Ok(None) => return JobOutcome::Done(vec![]),
            Ok(Some(live)) => self.deliver(job.work, &live).await,
            Err(error) => Err(Failure { error: error.to_string(), is_transient: true }),
        };
        match outcome {
            Ok(()) => {
                tracing::info!(conference, participant, ?channel, attempts, "an invitation was sent");
                JobOutcome::Done(vec![])
            }
            Err(Failure { error, is_transient: true }) if attempts < TRIES => {
                tracing::warn!(
                    error,
                    conference,
                    participant,
                    ?channel,
                    attempts,
                    "an invitation was not sent yet"
                );
                JobOutcome::Failed(pause(attempts, Self::FIRST_PAUSE, LONGEST_PAUSE, participant))
            }
            Err(Failure { error, .. }) => {
                tracing::warn!(
                    error,
                    conference,
                    participant,
                    ?channel,
                    attempts,
                    "an invitation was not sent"
                );
                JobOutcome::Done(vec![])
            }
        }
    }
}

/// How many minutes are left, rounded up.
fn minutes(now: Timestamp, deadline: Timestamp) -> u64 {
    deadline.since(now).as_secs().div_ceil(60).max(1)
}
