//! What a request says besides what the rules see.

/// What stands beside the rules in a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestDetails {
    /// Why an interpreter is needed (wire: `RequestSituationCodeId`).
    pub situation_code: i32,
    /// A note for the interpreter.
    pub additional_info: Option<String>,
    /// Where the client is.
    pub location: Option<String>,
    /// The client's own language.
    pub from_language_id: Option<i32>,
}
