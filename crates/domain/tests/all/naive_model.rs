//! The contract's section 5 once more, told as plainly as can be: a few flags for each person, and no states.
//!
//! It knows the commands' names and nothing else of the domain: no states, no events, no tables. It answers with HTTP
//! status codes and shows what a client would see.

use std::collections::{BTreeMap, BTreeSet};

use trialogue_domain::{Actor, Command, Facts, NewIds, Observation, ParticipantId, Purpose, RequestId};

use crate::story::SPANISH;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags are the point of this model")]
struct Person {
    type_code: i32,
    yes: bool,
    account: bool,
    up: bool,
    down: bool,
    out: bool,
    /// Out by somebody's will, or for want of an answer; not by a lost link or an old account.
    on_purpose: bool,
    waits_until: i64,
    expires: i64,
}

impl Person {
    const fn status_code(&self) -> i32 {
        if self.out {
            6
        } else if self.down {
            5
        } else if self.up {
            4
        } else if self.account {
            3
        } else if self.yes {
            2
        } else {
            1
        }
    }

    const fn remove(&mut self, on_purpose: bool) {
        if !self.out {
            self.out = true;
            self.on_purpose = on_purpose;
        }
    }

    const fn link_lost(&self) -> bool {
        (self.down && !self.out) || (self.out && !self.on_purpose)
    }

    fn shown_account(&self) -> Option<i64> {
        (self.account && !self.out).then_some(self.expires)
    }
}

/// What a party sees of the accounts: each side's expiry, killed, disconnected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Accounts {
    pub(crate) caller: Option<i64>,
    pub(crate) listener: Option<i64>,
    pub(crate) killed: bool,
    pub(crate) disconnected: bool,
}

/// A wish for an interpreter.
#[derive(Debug, Clone, Default)]
struct Wish {
    /// Provider to whether it declined.
    offers: BTreeMap<i32, bool>,
    provider: Option<i32>,
    /// A second interpreter's participant.
    person: Option<i32>,
    /// Nobody accepted it in time.
    unheard: bool,
    purpose: Option<Purpose>,
    /// The second interpreter has become the interpreter.
    handed_over: bool,
}

/// Everything that the wire shows of a conference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) request_status: i32,
    /// Number, status code and interpreter of the requests for second interpreters.
    pub(crate) others: Vec<(i32, i32, Option<i32>)>,
    /// Id, type code, status code.
    pub(crate) participants: Vec<(i32, i32, i32)>,
    pub(crate) pair: Accounts,
    /// What each invited party sees, by id.
    pub(crate) own: Vec<(i32, Accounts)>,
    /// Who of two interpreters works, if it is the second one.
    pub(crate) working: Option<i32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    now: i64,
    client: i32,
    main: i32,
    /// By number.
    wishes: BTreeMap<i32, Wish>,
    people: BTreeMap<i32, Person>,
    /// Client and provider of the newest call.
    call: Option<(i32, i32)>,
    served: bool,
    /// Of the search, or of the wait for a call.
    request_until: i64,
    /// The final request status.
    over: Option<i32>,
    /// When a successor is asked for, while the interpreter is out of a call.
    place_until: Option<i64>,
    /// The interpreter, who is out, does not come back.
    is_given_up: bool,
    /// The interpreters who had an account for the main request.
    have_served: BTreeSet<i32>,
    working: Option<i32>,
}

const OK: u16 = 200;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

impl Model {
    pub(crate) fn new(now: i64, main: RequestId, client: i32, offered_to: &[i32]) -> Self {
        let offers = offered_to.iter().map(|&p| (p, false)).collect();
        Self {
            now,
            client,
            main: main.0,
            wishes: BTreeMap::from([(main.0, Wish { offers, ..Wish::default() })]),
            people: BTreeMap::new(),
            call: None,
            served: false,
            request_until: now + 5 * MINUTE,
            over: None,
            place_until: None,
            is_given_up: false,
            have_served: BTreeSet::new(),
            working: None,
        }
    }

    fn kick(&mut self, target: ParticipantId) -> u16 {
        match self.people.get_mut(&target.0) {
            None => NOT_FOUND,
            Some(person) if person.type_code <= 2 => FORBIDDEN,
            Some(person) => {
                person.remove(true);
                OK
            }
        }
    }

