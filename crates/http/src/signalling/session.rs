//! One signalling socket, from its first message to its last.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use actix_ws::{MessageStream, Session};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{MissedTickBehavior, interval_at, timeout};
use trialogue_app::{Follower, LiveEvent, Network, Secret};
use trialogue_domain::{ConferenceId, ParticipantId, Timestamp, UserId};
use trialogue_media::{
    Connection, Devices, DevicesChanged, EngineError, FromBrowser, Identity, JoinRefused, Received,
};
use trialogue_storage::{ConferenceLookup, ConferenceView, StoreError};

use super::allowance::Allowance;
use super::party::{End, ended, parties};
use super::socket::Socket;
use super::words::{Incoming, Outgoing, Party, VERSION, Welcome, heard_candidate, heard_description};
use crate::adapter::Adapter;
use crate::connections::WaitsForClient;

/// How long to wait for `hello`.
pub(crate) const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Maximum number of unanswered heartbeats.
const UNANSWERED: u32 = 2;

/// Maximum number of messages that wait for the engine.
const WAITING: usize = 256;

/// The server is asked to stop.
const STOPS: End = End::Stopping("The server stops.");

/// How a socket comes to its end.
pub(super) enum Outcome {
    /// The server ends it, with a last message.
    Ended(End),
    /// The browser says that it goes.
    Bye,
    /// It broke.
    Lost,
}

/// Serves a socket until its end.
pub(crate) async fn serve(
    adapter: web::Data<Adapter>,
    conference: ConferenceId,
    network: Network,
    waiting: WaitsForClient,
    session: Session,
    frames: MessageStream,
) {
    let mut socket = Socket::new(session, frames);
    let mut waiting = Some(waiting);
    if let Outcome::Ended(end) = attend(&adapter, conference, network, &mut waiting, &mut socket).await {
        socket.end(end).await;
    }
}

async fn attend(
    adapter: &Adapter,
    conference: ConferenceId,
    network: Network,
    waiting: &mut Option<WaitsForClient>,
    socket: &mut Socket,
) -> Outcome {
    let (me, resume) = match hello(adapter, conference, network, socket).await {
        Ok(who) => who,
        Err(outcome) => return outcome,
    };
    *waiting = None;
    socket.allowance = Allowance::Participant(Arc::clone(&adapter.signalling.allowances), me);
    let party = PartySocket { adapter, conference, me, user: None, last_touch: None, view_is_stale: false };
    party.run(socket, resume).await.unwrap_or_else(|outcome| outcome)
}

/// Who it is, proven; and the number by which it resumes.
async fn hello(
    adapter: &Adapter,
    conference: ConferenceId,
    network: Network,
    socket: &mut Socket,
) -> Result<(ParticipantId, Option<u64>), Outcome> {
    let ended = |end| Err(Outcome::Ended(end));
    let mut stranger = adapter.signalling.strangers.enter(network);
    let mut closing = adapter.live().closing();
    let first = tokio::select! {
        biased;
        _ = closing.wait_for(|closing| *closing) => return ended(STOPS),
        () = stranger.displaced() => {
            return ended(End::TooMuch("Too many sockets wait to say who they are."));
        }
        first = timeout(HELLO_WITHIN, socket.receive()) => first,
    };
    let Ok(first) = first else {
        return ended(End::Protocol("The first message must be hello, within 10 seconds."));
    };
    let Incoming::Hello { version, account, resume } = first? else {
        return ended(End::Protocol("The first message must be hello."));
    };
    if version != VERSION {
        return ended(End::Protocol("This server speaks version 1."));
    }
    let Some((identity, secret)) = account.split_once('.') else { return ended(End::Refused) };
    let Ok(identity) = identity.parse::<Identity>() else { return ended(End::Refused) };
    let secret = Secret::presented(secret);
    match adapter.app.is_bound(conference, identity.participant(), &secret).await {
        Ok(true) => Ok((identity.participant(), resume)),
        Ok(false) => ended(End::Refused),
        Err(error) => Err(unavailable(&error)),
    }
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Outcome {
    tracing::warn!(error, "a signalling socket ends");
    Outcome::Ended(End::Stopping("The server can't serve now."))
}

/// The socket of a party whose account is proven.
struct PartySocket<'a> {
    adapter: &'a Adapter,
    conference: ConferenceId,
    me: ParticipantId,
    /// The client or the provider whose socket it is; none for an invited party.
    user: Option<UserId>,
    last_touch: Option<Timestamp>,
    /// Something happened that could not be read.
    view_is_stale: bool,
}

