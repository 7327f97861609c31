//! Breadth first through every reachable state of some small worlds; in each state, and on each step, every invariant.

use std::collections::{BTreeSet, HashSet, VecDeque};

use trialogue_domain::{
    Actor, Command, Conference, Effect, Event, FinishReason, Kind, Moment, Observation, Outcome, Participant,
    Purpose, Refusal, Removal, Stage, State, StateName, Timestamp, Timings, account_pair, decide, effects,
    observe, own_account,
};

use crate::edges::{self, Edge};
use crate::small_world::{
    Bounds, Input, NOW, Node, beginning, creates, facts, inputs, invitation, place_over, times_passing,
};
use crate::state_table::{engine_cause, table_edges};

/// What a search has seen.
#[derive(Debug, Default)]
struct Seen {
    states: usize,
    /// Steps that change something and stay in the world.
    transitions: usize,
    edges: BTreeSet<Edge>,
    refusals: BTreeSet<&'static str>,
    names: BTreeSet<StateName>,
    endings: BTreeSet<String>,
}

const ONE_CALL: Bounds = Bounds {
    calls: 1,
    guests: 0,
    second_interpreters: 0,
    purpose: Purpose::SecondLanguage,
    rejoins: 0,
    thorough: false,
    removals: true,
};

#[test]
fn one_call_with_two_guests() {
    let seen = explore(Bounds { guests: 2, ..ONE_CALL });
    assert_size(&seen, 248_733, 1_885_651);
}

#[test]
fn a_repeated_call() {
    let seen = explore(Bounds { calls: 2, thorough: true, ..ONE_CALL });
    assert_size(&seen, 114_728, 1_043_490);
}

#[test]
fn a_repeated_call_with_two_guests() {
    let seen = explore(Bounds { calls: 2, guests: 2, removals: false, ..ONE_CALL });
    assert_size(&seen, 417_118, 2_425_565);
}

#[test]
#[ignore = "takes minutes in a debug build; with --release one minute"]
fn a_repeated_call_with_a_guest_and_removals() {
    let seen = explore(Bounds { calls: 2, guests: 1, ..ONE_CALL });
    assert_size(&seen, 1_144_458, 10_014_469);
}

/// This world is small and has every kind of thing in it, so it is here that all must have been seen.
#[test]
fn a_repeated_call_with_a_second_interpreter_shows_everything() {
    let rejoins = explore(Bounds { rejoins: 1, removals: false, thorough: true, ..ONE_CALL });
    assert_size(&rejoins, 876, 4_452);
    let seen =
        explore(Bounds { calls: 2, second_interpreters: 1, removals: false, thorough: true, ..ONE_CALL });
    assert_size(&seen, 211_550, 1_294_011);
    let one_second = Bounds { second_interpreters: 1, removals: false, thorough: true, ..ONE_CALL };
    let successor = explore(Bounds { purpose: Purpose::Successor, rejoins: 1, ..one_second });
    assert_size(&successor, 23_010, 125_070);
    let team = explore(Bounds { purpose: Purpose::Team, ..one_second });
    assert_size(&team, 8_092, 55_184);
    let removals = explore(Bounds { guests: 1, thorough: true, ..ONE_CALL });
    assert_size(&removals, 35_000, 277_470);

    let unreachable = [
        "no_request",
        "live_request",
        "too_many_invited",
        "invitations_used_up",
        "calls_used_up",
        "other_language",
    ];
    let refusals = Refusal::SAMPLES.iter().map(Refusal::code).filter(|code| !unreachable.contains(code));
    let refused: BTreeSet<&str> =
        [&seen, &successor, &team].into_iter().flat_map(|world| world.refusals.clone()).collect();
    assert_eq!(refused, refusals.collect(), "every refusal but those of bigger worlds");
    assert_eq!(seen.names, BTreeSet::from(StateName::ALL));
    let endings: BTreeSet<String> =
        [&seen, &removals, &successor].into_iter().flat_map(|world| world.endings.clone()).collect();
    let endings = endings.iter().map(String::as_str);
    let expected = [
        "Cancelled",
        "Completed",
        "Declined",
        "Expired",
        "HandedOver",
        "Kicked(Client)",
        "Kicked(Provider)",
        "Left",
        "Lost",
        "NoAnswer",
        "Outcome Cancelled",
        "Outcome NoInterpreter",
        "Outcome Serviced",
        "Removal NotNeeded",
        "Removal Pending",
        "Removal Removed",
        "Removal Verified",
        "Replaced",
        "Revoked",
    ];
    assert_eq!(endings.collect::<Vec<_>>(), expected);
    // The document's diagrams come from the table's situations; here are all arrows that exist.
    let edges: BTreeSet<Edge> = [&seen, &removals, &rejoins, &successor, &team]
        .into_iter()
        .flat_map(|world| world.edges.clone())
        .collect();
    let table = table_edges();
    println!("missing {:#?}", edges.difference(&table).collect::<Vec<_>>());
    println!("too many {:#?}", table.difference(&edges).collect::<Vec<_>>());
    assert!(edges == table, "the diagrams show exactly the arrows that exist");
}

