//! One stream of Server-Sent Events.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Bytes};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};
use trialogue_app::{App, Follower, LatestStanding, LiveEvent, Owner, StandingFollower, StreamSlot};
use trialogue_domain::{ConferenceId, Event, InvitedParty, ParticipantId, RequestId, Timestamp, UserId};
use trialogue_storage::{Place, SecretHash, StoreError, UserRole};

use super::words;
use crate::adapter::Adapter;

/// Number of heartbeats between two checks of the login.
const LOGIN_CHECK: u8 = 4;

/// Who listens.
pub(crate) enum Listener {
    /// A user: to the live request, whichever it is, and to offers.
    User {
        /// Who.
        user: UserId,
        /// Which kind.
        role: UserRole,
        /// The token of the login that the stream belongs to.
        token: SecretHash,
        /// When that login ends.
        expires: Timestamp,
    },
    /// An invited party: to its conference, from its invitation to its end.
    Invited {
        /// Which conference.
        conference: ConferenceId,
        /// Who.
        participant: ParticipantId,
    },
}

impl Listener {
    /// Whose stream it is.
    pub(crate) const fn owner(&self) -> Owner {
        match self {
            Self::User { user, .. } => Owner::User(*user),
            Self::Invited { participant, .. } => Owner::Invited(*participant),
        }
    }
}

/// What a listener is told, piece by piece.
pub(crate) struct EventStream {
    adapter: web::Data<Adapter>,
    side: Side,
    follower: Option<Follower>,
    closing: watch::Receiver<bool>,
    heartbeat: Pin<Box<Sleep>>,
    beats: u8,
    /// What is told first.
    opening: Option<String>,
    is_over: bool,
    _slot: StreamSlot,
}

enum Side {
    User(Box<UserSide>),
    Invited(ParticipantId),
}

struct UserSide {
    user: UserId,
    follower: StandingFollower,
    token: SecretHash,
    expires: Timestamp,
    /// The requests that the listener knows to be offered; none before it was told anything.
    offers: Option<Vec<RequestId>>,
    /// The last request whose end was told.
    told_to_the_end: Option<ConferenceId>,
    second: SecondPart,
}

/// The user's part as an interpreter, a second one above all, as the log that is followed tells it.
#[derive(Default)]
struct SecondPart {
    /// The second interpreters who were asked for in the conference that is followed, by their requests.
    asked: Vec<(RequestId, ParticipantId)>,
    /// As which of them the user has accepted.
    own: Option<ParticipantId>,
    /// Where that part ended. What follows is not told, until the user accepts again.
    out_at: Option<(ConferenceId, i32)>,
}

impl SecondPart {
    /// Takes in an event; whether it is none of the user's business, as its part had ended before it.
    fn note(&mut self, user: UserId, conference: ConferenceId, seq: i32, event: &Event) -> bool {
        match event {
            Event::Invited {
                participant, party: InvitedParty::SecondInterpreter { request, .. }, ..
            } => {
                self.asked.push((*request, *participant));
            }
            Event::Accepted { request, provider, .. } if *provider == user => {
                self.own = self.asked.iter().find(|(asked, _)| asked == request).map(|(_, own)| *own);
                self.out_at = None;
            }
            Event::Released { provider: out, .. } | Event::HandedOver { from: out, .. } if *out == user => {
                self.own = None;
                self.out_at = Some((conference, seq));
                return false;
            }
            // From now on it is the interpreter of the call.
            Event::HandedOver { participant, .. } if self.own == Some(*participant) => self.own = None,
            Event::Finished { participant, .. } if self.own == Some(*participant) => {
                self.own = None;
                self.out_at = Some((conference, seq));
                return false;
            }
            _ => {}
        }
        self.end_in(conference).is_some()
    }

    /// Where it ended, if it did in this conference.
    fn end_in(&self, conference: ConferenceId) -> Option<i32> {
        self.out_at.filter(|(out_of, _)| *out_of == conference).map(|(_, seq)| seq)
    }
}

