//! Prints `docs/state-machine.md` from the code, and compares. `UPDATE_DOCS=1` writes the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use trialogue_domain::{
    Actor, Command, CommandKind, Conference, Event, Kind, LanguageId, Observation, Participant,
    ParticipantId, Purpose, Refusal, Role, Stage, State, StateName, Timings, UserId, permits,
};

use crate::edges::{self, Edge, Machine};
use crate::situations::{self, Situation, until_deadline};
use crate::story::{CLIENT, MAIN, OTHER_PROVIDER, PROVIDER, Story, UNKNOWN, ring, variant};

#[test]
fn the_document_is_what_the_code_does() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/state-machine.md");
    let printed = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &printed).expect("docs can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first_difference = kept.lines().zip(printed.lines()).find(|(kept, printed)| kept != printed);
    assert!(
        kept == printed,
        "docs/state-machine.md is not what the code does; if the code is right, write it anew with\n\
         UPDATE_DOCS=1 cargo test -p trialogue-domain state_table\nfirst difference: {first_difference:#?}"
    );
}

/// The tables leave out what a role may never do; this is why they can.
#[test]
fn what_a_role_may_not_do_is_refused_in_every_situation() {
    for situation in situations::all() {
        for (actor, kind) in actors(&situation).into_iter().flat_map(|a| CommandKind::ALL.map(|k| (a, k))) {
            if !permits(actor.role(), kind) {
                let mut story = situation.story.clone();
                let refusal = story.refused(actor, command(kind, &situation));
                // An interpreter who has not accepted is a stranger, and learns nothing.
                let conference = &situation.story.conference;
                let nobody_yet = |id| {
                    conference
                        .participant(id)
                        .and_then(|own| conference.request_of(own))
                        .is_some_and(|r| r.provider().is_none())
                };
                let stranger = match actor {
                    Actor::SecondInterpreter(id) => nobody_yet(id),
                    _ => actor == PROVIDER && conference.provider().is_none(),
                };
                let not_permitted = Refusal::NotPermitted { role: actor.role(), command: kind };
                let expected = if stranger { Refusal::NotFound } else { not_permitted };
                assert_eq!(refusal, expected, "{actor:?} {kind:?} in {}", situation.title);
            }
        }
    }
}

/// The tables of invited parties list only these rows; this is why they can.
#[test]
fn an_invited_party_is_moved_only_by_itself_and_by_kick_and_finish() {
    use CommandKind as C;
    let movers =
        [C::Kick, C::Finish, C::ConfirmInvitation, C::DeclineInvitation, C::IssueOwnAccount, C::Leave];
    for situation in situations::of_invited(Kind::Guest) {
        let subject = situation.subject.expect("a guest");
        for (actor, kind) in actors(&situation).into_iter().flat_map(|a| CommandKind::ALL.map(|k| (a, k))) {
            if !movers.contains(&kind) {
                let mut story = situation.story.clone();
                let _ = story.attempt(actor, command(kind, &situation));
                assert_eq!(story.state(subject), situation.story.state(subject), "{actor:?} {kind:?}");
            }
        }
    }
}

/// All arrows that the situations of the tables have.
pub(crate) fn table_edges() -> BTreeSet<Edge> {
    let mut edges = BTreeSet::new();
    for situation in situations::all() {
        let before = &situation.story.conference;
        let actors = actors(&situation).into_iter().chain([OTHER_PROVIDER]);
        for (actor, kind) in actors.flat_map(|a| CommandKind::ALL.map(|k| (a, k))) {
            let mut story = situation.story.clone();
            let _ = story.attempt(actor, command(kind, &situation));
            edges::collect(before, &story.conference, &format!("{kind:?}"), &mut edges);
        }
        if let Some(id) = situation.subject {
            for observation in engine_observations(id) {
                let mut story = situation.story.clone();
                story.see(observation);
                edges::collect(before, &story.conference, &engine_cause(observation), &mut edges);
            }
        }
        if let Some(span) = until_deadline(&situation.story, situation.subject) {
            let mut story = situation.story.clone();
            story.wait(span);
            edges::collect(before, &story.conference, "deadline", &mut edges);
        }
    }
    edges
}

pub(crate) const fn engine_observations(id: ParticipantId) -> [Observation; 4] {
    [
        Observation::Joined(id),
        Observation::Disconnected(id),
        Observation::Removed(id),
        Observation::RemovalVerified(id),
    ]
}

