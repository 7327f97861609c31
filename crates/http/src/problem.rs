//! Everything that can stand between a bound request and its answer, and the one place that turns it into status, text
//! and `X-Error-Code`. The codes are public: they never change, and are never made from the name of a variant.

use std::time::Duration;

use actix_web::http::StatusCode;
use trialogue_domain::Refusal;
use trialogue_media::{BadToken, BadWebhook};
use trialogue_storage::{Limit, StoreError};

use trialogue_contract::errors::{ErrorBody, sentence};

/// Why a request that could be read is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No token came with the request.
    #[error("a token is required: send it in the header WEYIToken, or as `Authorization: Bearer`")]
    MissingToken,
    /// The token is unknown, or its login was ended.
    #[error("the token is unknown, or its login was ended; log in again")]
    InvalidToken,
    /// The token was good, and was not used for too long, or has reached the end of its life.
    #[error("the login has expired; log in again")]
    TokenExpired,
    /// The invitation is unknown, or its guest is out of the call.
    #[error("this invitation is not valid, or no longer valid; ask to be invited again")]
    InvalidInvitation,
    /// A client's token on a provider's route, or the other way round.
    #[error("this token belongs to another role; this route is for a {0}")]
    WrongRole(&'static str),
    /// The user, or the invited party, has as many streams of events as it may.
    #[error("too many streams of events are open; close one first")]
    TooManyStreams,
    /// Name or password is wrong; which of them is not said.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// Too many log-ins from one address.
    #[error("too many log-ins from this network address; try again in {} seconds", whole_seconds(*.0))]
    TooManyLogins(Duration),
    /// Too many wrong passwords.
    #[error("too many wrong passwords; try again in {} seconds", whole_seconds(*.0))]
    Throttled(Duration),
    /// A member whose value steers what is done has a value that is not known.
    #[error("{message}")]
    BadValue {
        /// The member's wire name.
        member: &'static str,
        /// What is wrong.
        message: &'static str,
    },
    /// Dialling was asked for, and the engine can't.
    #[error(
        "the media engine of this server can't dial telephones: invite by link, e-mail or text instead (isPSTN false)"
    )]
    CannotDial,
    /// A plain request came where a WebSocket begins.
    #[error("this address takes WebSockets only: send Upgrade: websocket")]
    NoWebSocket,
    /// The idempotency key itself is not one.
    #[error("an Idempotency-Key has 1 to 200 visible ASCII characters")]
    BadIdempotencyKey,
    /// The request that a proxy asks about has no token for `LiveKit` that can be believed.
    #[error("no one valid LiveKit token: {0}")]
    BadJoinToken(#[from] BadJoin),
    /// The token is valid; its participant is out of the call, or was never in it.
    #[error("this participant is not, or no longer, in this conference")]
    NotInCall,
    /// The webhook is not the engine's.
    #[error("this webhook is not the media engine's: {0}")]
    BadWebhook(#[from] BadWebhook),
    /// Too many log-ins wait for their passwords to be checked.
    #[error("too many log-ins are waiting; try again shortly")]
    TooManyWait,
    /// The bodies of other requests take all memory that is kept for bodies.
    #[error("too many large bodies are being received; try again shortly")]
    TooManyBodies,
}

/// Why a request for a connection to `LiveKit` is not looked at any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadJoin {
    /// None came with it.
    #[error("there is none")]
    NoToken,
    /// Two that differ came with it: which of them counts, the proxy, `LiveKit` and we might not agree on.
    #[error("there is more than one")]
    ManyTokens,
    /// It asks for a second connection beside the first, which `LiveKit` would list under another name.
    #[error("a second connection to publish is not allowed")]
    Publish,
    /// What the proxy says of it is no text.
    #[error("what the proxy forwarded can't be read")]
    Unreadable,
    /// The token.
    #[error(transparent)]
    Token(#[from] BadToken),
}

/// How a problem is answered.
pub(crate) struct Verdict {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) body: ErrorBody,
    pub(crate) retry_after: Option<Duration>,
}

const SOON: Duration = Duration::from_secs(1);

/// When to try again for a stream of events.
const STREAM_WAIT: Duration = Duration::from_secs(30);