impl UserSide {
    /// Whether the login is still good; it lives on with its stream. If the database does not answer, the login counts as valid.
    async fn renew(&mut self, app: &App) -> bool {
        match app.renew(self.token).await {
            Ok(Some(expires)) => self.expires = expires,
            Ok(None) => return false,
            Err(error) => tracing::warn!(%error, "a login could not be checked; it is asked again"),
        }
        true
    }
}

enum Happened {
    Event(Result<Arc<LiveEvent>, StoreError>),
    Standing(LatestStanding),
    Heartbeat,
    Closing,
}

impl EventStream {
    /// Begins where the listener was (the conference and the place of the last event it has seen), if that is known
    /// and its own; else at the beginning of what it may see.
    pub(crate) async fn open(
        adapter: web::Data<Adapter>,
        slot: StreamSlot,
        listener: Listener,
        last_seen: Option<(ConferenceId, i32)>,
        retry: Duration,
    ) -> Result<Self, StoreError> {
        let (live, app) = (adapter.live(), &adapter.app);
        let (side, follower) = match listener {
            Listener::User { user, role, token, expires } => {
                let mut told_to_the_end = None;
                let mut follower = None;
                let mut second = SecondPart::default();
                if let Some((conference, seq)) = last_seen {
                    match app.place(user, conference, seq).await? {
                        Place::Unknown => {}
                        Place::Before { as_second } => {
                            follower = Some(live.follow(conference, seq));
                            second.own = as_second;
                        }
                        Place::After => {
                            told_to_the_end = Some(conference);
                            second.out_at = Some((conference, seq));
                        }
                    }
                }
                let user = UserSide {
                    user,
                    follower: live.follow_user(role, user),
                    token,
                    expires,
                    offers: None,
                    told_to_the_end,
                    second,
                };
                (Side::User(Box::new(user)), follower)
            }
            Listener::Invited { conference, participant } => {
                let invited_at = app.invited_at(conference, participant).await?.unwrap_or(1);
                let seen = last_seen.filter(|(seen, _)| *seen == conference).map_or(0, |(_, seq)| seq);
                (Side::Invited(participant), Some(live.follow(conference, seen.max(invited_at - 1))))
            }
        };
        let mut stream = Self {
            side,
            follower,
            closing: live.closing(),
            heartbeat: Box::pin(sleep(adapter.settings.heartbeat)),
            adapter,
            beats: 0,
            opening: Some(format!("retry: {}\n\n", retry.as_millis())),
            is_over: false,
            _slot: slot,
        };
        stream.set_heartbeat();
        Ok(stream)
    }

