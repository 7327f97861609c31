//! Whom a request is offered to, and why others are not.

use std::time::Duration;

use trialogue_domain::{
    Availability, BreakReason, Candidate, Choice, Credential, Employment, Gender, Group, LanguageId, Lapse,
    Medium, Moment, NotRung, Offer, OfferState, Plan, PlanStep, Presence, RingMode, Search, Specialty,
    Strength, Timestamp, Timings, UserId, Wants, Wish, choose,
};

const SPANISH: LanguageId = LanguageId(44);
const FRENCH: LanguageId = LanguageId(9);
const NOW: Timestamp = Timestamp(1_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

const THERE: Presence = Presence {
    availability: Availability::On,
    said_at: None,
    last_seen: Some(NOW),
    busy: false,
    served: None,
};

fn candidate(id: i32) -> Candidate {
    Candidate {
        provider: UserId(id),
        presence: THERE,
        languages: vec![FRENCH, SPANISH],
        credentials: vec![],
        employment: Employment::Staff,
        gender: None,
        certification: 0,
        specialties: vec![],
        takes_video: true,
        takes_calls: false,
    }
}

fn step(who: Group, mode: RingMode) -> PlanStep {
    PlanStep { who, mode, ring: 30 * SECOND, lasts: 20 * SECOND, relaxes: vec![] }
}

fn plan(steps: Vec<PlanStep>) -> Plan {
    Plan { steps, ..Plan::default() }
}

fn everyone(width: usize) -> Plan {
    plan(vec![step(Group::Everyone, RingMode::Star(width))])
}

fn search<'a>(plan: &'a Plan, offers: &'a [Offer]) -> Search<'a> {
    Search { language: SPANISH, through: None, wants: Wants::default(), plan, offers, asked_before: &[] }
}

fn chosen(search: &Search<'_>, candidates: &[Candidate]) -> Choice {
    let timings = Timings { wrap_up: 60 * SECOND, ..Timings::default() };
    choose(search, candidates, Moment { now: NOW, timings: &timings })
}

fn rung(choice: &Choice) -> Vec<i32> {
    choice.ring.iter().map(|ring| ring.provider.0).collect()
}

fn reasons(choice: &Choice) -> Vec<(i32, NotRung)> {
    let mut reasons: Vec<_> = choice.not_rung.iter().map(|(user, reason)| (user.0, *reason)).collect();
    reasons.sort_unstable();
    reasons
}

fn offer(id: i32, state: OfferState, step: u8, ago: Duration) -> Offer {
    Offer { provider: UserId(id), state, step, at: NOW.before(ago) }
}

fn open(id: i32, step: u8, ago: Duration) -> Offer {
    offer(id, OfferState::Open { until: NOW.after(SECOND) }, step, ago)
}

#[test]
fn only_who_is_there_and_free_and_each_other_with_a_reason() {
    let window = Timings::default().presence;
    let seen = |ago: Duration| Some(NOW.before(ago));
    let with = |id, presence: Presence| Candidate { presence, ..candidate(id) };
    let says = |id, availability| with(id, Presence { availability, ..THERE });
    let candidates = [
        says(1, Availability::Off),
        with(2, Presence { busy: true, ..THERE }),
        Candidate { languages: vec![FRENCH], ..candidate(3) },
        says(4, Availability::Break(BreakReason::Meal)),
        with(5, Presence { last_seen: None, ..THERE }),
        with(6, Presence { last_seen: seen(window + Duration::from_micros(1)), ..THERE }),
        with(7, Presence { last_seen: seen(window), ..THERE }),
        says(8, Availability::LastCall),
        says(9, Availability::Away),
        with(10, Presence { served: seen(59 * SECOND), ..THERE }),
        with(11, Presence { served: seen(60 * SECOND), ..THERE }),
        with(12, Presence { served: seen(59 * SECOND), said_at: seen(58 * SECOND), ..THERE }),
    ];
    let plan = everyone(100);
    let choice = chosen(&search(&plan, &[]), &candidates);
    assert_eq!(rung(&choice), [7, 11, 12], "of the others who is idle for longer");
    let expected = [
        (1, NotRung::Offline),
        (2, NotRung::Busy),
        (4, NotRung::Break(BreakReason::Meal)),
        (5, NotRung::Offline),
        (6, NotRung::Offline),
        (8, NotRung::Offline),
        (9, NotRung::Away),
        (10, NotRung::WrapUp),
    ];
    assert_eq!(reasons(&choice), expected, "who speaks another language is not told");
}

#[test]
fn who_has_been_idle_longest_comes_first_then_the_order_of_ids_and_as_many_as_the_step_is_wide() {
    let served = |id, at| {
        let presence = Presence { served: Some(Timestamp(at)), ..THERE };
        Candidate { presence, ..candidate(id) }
    };
    let candidates = [served(1, 7), served(2, 6), candidate(9), served(3, 6), candidate(8)];
    let plan = everyone(3);
    let choice = chosen(&search(&plan, &[]), &candidates);
    assert_eq!(rung(&choice), [8, 9, 2]);
    assert_eq!(reasons(&choice), [(1, NotRung::Next), (3, NotRung::Next)]);
    let rotating = Plan { steps: vec![step(Group::Everyone, RingMode::Rotating)], ..plan };
    assert_eq!(rung(&chosen(&search(&rotating, &[]), &candidates)), [8]);
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
    let plan = everyone(100);
    let choice = chosen(&search(&plan, &[]), &candidates);
    assert_eq!(rung(&choice), [1, 2, 5, 7]);
    assert_eq!(
        reasons(&choice),
        [(3, NotRung::Credential), (4, NotRung::Credential), (6, NotRung::Credential)]
    );
}

#[test]
fn lists_of_a_plan() {
    let plan = Plan {
        prefer: vec![UserId(3)],
        never: vec![UserId(1)],
        ..plan(vec![
            step(Group::Preferred, RingMode::Star(1)),
            step(Group::Employed(Employment::Vendor), RingMode::Star(9)),
        ])
    };
    let vendor = Candidate { employment: Employment::Vendor, ..candidate(4) };
    let candidates = [candidate(1), candidate(2), candidate(3), vendor];
    let choice = chosen(&search(&plan, &[]), &candidates);
    assert_eq!(rung(&choice), [3]);
    assert_eq!(reasons(&choice), [(1, NotRung::Never), (2, NotRung::NoStep), (4, NotRung::LaterStep)]);
    let only = Plan { only: vec![UserId(1), UserId(4)], ..plan };
    let choice = chosen(&search(&only, &[]), &candidates);
    assert_eq!(rung(&choice), [4], "nobody of the first step is left, so the next one begins at once");
    assert_eq!(reasons(&choice), [(1, NotRung::Never), (2, NotRung::NotListed), (3, NotRung::NotListed)]);
}

#[test]
fn wishes_are_relaxed_by_the_plan_and_requirements_are_not() {
    let woman = |id| Candidate { gender: Some(Gender::Female), ..candidate(id) };
    let medical = Candidate { specialties: vec![Specialty::Medical], certification: 2, ..woman(1) };
    let candidates = [medical, woman(2), candidate(3)];
    let relaxing = PlanStep { relaxes: Wish::ALL.to_vec(), ..step(Group::Everyone, RingMode::Star(9)) };
    let plan = Plan { certification: 1, ..plan(vec![step(Group::Everyone, RingMode::Star(9)), relaxing]) };
    let wanting = |strength, offers| {
        let wants = Wants {
            gender: Some((Gender::Female, strength)),
            specialty: Some((Specialty::Medical, Strength::Wish)),
            ..Wants::default()
        };
        Search { wants, ..search(&plan, offers) }
    };
    let choice = chosen(&wanting(Strength::Wish, &[]), &candidates);
    assert_eq!(rung(&choice), [1]);
    assert_eq!(reasons(&choice), [(2, NotRung::LaterStep), (3, NotRung::LaterStep)]);
    let later = [open(1, 0, 20 * SECOND)];
    assert_eq!(rung(&chosen(&wanting(Strength::Wish, &later), &candidates)), [2, 3]);
    let choice = chosen(&wanting(Strength::Requirement, &later), &candidates);
    assert_eq!((rung(&choice), reasons(&choice)), (vec![2], vec![(3, NotRung::Gender)]));
    // Without the step that relaxes, each is told what it lacks.
    let strict = Plan { steps: vec![step(Group::Everyone, RingMode::Star(9))], ..plan.clone() };
    let certified = Candidate { certification: 1, ..woman(4) };
    let medical = Candidate { specialties: vec![Specialty::Medical], ..woman(5) };
    let search = Search { plan: &strict, ..wanting(Strength::Wish, &[]) };
    let choice = chosen(&search, &[candidate(3), certified, medical]);
    assert_eq!(
        reasons(&choice),
        [(3, NotRung::Gender), (4, NotRung::Specialty), (5, NotRung::Certification)]
    );
}

#[test]
fn what_is_required_is_never_relaxed() {
    let medical = Candidate { specialties: vec![Specialty::Medical], ..candidate(2) };
    let certified = Candidate { certification: 3, ..candidate(3) };
    let candidates = [candidate(1), medical, certified];
    let relaxing = PlanStep { relaxes: Wish::ALL.to_vec(), ..step(Group::Everyone, RingMode::Star(9)) };
    let plan = Plan { certification: 3, ..plan(vec![relaxing]) };
    let of = |plan, wants| chosen(&Search { wants, ..search(plan, &[]) }, &candidates);
    assert_eq!(rung(&of(&plan, Wants::default())), [1, 2, 3]);
    let specialty = Some((Specialty::Medical, Strength::Requirement));
    let choice = of(&plan, Wants { specialty, ..Wants::default() });
    assert_eq!(rung(&choice), [2]);
    assert_eq!(reasons(&choice), [(1, NotRung::Specialty), (3, NotRung::Specialty)]);
    let certification = Some((3, Strength::Requirement));
    let choice = of(&plan, Wants { certification, ..Wants::default() });
    assert_eq!(rung(&choice), [3]);
    assert_eq!(reasons(&choice), [(1, NotRung::Certification), (2, NotRung::Certification)]);
    // The company's policy: what its plan wishes is required.
    let strict = Plan { required: vec![Wish::Certification], ..plan.clone() };
    assert_eq!(rung(&of(&strict, Wants::default())), [3]);
    let wished = Wants { certification: Some((4, Strength::Wish)), ..Wants::default() };
    assert_eq!(rung(&of(&strict, wished)), [0; 0], "of what the client wishes as well");
}

#[test]
fn audio_is_what_a_wish_for_video_falls_back_to() {
    let both = Candidate { takes_calls: true, ..candidate(1) };
    let audio = Candidate { takes_video: false, takes_calls: true, ..candidate(2) };
    let candidates = [both, audio, candidate(3)];
    let relaxing = PlanStep { relaxes: vec![Wish::Video], ..step(Group::Everyone, RingMode::Star(9)) };
    let plan = plan(vec![step(Group::Everyone, RingMode::Star(9)), relaxing]);
    let of = |medium, offers: &[Offer]| {
        let wants = Wants { medium, ..Wants::default() };
        chosen(&Search { wants, ..search(&plan, offers) }, &candidates)
    };
    let first = of(Medium::default(), &[]);
    assert_eq!((rung(&first), reasons(&first)), (vec![1, 3], vec![(2, NotRung::LaterStep)]));
    let later = [open(1, 0, 20 * SECOND), open(3, 0, 20 * SECOND)];
    assert_eq!(rung(&of(Medium::default(), &later)), [2], "the step relaxes it");
    let required = of(Medium::Video(Strength::Requirement), &later);
    assert_eq!((rung(&required), reasons(&required)), (vec![], vec![(2, NotRung::Medium)]));
    let audio_only = of(Medium::Audio, &[]);
    assert_eq!((rung(&audio_only), reasons(&audio_only)), (vec![1, 2], vec![(3, NotRung::Medium)]));
}

#[test]
fn who_is_named_is_rung_first_and_others_only_if_it_is_a_wish() {
    let vendor = Candidate { employment: Employment::Vendor, ..candidate(3) };
    let candidates = [candidate(1), candidate(2), vendor.clone()];
    let staff = || step(Group::Employed(Employment::Staff), RingMode::Star(1));
    let named_first = plan(vec![step(Group::Named, RingMode::Rotating), staff()]);
    let of = |plan: &Plan, strength, offers: &[Offer], candidates: &[Candidate]| {
        let wants = Wants { interpreter: Some((UserId(3), strength)), ..Wants::default() };
        chosen(&Search { wants, ..search(plan, offers) }, candidates)
    };
    let choice = of(&named_first, Strength::Wish, &[], &candidates);
    assert_eq!((rung(&choice), reasons(&choice).len()), (vec![3], 2), "though no other step adds a vendor");
    assert_eq!(rung(&of(&named_first, Strength::Wish, &[open(3, 0, 20 * SECOND)], &candidates)), [1]);
    let without = [candidate(1), candidate(2)];
    assert_eq!(rung(&of(&named_first, Strength::Wish, &[], &without)), [1], "not there, so the plan goes on");
    assert_eq!(
        rung(&of(&plan(vec![staff()]), Strength::Wish, &[], &candidates)),
        [3],
        "before all of the step"
    );
    let required = of(&named_first, Strength::Requirement, &[open(3, 0, 20 * SECOND)], &candidates);
    assert_eq!(reasons(&required), [(1, NotRung::NotNamed), (2, NotRung::NotNamed)]);
    assert_eq!(rung(&required), [0; 0]);
    let hopeless =
        |plan: &Plan, offers: &[Offer]| of(plan, Strength::Requirement, offers, &without).is_hopeless;
    let declined = offer(3, OfferState::Declined, 0, SECOND);
    assert!(!hopeless(&named_first, &[]), "the one who is wanted may come");
    assert!(hopeless(&named_first, &[declined]), "and said no");
    assert!(!of(&named_first, Strength::Wish, &[declined], &without).is_hopeless, "others are rung");
    // An interpreter on the plan's list `never` is not rung, though the client names it.
    let never = Plan { never: vec![UserId(3)], ..named_first.clone() };
    assert_eq!(rung(&of(&never, Strength::Wish, &[], &candidates)), [1]);
    assert!(hopeless(&never, &[]));
}

#[test]
fn a_relay_speaks_both_languages() {
    let plan = everyone(9);
    let both = |id| candidate(id);
    let only_spanish = Candidate { languages: vec![SPANISH], ..candidate(2) };
    let expired = Credential { language: Some(FRENCH), effective: Timestamp(0), expires: Some(NOW) };
    let without_credential = Candidate { credentials: vec![expired], ..candidate(3) };
    let candidates = [both(1), only_spanish, without_credential];
    let relay = Search { through: Some(FRENCH), ..search(&plan, &[]) };
    let choice = chosen(&relay, &candidates);
    assert_eq!((rung(&choice), reasons(&choice)), (vec![1], vec![(3, NotRung::Credential)]));
    assert_eq!(
        rung(&chosen(&search(&plan, &[]), &candidates)),
        [1, 2, 3],
        "without a relay, one language is enough"
    );
}

#[test]
fn a_step_begins_when_the_one_before_is_over_or_has_nobody_left() {
    let steps = vec![
        step(Group::Employed(Employment::Staff), RingMode::Star(1)),
        step(Group::Employed(Employment::Freelance), RingMode::Rotating),
        step(Group::Everyone, RingMode::Star(2)),
    ];
    let plan = plan(steps);
    let freelance = |id| Candidate { employment: Employment::Freelance, ..candidate(id) };
    let vendor = Candidate { employment: Employment::Vendor, ..candidate(5) };
    let all = [candidate(1), candidate(2), freelance(3), freelance(4), vendor];
    let after = |offers: &[Offer]| rung(&chosen(&search(&plan, offers), &all));
    let just_before = Duration::from_millis(19_999);
    assert_eq!(after(&[]), [1]);
    assert_eq!(after(&[open(1, 0, just_before)]), [0; 0], "one at a time, and its time is not over");
    assert_eq!(after(&[open(1, 0, 20 * SECOND)]), [3], "the first step goes on, and the second begins");
    assert_eq!(after(&[open(1, 0, 40 * SECOND), open(3, 1, 20 * SECOND)]), [5]);
    let declined = offer(1, OfferState::Declined, 0, SECOND);
    assert_eq!(after(&[declined]), [2], "a no makes room at once");
    let both = [declined, offer(2, OfferState::Declined, 0, SECOND)];
    assert_eq!(after(&both), [3], "nobody of the first step is left");
    let lapsed = |id, lapse, step| offer(id, OfferState::Lapsed(lapse), step, SECOND);
    assert_eq!(after(&[lapsed(1, Lapse::NoAnswer, 0)]), [2]);
    assert_eq!(after(&[lapsed(1, Lapse::Unavailable, 0)]), [1], "who is free again was not asked");
    // Once a step has begun it stays so, whoever comes back.
    assert_eq!(after(&[open(3, 1, SECOND)]), [1]);
}

#[test]
fn who_did_not_answer_is_rung_again_when_nobody_is_left() {
    let plan = everyone(2);
    let lapsed = |id, ago| offer(id, OfferState::Lapsed(Lapse::NoAnswer), 0, ago);
    let candidates = [candidate(1), candidate(2), candidate(3), candidate(4)];
    let offers = [lapsed(1, 2 * SECOND), lapsed(2, 3 * SECOND), lapsed(3, SECOND)];
    let choice = chosen(&search(&plan, &offers), &candidates);
    assert_eq!((rung(&choice), reasons(&choice).len()), (vec![4], 3), "first who was not asked");
    let declined = offer(4, OfferState::Declined, 0, SECOND);
    let choice = chosen(&search(&plan, &[&offers[..], &[declined]].concat()), &candidates);
    assert_eq!(rung(&choice), [2, 1], "those first who were rung first");
    assert_eq!(reasons(&choice), [(3, NotRung::NoAnswer), (4, NotRung::Declined)]);
    let ringing = open(4, 0, SECOND);
    assert_eq!(rung(&chosen(&search(&plan, &[&offers[..], &[ringing]].concat()), &candidates)), [0; 0]);
}

#[test]
fn an_offer_to_one_who_is_not_free_any_more_is_taken_back() {
    let plan = everyone(1);
    let busy = Candidate { presence: Presence { busy: true, ..THERE }, ..candidate(1) };
    let offers = [open(1, 0, SECOND), open(7, 0, SECOND), open(8, 0, Duration::ZERO)];
    let choice = chosen(&search(&plan, &offers), &[busy, candidate(2)]);
    let taken_back: Vec<i32> = choice.unavailable.iter().map(|user| user.0).collect();
    assert_eq!(taken_back, [1, 7], "the last was made after the candidates were looked up");
    assert_eq!(rung(&choice), [2], "its place is free at once");
    let earlier = Search { asked_before: &[UserId(2)], ..search(&plan, &[]) };
    let choice = chosen(&earlier, &[candidate(2)]);
    assert_eq!((rung(&choice), reasons(&choice)), (vec![], vec![(2, NotRung::AskedBefore)]));
}

#[test]
fn nobody_matches_nobody() {
    let plan = Plan::default();
    assert_eq!(chosen(&search(&plan, &[]), &[]), Choice::default());
}

#[test]
fn codes_of_reasons_are_different() {
    let codes: std::collections::BTreeSet<_> = NotRung::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), NotRung::ALL.len());
}
