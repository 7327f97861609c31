//! A party that has joined: what Janus says becomes links of its browser, and the other way round.

use std::collections::BTreeMap;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use trialogue_domain::ConferenceId;

use super::admin::Admin;
use super::fault::{Fault, NO_SUCH_FEED, unless_gone};
use super::keys::Keys;
use super::link::Happenings;
use super::message::{Jsep, Publisher, RoomSaid, Said, candidate, jsep, trickle};
use super::session::Session;
use crate::{FromBrowser, Identity, LinkName, ReceiverGone, ToBrowser};

/// Janus gives a session up that is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A party that has joined.
pub(super) struct JanusParty {
    session: Arc<Session>,
    keys: Keys,
    /// The handle that it joined with, and sends by.
    handle: u64,
    /// By which Janus knows that who wants to receive has joined.
    private_id: u64,
    links: Mutex<Links>,
}

#[derive(Default)]
struct Links {
    open: BTreeMap<LinkName, Leg>,
    opened: u32,
}

/// What a link is at Janus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leg {
    handle: u64,
    /// None: it sends.
    from: Option<Identity>,
}

/// Who ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndedBy {
    /// The party left, or was let go by this server.
    Ours,
    /// Janus, or another server by its means.
    Theirs,
}

/// It can't go on for this party.
enum Over {
    ReceiverGone,
    Fault(Fault),
}

impl JanusParty {
    pub(super) fn new(session: Arc<Session>, keys: Keys, handle: u64, private_id: u64) -> Self {
        Self { session, keys, handle, private_id, links: Mutex::default() }
    }

    pub(super) const fn handle(&self) -> u64 {
        self.handle
    }

    /// Where it is, and who.
    pub(super) fn place(&self) -> (ConferenceId, Identity) {
        (self.session.room, self.session.identity)
    }

    /// Attends to it until it is out.
    pub(super) async fn attend(&self, mut happenings: Happenings, publishers: Vec<Publisher>) -> EndedBy {
        let followed = self.follow(&mut happenings, publishers).await;
        let ours = self.session.is_over();
        if let Err(Over::Fault(fault)) = followed.as_ref()
            && !ours
        {
            tracing::warn!(%fault, conference = self.session.room.0, "a party's place at Janus is lost");
        }
        self.session.destroy().await;
        if ours { EndedBy::Ours } else { EndedBy::Theirs }
    }

