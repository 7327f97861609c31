//! Everything that can stand between a bound request and its answer, and the one place that turns it into status, text
//! and `X-Error-Code`. The codes are public: they never change, and are never made from the name of a variant.

use std::time::Duration;

use actix_web::http::StatusCode;
use trialogue_app::{AppError, whole_seconds};
use trialogue_domain::Refusal;
use trialogue_media::{BadToken, BadWebhook};
use trialogue_storage::{Limit, StoreError};

use trialogue_contract::errors::{ErrorBody, sentence};

/// Why a request that could be read is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The application did not do it.
    #[error(transparent)]
    App(#[from] AppError),
    /// No token came with the request.
    #[error("a token is required: send it in the header WEYIToken, or as `Authorization: Bearer`")]
    MissingToken,
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

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
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
        let wait = |code, pause| Verdict {
            retry_after: Some(pause),
            ..verdict(StatusCode::TOO_MANY_REQUESTS, code)
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
            Self::BadValue { member, message } => invalid("bad_value", member, message),
            Self::CannotDial => verdict(StatusCode::BAD_REQUEST, "cannot_dial"),
            Self::NoWebSocket => verdict(StatusCode::BAD_REQUEST, "no_websocket"),
            Self::BadIdempotencyKey => verdict(StatusCode::BAD_REQUEST, "bad_idempotency_key"),
            Self::BadJoinToken(_) => verdict(StatusCode::UNAUTHORIZED, "bad_join_token"),
            Self::NotInCall => verdict(StatusCode::FORBIDDEN, "not_in_call"),
            Self::BadWebhook(_) => verdict(StatusCode::UNAUTHORIZED, "bad_webhook"),
            Self::TooManyBodies => unavailable("busy"),
            Self::App(error) => match error {
                AppError::InvalidToken => verdict(StatusCode::UNAUTHORIZED, "invalid_token"),
                AppError::TokenExpired => verdict(StatusCode::UNAUTHORIZED, "token_expired"),
                AppError::InvalidInvitation => verdict(StatusCode::UNAUTHORIZED, "invalid_invitation"),
                AppError::WrongCredentials => verdict(StatusCode::UNAUTHORIZED, "wrong_credentials"),
                AppError::WrongRole(_) => verdict(StatusCode::FORBIDDEN, "wrong_role"),
                AppError::TooManyStreams => wait("too_many_streams", STREAM_WAIT),
                AppError::TooManyLogins(pause) => wait("too_many_logins", *pause),
                AppError::TooManyWrongPasswords(pause) => wait("too_many_wrong_passwords", *pause),
                AppError::TooManyWait => unavailable("busy"),
                AppError::Store(error) => match error {
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
                            Limit::Deliveries => {
                                ("too_many_deliveries", "invitations were sent to this address")
                            }
                        };
                        let text = format!("Too many {what}; try again in {} seconds.", whole_seconds(*wait));
                        let body = ErrorBody::new(text);
                        Verdict {
                            retry_after: Some(*wait),
                            ..told(StatusCode::TOO_MANY_REQUESTS, code, body)
                        }
                    }
                    StoreError::Busy { .. } => unavailable("busy"),
                    StoreError::Unavailable(_) | StoreError::NotDone { .. } => {
                        unavailable("database_unavailable")
                    }
                    StoreError::Contended { .. } | StoreError::Conflict(_) | StoreError::Locked(_) => {
                        unavailable("contended")
                    }
                    StoreError::Inconsistent { .. }
                    | StoreError::Query { .. }
                    | StoreError::Panicked { .. } => internal(),
                },
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
        | Refusal::CredentialNotInForce
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
        | Refusal::CallsUsedUp
        | Refusal::OtherLanguage(_)
        | Refusal::SuccessorAsked
        | Refusal::SuccessorNotPresent
        | Refusal::NoTeam => StatusCode::CONFLICT,
    }
}