    pub(crate) fn ask(&mut self, actor: Actor, command: Command, facts: Facts) -> u16 {
        let status = self.answer(actor, command, facts);
        let is_in = |id: &i32| self.people.get(id).is_some_and(|p| !p.out);
        self.working = self.working.filter(is_in);
        status
    }

    fn answer(&mut self, actor: Actor, command: Command, facts: Facts) -> u16 {
        if let Some(status) = self.turned_away(actor, command) {
            return status;
        }
        if self.over.is_some() {
            return match command {
                Command::Offer(..) | Command::DeclineOffer(_) | Command::Finish { .. } | Command::Leave => OK,
                Command::Kick(target) => self.kick(target),
                _ => CONFLICT,
            };
        }
        match (command, actor) {
            (Command::Offer(request, ring), _) => self.offer(request.0, ring.provider.0),
            (Command::AcceptOffer(request), Actor::Provider(who)) => {
                self.accept(request.0, who.0, facts.hindrance.is_some())
            }
            (Command::DeclineOffer(request), Actor::Provider(who)) => self.decline(request.0, who.0),
            (Command::StartVideo, _) => self.start(facts.ids),
            (Command::VideoAgain, _) => self.again(facts.ids),
            (Command::Finish { successful }, _) => {
                if matches!(actor, Actor::Provider(_)) {
                    let has_served = self.provider().is_some_and(|p| self.have_served.contains(&p));
                    if !has_served || self.is_calling() {
                        return self.release();
                    }
                    if self.is_without_interpreter() {
                        (self.is_given_up, self.place_until) = (true, None);
                        return OK;
                    }
                    if let Some(successor) = self.successor().filter(|_| self.call_is_on()) {
                        if self.people[&successor].status_code() != 4 {
                            return CONFLICT;
                        }
                        self.hand_over(successor);
                        return OK;
                    }
                }
                self.end(if self.served && successful { 3 } else { 4 });
                OK
            }
            (Command::Kick(target), _) => self.kick(target),
            (Command::RefuseVideo, _) if !self.call_is_on() => self.release(),
            (_, Actor::Guest(id) | Actor::SecondInterpreter(id)) => self.ask_invited(id.0, command),
            (Command::TakeTurn(target), _) => self.take_turn(actor, target.0),
            (Command::FindAnother, Actor::System) if !self.place_is_due() => OK,
            (Command::FindAnother, _) => self.find_another(facts.ids),
            _ if !self.call_is_on() => CONFLICT,
            (Command::Rejoin, _) => self.rejoin(facts.ids.participants[0].0),
            (Command::ConfirmVideo, _) => self.confirm(),
            (Command::RefuseVideo, _) => self.refuse(),
            (Command::IssueAccounts, _) => self.issue(),
            (Command::InviteGuest, _) => self.invite(facts.ids, None),
            // Only once the listener has said yes.
            (Command::RequestSecondInterpreter(..), _)
                if self.listener().is_none_or(|l| l.status_code() == 1) =>
            {
                CONFLICT
            }
            (Command::RequestSecondInterpreter(language, purpose), _) => {
                let is_wrong = match purpose {
                    Purpose::SecondLanguage => false,
                    Purpose::Relay => language == SPANISH,
                    Purpose::Team => language != SPANISH,
                    Purpose::Successor => language != SPANISH || self.successor().is_some(),
                };
                if is_wrong { CONFLICT } else { self.invite(facts.ids, Some(purpose)) }
            }
            (other, actor) => panic!("{actor:?} should have been turned away: {other:?}"),
        }
    }

