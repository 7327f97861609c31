//! Every error code there is, printed for the documentation from the code that answers with it.

use std::fmt::Write as _;
use std::time::Duration;

use actix_web::http::StatusCode;
use trialogue_app::AppError as A;
use trialogue_contract::errors::WireErrorCode as W;
use trialogue_domain::{CommandKind, Outcome, Purpose, Refusal as R, Role, StateName};
use trialogue_media::BadWebhook;
use trialogue_storage::{Limit, StoreError as S, UserRole};

use crate::problem::{BadJoin, Problem as P};

/// From the same rows: a sample of every variant, and what the client should do about each. The match is exhaustive, so a
/// new variant does not compile until it has its row, and with it its sample.
macro_rules! rows {
    ($error:ty: $($variant:pat => $sample:expr, $advice:literal;)+) => {
        impl Advised for $error {
            fn samples() -> Vec<Self> {
                vec![$($sample),+]
            }

            fn advice(&self) -> &'static str {
                match self {
                    $($variant => $advice,)+
                }
            }
        }
    };
}

trait Advised: Sized {
    /// One of every variant.
    fn samples() -> Vec<Self>;
    /// What the client should do.
    fn advice(&self) -> &'static str;
}

rows! { W:
    W::InvalidBody => W::InvalidBody, "Correct the body; do not repeat it as it is.";
    W::BodyRequired => W::BodyRequired, "Send the body that the route documents.";
    W::BodyTooLarge => W::BodyTooLarge, "Send less; leave out pictures.";
    W::BodyTimeout => W::BodyTimeout, "Send the request again, on a new connection.";
    W::UnsupportedMediaType => W::UnsupportedMediaType, "Send JSON or XML in UTF-8, and say so in Content-Type.";
    W::UnsupportedContentCoding => W::UnsupportedContentCoding, "Send the body uncompressed, without `Content-Encoding`.";
    W::NotFound => W::NotFound, "Check path and ids.";
    W::MethodNotAllowed => W::MethodNotAllowed, "Use the method that Allow names.";
    W::Internal => W::Internal, "Report it, with the answer's X-Request-Id.";
}

