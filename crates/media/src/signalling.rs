//! What an engine and a browser say to each other through the signalling gateway.
//!
//! Engines differ in who connects to whom; browsers need not know. A browser keeps a set of peer connections, which the
//! engine names by [`LinkName`]s: it is told which to open, exchanges descriptions and candidates for each, and is told
//! which to close. In a mesh there is a link to every other party; at an SFU one link sends, and one receives from
//! each of the others.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::{EngineError, Failure, Handle, Identity};

/// The name of one peer connection of a browser. The engine gives it; it is not used twice by one seat.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkName(pub String);

/// What an engine says to a browser.
#[derive(Clone, PartialEq, Eq)]
pub enum ToBrowser {
    /// Make a peer connection.
    Open {
        /// Its name.
        link: LinkName,
        /// Whose picture comes through it; none if it only sends.
        party: Option<Identity>,
        /// Whether the browser sends its own picture through it.
        sends: bool,
        /// Whether the browser makes the offer; else it waits for one.
        offers: bool,
    },
    /// A session description from the other end of a link.
    Description(LinkName, Description),
    /// An ICE candidate from the other end of a link; none says that there are no more.
    Candidate(LinkName, Option<Candidate>),
    /// Close a peer connection.
    Close(LinkName),
    /// The engine has its own client library, which is to join with these.
    JoinDirectly {
        /// Where the engine is.
        url: String,
        /// What lets the browser in there.
        token: String,
    },
}

/// What a browser says to an engine.
#[derive(Clone, PartialEq, Eq)]
pub enum FromBrowser {
    /// Its session description for a link.
    Description(LinkName, Description),
    /// An ICE candidate of its end of a link; none says that there are no more.
    Candidate(LinkName, Option<Candidate>),
}

/// A session description (WebRTC: `RTCSessionDescription`).
#[derive(Clone, PartialEq, Eq)]
pub struct Description {
    /// Offer or answer.
    pub kind: DescriptionKind,
    /// RFC 8866.
    pub sdp: String,
}

/// The two kinds of description that links use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescriptionKind {
    /// What one end would like.
    Offer,
    /// What the other end takes of it.
    Answer,
}

/// An ICE candidate (WebRTC: `RTCIceCandidateInit`).
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// RFC 8839.
    pub candidate: String,
    /// The media section it belongs to, by name.
    pub sdp_mid: Option<String>,
    /// The media section it belongs to, by place.
    pub sdp_m_line_index: Option<u16>,
}

/// Where an engine speaks to one browser. Its receiver is the gateway's.
#[derive(Debug, Clone)]
pub struct Browser(Arc<Mutex<Option<mpsc::Sender<ToBrowser>>>>);

/// The browser is gone, or so far behind that it counts as gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the browser does not listen")]
pub struct ReceiverGone;

/// Maximum number of messages that wait for a browser.
const WAITING: usize = 256;

impl Browser {
    /// A way to a browser, and the gateway's end of it. It ends when every `Browser` is dropped: the engine has nothing
    /// more to say, for the party is out. It also ends when something could not be told, for then the browser's links
    /// are not what the engine thinks they are.
    pub fn new() -> (Self, mpsc::Receiver<ToBrowser>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    /// Says something, without waiting.
    ///
    /// # Errors
    /// [`ReceiverGone`], from then on.
    pub fn tell(&self, said: ToBrowser) -> Result<(), ReceiverGone> {
        let mut way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if way.as_ref().is_some_and(|way| way.try_send(said).is_ok()) {
            return Ok(());
        }
        *way = None;
        Err(ReceiverGone)
    }
}

/// A party's place in a room. **Dropping it is leaving.** When the engine removes the party, it drops the [`Browser`] it
/// was given at the join.
pub trait Seat: Send + Sync {
    /// The engine's number of it.
    fn handle(&self) -> Handle;

    /// What the browser says, in its order. An error says that the links can't go on: the seat is given up, and the
    /// browser begins anew with another.
    fn receive(
        &self,
        said: FromBrowser,
    ) -> Pin<Box<dyn Future<Output = Result<(), EngineError>> + Send + '_>>;
}

/// The answer to a join.
pub type JoinFuture<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Seat>, JoinRefused>> + Send + 'a>>;

/// Why somebody may not join.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefused {
    /// The room is not open.
    #[error("the room is not open")]
    UnknownRoom,
    /// The identity is not admitted yet, or unknown.
    #[error("the identity is not admitted")]
    NotAdmitted,
    /// The identity was removed, for good.
    #[error("the identity was removed")]
    Removed,
    /// The engine could not do it.
    #[error(transparent)]
    Engine(EngineError),
}

impl From<EngineError> for JoinRefused {
    fn from(error: EngineError) -> Self {
        match error.failure {
            Failure::UnknownRoom => Self::UnknownRoom,
            Failure::Removed => Self::Removed,
            Failure::Unreachable(_) | Failure::Refused { .. } => Self::Engine(error),
        }
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Descriptions and candidates hold the addresses of people's machines, and tokens are secrets: none is for a log.
impl fmt::Debug for ToBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { link, party, sends, offers } => {
                write!(f, "Open({link}, party: {party:?}, sends: {sends}, offers: {offers})")
            }
            Self::Description(link, description) => write!(f, "Description({link}, {:?})", description.kind),
            Self::Candidate(link, _) => write!(f, "Candidate({link})"),
            Self::Close(link) => write!(f, "Close({link})"),
            Self::JoinDirectly { url, .. } => write!(f, "JoinDirectly({url})"),
        }
    }
}

impl fmt::Debug for FromBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Description(link, description) => write!(f, "Description({link}, {:?})", description.kind),
            Self::Candidate(link, _) => write!(f, "Candidate({link})"),
        }
    }
}