/// The numbers say nothing by themselves; that they change says that the rules did.
fn assert_size(seen: &Seen, states: usize, transitions: usize) {
    println!("{} states, {} transitions", seen.states, seen.transitions);
    assert_eq!((seen.states, seen.transitions), (states, transitions), "states, transitions");
}

fn explore(bounds: Bounds) -> Seen {
    let mut seen = Seen::default();
    let mut visited = HashSet::from([beginning()]);
    let mut queue = VecDeque::from([beginning()]);
    while let Some(node) = queue.pop_front() {
        seen.states += 1;
        check_state(&node);
        seen.note(&node.conference);
        let mut refused = |refusal: Refusal| {
            if bounds.thorough {
                seen.refusals.insert(refusal.code());
            }
        };
        let mut step = |before: &Conference, input: Input| {
            let Some(after) = take(before, &node, input, &mut refused) else { return };
            if bounds.hold(&after.conference) {
                seen.transitions += 1;
                if bounds.thorough {
                    // The diagrams leave out the ends of logins, which lead from every state to Finished.
                    if !matches!(input, Input::Observation(Observation::UserGone(..))) {
                        edges::collect(before, &after.conference, &cause(input), &mut seen.edges);
                    }
                }
                let after = after.canonical();
                if !visited.contains(&after) {
                    visited.insert(after.clone());
                    queue.push_back(after);
                }
            }
        };
        for input in inputs(&node.conference, bounds) {
            step(&node.conference, input);
        }
        for due in times_passing(&node.conference) {
            step(&due, Input::Observation(Observation::DeadlinePassed));
        }
        if let Some(due) = place_over(&node.conference) {
            step(&due, Input::Command(Actor::System, Command::FindAnother));
        }
    }
    seen
}

fn cause(input: Input) -> String {
    match input {
        Input::Command(_, command) | Input::CommandOfHindered(_, command, _) => {
            format!("{:?}", command.kind())
        }
        Input::Observation(Observation::DeadlinePassed) => "deadline".into(),
        Input::Observation(Observation::UserGone(..)) => "user gone".into(),
        Input::Observation(Observation::Unavailable(_)) => "unavailable".into(),
        Input::Observation(Observation::NobodyLeft(_)) => "nobody left".into(),
        Input::Observation(observation) => engine_cause(observation),
    }
}

const fn moment(timings: &Timings) -> Moment<'_> {
    Moment { now: NOW, timings }
}