/// The label of an arrow.
pub(crate) fn engine_cause(observation: Observation) -> String {
    format!("engine says {}", variant(&observation))
}

fn actors(situation: &Situation) -> Vec<Actor> {
    let participant = situation.subject.map(|id| situation.story.participant(id));
    let invited = participant.filter(|p| !p.kind().is_principal()).map(|p| situations::actor(p.kind(), p.id));
    [CLIENT, PROVIDER, Actor::System].into_iter().chain(invited).collect()
}

fn command(kind: CommandKind, situation: &Situation) -> Command {
    let request = situation.request;
    match kind {
        CommandKind::Offer => Command::Offer(request, ring(UserId(4))),
        CommandKind::AcceptOffer => Command::AcceptOffer(request),
        CommandKind::DeclineOffer => Command::DeclineOffer(request),
        CommandKind::StartVideo => Command::StartVideo,
        CommandKind::VideoAgain => Command::VideoAgain,
        CommandKind::FindAnother => Command::FindAnother,
        CommandKind::Rejoin => Command::Rejoin,
        CommandKind::ConfirmVideo => Command::ConfirmVideo,
        CommandKind::RefuseVideo => Command::RefuseVideo,
        CommandKind::IssueAccounts => Command::IssueAccounts,
        CommandKind::InviteGuest => Command::InviteGuest,
        CommandKind::RequestSecondInterpreter => {
            Command::RequestSecondInterpreter(LanguageId(9), Purpose::SecondLanguage)
        }
        CommandKind::TakeTurn => Command::TakeTurn(situation.subject.unwrap_or(UNKNOWN)),
        CommandKind::Kick => Command::Kick(situation.subject.unwrap_or(UNKNOWN)),
        CommandKind::ConfirmInvitation => Command::ConfirmInvitation,
        CommandKind::DeclineInvitation => Command::DeclineInvitation,
        CommandKind::IssueOwnAccount => Command::IssueOwnAccount,
        CommandKind::Leave => Command::Leave,
        CommandKind::Finish => Command::Finish { successful: true },
    }
}

fn document() -> String {
    let mut out = String::new();
    let page = &mut out;
    page.push_str(INTRO);
    page.push_str("\n## The states of a participant\n\n");
    states(page);
    page.push_str("\n## Diagrams\n\nEvery arrow is one that the functions really take.\n");
    let edges = table_edges();
    for (machine, title) in [
        (Machine::Request, "The main request, and its call"),
        (Machine::OtherRequest, "A second interpreter's request"),
        (Machine::Client, "The client"),
        (Machine::Provider, "The interpreter"),
        (Machine::Invited, "Guests and second interpreters"),
    ] {
        diagram(page, title, machine, &edges);
    }
    page.push_str("\n## Who may do what\n\n");
    permissions(page);
    page.push_str(LEGEND);
    page.push_str("\n### The main request, while no call is on\n\n");
    request_table(page);
    page.push_str("\n### A second interpreter's request\n\n");
    other_request_table(page);
    page.push_str("\n### A successor's request\n\n");
    successor_table(page);
    page.push_str("\n### The client's participant\n\n");
    principal_table(page, Kind::Client);
    page.push_str("\n### The interpreter's participant\n\n");
    principal_table(page, Kind::Provider);
    page.push_str("\n### A guest\n\n");
    let guest = invited_table(Kind::Guest, "guest");
    page.push_str(&guest);
    page.push_str("\n### A second interpreter\n\n");
    let second = invited_table(Kind::SecondInterpreter, "guest");
    if guest == second {
        page.push_str("Once it has accepted its request: exactly as a guest, in every state.\n");
    } else {
        page.push_str(&invited_table(Kind::SecondInterpreter, "second interpreter"));
    }
    page.push_str("\n## Removal from the engine\n\n");
    removal_table(page);
    page.push_str("\n## Refusals\n\n");
    refusals(page);
    out
}

const INTRO: &str = "\
<!-- Printed by crates/domain/tests/all/state_table.rs. Do not edit: UPDATE_DOCS=1 cargo test -p trialogue-domain state_table -->

# The state machine of a call

What every command and every observation does in every state, found by calling the functions of `crates/domain`.
A test fails when this page and the code differ.

