//! The domain and the naive model side by side, over random histories.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use trialogue_domain::{
    AccountPair, Actor, Command, CommandKind, Conference, Departure, Hindrance, Kind, LanguageId, Leg,
    Observation, ParticipantId, Purpose, Refusal, RequestId, RequestStatus, Stage, UserId, account_pair,
    own_account,
};

use crate::naive_model::{Accounts, Model, View};
use crate::situations;
use crate::story::{CLIENT, ID, MAIN, OTHER_PROVIDER, PROVIDER, SPANISH, Story, UNKNOWN, ring};

/// One step, before it is known whom there is to meet: numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    /// A command by somebody whose part it is.
    Fitting {
        what: usize,
        whom: usize,
    },
    /// A command by anybody at all.
    Odd {
        who: usize,
        what: usize,
        whom: usize,
    },
    Engine {
        what: usize,
        whom: usize,
    },
    /// Time passes; the server may be late to notice.
    Wait {
        seconds: u64,
        noticed: bool,
    },
    /// A user loses its login.
    Gone {
        user: i32,
        revoked: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = prop::sample::select(vec![0, 1, 29, 30, 59, 60, 299, 300, 900, 43_199, 43_200]);
    prop_oneof![
        16 => (0..CommandKind::ALL.len(), 0..100_usize).prop_map(|(what, whom)| Step::Fitting { what, whom }),
        6 => (0..100_usize, 0..CommandKind::ALL.len(), 0..100_usize)
            .prop_map(|(who, what, whom)| Step::Odd { who, what, whom }),
        8 => (0..4_usize, 0..100_usize).prop_map(|(what, whom)| Step::Engine { what, whom }),
        2 => (seconds, any::<bool>()).prop_map(|(seconds, noticed)| Step::Wait { seconds, noticed }),
        1 => (1..=4_i32, any::<bool>()).prop_map(|(user, revoked)| Step::Gone { user, revoked }),
    ]
}

/// Histories begin with a part of the ordinary course, or few would ever get into a call.
fn history() -> impl Strategy<Value = (usize, Vec<Step>)> {
    (0..=4_usize, prop::collection::vec(step(), 0..60))
}

