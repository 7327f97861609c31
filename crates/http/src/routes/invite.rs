//! `InviteThirdPartyVideoConference` of client and provider: invite a third party.
//!
//! The answer's `Location` header is the invitation link, for the inviter to pass on: the body is fixed by the contract.
//! The secret stands in the link's fragment, which browsers never send.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use trialogue_domain::ParticipantId;
use trialogue_storage::{ConferenceView, NewGuest, UserRole};

use crate::call::Call;
use crate::present;
use crate::problem::Problem;
use crate::reply::{self, Failure};
use crate::secret::Secret;
use crate::wire::{ParaThirdPartyVideoParticipant, ResultVideoConferenceParticipant};

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
    let given = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let (name, email, phone) = (given(wanted.name), given(wanted.email), given(wanted.phone_number));
    if name.is_none() && email.is_none() && phone.is_none() {
        return Err(call.fail(Problem::BadValue {
            member: "Name",
            message: "say whom to invite: a Name, an Email or a PhoneNumber is needed",
        }));
    }
    let secret = match &key {
        // Asked again under the same key, the same link comes back, though the store keeps only its hash.
        Some(key) => caller.token.of_invitation(&key.key),
        None => Secret::random(&*call.app().entropy),
    };
    let guest = NewGuest { name, email, phone, invitation: secret.hash() };
    let render = call.render::<ResultVideoConferenceParticipant>();
    let render = Box::new(move |(view, id): &(ConferenceView, ParticipantId)| {
        let invited = view.conference.participant(*id).map(|p| present::participant(view, p));
        render(&invited.unwrap_or_default())
    });
    let store = &call.app().store;
    let made = store.invite(caller.own(), caller.actor(), guest, call.now(), key, render).await;
    let mut answer = reply::from_stored(&made.map_err(|e| call.fail(e))?);
    if let Some(link) = link(&call, &secret).await? {
        answer.headers_mut().insert(header::LOCATION, link);
    }
    Ok(answer)
}

/// The link, if the secret opens an invitation: under a key replayed with another login token it opens none.
async fn link(call: &Call, secret: &Secret) -> Result<Option<HeaderValue>, Failure> {
    let live = call.app().store.invitation(secret.hash()).await.map_err(|e| call.fail(e))?;
    let text = format!("{}/join#{}", call.app().settings.public_url, secret.reveal());
    Ok(live.and(HeaderValue::from_str(&text).ok()))
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
