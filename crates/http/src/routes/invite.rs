//! `InviteThirdPartyVideoConference` of client and provider: invite a third party.
//!
//! The answer's `Location` header is the invitation link, for the inviter to pass on: the body is fixed by the contract.
//! Where e-mail or text messages are configured, the same link is also on its way to the guest: a delivery is queued
//! with the invitation.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use trialogue_app::Invitee;
use trialogue_contract::models::{ParaThirdPartyVideoParticipant, ResultVideoConferenceParticipant};
use trialogue_person::{EmailAddress, PersonName, PhoneNumber};
use trialogue_storage::{ConferenceView, UserRole};

use crate::call::Call;
use crate::present;
use crate::problem::Problem;
use crate::reply::{self, Failure};

pub(super) async fn invite(
    call: Call,
    payload: web::Payload,
    role: UserRole,
) -> Result<HttpResponse, Failure> {
    let user = call.user(role).await?;
    let (wanted, key): (ParaThirdPartyVideoParticipant, _) = call.keyed_body(payload, &user).await?;
    if is_pstn(&wanted).map_err(|e| call.fail(e))? {
        return Err(call.fail(Problem::CannotDial));
    }
    // Their shape has been checked: what has no normal form is empty.
    let invitee = Invitee {
        name: wanted.name.and_then(|typed| PersonName::parse(&typed).ok()),
        email: wanted.email.and_then(|typed| EmailAddress::parse(&typed).ok()),
        phone: wanted.phone_number.and_then(|typed| PhoneNumber::parse(&typed)),
    };
    if invitee.name.is_none() && invitee.email.is_none() && invitee.phone.is_none() {
        return Err(call.fail(Problem::BadValue {
            member: "Name",
            message: "say whom to invite: a Name, an Email or a PhoneNumber is needed",
        }));
    }
    let (viewer, render) = (user.id, call.render::<ResultVideoConferenceParticipant>());
    let render = move |view: &ConferenceView, participant| {
        let made = view.conference.participant(participant);
        render(&made.map(|p| present::participant(view, p, viewer)).unwrap_or_default())
    };
    let made = call.app().invite(&user, invitee, key, render).await.map_err(|e| call.fail(e))?;
    let mut answer = reply::from_stored(&made.answer);
    if let Some(link) = made.link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        answer.headers_mut().insert(header::LOCATION, link);
    }
    Ok(answer)
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