    async fn follow(&self, happenings: &mut Happenings, publishers: Vec<Publisher>) -> Result<(), Over> {
        self.open_sending()?;
        self.subscribe(publishers).await?;
        let mut beat = interval(KEEP_ALIVE);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.session.ended() => return Ok(()),
                _ = beat.tick() => self.session.keep_alive().await?,
                said = happenings.recv() => {
                    let said = said.ok_or_else(|| Fault::Lost("the link to Janus is gone".to_owned()))?;
                    if self.notice(said).await?.is_break() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// What the browser says. A link that is closed by now is no fault of its.
    pub(super) async fn receive(&self, said: FromBrowser) -> Result<(), Fault> {
        match said {
            FromBrowser::Description(link, description) => {
                let Some(leg) = self.leg(&link) else { return Ok(()) };
                let request = if leg.from.is_none() { "configure" } else { "start" };
                let body = json!({ "request": request });
                let answer = self.session.message(leg.handle, body, Some(jsep(&description))).await?;
                if let Some(description) = answer.jsep.and_then(Jsep::description) {
                    // A deaf browser is noticed by the one who listens to it.
                    let _ = self.session.tell(ToBrowser::Description(link, description));
                }
            }
            FromBrowser::Candidate(link, candidate) => {
                if let Some(leg) = self.leg(&link) {
                    self.session.trickle(leg.handle, &trickle(candidate.as_ref()));
                }
            }
        }
        Ok(())
    }

    /// Takes in what Janus says by itself. Break: the party is out.
    async fn notice(&self, said: Said) -> Result<ControlFlow<()>, Over> {
        let handle = said.sender;
        match said.janus.as_str() {
            "timeout" => return Ok(Break(())),
            "detached" if handle == Some(self.handle) => return Ok(Break(())),
            "hangup" => self.renew(handle).await?,
            "trickle" => {
                if let (Some(link), Some(received)) = (self.link_by(handle), said.candidate) {
                    self.session.tell(ToBrowser::Candidate(link, candidate(received)))?;
                }
            }
            "event" => {
                if let (Some(link), Some(description)) =
                    (self.link_by(handle), said.jsep.and_then(Jsep::description))
                {
                    self.session.tell(ToBrowser::Description(link, description))?;
                }
                if let Some(plugin) = said.plugindata.filter(|_| handle == Some(self.handle)) {
                    if is_out(&plugin.data) {
                        return Ok(Break(()));
                    }
                    self.others_changed(plugin.data).await?;
                }
            }
            _ => {}
        }
        Ok(Continue(()))
    }

    async fn others_changed(&self, said: RoomSaid) -> Result<(), Over> {
        let gone = [said.unpublished, said.leaving, said.kicked].into_iter().flatten();
        for identity in gone.filter_map(|name| name.parse().ok()) {
            self.stop_receiving(identity)?;
        }
        self.subscribe(said.publishers).await
    }

    fn open_sending(&self) -> Result<(), Over> {
        let link = self.links().add("out", Leg { handle: self.handle, from: None });
        Ok(self.session.tell(ToBrowser::Open { link, party: None, sends: true, offers: true })?)
    }

    async fn subscribe(&self, publishers: Vec<Publisher>) -> Result<(), Over> {
        for identity in publishers.iter().filter_map(|publisher| publisher.id.parse().ok()) {
            if self.links().receives_from(identity).is_none() {
                self.receive_from(identity).await?;
            }
        }
        Ok(())
    }

    /// Asks Janus for the picture of a party, which Janus then offers.
    async fn receive_from(&self, from: Identity) -> Result<(), Over> {
        let handle = self.session.attach().await?;
        let body = json!({
            "request": "join",
            "ptype": "subscriber",
            "room": Admin::room_name(self.session.room),
            "pin": self.keys.pin(self.session.room),
            "private_id": self.private_id,
            "streams": [{ "feed": from.to_string() }],
        });
        let attached = unless_gone(self.session.message(handle, body, None).await, &[NO_SUCH_FEED])?;
        let offer = attached.and_then(|said| said.jsep).and_then(Jsep::description);
        let Some(offer) = offer else {
            // It has stopped sending meanwhile.
            self.session.detach(handle);
            return Ok(());
        };
        let link = self.links().add(&from.to_string(), Leg { handle, from: Some(from) });
        let open = ToBrowser::Open { link: link.clone(), party: Some(from), sends: false, offers: false };
        self.session.tell(open)?;
        Ok(self.session.tell(ToBrowser::Description(link, offer))?)
    }

    fn stop_receiving(&self, from: Identity) -> Result<(), Over> {
        let link = self.links().receives_from(from);
        link.map_or(Ok(()), |link| self.close(link))
    }

    fn close(&self, link: LinkName) -> Result<(), Over> {
        if let Some(Leg { handle, from: Some(_) }) = self.links().open.remove(&link) {
            self.session.detach(handle);
        }
        Ok(self.session.tell(ToBrowser::Close(link))?)
    }

    /// A peer connection has broken: another takes its place, if there is still somebody to connect to.
    async fn renew(&self, handle: Option<u64>) -> Result<(), Over> {
        let Some(link) = self.link_by(handle) else { return Ok(()) };
        let leg = self.leg(&link);
        self.close(link)?;
        match leg {
            Some(Leg { from: Some(from), .. }) => self.receive_from(from).await,
            Some(Leg { from: None, .. }) => self.open_sending(),
            None => Ok(()),
        }
    }

    fn leg(&self, link: &LinkName) -> Option<Leg> {
        self.links().open.get(link).copied()
    }

    fn link_by(&self, handle: Option<u64>) -> Option<LinkName> {
        let links = self.links();
        links.open.iter().find(|(_, leg)| Some(leg.handle) == handle).map(|(link, _)| link.clone())
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Links {
    /// A name that this seat has not used before.
    fn add(&mut self, what: &str, leg: Leg) -> LinkName {
        self.opened += 1;
        let link = LinkName(format!("{what}.{}", self.opened));
        self.open.insert(link.clone(), leg);
        link
    }

    fn receives_from(&self, identity: Identity) -> Option<LinkName> {
        self.open.iter().find(|(_, leg)| leg.from == Some(identity)).map(|(link, _)| link.clone())
    }
}

/// Whether it says that this party itself is out.
fn is_out(said: &RoomSaid) -> bool {
    said.videoroom == "destroyed" || said.leaving.as_deref() == Some("ok")
}

impl From<ReceiverGone> for Over {
    fn from(_: ReceiverGone) -> Self {
        Self::ReceiverGone
    }
}

impl From<Fault> for Over {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
