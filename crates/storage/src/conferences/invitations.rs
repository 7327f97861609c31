//! Invitations of third parties.

use diesel::prelude::*;
use trialogue_domain::{
    Actor, Conference, ConferenceId, Facts, Kind, Participant, ParticipantId, Refusal, Step, Timestamp,
    UserId,
};

use crate::aggregate::batch::change;
use crate::aggregate::find::{ConferenceLookup, find};
use crate::aggregate::verdict::Verdict;
use crate::aggregate::view::{ConferenceView, view};
use crate::error::StoreError;
use crate::idempotency::{IdempotencyKey, KeptAnswer, Render, once};
use crate::jobs::insert::NewJobs;
use crate::jobs::kind::{Channel, JobKind};
use crate::jobs::work::DeliveryWork;
use crate::limits::{check_invitations, count_delivery};
use crate::rows::{Invitee, ParticipantState};
use crate::schema::participants;
use crate::secret::SecretHash;
use crate::store::Store;
use crate::text::storable;

/// Of a participant, the hash of the secret that opens its invitation.
pub type InvitationHash = Box<dyn Fn(ParticipantId) -> SecretHash + Send>;

/// A third party to be invited.
pub struct NewGuest {
    /// The user who invites.
    pub inviter: UserId,
    /// The name to show.
    pub name: Option<String>,
    /// Where a link is sent.
    pub email: Option<String>,
    /// Where a text is sent.
    pub phone: Option<String>,
    /// What opens the invitation: it may depend on the participant, whose number is known only here.
    pub invitation: InvitationHash,
    /// How the invitation is delivered; none if the inviter passes it on.
    pub channel: Option<Channel>,
}

/// The holder of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// Into which conference.
    pub conference: ConferenceId,
    /// As which participant.
    pub participant: ParticipantId,
    /// As a guest or a second interpreter.
    pub kind: Kind,
}

impl Invitation {
    /// Who acts with it.
    pub const fn actor(&self) -> Actor {
        match self.kind {
            Kind::SecondInterpreter => Actor::SecondInterpreter(self.participant),
            Kind::Client | Kind::Provider | Kind::Guest => Actor::Guest(self.participant),
        }
    }
}

impl Store {
    /// Invites a third party, queues the delivery, and keeps the answer, all in one transaction. `judge` makes the steps
    /// that invite; `answer` makes the answer.
    ///
    /// # Errors
    /// As [`Store::change`], and [`StoreError::IdempotencyMismatch`].
    pub async fn invite(
        &self,
        lookup: ConferenceLookup,
        guest: NewGuest,
        now: Timestamp,
        key: Option<IdempotencyKey>,
        judge: impl Fn(&Conference, Facts) -> Result<Vec<Step>, Refusal> + Send + 'static,
        render: Render<(ConferenceView, ParticipantId)>,
    ) -> Result<KeptAnswer, StoreError> {
        storable(&[
            ("name", guest.name.as_deref()),
            ("email", guest.email.as_deref()),
            ("phone", guest.phone.as_deref()),
        ])?;
        key.as_ref().map_or(Ok(()), IdempotencyKey::check)?;
        self.executor()
            .write(lookup.key(), "invite a guest", move |tx| {
                once(tx, key.as_ref(), now, |tx| {
                    let id = find(&mut tx.connection, lookup)?.ok_or(Refusal::NoRequest)?;
                    check_invitations(&mut tx.connection, id, now)?;
                    // A decision takes the free ids from the first on.
                    let [participant, _] = tx.ids.free().participants;
                    let invitee = Invitee {
                        name: guest.name.clone(),
                        email: guest.email.clone(),
                        phone: guest.phone.clone(),
                        note: None,
                        invitation: Some((guest.invitation)(participant).to_vec()),
                        inviter: Some(guest.inviter.0),
                    };
                    change(tx, id, |conference, facts| {
                        let steps = judge(conference, facts)?;
                        Ok(Verdict { invitee: Some(invitee), ..steps.into() })
                    })?;
                    if let Some(channel) = guest.channel {
                        let address = match channel {
                            Channel::Email => &guest.email,
                            Channel::Text => &guest.phone,
                        };
                        let address = address.as_deref().unwrap_or_default();
                        count_delivery(&mut tx.connection, participant, channel, address, now)?;
                        let work = DeliveryWork { participant, inviter: guest.inviter, invited_at: now };
                        let kind = JobKind::Delivery(channel);
                        let (mut new, place) = (NewJobs::default(), tx.workers.reserve(kind, now));
                        new.add(kind, None, id, &[(work, now)], place)?;
                        new.insert(&mut tx.connection, &mut tx.after_commit.jobs)?;
                    }
                    let shown = view(&mut tx.connection, id)?.ok_or(Refusal::NotFound)?;
                    Ok((render(&(shown, participant)), Some(participant)))
                })
            })
            .await
    }

    /// Whose invitation this is; none if it is unknown or its participant is out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation(&self, hash: SecretHash) -> Result<Option<Invitation>, StoreError> {
        self.executor()
            .read("check an invitation", move |connection| {
                let found: Option<ParticipantState> = participants::table
                    .filter(participants::invitation.eq(Some(&hash[..])))
                    .select(ParticipantState::as_select())
                    .get_result(connection)
                    .optional()
                    .map_err(StoreError::query("check an invitation"))?;
                let Some(row) = found else { return Ok(None) };
                let conference = ConferenceId(row.conference_id);
                let invited = Some(row.to_domain()?).filter(Participant::is_live);
                Ok(invited.map(|p| Invitation { conference, participant: p.id, kind: p.kind() }))
            })
            .await
    }
}