    /// Strangers, and those whose part it is not.
    fn turned_away(&self, actor: Actor, command: Command) -> Option<u16> {
        let about_offer = matches!(command, Command::AcceptOffer(_) | Command::DeclineOffer(_));
        let has_type = |id, code| self.people.get(&id).is_some_and(|p| p.type_code == code);
        let (known, may) = match actor {
            Actor::Client(user) => (
                user.0 == self.client,
                "StartVideo VideoAgain FindAnother IssueAccounts InviteGuest \
                RequestSecondInterpreter Kick Finish",
            ),
            Actor::Provider(user) => (
                about_offer || self.provider() == Some(user.0),
                "AcceptOffer DeclineOffer Rejoin ConfirmVideo RefuseVideo IssueAccounts InviteGuest \
                RequestSecondInterpreter TakeTurn Kick Finish",
            ),
            Actor::Guest(id) => (has_type(id.0, 3), INVITED),
            Actor::SecondInterpreter(id) => {
                let is_served = |wish: &Wish| wish.person == Some(id.0) && wish.provider.is_some();
                (has_type(id.0, 4) && self.wishes.values().any(is_served), INTERPRETS)
            }
            Actor::System => (true, "Offer FindAnother"),
        };
        let name = crate::story::variant(&command);
        match (known, may.split_whitespace().any(|word| word == name)) {
            (false, _) => Some(NOT_FOUND),
            (true, false) => Some(FORBIDDEN),
            (true, true) => None,
        }
    }

    fn provider(&self) -> Option<i32> {
        self.wishes[&self.main].provider
    }

    /// A second interpreter's wish is over when its participant is out.
    fn is_over(&self, wish: &Wish) -> bool {
        wish.handed_over || wish.person.is_some_and(|person| self.people[&person].out)
    }

    fn offer(&mut self, request: i32, who: i32) -> u16 {
        let Some(wish) = self.wishes.get(&request) else { return NOT_FOUND };
        if wish.provider.is_none() && !self.is_over(wish) {
            self.wishes.entry(request).or_default().offers.entry(who).or_insert(false);
        }
        OK
    }

    fn accept(&mut self, request: i32, who: i32, is_hindered: bool) -> u16 {
        let Some(wish) = self.wishes.get(&request) else { return NOT_FOUND };
        let serves_here = self.wishes.values().any(|w| w.provider == Some(who) && !self.is_over(w));
        match (wish.provider, wish.offers.get(&who)) {
            _ if self.is_over(wish) => CONFLICT,
            (Some(provider), _) if provider == who => OK,
            (None, None) => NOT_FOUND,
            (Some(_), _) | (None, Some(true)) => CONFLICT,
            (None, Some(false)) if is_hindered || serves_here => CONFLICT,
            (None, Some(false)) => {
                match wish.person.and_then(|person| self.people.get_mut(&person)) {
                    Some(person) => person.waits_until = self.now + MINUTE,
                    None => self.request_until = self.now + 15 * MINUTE,
                }
                self.wishes.entry(request).or_default().provider = Some(who);
                OK
            }
        }
    }

    fn decline(&mut self, request: i32, who: i32) -> u16 {
        let Some(wish) = self.wishes.get(&request) else { return NOT_FOUND };
        match wish.provider {
            _ if self.is_over(wish) => OK,
            Some(provider) if provider == who => CONFLICT,
            Some(_) => OK,
            None => match self.wishes.entry(request).or_default().offers.get_mut(&who) {
                None => NOT_FOUND,
                Some(declined) => {
                    *declined = true;
                    OK
                }
            },
        }
    }

    fn start(&mut self, ids: NewIds) -> u16 {
        if self.provider().is_none() {
            return CONFLICT;
        }
        match self.listener() {
            Some(listener) if self.call_is_on() => {
                if listener.status_code() <= 2 {
                    OK
                } else {
                    CONFLICT
                }
            }
            _ => self.begin(ids),
        }
    }

    fn again(&mut self, ids: NewIds) -> u16 {
        let Some((caller, listener)) = self.call.filter(|_| self.provider().is_some()) else {
            return CONFLICT;
        };
        if self.call_is_on() && !self.people[&caller].out && self.people[&listener].status_code() <= 2 {
            return OK;
        }
        self.each_of_call(|person| person.remove(true));
        self.begin(ids)
    }

    fn begin(&mut self, ids: NewIds) -> u16 {
        let waits_until = self.now + MINUTE;
        let person = |type_code, yes| Person { type_code, yes, waits_until, ..Person::default() };
        let [client, provider] = ids.participants.map(|id| id.0);
        self.people.insert(client, person(1, true));
        self.people.insert(provider, person(2, false));
        self.call = Some((client, provider));
        self.keep_no_place();
        OK
    }