rows! { P:
    P::MissingToken => P::MissingToken, "Log in, and send the token with every call.";
    P::App(A::InvalidToken) => P::App(A::InvalidToken), "Log in again.";
    P::App(A::TokenExpired) => P::App(A::TokenExpired), "Say that the login has expired, and log in again.";
    P::App(A::InvalidInvitation) => P::App(A::InvalidInvitation), "Stop; only a new invitation leads back.";
    P::App(A::WrongCredentials) => P::App(A::WrongCredentials), "Ask the user to type them again.";
    P::App(A::WrongRole(_)) => P::App(A::WrongRole(UserRole::Client)), "Use the routes of the side that logged in.";
    P::App(A::TooManyLogins(_)) => P::App(A::TooManyLogins(Duration::from_secs(1))), "Wait as long as Retry-After says. Behind a proxy, see the setting `trusted_proxies`.";
    P::App(A::TooManyWrongPasswords(_)) => P::App(A::TooManyWrongPasswords(Duration::from_secs(30))), "Wait as long as Retry-After says; till then even the right password is refused from this address.";
    P::BadValue { .. } => P::BadValue { member: "Name", message: "ModelState says which member has a value that cannot be used, and why" }, "Correct the member that ModelState names.";
    P::CannotDial => P::CannotDial, "Invite without isPSTN.";
    P::NoWebSocket => P::NoWebSocket, "Use a WebSocket client (docs/signalling.md).";
    P::BadIdempotencyKey => P::BadIdempotencyKey, "Send a UUID, or no key.";
    P::BadJoinToken(_) => P::BadJoinToken(BadJoin::NoToken), "For the proxy in front of LiveKit: refuse the connection.";
    P::NotInCall => P::NotInCall, "For the proxy in front of LiveKit: refuse the connection.";
    P::BadWebhook(_) => P::BadWebhook(BadWebhook::Body), "Sign webhooks with the API key of the settings.";
    P::App(A::TooManyWait) => P::App(A::TooManyWait), "Try again after Retry-After.";
    P::TooManyBodies => P::TooManyBodies, "Try again after Retry-After.";
    P::App(A::Store(S::Refused(R::NotFound))) => refused(R::NotFound), "Check path and ids.";
    P::App(A::Store(S::Refused(R::NotPermitted { .. }))) => refused(R::NotPermitted { role: Role::Provider, command: CommandKind::StartVideo }), "Leave it to the other side.";
    P::App(A::Store(S::Refused(R::PrincipalKick))) => refused(R::PrincipalKick), "Finish the call.";
    P::App(A::Store(S::Refused(R::NoRequest))) => refused(R::NoRequest), "Make a request, or accept one.";
    P::App(A::Store(S::Refused(R::RequestEnded(_)))) => refused(R::RequestEnded(Outcome::Serviced)), "Make a new request.";
    P::App(A::Store(S::Refused(R::StillSearching))) => refused(R::StillSearching), "Poll Client/Request/Status until an interpreter has accepted.";
    P::App(A::Store(S::Refused(R::OfferTaken))) => refused(R::OfferTaken), "Take the offer off the list.";
    P::App(A::Store(S::Refused(R::LiveRequest))) => refused(R::LiveRequest), "Go on with the live request, or finish it.";
    P::App(A::Store(S::Refused(R::ProviderBusy))) => refused(R::ProviderBusy), "Finish the other request first.";
    P::App(A::Store(S::Refused(R::CredentialNotInForce))) => refused(R::CredentialNotInForce), "Have the credential renewed, and the directory with it.";
    P::App(A::Store(S::Refused(R::OfferDeclined))) => refused(R::OfferDeclined), "Take the offer off the list.";
    P::App(A::Store(S::Refused(R::Released))) => refused(R::Released), "Take the offer off the list; Provider/Task/Status tells why.";
    P::App(A::Store(S::Refused(R::NoCallYet))) => refused(R::NoCallYet), "Use StartVideoProcess.";
    P::App(A::Store(S::Refused(R::NoCall))) => refused(R::NoCall), "Start a call, or wait for the client to.";
    P::App(A::Store(S::Refused(R::CallRunning(_)))) => refused(R::CallRunning(StateName::Connected)), "Go on with the call, or use VideoAgain.";
    P::App(A::Store(S::Refused(R::NotConfirmed(_)))) => refused(R::NotConfirmed(StateName::Informed)), "Wait for the yes.";
    P::App(A::Store(S::Refused(R::AlreadyAnswered(_)))) => refused(R::AlreadyAnswered(StateName::Connected)), "Finish or leave the call.";
    P::App(A::Store(S::Refused(R::ParticipantFinished))) => refused(R::ParticipantFinished), "Stop; only a new invitation or call leads back.";
    P::App(A::Store(S::Refused(R::TooManyInvited))) => refused(R::TooManyInvited), "Kick somebody first.";
    P::App(A::Store(S::Refused(R::InvitationsUsedUp))) => refused(R::InvitationsUsedUp), "Go on in a new request.";
    P::App(A::Store(S::Refused(R::CallsUsedUp))) => refused(R::CallsUsedUp), "Go on in a new request.";
    P::App(A::Store(S::Refused(R::OtherLanguage(_)))) => refused(R::OtherLanguage(Purpose::Team)), "Send the language of the request for Team and Successor, another one for Relay.";
    P::App(A::Store(S::Refused(R::SuccessorAsked))) => refused(R::SuccessorAsked), "Wait for the other interpreter, or remove it with KickThirdPartyVideoParticipant.";
    P::App(A::Store(S::Refused(R::SuccessorNotPresent))) => refused(R::SuccessorNotPresent), "Finish once the successor is connected, or remove it first.";
    P::App(A::Store(S::Refused(R::NoTeam))) => refused(R::NoTeam), "Ask for a second interpreter with the purpose Team, and name one of the two.";
    P::App(A::Store(S::TooOften { limit: Limit::Requests, .. })) => too_often(Limit::Requests), "Wait as long as Retry-After says.";
    P::App(A::Store(S::TooOften { limit: Limit::Invitations, .. })) => too_often(Limit::Invitations), "Wait as long as Retry-After says.";
    P::App(A::Store(S::TooOften { limit: Limit::Deliveries, .. })) => too_often(Limit::Deliveries), "Pass the link on yourself: invite with a name only.";
    P::App(A::TooManyStreams) => P::App(A::TooManyStreams), "Share one stream among the pages of a user.";
    P::App(A::Store(S::IdempotencyMismatch)) => P::App(A::Store(S::IdempotencyMismatch)), "Send a new key with a new request.";
    P::App(A::Store(S::UnknownLanguage(_))) => P::App(A::Store(S::UnknownLanguage(0))), "Use a number of the language table.";
    P::App(A::Store(S::EmailTaken)) => P::App(A::Store(S::EmailTaken)), "Use another address.";
    P::App(A::Store(S::InvalidText { .. })) => P::App(A::Store(S::InvalidText { field: "a text" })), "Take the character out.";
    P::App(A::Store(S::Busy { .. })) => P::App(A::Store(S::Busy { queue: "" })), "Try again after Retry-After.";
    P::App(A::Store(S::Unavailable(_) | S::NotDone { .. })) => P::App(A::Store(S::Unavailable(String::new()))), "Try again after Retry-After; with an Idempotency-Key where something is made.";
    P::App(A::Store(S::Contended { .. } | S::Conflict(_) | S::Locked(_))) => P::App(A::Store(S::Conflict(0))), "Try again after Retry-After.";
    P::App(A::Store(S::Inconsistent { .. } | S::Query { .. } | S::Panicked { .. })) => P::App(A::Store(S::Panicked { operation: "" })), "Report it, with the answer's X-Request-Id.";
}

