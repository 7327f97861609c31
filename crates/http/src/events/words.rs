//! Events as a stream tells them. The names are public (`docs/events.md`): they never change.

use serde::Serialize;
use trialogue_domain::{
    Actor, ConferenceId, Event, FinishReason, InvitedParty, Kicker, Kind, Lapse, Outcome, ReleaseReason,
    RequestId, StateName, Timestamp,
};
use trialogue_storage::Recorded;

use trialogue_contract::json;
use trialogue_contract::models::DateTime;

/// What is told of an event: ids, codes and times; nothing personal.
#[derive(Default, Serialize)]
struct Told {
    conference: i32,
    seq: i32,
    at: String,
    by: &'static str,
    /// Of a second interpreter; none for the main request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
}

/// An event of the log, as a stream tells it.
pub(super) fn told(conference: ConferenceId, recorded: &Recorded) -> String {
    let Recorded { seq, at, actor, event } = recorded;
    let head = Told {
        conference: conference.0,
        seq: *seq,
        at: time(*at),
        by: actor.map_or("server", by),
        ..Told::default()
    };
    // Numbers and short texts can always be written.
    let data = json::write(&body(head, event)).unwrap_or_default();
    format!("id: {conference}-{seq}\nevent: {}\ndata: {data}\n\n", name(event))
}

/// A request is offered to the provider that listens, or not any more.
pub(super) fn offer(request: RequestId, is_open: bool) -> String {
    let event = if is_open { "offer_open" } else { "offer_closed" };
    format!("event: {event}\ndata: {{\"conference\":{request}}}\n\n")
}

/// The last event of a stream.
pub(super) fn end(reason: &str) -> String {
    format!("event: end\ndata: {{\"reason\":\"{reason}\"}}\n\n")
}

fn body(head: Told, event: &Event) -> Told {
    let of = |participant: trialogue_domain::ParticipantId, status: StateName| {
        (Some(participant.0), Some(status.code()))
    };
    let about = |participant, status, deadline: Option<Timestamp>| {
        let (participant, status) = of(participant, status);
        (participant, status, deadline.map(time))
    };
    let other = |request: RequestId| Some(request.0).filter(|id| *id != head.conference);
    let with = |head: Told, (participant, status, deadline)| Told { participant, status, deadline, ..head };
    match event {
        Event::Requested { client, language, deadline } => {
            Told { user: Some(client.0), language: Some(language.0), deadline: Some(time(*deadline)), ..head }
        }
        Event::Offered { request, provider, until, .. } => {
            // Before there were ring plans, an offer stood as long as the search.
            let deadline = Some(*until).filter(|until| until.0 < i64::MAX).map(time);
            Told { request: other(*request), user: Some(provider.0), deadline, ..head }
        }
        Event::OfferDeclined { request, provider } => {
            Told { request: other(*request), user: Some(provider.0), ..head }
        }
        Event::OfferLapsed { request, provider, lapse } => {
            let reason = Some(lapse_word(*lapse));
            Told { request: other(*request), user: Some(provider.0), reason, ..head }
        }
        Event::Accepted { request, provider, deadline } => {
            Told { request: other(*request), user: Some(provider.0), deadline: Some(time(*deadline)), ..head }
        }
        Event::CallStarted { client, provider, deadline } => Told {
            client: Some(client.0),
            provider: Some(provider.0),
            deadline: Some(time(*deadline)),
            ..head
        },
        Event::Invited { participant, party, deadline } => {
            let head = match party {
                InvitedParty::Guest => Told { kind: Some(Kind::Guest.code()), ..head },
                InvitedParty::SecondInterpreter { request, language, purpose } => Told {
                    kind: Some(Kind::SecondInterpreter.code()),
                    request: Some(request.0),
                    language: Some(language.0),
                    purpose: Some(purpose.name()),
                    ..head
                },
            };
            with(head, about(*participant, StateName::Informed, Some(*deadline)))
        }
        Event::Confirmed { participant, deadline } | Event::Rejoined { participant, deadline } => {
            with(head, about(*participant, StateName::Confirmed, Some(*deadline)))
        }
        Event::AccountIssued(issued) => {
            with(head, about(issued.participant(), StateName::Routed, Some(issued.expires())))
        }
        Event::Joined { participant } => with(head, about(*participant, StateName::Connected, None)),
        Event::Disconnected { participant, deadline } => {
            with(head, about(*participant, StateName::Disconnected, Some(*deadline)))
        }
        Event::Finished { participant, reason: why } => {
            let head = Told { reason: Some(reason(*why)), ..head };
            with(head, about(*participant, StateName::Finished, None))
        }
        Event::CallEnded { deadline } | Event::PlaceKept { deadline } => {
            Told { deadline: Some(time(*deadline)), ..head }
        }
        Event::HandedOver { from, participant } => {
            Told { user: Some(from.0), participant: Some(participant.0), ..head }
        }
        Event::TurnTaken { participant } => Told { participant: Some(participant.0), ..head },
        Event::Released { request, provider, reason: why, deadline } => Told {
            request: other(*request),
            user: Some(provider.0),
            reason: Some(release_reason(*why)),
            deadline: Some(time(*deadline)),
            ..head
        },
        Event::RemovalReopened { participant }
        | Event::Removed { participant }
        | Event::RemovalVerified { participant } => {
            with(head, about(*participant, StateName::Finished, None))
        }
        Event::Ended { outcome: how } => Told { outcome: Some(outcome(*how)), ..head },
    }
}

