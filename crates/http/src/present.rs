//! From domain values to wire types.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trialogue_app::LoggedInUser;
use trialogue_domain::{
    Availability, BreakReason, Conference, InterpreterStatus, Kind, Leg, MissedRings, Participant,
    ParticipantId, Party, Purpose, ReleaseReason, RequestStatus, Timestamp, UserId, VacantPlace,
    WaitEstimate, is_offline,
};
use trialogue_media::Identity;
use trialogue_storage::{
    ConferenceView, ImageKind, Language, OfferView, OfferedProvider, Person, ProfileImage, ReleasedView,
};

use trialogue_app::Accounts;
use trialogue_contract::models::{
    self, ArrayOfResultVideoConferenceParticipant, DateTime, Decimal, ParaRequestProvider,
    ParaVideoEngineAccount, ParaVideoEngineAccountPair, ResultConferenceCall, ResultGuestInvitation,
    ResultLanguage, ResultProviderAvailability, ResultRequest, ResultTaskOffer,
    ResultVideoConferenceParticipant, ResultVideoConferenceSecondRequest,
};

use crate::wait_texts::{Figures, Texts};

/// Maximum number of finished invited parties that are shown, the latest ones.
const SHOWN_GONE: usize = 20;

/// Who is, or was, in a conference: the client and the provider of the latest call, and the invited parties: those that
/// are in or may come, and the latest of those that are out.
pub(crate) fn participants(view: &ConferenceView, viewer: UserId) -> ArrayOfResultVideoConferenceParticipant {
    let conference = &view.conference;
    let is_gone = |p: &&Participant| !p.kind().is_principal() && !p.is_live();
    let hidden = conference.participants.iter().filter(is_gone).count().saturating_sub(SHOWN_GONE);
    let mut gone = 0;
    let is_shown = |p: &&Participant| {
        match p.party {
            // An interpreter who was released is not shown.
            Party::Provider(user) if conference.provider() != Some(user) => return false,
            Party::Client(_) | Party::Provider(_) => {
                return conference.current(p.kind()).is_some_and(|c| c.id == p.id);
            }
            Party::Guest | Party::SecondInterpreter(_) => {}
        }
        gone += usize::from(!p.is_live());
        p.is_live() || gone > hidden
    };
    conference.participants.iter().filter(is_shown).map(|p| participant(view, p, viewer)).collect()
}

/// One of them. The addresses of an invited party are shown only to the user who invited it.
pub(crate) fn participant(
    view: &ConferenceView,
    of: &Participant,
    viewer: UserId,
) -> ResultVideoConferenceParticipant {
    let blank = ResultVideoConferenceParticipant {
        request_conference_session_id: view.conference.id.0,
        request_conference_session_video_participant_id: of.id.0,
        request_conference_session_video_type_code_id: of.kind().code(),
        request_conference_session_video_status_code_id: of.state.name().code(),
        video_account_identity: of.state.account().map(|_| Identity::from(of.id).to_string()),
        ..Default::default()
    };
    let invited = view.invited.iter().find(|i| i.participant == of.id);
    let own_guest = invited.filter(|i| i.inviter == Some(viewer));
    match of.party {
        Party::Client(_) => ResultVideoConferenceParticipant {
            person_name: Some(view.client.name.clone()),
            app_client_name: Some(view.client.name.clone()),
            ..blank
        },
        Party::Provider(_) => ResultVideoConferenceParticipant {
            provider_name: view.provider.as_ref().map(|p| p.name.clone()),
            ..blank
        },
        Party::Guest => ResultVideoConferenceParticipant {
            person_name: invited.and_then(|i| i.name.clone()),
            app_client_email: own_guest.and_then(|i| i.email.clone()),
            app_client_phone_number: own_guest.and_then(|i| i.phone.clone()),
            app_client_name: invited.and_then(|i| i.name.clone()),
            ..blank
        },
        Party::SecondInterpreter(_) => ResultVideoConferenceParticipant {
            provider_name: view.request_of(of).and_then(|r| Some(r.interpreter.as_ref()?.name.clone())),
            second_request: second_request(view, of, invited.and_then(|i| i.note.clone())),
            ..blank
        },
    }
}