fn too_often(limit: Limit) -> P {
    P::App(A::Store(S::TooOften { limit, wait: Duration::from_secs(42) }))
}

fn refused(refusal: R) -> P {
    P::App(A::Store(S::Refused(refusal)))
}

const HEAD: &str = "\
# Error codes

Printed from the code, which answers by the same table. Every error has the framework's form (see `wire.md`), and the header
`X-Error-Code` with one of these codes. Programs should go by the code and the status; codes never change. The texts are for
people and may. What stands in brackets or as a number is an example.

A 503 or 429 has `Retry-After`, in seconds. A 401 has `WWW-Authenticate`. No error of status 500 or above says anything of what went
wrong within; the log does, under the `X-Request-Id` of the answer.

| code | status | meaning | what to do |
| --- | --- | --- | --- |
";

/// `docs/errors.md`: every code with its status, what it means and what to do about it.
pub fn error_catalogue() -> String {
    let mut rows: Vec<Row> = Vec::new();
    for row in wire_rows().chain(problem_rows()) {
        match rows.iter_mut().find(|known| (known.code, known.status) == (row.code, row.status)) {
            Some(known) => known.add(row),
            None => rows.push(row),
        }
    }
    rows.sort_by_key(|row| row.status);
    rows.iter().fold(HEAD.to_owned(), |mut text, Row { code, status, meanings, advice }| {
        let (meanings, advice) = (meanings.join(" "), advice.join(" "));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{code}` | {} | {meanings} | {advice} |", status.as_u16());
        text
    })
}

/// A code that several errors share has all their meanings.
struct Row {
    code: &'static str,
    status: StatusCode,
    meanings: Vec<String>,
    advice: Vec<&'static str>,
}

impl Row {
    fn add(&mut self, other: Self) {
        let Self { meanings, advice, .. } = other;
        self.meanings.extend(meanings);
        self.advice.extend(advice);
        self.meanings.dedup();
        self.advice.dedup();
    }
}

fn wire_rows() -> impl Iterator<Item = Row> {
    W::samples().into_iter().map(|error| Row {
        code: error.code(),
        status: error.status(),
        meanings: vec![error.meaning().to_owned()],
        advice: vec![error.advice()],
    })
}

fn problem_rows() -> impl Iterator<Item = Row> {
    P::samples().into_iter().map(|problem| {
        let verdict = problem.verdict();
        Row {
            code: verdict.code,
            status: verdict.status,
            meanings: vec![verdict.body.text()],
            advice: vec![problem.advice()],
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_code_has_one_status() {
        let mut known = BTreeMap::new();
        for row in wire_rows().chain(problem_rows()) {
            let status = *known.entry(row.code).or_insert(row.status);
            assert_eq!(status, row.status, "{}", row.code);
        }
    }

    #[test]
    fn codes_are_plain_and_texts_are_sentences() {
        for row in wire_rows().chain(problem_rows()) {
            assert!(row.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", row.code);
            for text in row.meanings.iter().map(String::as_str).chain(row.advice) {
                assert!(text.starts_with(|c: char| c.is_uppercase()) && text.ends_with('.'), "{text}");
                assert!(!text.ends_with("..") && !text.contains('|'), "{text}");
            }
        }
    }

    #[test]
    fn what_a_server_error_tells_is_nothing_of_the_inside() {
        for problem in P::samples() {
            let verdict = problem.verdict();
            if verdict.status.is_server_error() {
                let public = [
                    "An error has occurred.",
                    "The server can't do this at the moment; asking again is harmless, so try again shortly.",
                ];
                assert!(public.contains(&&*verdict.body.text()), "{}", verdict.body.text());
            }
            let has_wait = verdict.retry_after.is_some();
            let must_wait = matches!(verdict.status.as_u16(), 429 | 503);
            assert_eq!(has_wait, must_wait, "{}", verdict.code);
        }
    }

    #[test]
    fn the_samples_are_those_of_the_rules_and_of_the_wire() {
        let refusals: Vec<R> = P::samples()
            .into_iter()
            .filter_map(|p| match p {
                P::App(A::Store(S::Refused(refusal))) => Some(refusal),
                _ => None,
            })
            .collect();
        let codes = |refusals: &[R]| refusals.iter().map(R::code).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(codes(&refusals), codes(&R::SAMPLES));
        assert_eq!(W::samples(), W::ALL);
    }
}