fn time(at: Timestamp) -> String {
    DateTime::from_microseconds(at.0).to_string()
}

const fn by(actor: Actor) -> &'static str {
    match actor {
        Actor::Client(_) => "client",
        Actor::Provider(_) => "provider",
        Actor::Guest(_) => "guest",
        Actor::SecondInterpreter(_) => "second_interpreter",
        Actor::System => "server",
    }
}

const fn reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Completed => "completed",
        FinishReason::Left => "left",
        FinishReason::Declined => "declined",
        FinishReason::NoAnswer => "no_answer",
        FinishReason::Cancelled => "cancelled",
        FinishReason::Kicked(Kicker::Client) => "kicked_by_client",
        FinishReason::Kicked(Kicker::Provider) => "kicked_by_provider",
        FinishReason::Lost => "lost",
        FinishReason::Expired => "expired",
        FinishReason::Replaced => "replaced",
        FinishReason::Revoked => "revoked",
        FinishReason::HandedOver => "handed_over",
    }
}

const fn release_reason(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::Refused => "refused",
        ReleaseReason::Missed => "missed",
        ReleaseReason::Left => "left",
        ReleaseReason::Replaced => "replaced",
        ReleaseReason::HandedOver => "handed_over",
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Serviced => "serviced",
        Outcome::Cancelled => "cancelled",
        Outcome::NoInterpreter => "no_interpreter",
    }
}

const fn lapse_word(lapse: Lapse) -> &'static str {
    match lapse {
        Lapse::NoAnswer => "no_answer",
        Lapse::Unavailable => "unavailable",
    }
}

const fn name(event: &Event) -> &'static str {
    match event {
        Event::Requested { .. } => "requested",
        Event::Offered { .. } => "offered",
        Event::OfferLapsed { .. } => "offer_lapsed",
        Event::OfferDeclined { .. } => "offer_declined",
        Event::Accepted { .. } => "accepted",
        Event::CallStarted { .. } => "call_started",
        Event::Invited { .. } => "invited",
        Event::Confirmed { .. } => "confirmed",
        Event::AccountIssued(_) => "account_issued",
        Event::Joined { .. } => "joined",
        Event::Disconnected { .. } => "disconnected",
        Event::Finished { .. } => "finished",
        Event::CallEnded { .. } => "call_ended",
        Event::Released { .. } => "released",
        Event::Rejoined { .. } => "rejoined",
        Event::PlaceKept { .. } => "place_kept",
        Event::HandedOver { .. } => "handed_over",
        Event::TurnTaken { .. } => "turn_taken",
        Event::RemovalReopened { .. } => "removal_reopened",
        Event::Removed { .. } => "removed",
        Event::RemovalVerified { .. } => "removal_verified",
        Event::Ended { .. } => "ended",
    }
}