/// What happens next at a socket.
enum Next {
    Frame(Result<Incoming, Outcome>),
    Engine(Received),
    EngineFailed(EngineError),
    Event(Result<Arc<LiveEvent>, StoreError>),
    Devices(Result<DevicesChanged, broadcast::error::RecvError>),
    Beat,
    Stopping,
}

impl PartySocket<'_> {
    /// The order closes the race with a kick: what happens after the first look reaches the follower, and the look
    /// after the join finds what happened before the engine let the party in.
    async fn run(mut self, socket: &mut Socket, resume: Option<u64>) -> Result<Outcome, Outcome> {
        self.hold_room().await?;
        let mut follower = {
            let view = self.look().await?;
            self.user = user_of(&view, self.me);
            self.adapter.live().follow(self.conference, view.conference.last_seq)
        };
        let gateway = &self.adapter.signalling.gateway;
        let mut devices = gateway.device_changes();
        let connection = match gateway.connect(self.conference, self.me.into(), resume).await {
            Ok(connection) => connection,
            Err(JoinRefused::Removed) => return Err(Outcome::Ended(self.refusal().await)),
            Err(refused) => {
                tracing::warn!(error = %refused, conference = self.conference.0, "the engine refused the join");
                return Err(Outcome::Ended(End::Stopping("The media engine can't be reached.")));
            }
        };
        let outcome = self.converse(socket, &connection, &mut follower, &mut devices).await;
        match outcome {
            Outcome::Lost | Outcome::Ended(End::Stopping(_) | End::TooMuch(_)) => {
                gateway.lost(connection, self.adapter.app.now());
            }
            Outcome::Bye | Outcome::Ended(_) => gateway.hang_up(connection),
        }
        Ok(outcome)
    }

    async fn converse(
        &mut self,
        socket: &mut Socket,
        connection: &Connection,
        follower: &mut Follower,
        devices: &mut broadcast::Receiver<DevicesChanged>,
    ) -> Outcome {
        let mut known = match self.welcome(socket, connection).await {
            Ok(parties) => parties,
            Err(outcome) => return outcome,
        };
        let heartbeat = self.adapter.settings.signalling.heartbeat;
        let mut beats = interval_at(tokio::time::Instant::now() + heartbeat, heartbeat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unanswered = 0;
        let mut closing = self.adapter.live().closing();
        // A slow engine must not delay other events, least of all a kick.
        let (to_engine, from_browser) = mpsc::channel(WAITING);
        let mut speaking = std::pin::pin!(speak(connection, from_browser));
        loop {
            let next = tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => Next::Stopping,
                event = follower.next() => Next::Event(event),
                received = connection.receive() => Next::Engine(received),
                changed = devices.recv() => Next::Devices(changed),
                frame = socket.receive() => Next::Frame(frame),
                error = &mut speaking => Next::EngineFailed(error),
                _ = beats.tick() => Next::Beat,
            };
            let done = match next {
                Next::Stopping => Err(Outcome::Ended(STOPS)),
                Next::Event(event) => {
                    self.view_is_stale = event.is_err();
                    self.tell_parties(socket, &mut known).await
                }
                Next::Engine(Received::Said(said)) => match socket.say(&said.into()).await {
                    Ok(()) if connection.wants_receipt() => ping(socket, connection).await,
                    said => said,
                },
                Next::Engine(Received::Replaced) => Err(Outcome::Ended(End::Replaced)),
                Next::Engine(Received::Over) => Err(Outcome::Ended(self.refusal().await)),
                Next::EngineFailed(error) => {
                    tracing::warn!(%error, "the engine could not take what a browser said");
                    Err(Outcome::Ended(End::Anew("The media engine did not take a message.")))
                }
                Next::Devices(Ok(changed)) if changed.room != self.conference => Ok(()),
                Next::Devices(Ok(changed)) => tell_devices(socket, &mut known, changed).await,
                Next::Devices(Err(_)) => self.tell_parties(socket, &mut known).await,
                Next::Beat if unanswered == UNANSWERED => Err(Outcome::Lost),
                Next::Beat => {
                    unanswered += 1;
                    let told =
                        if self.view_is_stale { self.tell_parties(socket, &mut known).await } else { Ok(()) };
                    match told {
                        Ok(()) => ping(socket, connection).await,
                        ended => ended,
                    }
                }
                Next::Frame(Err(outcome)) => Err(outcome),
                Next::Frame(Ok(said)) => {
                    unanswered = 0;
                    match self.received(said, connection, &to_engine).await {
                        Ok(()) if connection.wants_receipt() => ping(socket, connection).await,
                        received => received,
                    }
                }
            };
            if let Err(outcome) = done {
                return outcome;
            }
        }
    }

    /// An embedded engine's room is at one node only. This comes before the look at the conference: an effect that is
    /// queued after it is done at the node that lets the party in.
    async fn hold_room(&mut self) -> Result<(), Outcome> {
        let Some(node) = self.adapter.node else { return Ok(()) };
        match self.adapter.app.hold_room(self.conference, node).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                // A party that may not be in the call at all is told that.
                self.look().await?;
                Err(Outcome::Ended(End::Stopping("Another server holds this call.")))
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Looks once more whether the party may be here, and tells it who else is.
    async fn welcome(&mut self, socket: &mut Socket, connection: &Connection) -> Result<Vec<Party>, Outcome> {
        let view = self.look().await?;
        let settings = &self.adapter.settings.signalling;
        let identity = Identity::from(self.me);
        let account = view.conference.participant(self.me).and_then(|p| p.state.account());
        let mut parties = parties(&view, &self.adapter.signalling.gateway);
        let me = identity.to_string();
        if let Some(own) = parties.iter_mut().find(|p| p.identity == me) {
            // The join is on its way to the log.
            own.here = true;
        }
        socket
            .say(&Outgoing::Welcome(Welcome {
                version: VERSION,
                conference: self.conference.0,
                you: me,
                engine: self.adapter.signalling.gateway.engine(),
                resume: connection.number(),
                resumed: connection.resumed(),
                heartbeat: settings.heartbeat.as_secs().max(1),
                grace: settings.grace.as_secs(),
                ice_servers: account.map_or_else(Vec::new, |a| settings.ice.of(identity, a.expires)),
                parties: &parties,
            }))
            .await?;
        Ok(parties)
    }

    /// The conference as it stands; an end if the party may not be in it.
    async fn look(&mut self) -> Result<ConferenceView, Outcome> {
        let view = self
            .adapter
            .app
            .view(ConferenceLookup::Id(self.conference))
            .await
            .map_err(|e| unavailable(&e))?;
        let view = view.ok_or(Outcome::Ended(End::Refused))?;
        ended(&view, self.me).map_or(Ok(view), |end| Err(Outcome::Ended(end)))
    }

    /// Why the engine has nothing more to say.
    async fn refusal(&mut self) -> End {
        match self.look().await {
            Err(Outcome::Ended(end)) => end,
            Err(Outcome::Bye | Outcome::Lost) | Ok(_) => End::Anew("The media engine was lost."),
        }
    }

    /// Tells what has changed since `known`, or ends if the party itself is out.
    async fn tell_parties(&mut self, socket: &mut Socket, known: &mut Vec<Party>) -> Result<(), Outcome> {
        let view = match self.adapter.app.view(ConferenceLookup::Id(self.conference)).await {
            Ok(view) => view.ok_or(Outcome::Ended(End::Refused))?,
            Err(error) => {
                tracing::warn!(%error, "a signalling socket will look again");
                self.view_is_stale = true;
                return Ok(());
            }
        };
        self.view_is_stale = false;
        if let Some(end) = ended(&view, self.me) {
            return Err(Outcome::Ended(end));
        }
        let now = parties(&view, &self.adapter.signalling.gateway);
        for gone in known.iter().filter(|old| now.iter().all(|new| new.identity != old.identity)) {
            socket.say(&Outgoing::Gone { identity: &gone.identity }).await?;
        }
        for party in now.iter().filter(|new| !known.contains(new)) {
            socket.say(&Outgoing::Party { party }).await?;
        }
        *known = now;
        Ok(())
    }

    async fn received(
        &mut self,
        said: Incoming,
        connection: &Connection,
        to_engine: &mpsc::Sender<FromBrowser>,
    ) -> Result<(), Outcome> {
        let for_engine = match said {
            Incoming::Description { link, description } => heard_description(link, description),
            Incoming::Candidate { link, candidate } => heard_candidate(link, candidate),
            Incoming::Devices { microphone, camera } => {
                self.adapter.signalling.gateway.switch(connection, Devices { microphone, camera });
                return Ok(());
            }
            Incoming::Pong {} => {
                connection.take_receipt();
                self.note_sign_of_life().await;
                return Ok(());
            }
            Incoming::Bye {} => return Err(Outcome::Bye),
            Incoming::Hello { .. } => {
                return Err(Outcome::Ended(End::Protocol("hello is said once.")));
            }
        };
        let full = Outcome::Ended(End::TooMuch("The media engine is behind."));
        to_engine.try_send(for_engine).map_err(|_| full)
    }

    /// A client or provider with a socket that answers is not offline.
    async fn note_sign_of_life(&mut self) {
        if let Some(user) = self.user {
            self.last_touch = Some(self.adapter.app.note_sign_of_life(user, self.last_touch).await);
        }
    }
}