    fn confirm(&mut self) -> u16 {
        let Some(listener) = self.listener().filter(|l| !l.out) else { return CONFLICT };
        if !listener.yes {
            let waits_until = self.now + 5 * MINUTE;
            self.each_of_call(|person| {
                person.yes = true;
                person.waits_until = waits_until;
            });
        }
        OK
    }

    fn refuse(&mut self) -> u16 {
        let caller_is_in =
            self.call.is_some_and(|(caller, _)| self.people[&caller].shown_account().is_some());
        if self.listener().is_none_or(|l| l.status_code() > 2 || (l.yes && caller_is_in)) {
            return CONFLICT;
        }
        self.release()
    }

    /// The interpreter is out of the request, and others are asked.
    fn release(&mut self) -> u16 {
        let there = |id: &i32| self.people[id].status_code() == 4;
        if let Some(successor) = self.successor().filter(there).filter(|_| self.call_is_on()) {
            self.hand_over(successor);
            return OK;
        }
        self.search_anew()
    }

    fn search_anew(&mut self) -> u16 {
        self.each_of_call(|person| person.remove(true));
        if let Some(successor) = self.successor() {
            self.remove(successor, true);
        }
        self.keep_no_place();
        let main = self.wishes.entry(self.main).or_default();
        main.offers = main.provider.take().map(|provider| (provider, true)).into_iter().collect();
        self.request_until = self.now + 5 * MINUTE;
        OK
    }

    fn find_another(&mut self, ids: NewIds) -> u16 {
        if self.call_is_on() && self.listener().is_some_and(|l| l.status_code() == 4) {
            return CONFLICT;
        }
        if self.provider().is_some() && self.caller_is_in() {
            if self.successor().is_none() {
                self.add(ids, Some(Purpose::Successor));
            }
            return OK;
        }
        if self.provider().is_some() { self.release() } else { OK }
    }

    /// The interpreter comes back into the call, with a yes.
    fn rejoin(&mut self, id: i32) -> u16 {
        let Some((caller, _)) = self.call.filter(|_| self.listener().is_some_and(|l| l.out)) else {
            return if self.listener().is_some_and(|l| l.yes) { OK } else { CONFLICT };
        };
        if let Some(successor) = self.successor() {
            if self.wishes.values().any(|w| w.person == Some(successor) && w.provider.is_some()) {
                return CONFLICT;
            }
            self.remove(successor, true);
        }
        let waits_until = self.now + 5 * MINUTE;
        self.people.insert(id, Person { type_code: 2, yes: true, waits_until, ..Person::default() });
        self.call = Some((caller, id));
        self.keep_no_place();
        OK
    }

    fn issue(&mut self) -> u16 {
        if self.listener().is_some_and(|l| l.out) {
            return OK;
        }
        if self.listener().is_none_or(|l| !l.yes) {
            return CONFLICT;
        }
        let expires = self.now + 12 * 60 * MINUTE;
        let mut issued = false;
        let mut is_served = false;
        self.each_of_call(|person| {
            if !person.out && !person.account {
                person.account = true;
                person.expires = expires;
                issued = true;
                is_served |= person.type_code == 2;
            }
        });
        self.have_served.extend(self.provider().filter(|_| is_served));
        self.served |= issued;
        OK
    }

    fn invite(&mut self, ids: NewIds, purpose: Option<Purpose>) -> u16 {
        if self.people.values().filter(|p| p.type_code > 2 && !p.out).count() == 8 {
            return CONFLICT;
        }
        self.add(ids, purpose);
        OK
    }

    fn add(&mut self, ids: NewIds, purpose: Option<Purpose>) {
        let id = ids.participants[0].0;
        let (type_code, minutes) = if purpose.is_some() { (4, 5) } else { (3, 15) };
        let waits_until = self.now + minutes * MINUTE;
        self.people.insert(id, Person { type_code, waits_until, ..Person::default() });
        if purpose.is_some() {
            self.wishes.insert(ids.request.0, Wish { person: Some(id), purpose, ..Wish::default() });
        }
        if purpose == Some(Purpose::Successor) {
            self.place_until = None;
        }
    }

