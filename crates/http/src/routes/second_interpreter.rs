//! `RequestSecondInterpreter` of client and provider: ask for one more interpreter, for another language, to take turns, or as
//! a successor.

use actix_web::{HttpResponse, web};
use trialogue_contract::models::{ParaSecondRequest, ResultVideoConferenceParticipant};
use trialogue_domain::{LanguageId, ParticipantId, Purpose};
use trialogue_storage::{ConferenceView, UserRole};

use crate::call::Call;
use crate::present;
use crate::reply::{self, Failure};

pub(super) async fn request_second_interpreter(
    call: Call,
    payload: web::Payload,
    role: UserRole,
) -> Result<HttpResponse, Failure> {
    let user = call.user(role).await?;
    let (wanted, key): (ParaSecondRequest, _) = call.keyed_body(payload, &user).await?;
    let (viewer, render) = (user.id, call.render::<ResultVideoConferenceParticipant>());
    let render = Box::new(move |(view, participant): &(ConferenceView, ParticipantId)| {
        let made = view.conference.participant(*participant);
        render(&made.map(|p| present::participant(view, p, viewer)).unwrap_or_default())
    });
    let wants = call.wants(wanted.options()).await?;
    let language = LanguageId(wanted.to_language_id);
    let purpose = purpose(wanted.purpose.as_deref());
    let made = call
        .app()
        .request_second_interpreter(&user, (language, purpose), wants, wanted.additional_info, key, render)
        .await;
    Ok(reply::from_stored(&made.map_err(|e| call.fail(e))?))
}

/// The model holds one of the names, or none.
fn purpose(name: Option<&str>) -> Purpose {
    let named = |purpose: &Purpose| name.is_some_and(|name| name.eq_ignore_ascii_case(purpose.name()));
    Purpose::ALL.into_iter().find(named).unwrap_or(Purpose::SecondLanguage)
}