impl Problem {
    /// Status, code and text: the whole table.
    pub(crate) fn verdict(&self) -> Verdict {
        let told = |status, code, body| Verdict { status, code, body, retry_after: None };
        let verdict = |status, code| told(status, code, ErrorBody::new(sentence(&self.to_string())));
        let invalid = |code, member: &str, message: &str| {
            told(StatusCode::BAD_REQUEST, code, ErrorBody::invalid().at(member, sentence(message)))
        };
        let internal = || {
            told(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                ErrorBody::new("An error has occurred."),
            )
        };
        let unavailable = |code| Verdict {
            retry_after: Some(SOON),
            ..told(
                StatusCode::SERVICE_UNAVAILABLE,
                code,
                ErrorBody::new(
                    "The server can't do this at the moment; asking again is harmless, so try again shortly.",
                ),
            )
        };
        match self {
            Self::MissingToken => verdict(StatusCode::UNAUTHORIZED, "missing_token"),
            Self::InvalidToken => verdict(StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::TokenExpired => verdict(StatusCode::UNAUTHORIZED, "token_expired"),
            Self::InvalidInvitation => verdict(StatusCode::UNAUTHORIZED, "invalid_invitation"),
            Self::TooManyStreams => Verdict {
                retry_after: Some(STREAM_WAIT),
                ..verdict(StatusCode::TOO_MANY_REQUESTS, "too_many_streams")
            },
            Self::WrongCredentials => verdict(StatusCode::UNAUTHORIZED, "wrong_credentials"),
            Self::WrongRole(_) => verdict(StatusCode::FORBIDDEN, "wrong_role"),
            Self::TooManyLogins(wait) => Verdict {
                retry_after: Some(*wait),
                ..verdict(StatusCode::TOO_MANY_REQUESTS, "too_many_logins")
            },
            Self::Throttled(wait) => Verdict {
                retry_after: Some(*wait),
                ..verdict(StatusCode::TOO_MANY_REQUESTS, "too_many_wrong_passwords")
            },
            Self::BadValue { member, message } => invalid("bad_value", member, message),
            Self::CannotDial => verdict(StatusCode::BAD_REQUEST, "cannot_dial"),
            Self::NoWebSocket => verdict(StatusCode::BAD_REQUEST, "no_websocket"),
            Self::BadIdempotencyKey => verdict(StatusCode::BAD_REQUEST, "bad_idempotency_key"),
            Self::BadJoinToken(_) => verdict(StatusCode::UNAUTHORIZED, "bad_join_token"),
            Self::NotInCall => verdict(StatusCode::FORBIDDEN, "not_in_call"),
            Self::BadWebhook(_) => verdict(StatusCode::UNAUTHORIZED, "bad_webhook"),
            Self::TooManyWait | Self::TooManyBodies => unavailable("busy"),
            Self::Store(error) => match error {
                StoreError::Refused(refusal) => told(
                    refusal_status(*refusal),
                    refusal.code(),
                    ErrorBody::new(sentence(&refusal.to_string())),
                ),
                StoreError::IdempotencyMismatch => {
                    verdict(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch")
                }
                // Only a new request names a language.
                StoreError::UnknownLanguage(_) => invalid(
                    "unknown_language",
                    "NeedHelpLanguageId",
                    "this server knows no language of this number",
                ),
                StoreError::EmailTaken => verdict(StatusCode::CONFLICT, "email_taken"),
                StoreError::InvalidText { .. } => verdict(StatusCode::BAD_REQUEST, "invalid_text"),
                StoreError::TooOften { limit, wait } => {
                    let (code, what) = match limit {
                        Limit::Requests => ("too_many_requests", "requests were made and ended"),
                        Limit::Invitations => {
                            ("too_many_invitations", "invitations into this call were made")
                        }
                        Limit::Deliveries => ("too_many_deliveries", "invitations were sent to this address"),
                    };
                    let text = format!("Too many {what}; try again in {} seconds.", whole_seconds(*wait));
                    let body = ErrorBody::new(text);
                    Verdict { retry_after: Some(*wait), ..told(StatusCode::TOO_MANY_REQUESTS, code, body) }
                }
                StoreError::Busy { .. } => unavailable("busy"),
                StoreError::Unavailable(_) | StoreError::NotDone { .. } => {
                    unavailable("database_unavailable")
                }
                StoreError::Contended { .. } | StoreError::Conflict(_) | StoreError::Locked(_) => {
                    unavailable("contended")
                }
                StoreError::Inconsistent { .. } | StoreError::Query { .. } | StoreError::Panicked { .. } => {
                    internal()
                }
            },
        }
    }
}

/// The status of a refusal by the rules.
pub(crate) const fn refusal_status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::NotPermitted { .. } | Refusal::PrincipalKick => StatusCode::FORBIDDEN,
        Refusal::NoRequest
        | Refusal::RequestEnded(_)
        | Refusal::StillSearching
        | Refusal::OfferTaken
        | Refusal::LiveRequest
        | Refusal::ProviderBusy
        | Refusal::OfferDeclined
        | Refusal::Released
        | Refusal::NoCallYet
        | Refusal::NoCall
        | Refusal::CallRunning(_)
        | Refusal::NotConfirmed(_)
        | Refusal::AlreadyAnswered(_)
        | Refusal::ParticipantFinished
        | Refusal::TooManyInvited
        | Refusal::InvitationsUsedUp
        | Refusal::CallsUsedUp => StatusCode::CONFLICT,
    }
}

/// So many whole seconds, rounded up, and never none: who waits that long is not too early.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
