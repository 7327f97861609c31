//! Which providers a request is offered to.

use crate::{Credential, LanguageId, Moment, Timestamp, UserId, are_in_force, is_offline};

/// Maximum number of providers that a request is newly offered to at a time. The others follow at the next look.
pub const MAX_NEW_OFFERS: usize = 100;

/// A provider, as far as matching looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub provider: UserId,
    /// Wants to take calls.
    pub online: bool,
    /// The last sign of life.
    pub last_seen: Option<Timestamp>,
    /// Is in a request of its own already.
    pub busy: bool,
    /// The languages it interprets.
    pub languages: Vec<LanguageId>,
    /// Its credentials.
    pub credentials: Vec<Credential>,
    /// When the last request that it served ended.
    pub served: Option<Timestamp>,
}

impl Candidate {
    /// Whether it speaks the language, with its credentials in force.
    pub fn may_serve(&self, language: LanguageId, moment: Moment<'_>) -> bool {
        self.languages.contains(&language) && are_in_force(&self.credentials, language, moment.now)
    }

    /// Whether it can take a call now: it wants to, gave a sign of life within the presence window, and is free.
    pub fn is_available(&self, moment: Moment<'_>) -> bool {
        self.online && !self.busy && !is_offline(self.last_seen, moment.now, moment.timings.presence)
    }
}

/// The providers to offer a request to: those who are available, speak the language with their credentials in force, and
/// were not asked before; who has been idle for the longest time comes first.
pub fn match_providers(
    language: LanguageId,
    candidates: &[Candidate],
    asked: impl Fn(UserId) -> bool,
    moment: Moment<'_>,
) -> Vec<UserId> {
    let mut fitting: Vec<&Candidate> = candidates
        .iter()
        .filter(|c| c.may_serve(language, moment) && c.is_available(moment) && !asked(c.provider))
        .collect();
    fitting.sort_by_key(|c| (c.served, c.provider));
    fitting.into_iter().take(MAX_NEW_OFFERS).map(|c| c.provider).collect()
}
