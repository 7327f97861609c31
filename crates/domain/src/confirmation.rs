//! The confirmation rule: no media account exists before the listener has confirmed (contract section 5).
//!
//! An account can be issued only from a [`Confirmation`], and only this file can make one. So code that issues before
//! confirming does not compile.

use crate::{Conference, Kind, Participant, ParticipantId, Refusal, StateName, Timestamp};

/// The proof that a participant may be issued an account.
///
/// It comes from the rule, which looks for the yes:
///
/// ```
/// use trialogue_domain::{AccountIssued, Conference, Confirmation, Refusal, Timestamp};
///
/// fn issue(conference: &Conference, expires: Timestamp) -> Result<Vec<AccountIssued>, Refusal> {
///     Ok(Confirmation::of_pair(conference)?.into_iter().map(|proof| proof.issue(expires)).collect())
/// }
/// ```
///
/// Nobody else can make one, so an account without a yes does not compile (private field):
///
/// ```compile_fail,E0451
/// use trialogue_domain::{AccountIssued, Confirmation, Participant, Timestamp};
///
/// fn issue(participant: &Participant, expires: Timestamp) -> AccountIssued {
///     Confirmation { participant }.issue(expires)
/// }
/// ```
///
/// Nor can one proof be used twice:
///
/// ```compile_fail,E0382
/// use trialogue_domain::{AccountIssued, Confirmation, Timestamp};
///
/// fn issue(proof: Confirmation<'_>, expires: Timestamp) -> [AccountIssued; 2] {
///     [proof.issue(expires), proof.issue(expires)]
/// }
/// ```
#[derive(Debug)]
pub struct Confirmation<'a> {
    participant: &'a Participant,
}

impl<'a> Confirmation<'a> {
    /// Of the caller and the listener, as far as they wait for an account, once both have confirmed in the call that is
    /// on.
    ///
    /// # Errors
    /// [`Refusal::NoCall`] without a call, [`Refusal::NotConfirmed`] before the listener's yes.
    pub fn of_pair(conference: &'a Conference) -> Result<Vec<Self>, Refusal> {
        let (client, provider) =
            conference.pair().filter(|(c, p)| c.is_live() || p.is_live()).ok_or(Refusal::NoCall)?;
        match provider.state.name() {
            state @ StateName::Informed => Err(Refusal::NotConfirmed(state)),
            StateName::Confirmed | StateName::Routed | StateName::Connected | StateName::Disconnected => {
                Ok([client, provider].into_iter().filter_map(|p| Self::of(p).ok()).collect())
            }
            // The caller holds its own already.
            StateName::Finished => Ok(vec![]),
        }
    }

    /// Of an invited party: its own yes, and the listener's, for the rule holds for everybody. Where the listener is out,
    /// the call was confirmed by it before.
    ///
    /// # Errors
    /// [`Refusal::NotConfirmed`] before either.
    pub fn of_invited(conference: &Conference, invited: &'a Participant) -> Result<Self, Refusal> {
        let own = Self::of(invited)?;
        if conference.listener_confirmed() || conference.lost_interpreter() {
            Ok(own)
        } else {
            Err(Refusal::NotConfirmed(StateName::Informed))
        }
    }

    fn of(participant: &'a Participant) -> Result<Self, Refusal> {
        match participant.state.name() {
            StateName::Confirmed => Ok(Self { participant }),
            StateName::Finished => Err(Refusal::ParticipantFinished),
            state @ (StateName::Informed
            | StateName::Routed
            | StateName::Connected
            | StateName::Disconnected) => Err(Refusal::NotConfirmed(state)),
        }
    }

    /// Consumes the proof and issues the account.
    #[must_use]
    pub fn issue(self, expires: Timestamp) -> AccountIssued {
        AccountIssued { participant: self.participant.id, expires }
    }
}

/// A media account was issued. Made from a [`Confirmation`], or read back from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountIssued {
    participant: ParticipantId,
    expires: Timestamp,
}

impl AccountIssued {
    /// Whose it is.
    pub const fn participant(&self) -> ParticipantId {
        self.participant
    }

    /// The end of its life.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Reads the fact back from the log, where it was written after a confirmation.
    pub const fn from_log(participant: ParticipantId, expires: Timestamp) -> Self {
        Self { participant, expires }
    }
}

impl Conference {
    /// Whether the caller of the current call holds an account.
    pub(crate) fn caller_has_account(&self) -> bool {
        self.current(Kind::Client).is_some_and(|p| p.state.account().is_some())
    }

    /// Whether the interpreter is out of a call that its client is in.
    pub(crate) fn lost_interpreter(&self) -> bool {
        self.is_in_call()
            && self.caller_has_account()
            && self.current(Kind::Provider).is_some_and(|listener| !listener.is_live())
    }

    /// Whether the listener of the current call has said yes.
    pub(crate) fn listener_confirmed(&self) -> bool {
        self.current(Kind::Provider).is_some_and(|p| p.is_live() && p.state.name() != StateName::Informed)
    }
}
