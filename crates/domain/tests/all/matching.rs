//! Whom a request is offered to.

use std::time::Duration;

use trialogue_domain::{
    Candidate, Credential, LanguageId, MAX_NEW_OFFERS, Moment, Timestamp, Timings, UserId, match_providers,
};

const SPANISH: LanguageId = LanguageId(44);
const FRENCH: LanguageId = LanguageId(9);
const NOW: Timestamp = Timestamp(1_000_000_000);

fn candidate(id: i32) -> Candidate {
    Candidate {
        provider: UserId(id),
        online: true,
        last_seen: Some(NOW),
        busy: false,
        languages: vec![FRENCH, SPANISH],
        credentials: vec![],
        served: None,
    }
}

fn matched_but(asked: &[i32], candidates: &[Candidate]) -> Vec<i32> {
    let moment = Moment { now: NOW, timings: &Timings::default() };
    let asked = |provider: UserId| asked.contains(&provider.0);
    match_providers(SPANISH, candidates, asked, moment).into_iter().map(|user| user.0).collect()
}

fn matched(candidates: &[Candidate]) -> Vec<i32> {
    matched_but(&[], candidates)
}

#[test]
fn only_who_is_available_and_speaks_the_language_and_was_not_asked() {
    let window = Timings::default().presence;
    let seen = |ago: Duration| Some(NOW.before(ago));
    let candidates = [
        Candidate { online: false, ..candidate(1) },
        Candidate { busy: true, ..candidate(2) },
        Candidate { languages: vec![FRENCH], ..candidate(3) },
        Candidate { languages: vec![], ..candidate(4) },
        Candidate { last_seen: None, ..candidate(5) },
        Candidate { last_seen: seen(window + Duration::from_micros(1)), ..candidate(6) },
        Candidate { last_seen: seen(window), ..candidate(7) },
        candidate(8),
        candidate(9),
    ];
    assert_eq!(matched_but(&[8], &candidates), [7, 9]);
}

#[test]
fn who_has_been_idle_longest_comes_first_then_the_order_of_ids() {
    let served = |id, at| Candidate { served: Some(Timestamp(at)), ..candidate(id) };
    assert_eq!(
        matched(&[served(1, 7), served(2, 6), candidate(9), served(3, 6), candidate(8)]),
        [8, 9, 2, 3, 1]
    );
}

#[test]
fn sleepers_take_nobody_s_place_and_no_request_is_offered_to_more_than_so_many_at_a_time() {
    let most = i32::try_from(MAX_NEW_OFFERS).expect("small");
    let sleeping = (1..=most).map(|id| Candidate { last_seen: Some(Timestamp(0)), ..candidate(id) });
    let candidates: Vec<_> = sleeping.chain((most + 1..=2 * most + 1).map(candidate)).collect();
    assert_eq!(matched(&candidates), (most + 1..=2 * most).collect::<Vec<_>>());
    let asked: Vec<i32> = (1..=2 * most).collect();
    assert_eq!(matched_but(&asked, &candidates), [2 * most + 1], "the rest comes next");
}

#[test]
fn nobody_matches_nobody() {
    assert!(matched(&[]).is_empty());
}

#[test]
fn every_credential_for_the_language_must_be_in_force() {
    let day = Duration::from_hours(24);
    let (yesterday, tomorrow) = (NOW.before(day), NOW.after(day));
    let good = Credential { language: None, effective: yesterday, expires: Some(tomorrow) };
    let with =
        |id, credentials: &[Credential]| Candidate { credentials: credentials.to_vec(), ..candidate(id) };
    let expired = Credential { expires: Some(NOW), ..good };
    let early = Credential { effective: NOW.after(Duration::from_micros(1)), ..good };
    let candidates = [
        with(1, &[good]),
        with(2, &[Credential { expires: None, ..good }]),
        with(3, &[good, expired]),
        with(4, &[early]),
        with(5, &[Credential { language: Some(FRENCH), ..expired }]),
        with(6, &[Credential { language: Some(SPANISH), ..expired }]),
        with(7, &[Credential { effective: NOW, ..good }]),
    ];
    assert_eq!(matched(&candidates), [1, 2, 5, 7]);
}