    /// Out, and out of turn.
    fn remove(&mut self, id: i32, on_purpose: bool) {
        self.people.get_mut(&id).expect("somebody").remove(on_purpose);
    }

    fn caller_is_in(&self) -> bool {
        self.call.is_some_and(|(caller, _)| self.people[&caller].shown_account().is_some())
    }

    /// A call that runs without its interpreter.
    fn is_without_interpreter(&self) -> bool {
        self.over.is_none() && self.caller_is_in() && self.listener().is_some_and(|l| l.out)
    }

    /// Both sides of the newest call are there, and none has an account yet.
    fn is_calling(&self) -> bool {
        self.call.is_some_and(|(caller, listener)| {
            [caller, listener].iter().all(|id| self.people[id].status_code() <= 2)
        })
    }

    fn successor(&self) -> Option<i32> {
        let wish = |w: &&Wish| w.purpose == Some(Purpose::Successor) && !self.is_over(w);
        self.wishes.values().find(wish).and_then(|w| w.person)
    }

    fn place_is_due(&self) -> bool {
        self.place_until.is_some_and(|at| at <= self.now) || (self.is_given_up && self.successor().is_none())
    }

    fn keep_no_place(&mut self) {
        (self.place_until, self.is_given_up) = (None, false);
    }

    fn hand_over(&mut self, successor: i32) {
        let (caller, listener) = self.call.expect("a call");
        self.remove(listener, true);
        let wish = self.wishes.values_mut().find(|w| w.person == Some(successor)).expect("a wish");
        wish.handed_over = true;
        let provider = wish.provider;
        self.people.get_mut(&successor).expect("somebody").type_code = 2;
        self.call = Some((caller, successor));
        self.wishes.entry(self.main).or_default().provider = provider;
        self.have_served.extend(provider);
        self.keep_no_place();
    }

    /// What becomes of the place of an interpreter who is out.
    fn keep_place(&mut self, was_in: bool, was_asked: bool, minutes: i64) {
        if !self.is_without_interpreter() {
            return;
        }
        match self.successor() {
            Some(successor) if self.people[&successor].status_code() == 4 => self.hand_over(successor),
            _ if was_in && minutes == 0 => self.is_given_up = true,
            None if was_in => self.place_until = Some(self.now + minutes * MINUTE),
            // Nobody was found.
            None if was_asked && self.is_given_up => {
                self.release();
            }
            Some(_) | None => {}
        }
    }

    fn take_turn(&mut self, actor: Actor, target: i32) -> u16 {
        let Some((_, first)) = self.call.filter(|_| self.call_is_on()) else { return CONFLICT };
        let Some(person) = self.people.get(&target) else { return NOT_FOUND };
        let in_team =
            |id: i32| self.wishes.values().any(|w| w.person == Some(id) && w.purpose == Some(Purpose::Team));
        let is_out = |id: i32| self.people[&id].out;
        let is_stranger = matches!(actor, Actor::SecondInterpreter(id) if !in_team(id.0) || is_out(id.0));
        if is_stranger || !(target == first || in_team(target)) || !(3..=5).contains(&person.status_code()) {
            return CONFLICT;
        }
        self.working = Some(target).filter(|id| *id != first);
        OK
    }

    /// A second interpreter who is not needed, or does not want to; another one is searched for if its service was not used.
    fn second_goes(&mut self, id: i32) {
        let (now, person) = (self.now, &self.people[&id]);
        let wish = self.wishes.values_mut().find(|w| w.person == Some(id) && w.provider.is_some());
        match wish.filter(|_| !person.account && !person.out) {
            None => self.remove(id, true),
            Some(wish) => {
                wish.offers = wish.provider.take().map(|provider| (provider, true)).into_iter().collect();
                let person = self.people.get_mut(&id).expect("somebody");
                (person.yes, person.waits_until) = (false, now + 5 * MINUTE);
            }
        }
    }