    /// The next piece; none at the end. Dropped while it waits, it loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        if let Some(opening) = self.opening.take() {
            return Some(opening.into());
        }
        while !self.is_over {
            let said = match self.happened().await {
                Happened::Event(Ok(event)) => self.event(&event),
                Happened::Event(Err(error)) => {
                    tracing::warn!(%error, "a stream of events ends: the log could not be read");
                    // Who comes again goes on where it was.
                    return None;
                }
                Happened::Standing(latest) => self.standing(latest).into(),
                Happened::Heartbeat => self.beat().await.into(),
                Happened::Closing => self.end("stopping").into(),
            };
            if !said.is_empty() {
                return Some(said);
            }
        }
        None
    }

    async fn happened(&mut self) -> Happened {
        let Self { side, follower, closing, heartbeat, .. } = self;
        let latest = async {
            match side {
                Side::User(user) => user.follower.next().await,
                Side::Invited(_) => std::future::pending().await,
            }
        };
        let event = async {
            match follower {
                Some(follower) => follower.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => Happened::Closing,
            latest = latest => Happened::Standing(latest),
            event = event => Happened::Event(event),
            () = heartbeat => Happened::Heartbeat,
        }
    }

    fn event(&mut self, event: &LiveEvent) -> Bytes {
        let Some(conference) = self.follower.as_ref().map(Follower::conference) else { return Bytes::new() };
        let was_out = match &mut self.side {
            Side::User(user) => {
                user.second.note(user.user, conference, event.recorded.seq, &event.recorded.event)
            }
            Side::Invited(_) => false,
        };
        let frame = event.frame(|recorded| words::told(conference, recorded).into());
        let frame = if was_out { Bytes::new() } else { frame };
        let after = self.after(conference, &event.recorded.event);
        if after.is_empty() { frame } else { [&frame, after.as_bytes()].concat().into() }
    }

    /// What is told behind an event.
    fn after(&mut self, conference: ConferenceId, event: &Event) -> String {
        match &mut self.side {
            Side::User(user) => {
                let is_last = match event {
                    Event::Ended { .. } => true,
                    Event::Released { provider, .. } | Event::HandedOver { from: provider, .. } => {
                        *provider == user.user
                    }
                    _ => false,
                };
                if !is_last {
                    return String::new();
                }
                self.follower = None;
                user.told_to_the_end = Some(conference);
                user.follower.now().map_or_else(String::new, |latest| self.standing(latest))
            }
            Side::Invited(me) => match event {
                Event::Finished { participant, .. } if participant == me => self.end("out"),
                _ => String::new(),
            },
        }
    }

    /// The latest request is followed as soon as the one before it is told to its end; one that had ended before the
    /// stream began is not told.
    fn standing(&mut self, LatestStanding { standing, latest }: LatestStanding) -> String {
        let Side::User(user) = &mut self.side else { return String::new() };
        if !standing.logins.contains(&user.token) {
            return self.end("logged_out");
        }
        if user.offers.is_none() && standing.live.is_none() && user.told_to_the_end.is_none() {
            user.told_to_the_end = latest;
        }
        let known = user.offers.replace(standing.offers.clone()).unwrap_or_default();
        let mut said = String::new();
        for closed in known.iter().filter(|offer| !standing.offers.contains(offer)) {
            said.push_str(&words::offer(*closed, false));
        }
        for open in standing.offers.iter().filter(|offer| !known.contains(offer)) {
            said.push_str(&words::offer(*open, true));
        }
        // Nothing keeps a second interpreter who is out from its next call.
        if let Some(followed) = self.follower.as_ref().map(Follower::conference)
            && user.second.end_in(followed).is_some()
            && latest != Some(followed)
        {
            self.follower = None;
            user.told_to_the_end = Some(followed);
        }
        if self.follower.is_none()
            && let Some(latest) = latest
        {
            if user.second.end_in(latest).is_none() {
                user.second.asked.clear();
            }
            self.follower = match user.second.end_in(latest) {
                // In the same conference again.
                Some(seq) if standing.live == Some(latest) => Some(self.adapter.live().follow(latest, seq)),
                _ if user.told_to_the_end == Some(latest) => None,
                _ => Some(user.follower.follow(latest)),
            };
        }
        said
    }

    async fn beat(&mut self) -> String {
        self.beats = self.beats.wrapping_add(1);
        let is_logged_in = match &mut self.side {
            Side::Invited(_) => true,
            Side::User(user) => {
                let now = self.adapter.app.now();
                if user.expires <= now || self.beats.is_multiple_of(LOGIN_CHECK) {
                    user.renew(&self.adapter.app).await
                } else {
                    true
                }
            }
        };
        if !is_logged_in {
            return self.end("expired");
        }
        self.set_heartbeat();
        ":\n\n".to_owned()
    }

    fn set_heartbeat(&mut self) {
        let heartbeat = self.adapter.settings.heartbeat;
        let wait = match &self.side {
            // An expired login that is still good belongs to a live request.
            Side::User(user) => match user.expires.since(self.adapter.app.now()) {
                Duration::ZERO => heartbeat,
                left => heartbeat.min(left),
            },
            Side::Invited(_) => heartbeat,
        };
        self.heartbeat.set(sleep(wait));
    }

    fn end(&mut self, reason: &str) -> String {
        self.is_over = true;
        words::end(reason)
    }
}