/// The request that a second interpreter is looked for by.
fn second_request(
    view: &ConferenceView,
    of: &Participant,
    note: Option<String>,
) -> Option<ResultVideoConferenceSecondRequest> {
    let request = view.request_of(of)?;
    let status = view.conference.status_of_second(of)?;
    let language = &request.language.name;
    Some(ResultVideoConferenceSecondRequest {
        request_status_code_id: Some(status.code()),
        provider_list: request.offered.iter().map(|p| provider(p, language)).collect(),
        waiting_msg: (status == RequestStatus::New)
            .then(|| format!("Looking for an interpreter for {language}.")),
        request_conference_session_video_participant_id: Some(of.id.0),
        to_language_id: Some(request.language.id.0),
        to_language: Some(language.clone()),
        additional_info: note,
    })
}

/// What an invited party is told before it says yes.
pub(crate) fn invitation(view: &ConferenceView, of: ParticipantId) -> ResultGuestInvitation {
    let invited = view.invited.iter().find(|i| i.participant == of);
    let is_inviter = |person: &&Person| invited.is_some_and(|i| i.inviter == Some(person.id));
    let of_client = Some(&view.client).filter(is_inviter).map(|client| (client, Kind::Client));
    let of_provider = || view.provider.as_ref().filter(is_inviter).map(|person| (person, Kind::Provider));
    let (by, kind) = of_client.or_else(of_provider).unzip();
    let state = view.conference.participant(of).map(|p| p.state.name().code());
    ResultGuestInvitation {
        request_conference_session_id: view.conference.id.0,
        request_conference_session_video_participant_id: of.0,
        request_conference_session_video_status_code_id: state.unwrap_or_default(),
        person_name: invited.and_then(|i| i.name.clone()),
        inviter_name: by.map(|p| p.name.clone()),
        inviter_type_code_id: kind.map(Kind::code),
        to_language_id: view.language.id.0,
        to_language: Some(view.language.name.clone()),
    }
}

/// A row of the language table.
pub(crate) fn language(known: &Language) -> ResultLanguage {
    ResultLanguage { language_id: known.id.0, code: Some(known.code.clone()), name: Some(known.name.clone()) }
}