A *conference* begins with its main *request*. It is offered to interpreters; one accepts; the client starts a call; the
interpreter, who is the *listener*, says yes; only then can media accounts be issued. While a call is on, guests come by
invitation, and second interpreters by requests of their own.
Commands can be refused. Observations (what the media engine reports, and deadlines) cannot.
";

const LEGEND: &str = "
## What happens when

One table for each kind of participant; its columns are the states that the participant can be in. The other parties
are as one would expect beside it: both principals go through a call together. A cell shows

* **the new state**, then the events, if something happens;
* *already so*, if the command is granted and nothing is left to do: asking again is harmless;
* a `code`, if the command is refused;
* - for an observation that changes nothing.

Rows that a role may not do at all (`not_permitted`) are left out. Time is a row as well: *deadline* is what happens at
the end of the state by itself. *Finish* is the successful one; the other marks a serviced request as cancelled too.
";

fn states(page: &mut String) {
    page.push_str(
        "| Code | State | Wire name | Holds an account | Ends by itself |\n|---|---|---|---|---|\n",
    );
    for name in StateName::ALL {
        let found: Vec<_> = situations::all()
            .into_iter()
            .filter(|s| !["called again", "the client is lost"].iter().any(|end| s.title.ends_with(end)))
            .filter_map(|s| s.subject.map(|id| (s.story.participant(id).clone(), s)))
            .filter(|(p, _)| p.state.name() == name)
            .collect();
        let account = found.iter().any(|(p, _)| p.state.account().is_some());
        let mut ends: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (participant, situation) in &found {
            let Some(span) = until_deadline(&situation.story, Some(participant.id)) else { continue };
            let mut story = situation.story.clone();
            story.wait(span);
            let end = format!("after {} ({})", duration(span), finish_reason(story.state(participant.id)));
            ends.entry(end).or_default().insert(who(participant));
        }
        let everybody = BTreeSet::from(["call", "invitation"]);
        let ends = ends.into_iter().map(|(end, who)| {
            if who == everybody { end } else { format!("{}: {end}", who.into_iter().collect::<String>()) }
        });
        let ends = ends.collect::<Vec<_>>().join("; ");
        let ends = if ends.is_empty() { "never: final" } else { &ends };
        let account = if account { "yes" } else { "" };
        line(page, format_args!("| {} | {name:?} | {} | {account} | {ends} |", name.code(), name.text()));
    }
    let Timings { search, start, .. } = Timings::default();
    line(
        page,
        format_args!(
            "\nThe times are the defaults. A search ends after {}, an accepted request without a call after {}.",
            duration(search),
            duration(start)
        ),
    );
}

const fn who(participant: &Participant) -> &'static str {
    if participant.kind().is_principal() { "call" } else { "invitation" }
}

fn finish_reason(state: &State) -> String {
    match state {
        State::Finished { reason, .. } => variant(reason),
        State::Informed { .. } => "another one is searched for".into(),
        other => format!("{:?}", other.name()),
    }
}

fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60, seconds) {
        (hours @ 1.., _, _) => format!("{hours} h"),
        (_, minutes @ 1.., _) => format!("{minutes} min"),
        (_, _, seconds) => format!("{seconds} s"),
    }
}

fn diagram(page: &mut String, title: &str, machine: Machine, edges: &BTreeSet<Edge>) {
    let mut arrows: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for edge in edges.iter().filter(|e| e.machine == machine) {
        let from = edge.from.as_deref().unwrap_or("[*]");
        arrows.entry((from, &edge.to)).or_default().push(&edge.cause);
    }
    line(page, format_args!("\n### {title}\n\n```mermaid\nstateDiagram-v2"));
    if machine == Machine::Request {
        page.push_str("    [*] --> Searching: requested\n");
    }
    for ((from, to), causes) in &arrows {
        line(page, format_args!("    {from} --> {to}: {}", causes.join(", ")));
    }
    let last = if matches!(machine, Machine::Request | Machine::OtherRequest) { "Ended" } else { "Finished" };
    line(page, format_args!("    {last} --> [*]\n```"));
}

fn permissions(page: &mut String) {
    let roles = Role::ALL.map(|role| format!("{role:?}"));
    line(page, format_args!("| Command | {} |\n|---|{}", roles.join(" | "), "---|".repeat(roles.len())));
    for command in CommandKind::ALL {
        let marks = Role::ALL.map(|role| if permits(role, command) { "yes" } else { "" });
        line(page, format_args!("| {command:?} | {} |", marks.join(" | ")));
    }
}

