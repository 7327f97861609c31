//! Whom a request is offered to.

use trialogue_domain::{Candidate, LanguageId, MAX_OFFERS, UserId, match_providers};

const SPANISH: LanguageId = LanguageId(44);
const FRENCH: LanguageId = LanguageId(9);

fn candidate(id: i32) -> Candidate {
    Candidate {
        provider: UserId(id),
        online: true,
        busy: false,
        languages: vec![FRENCH, SPANISH],
        performance: 400,
    }
}

fn matched(candidates: &[Candidate]) -> Vec<i32> {
    match_providers(SPANISH, candidates).into_iter().map(|user| user.0).collect()
}

#[test]
fn only_who_is_online_and_free_and_speaks_the_language() {
    let candidates = [
        Candidate { online: false, ..candidate(1) },
        Candidate { busy: true, ..candidate(2) },
        Candidate { languages: vec![FRENCH], ..candidate(3) },
        Candidate { languages: vec![], ..candidate(4) },
        candidate(5),
    ];
    assert_eq!(matched(&candidates), [5]);
}

#[test]
fn the_best_come_first_then_the_order_of_ids() {
    let candidates = [candidate(3), candidate(2), Candidate { performance: 401, ..candidate(9) }];
    assert_eq!(matched(&candidates), [9, 2, 3]);
}

#[test]
fn a_request_is_offered_to_so_many_at_once() {
    let most = i32::try_from(MAX_OFFERS).expect("small");
    let candidates: Vec<_> = (1..=most + 1).map(candidate).collect();
    assert_eq!(matched(&candidates), (1..=most).collect::<Vec<_>>());
}

#[test]
fn nobody_matches_nobody() {
    assert_eq!(matched(&[]), []);
}