/// A request, as its client and its interpreter poll it. A second interpreter sees its own.
pub(crate) fn request(
    view: &ConferenceView,
    Viewer { user: viewer, texts, estimate }: Viewer,
    now: Timestamp,
) -> ResultRequest {
    let conference = &view.conference;
    let common = ResultRequest {
        elapsed_seconds: whole_seconds(now.since(view.requested_at)),
        request_conference_session_id: Some(conference.id.0),
        participant_list: participants(view, viewer),
        ..Default::default()
    };
    let as_second = conference.own_as_second(viewer);
    if let Some((own, request, status)) =
        as_second.and_then(|own| Some((own, view.request_of(own)?, conference.status_of_second(own)?)))
    {
        return ResultRequest {
            request_id: request.request.0,
            request_status_code_id: status.code(),
            request_status: Some(status.text().to_owned()),
            to_language_id: request.language.id.0,
            to_language: Some(request.language.name.clone()),
            request_conference_session_video_participant_id: Some(own.id.0),
            provider_name: request.interpreter.as_ref().map(|p| p.name.clone()),
            provider_list: request.offered.iter().map(|p| provider(p, &request.language.name)).collect(),
            purpose: conference.request_of(own).and_then(|r| r.purpose).map(|p| p.name().to_owned()),
            video_option_code_id: Some(request.medium.code()),
            working_participant_id: working(conference, Some(own)),
            ..common
        };
    }
    let status = conference.status();
    let waiting = waiting(view, viewer, texts, estimate);
    let figures = Figures::of(view, &conference.main, estimate);
    let is_own =
        |p: &&Participant| matches!(p.party, Party::Client(user) | Party::Provider(user) if user == viewer);
    let own = conference.participants.iter().rev().find(is_own);
    ResultRequest {
        request_id: conference.id.0,
        request_status_code_id: status.code(),
        request_status: Some(status.text().to_owned()),
        waiting_msg: waiting.as_ref().map(|w| w.message.clone()),
        to_language_id: view.language.id.0,
        to_language: Some(view.language.name.clone()),
        request_conference_session_video_participant_id: own.map(|own| own.id.0),
        provider_name: view.provider.as_ref().map(|p| p.name.clone()),
        provider_list: view.offered.iter().map(|p| provider(p, &view.language.name)).collect(),
        waiting_code: waiting.as_ref().map(|w| w.code.to_owned()),
        waiting_since_utc_date: waiting.and_then(|w| w.since).map(|at| DateTime::from_microseconds(at.0)),
        rung_count: figures.map(|f| count(f.rung)),
        declined_count: figures.map(|f| count(f.declined)),
        queue_position: figures.map(|f| count(f.position)),
        wait_median_seconds: figures.and_then(|f| f.estimate).map(|e| whole_seconds(e.median)),
        wait_ninetieth_percentile_seconds: figures
            .and_then(|f| f.estimate)
            .map(|e| whole_seconds(e.ninetieth)),
        successor_participant_id: conference.successor().map(|successor| successor.id.0),
        working_participant_id: working(conference, None),
        place_seconds: conference.place.map(|place| match place {
            VacantPlace::Kept(until) => whole_seconds(until.since(now)),
            VacantPlace::GivenUp => 0,
        }),
        video_option_code_id: Some(view.medium.code()),
        ..common
    }
}

/// The participant whose turn it is, where two interpreters take turns; of these, `own` must be one.
fn working(conference: &Conference, own: Option<&Participant>) -> Option<i32> {
    let takes_turns = |p: &Participant| {
        p.state.account().is_some()
            && conference.request_of(p).is_some_and(|request| request.purpose == Some(Purpose::Team))
    };
    let has_team = own.map_or_else(|| conference.participants.iter().any(takes_turns), takes_turns);
    let first = conference.current(Kind::Provider).map(|first| first.id);
    conference.working.or(first).filter(|_| has_team).map(|participant| participant.0)
}

/// Who looks at a request, and what it is told beside what is known of the request.
#[derive(Clone, Copy)]
pub(crate) struct Viewer {
    user: UserId,
    texts: Texts,
    estimate: Option<WaitEstimate>,
}

