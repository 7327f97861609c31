//! What is to be saved of a conference.

use trialogue_domain::{NotRung, ParticipantId, RequestId, Step, UserId, Wants};

use crate::error::StoreError;
use crate::rows::Invitee;
use crate::rows::leg::CallLeg;
use crate::secret::SecretHash;
use crate::text::storable;

/// What is to be saved of a conference. It has no `Debug`: it names people.
#[derive(Default)]
pub struct Verdict {
    /// Empty if the command is allowed and changes nothing.
    pub(crate) steps: Vec<Step>,
    /// The personal data of a participant that is invited.
    pub(crate) invitee: Option<Invitee>,
    /// The hash of the secret that the holder of this participant's account derived.
    pub(crate) secret: Option<(ParticipantId, SecretHash)>,
    /// The legs of the call, as they are reported.
    pub(crate) legs: Vec<CallLeg>,
    /// What is wanted of a new second interpreter, beside the language.
    pub(crate) wants: Option<Wants>,
    /// Why interpreters were not rung by the last step.
    pub(crate) not_rung: Option<NotRungOf>,
}

/// Why interpreters were not rung for a request when others were.
pub type NotRungOf = (RequestId, Vec<(UserId, NotRung)>);

impl Verdict {
    /// Binds the account of a participant to the secret with this hash.
    #[must_use]
    pub fn with_secret(self, secret: Option<(ParticipantId, SecretHash)>) -> Self {
        Self { secret, ..self }
    }

    /// Keeps what is wanted of a new second interpreter.
    #[must_use]
    pub fn with_wants(self, wants: Wants) -> Self {
        Self { wants: Some(wants), ..self }
    }

    /// Keeps why interpreters were not rung.
    #[must_use]
    pub fn with_reasons(self, not_rung: Option<NotRungOf>) -> Self {
        Self { not_rung, ..self }
    }

    /// Keeps the legs of the call.
    #[must_use]
    pub fn with_legs(self, legs: Vec<CallLeg>) -> Self {
        Self { legs, ..self }
    }

    /// Whether both databases can keep its texts.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        for leg in &self.legs {
            storable(&[
                ("call_time", Some(&leg.call_time)),
                ("additional_info", leg.additional_info.as_deref()),
                ("third_party_call_id", leg.third_party_call_id.as_deref()),
            ])?;
        }
        Ok(())
    }
}

impl From<Vec<Step>> for Verdict {
    fn from(steps: Vec<Step>) -> Self {
        Self { steps, ..Self::default() }
    }
}
