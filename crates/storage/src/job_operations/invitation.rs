//! What is needed to deliver an invitation.

use diesel::prelude::*;
use trialogue_domain::Timestamp;

use crate::error::StoreError;
use crate::jobs::kind::Channel;
use crate::jobs::lease::LeasedJob;
use crate::jobs::work::DeliveryWork;
use crate::schema::{participants, users};
use crate::store::Store;

/// An invitation that waits for its answer. It has no `Debug`: it names people.
#[derive(Clone)]
pub struct LiveInvitation {
    /// Where to.
    pub to: String,
    /// The name of the user who invites.
    pub inviter: String,
    /// The hash of the secret that opens the invitation.
    pub invitation: Vec<u8>,
    /// Until when an answer is waited for.
    pub deadline: Timestamp,
}

impl Store {
    /// The invitation of a delivery; none if it is dead by now (answered, kicked, expired), or has no address.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn live_invitation(
        &self,
        job: &LeasedJob<DeliveryWork>,
        channel: Channel,
        now: Timestamp,
    ) -> Result<Option<LiveInvitation>, StoreError> {
        type Columns = (Option<Vec<u8>>, Option<i64>, Option<String>, Option<String>, String);
        let (conference, work) = (job.conference.map_or(0, |conference| conference.0), job.work);
        self.executor()
            .read("load a delivery", move |connection| {
                let row: Option<Columns> = participants::table
                    .inner_join(users::table.on(users::id.eq(work.inviter.0)))
                    .filter(participants::conference_id.eq(conference))
                    .filter(participants::id.eq(work.participant.0))
                    .filter(participants::state.eq(crate::rows::INFORMED))
                    .select((
                        participants::invitation,
                        participants::deadline,
                        participants::email,
                        participants::phone,
                        users::name,
                    ))
                    .get_result(connection)
                    .optional()
                    .map_err(StoreError::query("load a delivery"))?;
                Ok(row.and_then(|(invitation, deadline, email, phone, inviter)| {
                    let to = match channel {
                        Channel::Email => email,
                        Channel::Text => phone,
                    };
                    let deadline = deadline.map(Timestamp).filter(|deadline| *deadline > now);
                    Some(LiveInvitation { to: to?, inviter, invitation: invitation?, deadline: deadline? })
                }))
            })
            .await
    }
}