impl Viewer {
    /// A user. `estimate` is that of the language asked for.
    pub(crate) fn of(user: &LoggedInUser, estimate: Option<WaitEstimate>) -> Self {
        Self { user: user.id, texts: Texts::of(user.language), estimate }
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// What a request waits for.
struct WaitReason {
    /// The code, for programs.
    code: &'static str,
    /// The text, for people.
    message: String,
    since: Option<Timestamp>,
}

fn waiting(
    view: &ConferenceView,
    viewer: UserId,
    texts: Texts,
    estimate: Option<WaitEstimate>,
) -> Option<WaitReason> {
    let conference = &view.conference;
    if let Some((lost, since)) = conference.lost() {
        let (code, message) = match (lost, conference.client == viewer) {
            (Kind::Provider, true) if conference.successor().is_some() => {
                ("interpreter_lost", "The interpreter lost the connection. Another one is being asked.")
            }
            (Kind::Provider, true) => ("interpreter_lost", "The interpreter lost the connection."),
            (Kind::Client, false) => ("client_lost", "The client lost the connection."),
            _ => ("self_lost", "You lost the connection. The other side is still in the call."),
        };
        return Some(WaitReason { code, message: message.to_owned(), since: Some(since) });
    }
    let figures = Figures::of(view, &conference.main, estimate)?;
    let released = conference.main.released();
    let code = match released {
        None => "searching",
        Some(ReleaseReason::Refused) => "interpreter_refused",
        Some(ReleaseReason::Missed) => "interpreter_missed",
        Some(ReleaseReason::Left) => "interpreter_left",
        Some(ReleaseReason::Replaced) => "interpreter_replaced",
        Some(ReleaseReason::HandedOver) => "interpreter_handed_over",
    };
    let message = texts.searching(&view.language.name, released, figures);
    Some(WaitReason { code, message, since: None })
}

/// A request, as the provider sees it who was released from it. What has become of it is no business of the provider's.
pub(crate) fn released(released: &ReleasedView, now: Timestamp) -> ResultRequest {
    let (code, message) = match released.reason {
        ReleaseReason::Refused => ("released_refused", "You did not take the call."),
        ReleaseReason::Left => ("released_left", "You have left."),
        ReleaseReason::Replaced => ("released_replaced", "The client asked for another interpreter."),
        ReleaseReason::HandedOver => ("released_handed_over", "Another interpreter has taken over the call."),
        ReleaseReason::Missed if released.availability != Availability::Away => {
            ("released_missed", "You missed the call.")
        }
        ReleaseReason::Missed => (
            "released_missed_offline",
            "You missed two calls in a row, so you are away: go online to be offered calls again.",
        ),
    };
    let status = RequestStatus::Cancelled;
    ResultRequest {
        request_id: released.request.0,
        request_status_code_id: status.code(),
        request_status: Some(status.text().to_owned()),
        waiting_msg: Some(message.to_owned()),
        elapsed_seconds: whole_seconds(now.since(released.at)),
        to_language_id: released.language.id.0,
        to_language: Some(released.language.name.clone()),
        request_conference_session_id: Some(released.conference.0),
        provider_list: std::iter::empty().collect(),
        participant_list: std::iter::empty().collect(),
        waiting_code: Some(code.to_owned()),
        waiting_since_utc_date: Some(DateTime::from_microseconds(released.at.0)),
        ..Default::default()
    }
}

fn provider(offered: &OfferedProvider, needed: &str) -> ParaRequestProvider {
    ParaRequestProvider {
        request_provider_id: offered.person.id.0,
        name: Some(offered.person.name.clone()),
        native_language: offered.native_languages.iter().cloned().collect(),
        other_language: offered.other_languages.iter().cloned().collect(),
        provider_rate: Decimal::hundredths(offered.profile.rate),
        provider_performance: Decimal::hundredths(offered.performance),
        need_help_language: Some(needed.to_owned()),
        support_call: offered.profile.takes_calls,
        support_video: offered.profile.takes_video,
        support_text: offered.profile.takes_text,
        profile_image: offered.image.as_ref().map(profile_image),
        provider_special_type_id: offered.profile.special_type,
        ..Default::default()
    }
}

fn profile_image(image: &ProfileImage) -> models::ProfileImage {
    let media_type = media_type(image.kind);
    models::ProfileImage {
        file_name: Some([&image.id.to_string(), ".", media_type.trim_start_matches("image/")].concat()),
        mime_type: Some(media_type.to_owned()),
        image_data: image.bytes.as_ref().map(|bytes| STANDARD.encode(bytes)),
        server_image_id: Some(image.id),
    }
}

/// The media type of a picture.
pub(crate) const fn media_type(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Png => "image/png",
        ImageKind::Jpeg => "image/jpeg",
        ImageKind::WebP => "image/webp",
    }
}

/// No specialty (contract section 4, "Specialty").
const GENERAL: i32 = 1;

/// "Sent": the offer is open and on its way to the provider.
const OFFER_SENT: i32 = 2;

/// A request, as it is offered to a provider.
pub(crate) fn offer(offer: &OfferView, now: Timestamp) -> ResultTaskOffer {
    ResultTaskOffer {
        request_id: offer.request.0,
        offer_status_code_id: OFFER_SENT,
        client_name: Some(offer.client.clone()),
        from_language: offer.details.from_language_id,
        to_language_id: offer.language.id.0,
        to_language: Some(offer.language.name.clone()),
        request_situation_code_id: offer.details.situation_code,
        additional_info: offer.details.additional_info.clone(),
        offered_utc_date: DateTime::from_microseconds(offer.offered_at.0),
        expiration_seconds: whole_seconds(offer.until.since(now)),
        purpose: offer.purpose.map(|purpose| purpose.name().to_owned()),
        specialty_option_code_id: offer.wants.specialty.map_or(GENERAL, |(specialty, _)| specialty.code()),
        video_option_code_id: offer.wants.medium.code(),
    }
}

/// The status of an interpreter.
pub(crate) fn availability(
    status: InterpreterStatus,
    missed: MissedRings,
    now: Timestamp,
) -> ResultProviderAvailability {
    let (name, reason, until) = match status {
        InterpreterStatus::Offline => ("Offline", None, None),
        InterpreterStatus::Available => ("Available", None, None),
        InterpreterStatus::Ringing => ("Ringing", None, None),
        InterpreterStatus::Busy => ("Busy", None, None),
        InterpreterStatus::WrapUp(until) => ("WrapUp", None, Some(until)),
        InterpreterStatus::Break(reason) => ("Break", Some(reason), None),
        InterpreterStatus::LastCall => ("LastCall", None, None),
        InterpreterStatus::Away => ("Away", None, None),
    };
    ResultProviderAvailability {
        status: Some(name.to_owned()),
        break_reason: reason.map(|reason| break_reason(reason).to_owned()),
        wrap_up_seconds: until.map(|until| whole_seconds(until.since(now))),
        missed_rings: missed.count.into(),
    }
}

/// The wire's name of a reason.
pub(crate) const fn break_reason(reason: BreakReason) -> &'static str {
    match reason {
        BreakReason::Rest => "Rest",
        BreakReason::Meal => "Meal",
        BreakReason::Work => "Work",
        BreakReason::Technical => "Technical",
        BreakReason::Other => "Other",
    }
}