/// A row asks the same of every column.
struct Row<'a> {
    title: String,
    ask: Box<dyn Fn(&Situation) -> String + 'a>,
}

fn table(page: &mut String, columns: &[Situation], rows: &[Row<'_>]) {
    let titles: Vec<_> = columns.iter().map(|c| c.title).collect();
    line(page, format_args!("| | {} |\n|---|{}", titles.join(" | "), "---|".repeat(columns.len())));
    for row in rows {
        let cells: Vec<_> = columns.iter().map(|column| (row.ask)(column)).collect();
        line(page, format_args!("| {} | {} |", row.title, cells.join(" | ")));
    }
}

fn by(who: &str, actor: Actor, kind: CommandKind) -> Row<'static> {
    Row {
        title: format!("{who}: {kind:?}"),
        ask: Box::new(move |situation| {
            let mut story = situation.story.clone();
            let result = story.attempt(actor, command(kind, situation));
            cell(situation, &story.conference, result)
        }),
    }
}

fn by_all(who: &str, actor: Actor) -> impl Iterator<Item = Row<'static>> {
    let permitted = CommandKind::ALL.into_iter().filter(move |&kind| permits(actor.role(), kind));
    permitted.map(move |kind| by(who, actor, kind))
}

fn by_own(who: &'static str, kind: CommandKind) -> Row<'static> {
    Row {
        title: format!("{who}: {kind:?}"),
        ask: Box::new(move |situation| {
            let own = actors(situation).pop().expect("an invited party");
            (by(who, own, kind).ask)(situation)
        }),
    }
}

fn engine(title: &str, index: usize) -> Row<'static> {
    Row {
        title: format!("engine: {title}"),
        ask: Box::new(move |situation| {
            let mut story = situation.story.clone();
            let observation = engine_observations(situation.subject.expect("a participant"))[index];
            let events = story.see(observation);
            observed(situation, &story, events)
        }),
    }
}

fn at_deadline() -> Row<'static> {
    Row {
        title: "deadline".into(),
        ask: Box::new(|situation| {
            let Some(span) = until_deadline(&situation.story, situation.subject) else { return "-".into() };
            let mut story = situation.story.clone();
            let events = story.wait(span);
            observed(situation, &story, events)
        }),
    }
}

fn observed(situation: &Situation, story: &Story, events: Vec<Event>) -> String {
    if events.is_empty() { "-".into() } else { cell(situation, &story.conference, Ok(events)) }
}

fn cell(situation: &Situation, after: &Conference, result: Result<Vec<Event>, Refusal>) -> String {
    match result {
        Err(refusal) => format!("`{}`", refusal.code()),
        Ok(events) if events.is_empty() => "*already so*".into(),
        Ok(events) => {
            let before = status(&situation.story.conference, situation);
            let after = status(after, situation);
            let state = if before == after { String::new() } else { format!("**{after}**<br>") };
            format!("{state}{}", counted(&events))
        }
    }
}

fn status(conference: &Conference, situation: &Situation) -> String {
    match situation.subject.filter(|_| !situation.shows_request) {
        None => match &conference.request(situation.request).expect("the request stays").stage {
            Stage::Ended { outcome, .. } => format!("Ended, {outcome:?}"),
            Stage::Searching { .. } | Stage::Accepted { .. } if situation.request == MAIN => {
                edges::main_state(conference)
            }
            stage @ (Stage::Searching { .. } | Stage::Accepted { .. }) => variant(stage),
        },
        Some(id) => match &conference.participant(id).expect("the subject stays").state {
            State::Finished { reason, .. } => format!("Finished ({})", variant(reason)),
            state => variant(state),
        },
    }
}

/// `Finished ×2, Ended`.
fn counted(events: &[Event]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for name in events.iter().map(variant) {
        match counts.last_mut() {
            Some((last, count)) if *last == name => *count += 1,
            _ => counts.push((name, 1)),
        }
    }
    let parts = counts.into_iter().map(|(name, n)| if n == 1 { name } else { format!("{name} ×{n}") });
    parts.collect::<Vec<_>>().join(", ")
}

