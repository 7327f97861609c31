//! Which providers a request is offered to.

use crate::{LanguageId, Moment, Timestamp, UserId, is_offline};

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
    /// When the last request that it served ended.
    pub served: Option<Timestamp>,
}

impl Candidate {
    /// Whether it can take a call now: it wants to, gave a sign of life within the presence window, and is free.
    pub fn is_available(&self, moment: Moment<'_>) -> bool {
        self.online && !self.busy && !is_offline(self.last_seen, moment.now, moment.timings.presence)
    }
}

/// The providers to offer a request to: those who are available, speak the language and were not asked before; who has
/// been idle for the longest time comes first.
pub fn match_providers(
    language: LanguageId,
    candidates: &[Candidate],
    asked: impl Fn(UserId) -> bool,
    moment: Moment<'_>,
) -> Vec<UserId> {
    let mut fitting: Vec<&Candidate> = candidates
        .iter()
        .filter(|c| c.languages.contains(&language) && c.is_available(moment) && !asked(c.provider))
        .collect();
    fitting.sort_by_key(|c| (c.served, c.provider));
    fitting.into_iter().take(MAX_NEW_OFFERS).map(|c| c.provider).collect()
}