/// Makes a step, if the input leads anywhere, and checks it.
fn take(before: &Conference, node: &Node, input: Input, refused: &mut impl FnMut(Refusal)) -> Option<Node> {
    let timings = Timings::default();
    let decided = match input {
        Input::Observation(observation) => Ok(observe(before, observation, moment(&timings))),
        Input::Command(actor, command) => {
            decide(before, actor, command, facts(before, command, None), moment(&timings))
        }
        Input::CommandOfHindered(actor, command, hindrance) => {
            decide(before, actor, command, facts(before, command, Some(hindrance)), moment(&timings))
        }
    };
    let events = match decided {
        Ok(events) => events,
        Err(refusal) => {
            refused(refusal);
            return None;
        }
    };
    if events.is_empty() {
        return None;
    }
    let mut after = Node { conference: before.clone(), history: node.history };
    for event in &events {
        let next = after.conference.clone().apply(event, NOW);
        check_event(&after.conference, event, &next);
        after.history.note(&after.conference, event);
        after.conference = next;
    }
    match input {
        Input::Command(actor, command) => check_command(before, actor, command, &after.conference),
        Input::CommandOfHindered(..) => panic!("a hindered provider changes nothing: {input:?}"),
        Input::Observation(observation) => {
            let again = observe(&after.conference, observation, moment(&timings));
            assert_eq!(again, [], "{observation:?} reported twice changes nothing more");
        }
    }
    Some(after)
}

fn check_event(before: &Conference, event: &Event, after: &Conference) {
    assert_eq!(after.last_seq, before.last_seq + 1, "each event has the next number");
    for id in creates(event) {
        assert!(before.participant(id).is_none(), "{id} is new");
    }
    for old in before.requests() {
        let new = after.request(old.id).expect("no request vanishes");
        assert_eq!((new.language, new.purpose), (old.language, old.purpose));
        if let Stage::Ended { .. } = old.stage {
            assert_eq!(new.stage, old.stage, "Ended is final");
        }
    }
    for old in &before.participants {
        let new = after.participant(old.id).expect("nobody vanishes");
        if !matches!(event, Event::HandedOver { participant, .. } if *participant == old.id) {
            assert_eq!(new.party, old.party, "nobody becomes another");
        }
        if let State::Finished { reason, at, removal } = &old.state {
            let State::Finished { reason: reason_now, at: at_now, removal: removal_now } = &new.state else {
                panic!("Finished is final: {event:?} on {old:?}")
            };
            assert_eq!((reason_now, at_now), (reason, at), "Finished is final");
            assert_eq!(
                *removal == Removal::NotNeeded,
                *removal_now == Removal::NotNeeded,
                "a removal that is needed stays so"
            );
        }
    }
    check_effects(before, event);
}

fn check_effects(before: &Conference, event: &Event) {
    let effects = effects(before, event);
    let holds_account =
        |id| before.participant(id).is_some_and(|p: &Participant| p.state.account().is_some());
    let expected = match event {
        Event::Finished { participant, .. } if holds_account(*participant) => {
            vec![Effect::Remove(*participant)]
        }
        Event::RemovalReopened { participant } => vec![Effect::Remove(*participant)],
        Event::AccountIssued(issued) if before.serviced => vec![Effect::Admit(issued.participant())],
        Event::AccountIssued(issued) => vec![Effect::OpenRoom, Effect::Admit(issued.participant())],
        Event::Ended { .. } if before.serviced => vec![Effect::CloseRoom],
        _ => vec![],
    };
    assert_eq!(effects, expected, "{event:?}");
}

