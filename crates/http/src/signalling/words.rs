//! The messages of the protocol, as they travel.

use serde::{Deserialize, Serialize};
use trialogue_media::IceServer;
use trialogue_media::{Candidate, Description, DescriptionKind, FromBrowser, LinkName, ToBrowser};

/// The version of the protocol.
pub(super) const VERSION: u32 = 1;

/// From the browser.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Incoming {
    Hello { version: u32, account: String, resume: Option<u64> },
    Description { link: String, description: SessionDescription },
    Candidate { link: String, candidate: Option<IceCandidate> },
    Devices { microphone: bool, camera: bool },
    Pong {},
    Bye {},
}

/// From the server.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outgoing<'a> {
    Welcome(Welcome<'a>),
    Open { link: String, party: Option<String>, sends: bool, offers: bool },
    Description { link: String, description: SessionDescription },
    Candidate { link: String, candidate: Option<IceCandidate> },
    Close { link: String },
    Direct { url: String, token: String },
    Party { party: &'a Party },
    Gone { identity: &'a str },
    Ping {},
    End { reason: &'a str, message: &'a str, reconnect: bool },
}

#[derive(Serialize)]
pub(super) struct Welcome<'a> {
    pub(super) version: u32,
    pub(super) conference: i32,
    pub(super) you: String,
    pub(super) engine: &'static str,
    pub(super) resume: u64,
    pub(super) resumed: bool,
    pub(super) heartbeat: u64,
    pub(super) grace: u64,
    pub(super) ice_servers: Vec<IceServer>,
    pub(super) parties: &'a [Party],
}

/// A party, as the others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Party {
    pub(super) identity: String,
    pub(super) kind: &'static str,
    pub(super) name: Option<String>,
    pub(super) here: bool,
    pub(super) microphone: bool,
    pub(super) camera: bool,
}

/// WebRTC: `RTCSessionDescriptionInit`.
#[derive(Serialize, Deserialize)]
pub(super) struct SessionDescription {
    #[serde(rename = "type")]
    kind: DescriptionType,
    sdp: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DescriptionType {
    Offer,
    Answer,
}

/// WebRTC: `RTCIceCandidateInit`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IceCandidate {
    candidate: String,
    sdp_mid: Option<String>,
    sdp_m_line_index: Option<u16>,
}

impl SessionDescription {
    fn parsed(self) -> Description {
        let kind = match self.kind {
            DescriptionType::Offer => DescriptionKind::Offer,
            DescriptionType::Answer => DescriptionKind::Answer,
        };
        Description { kind, sdp: self.sdp }
    }

    fn said(description: Description) -> Self {
        let kind = match description.kind {
            DescriptionKind::Offer => DescriptionType::Offer,
            DescriptionKind::Answer => DescriptionType::Answer,
        };
        Self { kind, sdp: description.sdp }
    }
}

impl IceCandidate {
    fn parsed(self) -> Candidate {
        let Self { candidate, sdp_mid, sdp_m_line_index } = self;
        Candidate { candidate, sdp_mid, sdp_m_line_index }
    }

    fn said(candidate: Candidate) -> Self {
        let Candidate { candidate, sdp_mid, sdp_m_line_index } = candidate;
        Self { candidate, sdp_mid, sdp_m_line_index }
    }
}

pub(super) fn heard_description(link: String, description: SessionDescription) -> FromBrowser {
    FromBrowser::Description(LinkName(link), description.parsed())
}

pub(super) fn heard_candidate(link: String, candidate: Option<IceCandidate>) -> FromBrowser {
    FromBrowser::Candidate(LinkName(link), candidate.map(IceCandidate::parsed))
}

impl From<ToBrowser> for Outgoing<'_> {
    fn from(said: ToBrowser) -> Self {
        match said {
            ToBrowser::Open { link, party, sends, offers } => {
                Self::Open { link: link.0, party: party.map(|p| p.to_string()), sends, offers }
            }
            ToBrowser::Description(link, description) => {
                Self::Description { link: link.0, description: SessionDescription::said(description) }
            }
            ToBrowser::Candidate(link, candidate) => {
                Self::Candidate { link: link.0, candidate: candidate.map(IceCandidate::said) }
            }
            ToBrowser::Close(link) => Self::Close { link: link.0 },
            ToBrowser::JoinDirectly { url, token } => Self::Direct { url, token },
        }
    }
}