/// `docs/events.md`.
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use trialogue_domain::{AccountIssued, LanguageId, ParticipantId, UserId};

    use super::*;

    const AT: Timestamp = Timestamp(1_767_225_600_000_000);
    const LATER: Timestamp = Timestamp(1_767_225_660_000_000);

    /// An event of each kind, who causes it, and what it means.
    fn samples() -> Vec<(Event, Option<Actor>, &'static str)> {
        [of_the_call(), of_hand_over_and_removal()].concat()
    }

    fn of_the_call() -> Vec<(Event, Option<Actor>, &'static str)> {
        let (client, provider) = (UserId(3), UserId(4));
        let request = RequestId(101);
        let (a, b, guest) = (ParticipantId(12), ParticipantId(13), ParticipantId(14));
        let deadline = LATER;
        let by_client = Some(Actor::Client(client));
        let by_provider = Some(Actor::Provider(provider));
        let by_guest = Some(Actor::Guest(guest));
        vec![
            (
                Event::Requested { client, language: LanguageId(44), deadline },
                by_client,
                "A client asked for an interpreter; the search is given up at `deadline`.",
            ),
            (
                Event::Offered { request, provider, step: 0, until: deadline },
                by_client,
                "The request was offered to a provider, who is rung until `deadline`; `request` is there if it is one for a second interpreter.",
            ),
            (Event::OfferDeclined { request, provider }, by_provider, "A provider said no."),
            (
                Event::OfferLapsed { request, provider, lapse: Lapse::NoAnswer },
                None,
                "A provider is not rung any more: it did not answer in time, or, with the reason `unavailable`, it can take \
                 no call. It may be rung again.",
            ),
            (
                Event::Accepted { request, provider, deadline },
                by_provider,
                "A provider took the request; a call must be started until `deadline`, or, with a `request`, the second \
                 interpreter's yes is waited for.",
            ),
            (
                Event::CallStarted { client: a, provider: b, deadline },
                by_client,
                "The caller is ready; `client` and `provider` are the new participants, with status 2 and 1. The \
                 listener's yes is waited for until `deadline`.",
            ),
            (
                Event::Invited { participant: guest, party: InvitedParty::Guest, deadline },
                by_client,
                "A party was invited: `kind` 3 is a guest, 4 a second interpreter, with its `request` and `language`.",
            ),
            (
                Event::Confirmed { participant: guest, deadline },
                by_guest,
                "A participant said yes; its account must be fetched until `deadline`.",
            ),
            (
                Event::AccountIssued(AccountIssued::from_log(guest, deadline)),
                by_guest,
                "A media account was issued; it lives until `deadline`.",
            ),
            (Event::Joined { participant: guest }, None, "The engine saw the participant join."),
            (
                Event::Disconnected { participant: guest, deadline },
                None,
                "The participant's media link is gone; it may come back until `deadline`.",
            ),
            (
                Event::Finished { participant: guest, reason: FinishReason::Kicked(Kicker::Client) },
                by_client,
                "A participant is out, for good; `reason` says why.",
            ),
            (
                Event::CallEnded { deadline },
                by_client,
                "The call is over; the request waits for another one until `deadline`.",
            ),
            (
                Event::Released {
                    request: RequestId(101),
                    provider,
                    reason: ReleaseReason::Missed,
                    deadline,
                },
                None,
                "An interpreter who had accepted is out of the request: it `refused`, `missed` the call, `left` before its \
                 service was used or after it had given up its place, or was `replaced` by the client's wish. Another one is searched for until `deadline`. Its own stream tells nothing more \
                 of the request.",
            ),
            (
                Event::Rejoined { participant: b, deadline },
                by_provider,
                "The interpreter whose connection was lost comes back into the running call as a new participant; its \
                 account must be fetched until `deadline`.",
            ),
        ]
    }

    fn of_hand_over_and_removal() -> Vec<(Event, Option<Actor>, &'static str)> {
        let (client, provider) = (UserId(3), UserId(4));
        let (guest, deadline) = (ParticipantId(14), LATER);
        let by_provider = Some(Actor::Provider(provider));
        vec![
            (
                Event::PlaceKept { deadline },
                None,
                "The interpreter is out of a call that goes on. Its place is kept until `deadline`; then a successor is asked for. \
                 If `deadline` is `at`, the interpreter does not come back.",
            ),
            (
                Event::HandedOver { from: provider, participant: guest },
                by_provider,
                "The successor `participant` takes the place of the interpreter `user`: its kind is 2 from now on, and its own \
                 request has ended. The first one's own stream tells nothing more of the request.",
            ),
            (
                Event::TurnTaken { participant: guest },
                by_provider,
                "Of two interpreters who take turns, `participant` works from now on, and the other one supports.",
            ),
            (
                Event::RemovalReopened { participant: guest },
                None,
                "A finished participant was seen at the engine: it is removed again.",
            ),
            (
                Event::Removed { participant: guest },
                None,
                "The engine says that it removed a finished participant.",
            ),
            (
                Event::RemovalVerified { participant: guest },
                None,
                "The engine, asked again, lists nothing of a finished participant.",
            ),
            (
                Event::Ended { outcome: Outcome::Serviced },
                Some(Actor::Client(client)),
                "The request is over.",
            ),
        ]
    }

    fn markdown() -> String {
        let mut out = include_str!("events.md").to_owned();
        for (seq, (event, actor, meaning)) in (1..).zip(samples()) {
            let frame = told(ConferenceId(101), &Recorded { seq, at: AT, actor, event: event.clone() });
            let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            writeln!(out, "| `{}` | {meaning} | `{data}` |", name(&event)).unwrap();
        }
        out
    }

    #[test]
    fn the_documentation_is_printed_from_the_code() {
        let names: BTreeSet<&str> = samples().iter().map(|(event, ..)| name(event)).collect();
        assert_eq!(names.len(), 22, "each kind of event once");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, markdown(), "docs/events.md is stale; run the tests with UPDATE_DOCS=1");
    }

    #[test]
    fn an_event_is_one_frame() {
        let event = Event::Finished {
            participant: ParticipantId(14),
            reason: FinishReason::Kicked(Kicker::Provider),
        };
        let actor = Some(Actor::Provider(UserId(4)));
        assert_eq!(
            told(ConferenceId(101), &Recorded { seq: 9, at: AT, actor, event }),
            "id: 101-9\nevent: finished\ndata: {\"conference\":101,\"seq\":9,\"at\":\"2026-01-01T00:00:00Z\",\
             \"by\":\"provider\",\"participant\":14,\"status\":6,\"reason\":\"kicked_by_provider\"}\n\n"
        );
    }
}