/// A command that changed something, given again at once.
fn check_command(before: &Conference, actor: Actor, command: Command, after: &Conference) {
    let timings = Timings::default();
    let again = decide(after, actor, command, facts(after, command, None), moment(&timings));
    let expected = match command {
        // Each is a new invitation; the caller of the HTTP interface has its idempotency key.
        Command::InviteGuest | Command::RequestSecondInterpreter(..) => None,
        // Who is released from the request is a stranger to it.
        Command::RefuseVideo => Some(Err(Refusal::NotFound)),
        Command::Finish { .. } if after.is_live() && after.provider() != before.provider() => {
            Some(Err(Refusal::NotFound))
        }
        // The successor, who was in the call, has taken the place.
        Command::FindAnother if after.is_in_call() && after.provider() != before.provider() => {
            Some(Err(Refusal::CallRunning(StateName::Connected)))
        }
        // So is a second interpreter in whose place another one is searched for.
        Command::DeclineInvitation | Command::Leave if matches!(actor, Actor::SecondInterpreter(id) if after.participant(id).is_some_and(Participant::is_live)) => {
            Some(Err(Refusal::NotFound))
        }
        Command::DeclineInvitation => Some(Err(Refusal::ParticipantFinished)),
        Command::Offer(..)
        | Command::AcceptOffer(_)
        | Command::DeclineOffer(_)
        | Command::StartVideo
        | Command::VideoAgain
        | Command::FindAnother
        | Command::Rejoin
        | Command::ConfirmVideo
        | Command::IssueAccounts
        | Command::TakeTurn(_)
        | Command::Kick(_)
        | Command::ConfirmInvitation
        | Command::IssueOwnAccount
        | Command::Leave
        | Command::Finish { .. } => Some(Ok(vec![])),
    };
    if let Some(expected) = expected {
        assert_eq!(again, expected, "{command:?} given twice");
    }
    if let Some(id) = invitation(actor) {
        let own = before.participant(id).expect("a stranger's command changes nothing");
        assert!(own.is_live(), "who is out changes nothing: {actor:?} {command:?}");
        for other in before.participants.iter().filter(|p| p.id != id) {
            assert_eq!(after.participant(other.id), Some(other), "an invited party moves only itself");
        }
    }
}

fn check_state(node: &Node) {
    let Node { conference, history } = node;
    let live = |kind| conference.participants.iter().filter(|p| p.kind() == kind && p.is_live()).count();
    assert!(live(Kind::Client) <= 1 && live(Kind::Provider) <= 1, "one live pair at most");
    let call_is_on = live(Kind::Client) + live(Kind::Provider) > 0;
    assert_eq!(conference.is_in_call(), call_is_on, "a call is on while somebody is in it");
    let has_accepted = matches!(conference.main.stage, Stage::Accepted { .. });
    assert_eq!(conference.start_by.is_some(), has_accepted && !call_is_on, "a call is waited for");
    check_requests(conference);
    if !conference.is_live() {
        assert!(conference.participants.iter().all(|p| !p.is_live()), "nobody is left behind");
    }
    for participant in &conference.participants {
        check_participant(node, participant);
    }
    let pair = account_pair(conference);
    assert!(!pair.killed || (pair.caller.is_none() && pair.listener.is_none()), "no account beside Killed");
    assert!(!(pair.killed && pair.disconnected), "killed is not lost");
    for leg in [pair.caller, pair.listener].into_iter().flatten() {
        assert!(history.had_account(leg.participant), "a shown account was issued");
    }
    check_nobody_is_stuck(conference);
}

/// A second interpreter's request lives as long as its participant, and no provider serves two.
fn check_requests(conference: &Conference) {
    for request in &conference.others {
        let is_own = |p: &&Participant| conference.request_of(p).is_some_and(|own| own.id == request.id);
        let own: Vec<&Participant> = conference.participants.iter().filter(is_own).collect();
        let [participant] = own[..] else {
            assert!(own.is_empty(), "one participant of {request:?}: {own:?}");
            let outcome = Outcome::Serviced;
            assert!(
                matches!(request.stage, Stage::Ended { outcome: of, .. } if of == outcome),
                "{request:?}"
            );
            continue;
        };
        assert_eq!(request.is_live(), participant.is_live(), "{request:?} {participant:?}");
        let is_informed = matches!(participant.state, State::Informed { .. });
        assert!(!matches!(request.stage, Stage::Searching { .. }) || is_informed, "{participant:?}");
        assert!(participant.state.account().is_none() || request.provider().is_some(), "{participant:?}");
    }
    let serving =
        conference.requests().filter(|r| r.is_live()).filter_map(trialogue_domain::Request::provider);
    let mut serving: Vec<_> = serving.collect();
    serving.sort_unstable();
    serving.dedup();
    let accepted = conference.requests().filter(|r| matches!(r.stage, Stage::Accepted { .. })).count();
    assert_eq!(serving.len(), accepted, "a provider serves one request at a time");
}

