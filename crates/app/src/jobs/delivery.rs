//! Invitations on their way to those who are invited: a lane for each channel.

use std::sync::Arc;
use std::time::Duration;

use crate::links::LinkKey;
use crate::ports::{Clock, Entropy};
use tokio::sync::watch;
use tokio::time::timeout;
use trialogue_delivery::{Delivery, Invitation};
use trialogue_domain::Timestamp;
use trialogue_storage::{Channel, ClaimedDelivery, Store};

use crate::jobs::{self, LEASE, Lane, PATIENCE, pause};

/// So often a delivery is tried; an invitation that is dead is given up before.
const TRIES: i32 = 20;

/// What brings the invitations of one channel.
#[derive(Clone)]
pub struct Postman {
    /// What is kept.
    pub store: Store,
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
    /// Draws the tokens of leases.
    pub entropy: Arc<dyn Entropy>,
}

impl Postman {
    /// Delivers until told to stop.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        jobs::run(self, stop).await;
    }
}

impl Lane for Postman {
    type Work = ClaimedDelivery;

    const HANDS: usize = 4;

    async fn claim(&self, hands: usize) -> Vec<ClaimedDelivery> {
        let (token, limit) = (self.entropy.number(), i64::try_from(hands).unwrap_or(1));
        let claimed = self.store.claim_deliveries(self.channel, token, LEASE, limit, self.clock.now()).await;
        claimed.unwrap_or_else(|error| {
            tracing::warn!(%error, channel = ?self.channel, "deliveries could not be claimed");
            Vec::new()
        })
    }

    async fn work(&self, work: ClaimedDelivery) {
        let (conference, participant) = (work.conference.0, work.participant.0);
        let (channel, attempts) = (self.channel, work.attempts);
        let opens = self.key.opens(work.participant, work.invited_at, &work.invitation);
        let invitation = Invitation {
            participant: work.participant,
            inviter: work.inviter.clone(),
            link: self.key.link(&self.public_url, work.participant, work.invited_at),
            minutes: minutes(self.clock.now(), work.deadline),
        };
        let outcome = if opens {
            timeout(PATIENCE, self.delivery.deliver(&work.to, &invitation))
                .await
                .map_err(|_| "no answer in time")
        } else {
            // Another node may have the right one.
            Err("it was made under another link_key: set the same one on every node")
        };
        let (again, why) = match outcome {
            Ok(Ok(())) => {
                tracing::info!(conference, participant, ?channel, attempts, "an invitation was sent");
                (false, None)
            }
            Ok(Err(error)) => (error.is_transient() && attempts < TRIES, Some(error.to_string())),
            Err(why) => (attempts < TRIES, Some(why.to_owned())),
        };
        if let Some(error) = why {
            let text = if again { "an invitation was not sent yet" } else { "an invitation was not sent" };
            tracing::warn!(error, conference, participant, ?channel, attempts, "{text}");
        }
        let noted = if again {
            let pause =
                pause(attempts, Duration::from_millis(500), Duration::from_mins(1), work.participant.0);
            self.store.delivery_failed(&work, self.clock.now().after(pause)).await
        } else {
            self.store.delivery_done(&work).await
        };
        if let Err(error) = noted {
            tracing::warn!(%error, conference, participant, "a delivery's outcome was not noted; it is done again");
        }
    }
}

/// How many minutes are left, rounded up.
fn minutes(now: Timestamp, deadline: Timestamp) -> u64 {
    deadline.since(now).as_secs().div_ceil(60).max(1)
}
