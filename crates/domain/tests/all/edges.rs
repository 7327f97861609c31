//! Which state leads to which, and by what: collected by the state table and by the search, which must agree.

use std::collections::BTreeSet;

use trialogue_domain::{Conference, Participant, ParticipantId};

use crate::story::variant;

/// What an edge belongs to. The client's and the provider's machines are apart, since they begin differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Machine {
    Request,
    OtherRequest,
    Client,
    Provider,
    Invited,
}

/// One arrow of a diagram.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) machine: Machine,
    /// None: the participant came into being.
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    pub(crate) cause: String,
}

/// The arrows that a change drew.
pub(crate) fn collect(before: &Conference, after: &Conference, cause: &str, edges: &mut BTreeSet<Edge>) {
    let mut draw = |machine, from: Option<String>, to: String| {
        if from.as_ref() != Some(&to) {
            edges.insert(Edge { machine, from, to, cause: cause.into() });
        }
    };
    draw(Machine::Request, Some(main_state(before)), main_state(after));
    for request in &after.others {
        let from = before.request(request.id).map(|r| variant(&r.stage));
        draw(Machine::OtherRequest, from, variant(&request.stage));
    }
    for participant in &after.participants {
        let from = state_of(before, participant.id);
        let to = Some(participant.state.name());
        if from != to {
            let name = |state: trialogue_domain::StateName| format!("{state:?}");
            draw(machine(participant), from.map(name), variant(&participant.state));
        }
    }
}

/// The state of the main request, and whether its call is on.
pub(crate) fn main_state(conference: &Conference) -> String {
    if conference.is_in_call() { "InCall".into() } else { variant(&conference.main.stage) }
}

fn state_of(conference: &Conference, id: ParticipantId) -> Option<trialogue_domain::StateName> {
    conference.participant(id).map(|p| p.state.name())
}

const fn machine(participant: &Participant) -> Machine {
    use trialogue_domain::Kind;
    match participant.kind() {
        Kind::Client => Machine::Client,
        Kind::Provider => Machine::Provider,
        Kind::Guest | Kind::SecondInterpreter => Machine::Invited,
    }
}