    fn ask_invited(&mut self, id: i32, command: Command) -> u16 {
        let listener_said_yes = self.listener().is_some_and(|l| l.yes && !l.out);
        let now = self.now;
        let was_said_before = self.is_without_interpreter();
        let person = self.people.get_mut(&id).expect("turned away before");
        match command {
            Command::Leave => self.second_goes(id),
            _ if person.out => return CONFLICT,
            Command::ConfirmInvitation if !person.yes => {
                person.yes = true;
                person.waits_until = now + 5 * MINUTE;
            }
            Command::ConfirmInvitation => {}
            Command::DeclineInvitation if person.account => return CONFLICT,
            Command::DeclineInvitation => self.second_goes(id),
            Command::IssueOwnAccount if person.account => {}
            Command::IssueOwnAccount if person.yes && (listener_said_yes || was_said_before) => {
                person.account = true;
                person.expires = now + 12 * 60 * MINUTE;
                self.served = true;
            }
            _ => return CONFLICT,
        }
        OK
    }

    pub(crate) fn see(&mut self, observation: Observation) {
        let now = self.now;
        let was_in = self.listener().is_some_and(|l| !l.out);
        let was_asked = self.successor().is_some();
        let minutes = if matches!(observation, Observation::UserGone(..)) { 0 } else { 2 };
        self.take_in(observation, now);
        let is_in = |id: &i32| self.people.get(id).is_some_and(|p| !p.out);
        self.working = self.working.filter(is_in);
        self.keep_place(was_in, was_asked, minutes);
    }

    fn take_in(&mut self, observation: Observation, now: i64) {
        match observation {
            Observation::Joined(id) => {
                if let Some(person) = self.people.get_mut(&id.0).filter(|p| p.account && !p.out) {
                    (person.up, person.down) = (true, false);
                }
            }
            Observation::Disconnected(id) => {
                if let Some(person) = self.people.get_mut(&id.0).filter(|p| p.account && !p.out && !p.down) {
                    (person.up, person.down) = (false, true);
                    person.waits_until = now + 30 * SECOND;
                }
            }
            // Not seen on the wire; who is not rung any more may still accept.
            Observation::Removed(_) | Observation::RemovalVerified(_) | Observation::Unavailable(_) => {}
            Observation::NobodyLeft(_) => panic!("only a search for one interpreter ends so"),
            Observation::DeadlinePassed => self.look_at_the_clock(),
            Observation::UserGone(user, _) => self.user_gone(user.0),
        }
    }

    fn user_gone(&mut self, user: i32) {
        let (is_client, is_provider) = (user == self.client, self.provider() == Some(user));
        if self.over.is_some() {
            return;
        }
        let served = self.wishes.values().filter(|w| w.provider == Some(user) && !w.handed_over);
        let own: Vec<i32> = served.filter_map(|w| w.person).collect();
        for id in own {
            self.second_goes(id);
        }
        if !(is_client || is_provider) {
            return;
        }
        if is_provider && self.is_without_interpreter() {
            (self.is_given_up, self.place_until) = (true, None);
            return;
        }
        let call = self.call;
        let client_is_in =
            call.is_some_and(|(caller, _)| self.people[&caller].account && !self.people[&caller].out);
        if is_provider && client_is_in {
            let listener = call.and_then(|(_, listener)| self.people.get_mut(&listener));
            listener.expect("a call has two sides").remove(true);
        } else if is_provider && (!self.have_served.contains(&user) || self.is_calling()) {
            self.release();
        } else {
            self.end(if self.served { 3 } else { 4 });
        }
    }

    pub(crate) const fn wait(&mut self, span: i64) {
        self.now += span;
    }