#[test]
fn the_wire_shows_what_the_naive_model_says() {
    // Seeded, so that the demands below hold or fail for good.
    let config = Config { cases: 3000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let met = std::cell::RefCell::new(BTreeMap::new());
    let result = runner.run(&history(), |(begun, steps)| {
        let mut walk = Walk::new(begun);
        for step in steps {
            walk.take(&step)?;
        }
        for (what, times) in walk.met {
            *met.borrow_mut().entry(what).or_insert(0) += times;
        }
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.map_or_else(|error| error.to_string(), |()| String::new()));
    check_variety(&met.into_inner());
}

/// Histories that never meet a thing prove nothing about it.
fn check_variety(met: &BTreeMap<String, usize>) {
    let expected =
        CommandKind::ALL.iter().flat_map(|kind| [200, 403, 404].map(|status| format!("{kind:?} {status}")));
    let statuses = (1..=6).map(|code| format!("participant {code}"));
    let requests = [1, 2, 3, 4, 5, 9].map(|code| format!("request {code}"));
    for what in expected.chain(statuses).chain(requests) {
        assert!(met.get(&what).is_some_and(|&times| times >= 5), "hardly ever seen: {what}; {met:#?}");
    }
}

struct Walk {
    story: Story,
    model: Model,
    met: BTreeMap<String, usize>,
}

impl Walk {
    fn new(begun: usize) -> Self {
        let story = Story::requested();
        let model = Model::new(story.now.0, MAIN, 1, &[2, 3]);
        let mut walk = Self { story, model, met: BTreeMap::new() };
        let course = [
            (PROVIDER, crate::story::TAKE),
            (CLIENT, Command::StartVideo),
            (PROVIDER, Command::ConfirmVideo),
            (CLIENT, Command::IssueAccounts),
        ];
        for (actor, command) in &course[..begun] {
            walk.ask(*actor, *command).expect("the ordinary course");
        }
        walk
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Fitting { what, whom } => {
                let kind = CommandKind::ALL[what];
                let command = self.command(kind, whom);
                self.ask(self.fitting_actor(kind, whom), command)?;
            }
            Step::Odd { who, what, whom } => {
                let actors = self.actors();
                let command = self.command(CommandKind::ALL[what], whom);
                self.ask(actors[who % actors.len()], command)?;
            }
            Step::Engine { what, whom } => {
                let observation = crate::state_table::engine_observations(self.somebody(whom))[what];
                self.story.see(observation);
                self.model.see(observation);
            }
            Step::Gone { user, revoked } => {
                let how = if revoked { Departure::Revoked } else { Departure::LoggedOut };
                let observation = Observation::UserGone(UserId(user), how);
                self.story.see(observation);
                self.model.see(observation);
            }
            Step::Wait { seconds, noticed } => {
                let span = Duration::from_secs(seconds);
                self.story.now = self.story.now.after(span);
                self.model.wait(i64::try_from(span.as_micros()).expect("short"));
                if noticed {
                    self.story.see(Observation::DeadlinePassed);
                    self.model.see(Observation::DeadlinePassed);
                }
            }
        }
        self.compare()
    }

    fn ask(&mut self, actor: Actor, command: Command) -> Result<(), TestCaseError> {
        let facts = self.story.facts();
        let status = match self.story.attempt(actor, command) {
            Ok(_) => 200,
            Err(refusal) => status(refusal),
        };
        self.meet(format!("{:?} {status}", command.kind()));
        prop_assert_eq!(status, self.model.ask(actor, command, facts), "{:?} {:?}", actor, command);
        Ok(())
    }

    fn compare(&mut self) -> Result<(), TestCaseError> {
        let shown = view(&self.story.conference);
        self.meet(format!("request {}", shown.request_status));
        for (_, _, code) in &shown.participants {
            self.meet(format!("participant {code}"));
        }
        prop_assert_eq!(shown, self.model.view());
        let Story { conference, log, .. } = &self.story;
        let replayed = Conference::replay(ID, log.iter().map(|(at, event)| (*at, event)));
        prop_assert_eq!(replayed.as_ref(), Ok(conference), "the log tells the state");
        prop_assert_eq!(usize::try_from(conference.last_seq), Ok(log.len()), "the numbers have no gap");
        Ok(())
    }

    fn meet(&mut self, what: String) {
        *self.met.entry(what).or_insert(0) += 1;
    }

    /// A participant, or nobody.
    fn somebody(&self, choice: usize) -> ParticipantId {
        let participants = &self.story.conference.participants;
        participants.get(choice % (participants.len() + 1)).map_or(UNKNOWN, |p| p.id)
    }

    /// A request, or rarely none that there is.
    fn request(&self, choice: usize) -> RequestId {
        let requests: Vec<RequestId> = self.story.conference.requests().map(|r| r.id).collect();
        let unknown = choice.is_multiple_of(11);
        if unknown { RequestId(999) } else { requests[choice / 3 % requests.len()] }
    }

    fn fitting_actor(&self, kind: CommandKind, choice: usize) -> Actor {
        let providers = [PROVIDER, OTHER_PROVIDER];
        match kind {
            CommandKind::Offer => Actor::System,
            CommandKind::AcceptOffer | CommandKind::DeclineOffer => providers[choice % 2],
            CommandKind::StartVideo
            | CommandKind::VideoAgain
            | CommandKind::FindAnother
            | CommandKind::RequestSecondInterpreter
            | CommandKind::IssueAccounts
            | CommandKind::InviteGuest
            | CommandKind::Kick
            | CommandKind::Finish => CLIENT,
            CommandKind::TakeTurn
            | CommandKind::Rejoin
            | CommandKind::ConfirmVideo
            | CommandKind::RefuseVideo => self.story.conference.provider().map_or(PROVIDER, Actor::Provider),
            CommandKind::ConfirmInvitation
            | CommandKind::DeclineInvitation
            | CommandKind::IssueOwnAccount
            | CommandKind::Leave => {
                let invited: Vec<Actor> = self.invited().collect();
                invited.get(choice % invited.len().max(1)).copied().unwrap_or(Actor::Guest(UNKNOWN))
            }
        }
    }

    fn actors(&self) -> Vec<Actor> {
        let users = [
            CLIENT,
            Actor::Client(UserId(9)),
            PROVIDER,
            OTHER_PROVIDER,
            Actor::Provider(UserId(9)),
            Actor::System,
            Actor::Guest(UNKNOWN),
            Actor::SecondInterpreter(UNKNOWN),
        ];
        let claims = self.story.conference.participants.iter();
        let claims = claims.flat_map(|p| [Actor::Guest(p.id), Actor::SecondInterpreter(p.id)]);
        users.into_iter().chain(claims).collect()
    }

    fn invited(&self) -> impl Iterator<Item = Actor> {
        let participants = self.story.conference.participants.iter();
        participants.filter(|p| !p.kind().is_principal()).map(|p| situations::actor(p.kind(), p.id))
    }

    fn command(&mut self, kind: CommandKind, choice: usize) -> Command {
        self.story.hindrance = match choice % 10 {
            0 | 5 => Some(Hindrance::Busy),
            7 => Some(Hindrance::Credential),
            _ => None,
        };
        match kind {
            CommandKind::Offer => {
                let provider = UserId(2 + i32::try_from(choice % 3).expect("small"));
                Command::Offer(self.request(choice), ring(provider))
            }
            CommandKind::AcceptOffer => Command::AcceptOffer(self.request(choice)),
            CommandKind::DeclineOffer => Command::DeclineOffer(self.request(choice)),
            CommandKind::StartVideo => Command::StartVideo,
            CommandKind::VideoAgain => Command::VideoAgain,
            CommandKind::FindAnother => Command::FindAnother,
            CommandKind::Rejoin => Command::Rejoin,
            CommandKind::ConfirmVideo => Command::ConfirmVideo,
            CommandKind::RefuseVideo => Command::RefuseVideo,
            CommandKind::IssueAccounts => Command::IssueAccounts,
            CommandKind::InviteGuest => Command::InviteGuest,
            CommandKind::RequestSecondInterpreter => {
                let purpose = Purpose::ALL[choice % 4];
                let is_odd = choice.is_multiple_of(7);
                let language = if purpose.is_of_same_language() == is_odd { LanguageId(9) } else { SPANISH };
                Command::RequestSecondInterpreter(language, purpose)
            }
            CommandKind::TakeTurn => Command::TakeTurn(self.somebody(choice)),
            CommandKind::Kick => Command::Kick(self.somebody(choice)),
            CommandKind::ConfirmInvitation => Command::ConfirmInvitation,
            CommandKind::DeclineInvitation => Command::DeclineInvitation,
            CommandKind::IssueOwnAccount => Command::IssueOwnAccount,
            CommandKind::Leave => Command::Leave,
            CommandKind::Finish => Command::Finish { successful: !choice.is_multiple_of(3) },
        }
    }
}

const fn status(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::NotFound => 404,
        Refusal::NotPermitted { .. } | Refusal::PrincipalKick => 403,
        Refusal::RequestEnded(_)
        | Refusal::StillSearching
        | Refusal::OfferTaken
        | Refusal::LiveRequest
        | Refusal::ProviderBusy
        | Refusal::CredentialNotInForce
        | Refusal::OfferDeclined
        | Refusal::NoCallYet
        | Refusal::NoCall
        | Refusal::CallRunning(_)
        | Refusal::NotConfirmed(_)
        | Refusal::AlreadyAnswered(_)
        | Refusal::ParticipantFinished
        | Refusal::TooManyInvited
        | Refusal::InvitationsUsedUp
        | Refusal::CallsUsedUp
        | Refusal::Released
        | Refusal::OtherLanguage(_)
        | Refusal::SuccessorAsked
        | Refusal::SuccessorNotPresent
        | Refusal::NoTeam
        | Refusal::NoRequest => 409,
    }
}

