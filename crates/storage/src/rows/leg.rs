//! The legs of a call.

use trialogue_domain::Timestamp;

/// One leg of a finished call, as the client reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLeg {
    /// Its beginning.
    pub started: Option<Timestamp>,
    /// Its end.
    pub ended: Option<Timestamp>,
    /// The time charged, a decimal number as text.
    pub call_time: String,
    /// Whether it went well.
    pub successful: bool,
    /// A note.
    pub additional_info: Option<String>,
    /// The id in the caller's own system.
    pub third_party_call_id: Option<String>,
}