fn check_participant(node: &Node, participant: &Participant) {
    let Node { conference, history } = node;
    let id = participant.id;
    let principal = participant.kind().is_principal();
    let account = participant.state.account().is_some();
    if account || history.had_account(id) {
        let listener_confirmed = conference.participants.iter().any(|listener| {
            // The two of a call have consecutive ids in this world; a guest may have come in an earlier call. A listener
            // who took the interpreter's place has an id of those who are invited.
            let took_over = !conference.others.is_empty() && (6..12).contains(&listener.id.0);
            let of_its_call = !principal || listener.id == id || listener.id.0 == id.0 + 1 || took_over;
            listener.kind() == Kind::Provider && of_its_call && history.confirmed(listener.id)
        });
        assert!(listener_confirmed, "no account before the listener's yes: {participant:?}");
        assert!(participant.kind() == Kind::Client || history.confirmed(id), "nor before its own");
    }
    assert_eq!(participant.deadline().is_some(), participant.is_live(), "what waits has a deadline");
    if let State::Finished { reason, removal, .. } = &participant.state {
        assert_eq!(
            history.had_account(id),
            *removal != Removal::NotNeeded,
            "an account once held is removed"
        );
        match reason {
            FinishReason::Kicked(_) => assert!(!principal, "{participant:?}"),
            FinishReason::Replaced | FinishReason::HandedOver => assert!(principal, "{participant:?}"),
            FinishReason::Revoked => assert_ne!(participant.kind(), Kind::Guest, "{participant:?}"),
            FinishReason::Completed
            | FinishReason::Declined
            | FinishReason::NoAnswer
            | FinishReason::Cancelled
            | FinishReason::Left
            | FinishReason::Lost
            | FinishReason::Expired => {}
        }
        assert!(!account, "who is out has no account");
    }
    if !principal {
        let own = own_account(conference, id);
        assert_eq!(own.listener.is_some(), account, "an invited party sees its account");
        assert!(!(own.killed && (own.listener.is_some() || own.disconnected)), "{own:?}");
    }
}

/// Time alone ends everything: whoever goes away, nobody is kept waiting for ever.
fn check_nobody_is_stuck(conference: &Conference) {
    let timings = Timings::default();
    let mut conference = conference.clone();
    for _ in 0..8 {
        let Some(deadline) = conference.next_deadline() else { break };
        assert!(conference.is_live(), "what is over waits for nothing");
        let just_before = Moment { now: Timestamp(deadline.0 - 1), timings: &timings };
        assert_eq!(observe(&conference, Observation::DeadlinePassed, just_before), [], "not before its time");
        let moment = Moment { now: deadline, timings: &timings };
        let mut events = observe(&conference, Observation::DeadlinePassed, moment);
        if events.is_empty() {
            let command = Command::FindAnother;
            let facts = facts(&conference, command, None);
            events = decide(&conference, Actor::System, command, facts, moment).expect("a place is due");
        }
        assert_ne!(events, [], "a deadline that passes ends something");
        conference = events.iter().fold(conference, |conference, event| conference.apply(event, deadline));
    }
    assert!(!conference.is_live(), "time alone ends {conference:?}");
}

impl Seen {
    fn note(&mut self, conference: &Conference) {
        for participant in &conference.participants {
            self.names.insert(participant.state.name());
            if let State::Finished { reason, removal, .. } = &participant.state {
                self.endings.insert(format!("{reason:?}"));
                self.endings.insert(format!("Removal {removal:?}"));
            }
        }
        for request in conference.requests() {
            if let Stage::Ended { outcome, .. } = &request.stage {
                self.endings.insert(format!("Outcome {outcome:?}"));
            }
        }
    }
}
