//! `InviteThirdPartyVideoConference` of client and provider: invite a third party.
//!
//! The answer's `Location` header is the invitation link, for the inviter to pass on: the body is fixed by the contract.
//! Where e-mail or text messages are configured, the same link is also on its way to the guest: a delivery is queued
//! with the invitation.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use trialogue_domain::{ParticipantId, Timestamp};
use trialogue_storage::{ConferenceView, NewGuest, UserRole};

use crate::call::Call;
use crate::present;
use crate::problem::Problem;
use crate::reply::{self, Failure};
use crate::secret::Secret;
use trialogue_contract::models::{ParaThirdPartyVideoParticipant, ResultVideoConferenceParticipant};
use trialogue_person::{EmailAddress, PersonName, PhoneNumber};

pub(super) async fn invite(
    call: Call,
    payload: web::Payload,
    role: UserRole,
) -> Result<HttpResponse, Failure> {
    let caller = call.user(role).await?;
    let (wanted, key): (ParaThirdPartyVideoParticipant, _) = call.keyed_body(payload, &caller).await?;
    if is_pstn(&wanted).map_err(|e| call.fail(e))? {
        return Err(call.fail(Problem::CannotDial));
    }
    // Their shape has been checked: what has no normal form is empty.
    let name = wanted.name.and_then(|t| Some(PersonName::parse(&t).ok()?.as_str().to_owned()));
    let email = wanted.email.and_then(|t| Some(EmailAddress::parse(&t).ok()?.as_str().to_owned()));
    let phone = wanted.phone_number.and_then(|t| Some(PhoneNumber::parse(&t)?.as_str().to_owned()));
    if name.is_none() && email.is_none() && phone.is_none() {
        return Err(call.fail(Problem::BadValue {
            member: "Name",
            message: "say whom to invite: a Name, an Email or a PhoneNumber is needed",
        }));
    }
    let settings = &call.app().settings;
    let (holder, channel) = match &settings.delivery {
        Some(delivery) => (delivery.key.0.clone(), delivery.channel(email.is_some(), phone.is_some())),
        None => (caller.token.clone(), None),
    };
    let (viewer, now) = (caller.user, call.now());
    let invitation = {
        let holder = holder.clone();
        Box::new(move |participant| holder.of_invitation(participant, now).hash())
    };
    let guest = NewGuest { name, email, phone, invitation, channel };
    let render = call.render::<ResultVideoConferenceParticipant>();
    let render = Box::new(move |(view, id): &(ConferenceView, ParticipantId)| {
        let invited = view.conference.participant(*id).map(|p| present::participant(view, p, viewer));
        Kept { participant: *id, invited_at: now }.before(&render(&invited.unwrap_or_default()))
    });
    let store = &call.app().store;
    let made = store.invite(caller.own(), caller.actor(), guest, now, key, render).await;
    let made = made.map_err(|e| call.fail(e))?;
    let (kept, answer) = Kept::read(&made);
    let mut answer = reply::from_stored(answer);
    if let Some(kept) = kept {
        let secret = holder.of_invitation(kept.participant, kept.invited_at);
        if let Some(link) = link(&call, &secret).await? {
            answer.headers_mut().insert(header::LOCATION, link);
        }
    }
    Ok(answer)
}

/// What is kept before the answer, in a line of its own: of what the link is made again for who asks again.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    participant: ParticipantId,
    invited_at: Timestamp,
}

impl Kept {
    fn before(&self, answer: &[u8]) -> Vec<u8> {
        [format!("{} {}\n", self.participant, self.invited_at.0).as_bytes(), answer].concat()
    }

    fn read(kept: &[u8]) -> (Option<Self>, &[u8]) {
        let read = || {
            let end = kept.iter().position(|b| *b == b'\n')?;
            let (participant, at) = std::str::from_utf8(&kept[..end]).ok()?.split_once(' ')?;
            let (participant, invited_at) =
                (ParticipantId(participant.parse().ok()?), Timestamp(at.parse().ok()?));
            Some((Some(Self { participant, invited_at }), &kept[end + 1..]))
        };
        read().unwrap_or((None, kept))
    }
}

/// The link, if the secret opens an invitation: derived from another login token than it was made with, it opens none.
async fn link(call: &Call, secret: &Secret) -> Result<Option<HeaderValue>, Failure> {
    let live = call.app().store.invitation(secret.hash()).await.map_err(|e| call.fail(e))?;
    let link = secret.link(&call.app().settings.public_url);
    Ok(live.and(HeaderValue::from_str(&link).ok()))
}

/// If both are sent, `isPSTN` wins.
fn is_pstn(wanted: &ParaThirdPartyVideoParticipant) -> Result<bool, Problem> {
    if let Some(dial) = wanted.is_pstn {
        return Ok(dial);
    }
    match wanted.is_pstn_str.as_deref().map(str::trim).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "false" | "0" | "no" => Ok(false),
        "true" | "1" | "yes" => Ok(true),
        _ => Err(Problem::BadValue { member: "isPSTNStr", message: "write true or false" }),
    }
}