/// An account pair. The holder's own account number carries its secret, `IDENTITY.SECRET`; the other side's is the bare
/// identity.
pub(crate) fn account_pair(
    Accounts { view, pair, own }: &Accounts,
    now: Timestamp,
    presence_window: Duration,
) -> ParaVideoEngineAccountPair {
    let account = |leg: Leg| {
        let identity = Identity::from(leg.participant);
        let number = match own {
            Some((own, secret)) if *own == leg.participant => format!("{identity}.{}", secret.reveal()),
            _ => identity.to_string(),
        };
        ParaVideoEngineAccount {
            account_number: Some(number),
            expiration_seconds: whole_seconds(leg.expires.since(now)),
            purpose: Some("video".to_owned()),
        }
    };
    let offline = |last_seen: Option<Timestamp>| is_offline(last_seen, now, presence_window);
    ParaVideoEngineAccountPair {
        caller: pair.caller.map(account),
        listener: pair.listener.map(account),
        is_caller_offline: offline(view.client.last_seen),
        is_listener_offline: offline(view.provider.as_ref().and_then(|p| p.last_seen)),
        killed: pair.killed,
        disconnected: pair.disconnected,
    }
}

/// The room form of a call.
pub(crate) fn room(conference: &Conference) -> ResultConferenceCall {
    ResultConferenceCall {
        conference_room_name: Some(conference.id.to_string()),
        call_party_str: conference.current(Kind::Provider).map(|p| Identity::from(p.id).to_string()),
        enable_invitation: Some(true),
        enable_pstn_invitation: Some(false),
        operator_model_enabled: Some(false),
        editable: Some(false),
        ..Default::default()
    }
}

fn whole_seconds(span: Duration) -> i32 {
    i32::try_from(span.as_secs()).unwrap_or(i32::MAX)
}