fn request_table(page: &mut String) {
    let mut rows: Vec<Row<'_>> = by_all("client", CLIENT).collect();
    rows.extend(by_all("interpreter", PROVIDER));
    let about_offers = [CommandKind::AcceptOffer, CommandKind::DeclineOffer];
    rows.extend(about_offers.map(|kind| by("another interpreter", OTHER_PROVIDER, kind)));
    rows.extend(by_all("server", Actor::System));
    rows.push(at_deadline());
    table(page, &situations::of_request(), &rows);
}

fn other_request_table(page: &mut String) {
    use CommandKind as C;
    let who = "second interpreter";
    let mut rows = vec![by("server", Actor::System, C::Offer)];
    rows.extend([C::AcceptOffer, C::DeclineOffer].map(|kind| by(who, OTHER_PROVIDER, kind)));
    rows.extend([C::ConfirmInvitation, C::DeclineInvitation, C::Leave].map(|kind| by_own(who, kind)));
    rows.push(by("client", CLIENT, C::Kick));
    rows.push(at_deadline());
    table(page, &situations::of_other_request(), &rows);
    page.push_str(
        "\n*Kick* is aimed at the request's participant. The end of the conference ends the request, too.\n",
    );
}

fn successor_table(page: &mut String) {
    use CommandKind as C;
    let mut rows: Vec<Row<'_>> = [C::FindAnother, C::Finish].map(|kind| by("client", CLIENT, kind)).into();
    rows.extend([C::Rejoin, C::RefuseVideo, C::Finish].map(|kind| by("interpreter", PROVIDER, kind)));
    rows.extend([C::AcceptOffer, C::DeclineOffer].map(|kind| by("successor", OTHER_PROVIDER, kind)));
    rows.extend([C::IssueOwnAccount, C::DeclineInvitation, C::Leave].map(|kind| by_own("successor", kind)));
    rows.extend([engine("Joined", 0), engine("Disconnected", 1), at_deadline()]);
    table(page, &situations::of_successor(), &rows);
    page.push_str("\nA successor who is in the call takes the place of an interpreter who finishes, or is lost, at once.\n");
}

fn principal_table(page: &mut String, kind: Kind) {
    let mut rows: Vec<Row<'_>> = by_all("client", CLIENT).collect();
    rows.extend(by_all("interpreter", PROVIDER));
    rows.extend(by_all("server", Actor::System));
    rows.extend([engine("Joined", 0), engine("Disconnected", 1), at_deadline()]);
    table(page, &situations::of_principal(kind), &rows);
    page.push_str("\n*Kick* is aimed at this participant.\n");
}

fn invited_table(kind: Kind, who: &'static str) -> String {
    use CommandKind as C;
    let own = [C::ConfirmInvitation, C::DeclineInvitation, C::IssueOwnAccount, C::Leave];
    let mut rows: Vec<_> = own.map(|command| by_own(who, command)).into();
    rows.extend([C::Kick, C::Finish].map(|command| by("client", CLIENT, command)));
    rows.extend([C::Kick, C::Finish].map(|command| by("interpreter", PROVIDER, command)));
    rows.extend([engine("Joined", 0), engine("Disconnected", 1), at_deadline()]);
    let mut out = String::new();
    table(&mut out, &situations::of_invited(kind), &rows);
    out.push_str("\nNo other command changes an invited party. *Kick* is aimed at it.\n");
    out
}

fn removal_table(page: &mut String) {
    page.push_str(
        "A finished participant's account is gone at once for us; the engine has to be told, and asked again.\n\n",
    );
    let rows =
        [engine("Joined", 0), engine("Disconnected", 1), engine("Removed", 2), engine("RemovalVerified", 3)];
    let mut columns = situations::of_removal();
    for column in &mut columns {
        let id = column.subject.expect("a participant");
        let State::Finished { removal, .. } = column.story.state(id) else {
            panic!("{} is not", column.title)
        };
        assert_eq!(format!("{removal:?}"), column.title, "the column is what it says");
    }
    table(page, &columns, &rows);
}

fn refusals(page: &mut String) {
    page.push_str("| Code | Meaning |\n|---|---|\n");
    for refusal in Refusal::SAMPLES {
        line(page, format_args!("| `{}` | {refusal} |", refusal.code()));
    }
    page.push_str("\nWhere the text names a role, a state or an outcome, this is one example of it.\n");
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(page, "{text}").expect("a string takes everything");
}
