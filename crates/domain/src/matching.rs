//! Which providers a request is offered to.

use std::cmp::Reverse;

use crate::{LanguageId, UserId};

/// A request is offered to at most this many providers at once.
pub const MAX_OFFERS: usize = 20;

/// A provider, as far as matching looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub provider: UserId,
    /// Takes calls now.
    pub online: bool,
    /// Is in a request of its own already.
    pub busy: bool,
    /// The languages it interprets.
    pub languages: Vec<LanguageId>,
    /// How well it did so far, in hundredths; higher is better.
    pub performance: i32,
}

/// The providers to offer a request to: online, free, speaking the language; the best first, then by id.
pub fn match_providers(language: LanguageId, candidates: &[Candidate]) -> Vec<UserId> {
    let mut fitting: Vec<&Candidate> =
        candidates.iter().filter(|c| c.online && !c.busy && c.languages.contains(&language)).collect();
    fitting.sort_by_key(|c| (Reverse(c.performance), c.provider));
    fitting.into_iter().take(MAX_OFFERS).map(|c| c.provider).collect()
}