fn user_of(view: &ConferenceView, me: ParticipantId) -> Option<UserId> {
    use trialogue_domain::Party;
    let own = view.conference.participant(me)?;
    match own.party {
        Party::Client(user) | Party::Provider(user) => Some(user),
        Party::SecondInterpreter(_) => view.conference.second_interpreter(own),
        Party::Guest => None,
    }
}

/// Tells of devices that a known party switched. A party that is not known yet is told with its devices later.
async fn tell_devices(
    socket: &mut Socket,
    known: &mut [Party],
    changed: DevicesChanged,
) -> Result<(), Outcome> {
    let identity = changed.identity.to_string();
    let Some(party) = known.iter_mut().find(|party| party.identity == identity) else { return Ok(()) };
    let Devices { microphone, camera } = changed.devices;
    if (party.microphone, party.camera) == (microphone, camera) {
        return Ok(());
    }
    (party.microphone, party.camera) = (microphone, camera);
    socket.say(&Outgoing::Party { party }).await
}

/// Asks for a sign of life, which is a receipt as well.
async fn ping(socket: &mut Socket, connection: &Connection) -> Result<(), Outcome> {
    connection.ask_receipt();
    socket.say(&Outgoing::Ping {}).await
}

/// Passes on what the browser says, one after the other, until the engine can't take it.
async fn speak(connection: &Connection, mut from_browser: mpsc::Receiver<FromBrowser>) -> EngineError {
    loop {
        match from_browser.recv().await {
            Some(said) => {
                if let Err(error) = connection.say(said).await {
                    return error;
                }
            }
            None => std::future::pending().await,
        }
    }
}