    fn look_at_the_clock(&mut self) {
        let (now, call_was_on) = (self.now, self.call_is_on());
        if self.over.is_none() && !call_was_on && self.request_until <= now {
            return self.end(match (self.provider(), self.served) {
                (None, _) => 9,
                (Some(_), true) => 3,
                (Some(_), false) => 4,
            });
        }
        let missed = self.listener().is_some_and(|l| !l.out && !l.yes && l.waits_until <= now);
        let caller_is_in =
            self.call.is_some_and(|(caller, _)| self.people[&caller].shown_account().is_some());
        let mut unanswered = false;
        for wish in self.wishes.values_mut().filter(|wish| wish.provider.is_none()) {
            let person = wish.person.map(|person| &self.people[&person]);
            wish.unheard |= person.is_some_and(|p| !p.out && p.waits_until <= now);
        }
        let mut missed_seconds = Vec::new();
        for (&id, person) in self.people.iter_mut().filter(|(_, p)| !p.out) {
            if person.account && (person.expires <= now || (person.down && person.waits_until <= now)) {
                person.remove(false);
            } else if !person.account && person.waits_until <= now && person.type_code == 4 {
                missed_seconds.push(id);
            } else if !person.account && person.waits_until <= now {
                person.remove(true);
                unanswered |= person.type_code <= 2;
            }
        }
        for id in missed_seconds {
            self.second_goes(id);
        }
        if unanswered && !caller_is_in {
            self.each_of_call(|person| person.remove(true));
        }
        if missed {
            self.search_anew();
        } else if call_was_on && !self.call_is_on() {
            self.request_until = now + 15 * MINUTE;
            self.keep_no_place();
        }
    }

    fn end(&mut self, status: i32) {
        self.people.values_mut().for_each(|person| person.remove(true));
        self.over = Some(status);
    }

    fn listener(&self) -> Option<&Person> {
        self.call.map(|(_, listener)| &self.people[&listener])
    }

    fn call_is_on(&self) -> bool {
        self.call.is_some_and(|(caller, listener)| !self.people[&caller].out || !self.people[&listener].out)
    }

    fn each_of_call(&mut self, mut change: impl FnMut(&mut Person)) {
        for id in self.call.into_iter().flat_map(<[i32; 2]>::from) {
            if let Some(person) = self.people.get_mut(&id) {
                change(person);
            }
        }
    }

    pub(crate) fn view(&self) -> View {
        let in_service = self.call_is_on() && self.listener().is_some_and(|l| l.status_code() != 1);
        let request_status = match (self.over, self.provider()) {
            (Some(status), _) => status,
            (None, None) => 1,
            (None, Some(_)) => {
                if in_service {
                    2
                } else {
                    5
                }
            }
        };
        let participants = self.people.iter().map(|(&id, p)| (id, p.type_code, p.status_code())).collect();
        let invited = self.people.iter().filter(|(_, p)| p.type_code > 2);
        let own = invited.map(|(&id, person)| (id, self.own_view(person))).collect();
        let others = self.wishes.iter().filter_map(|(&id, wish)| {
            let person = &self.people[&wish.person?];
            let status = match wish.provider {
                _ if wish.handed_over || (person.out && person.account) => 3,
                None if wish.unheard => 9,
                _ if person.out => 4,
                Some(_) => 5,
                None => 1,
            };
            Some((id, status, wish.provider))
        });
        View {
            request_status,
            others: others.collect(),
            participants,
            pair: self.pair_view(),
            own,
            working: self.working,
        }
    }

    fn pair_view(&self) -> Accounts {
        let killed = Accounts { killed: true, ..Accounts::default() };
        if self.over.is_some() {
            return killed;
        }
        let Some((caller, listener)) = self.call.map(|(c, l)| (&self.people[&c], &self.people[&l])) else {
            return Accounts::default();
        };
        let is_released = self.provider().is_none();
        if caller.out && listener.out && (is_released || caller.on_purpose || listener.on_purpose) {
            return killed;
        }
        Accounts {
            caller: caller.shown_account(),
            listener: listener.shown_account(),
            killed: false,
            disconnected: caller.link_lost() || listener.link_lost(),
        }
    }

    fn own_view(&self, person: &Person) -> Accounts {
        let over = self.over.is_some();
        Accounts {
            caller: None,
            listener: person.shown_account(),
            killed: over || person.out,
            disconnected: !over && !person.out && person.link_lost(),
        }
    }
}

const INVITED: &str = "ConfirmInvitation DeclineInvitation IssueOwnAccount Leave";
const INTERPRETS: &str = "ConfirmInvitation DeclineInvitation IssueOwnAccount Leave TakeTurn";