fn view(conference: &Conference) -> View {
    let mut participants: Vec<_> =
        conference.participants.iter().map(|p| (p.id.0, p.kind().code(), p.state.name().code())).collect();
    participants.sort_unstable();
    let invited = participants.iter().filter(|(_, code, _)| *code > Kind::Provider.code());
    let own = invited.map(|&(id, _, _)| (id, accounts(own_account(conference, ParticipantId(id))))).collect();
    let status = |stage: &Stage| match stage {
        Stage::Searching { .. } => RequestStatus::New,
        Stage::Accepted { .. } => RequestStatus::InterpreterAccepted,
        Stage::Ended { outcome, .. } => (*outcome).into(),
    };
    let others = conference.others.iter();
    View {
        request_status: conference.status().code(),
        others: others.map(|r| (r.id.0, status(&r.stage).code(), r.provider().map(|p| p.0))).collect(),
        pair: accounts(account_pair(conference)),
        working: conference.working.map(|id| id.0),
        own,
        participants,
    }
}

fn accounts(pair: AccountPair) -> Accounts {
    let expiry = |leg: Option<Leg>| leg.map(|leg| leg.expires.0);
    Accounts {
        caller: expiry(pair.caller),
        listener: expiry(pair.listener),
        killed: pair.killed,
        disconnected: pair.disconnected,
    }
}
