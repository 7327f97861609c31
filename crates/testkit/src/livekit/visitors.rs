//! The parties' side: they are told by the engine where to join, and join there.

use std::pin::Pin;

use trialogue_domain::ConferenceId;
use trialogue_media::{Browser, Identity, LiveKit, ToBrowser, VideoEngine as _};

use super::LiveKitStandIn;
use crate::Visitors;

/// Parties who join a stand-in through the engine.
pub struct LiveKitVisitors<'a> {
    /// Who tells them.
    pub engine: &'a LiveKit,
    /// Where they are told to go.
    pub server: &'a LiveKitStandIn,
}

impl LiveKitVisitors<'_> {
    /// The token that a party is given; none if it may not join.
    ///
    /// # Panics
    /// If the engine lets it in and does not tell it where to go.
    pub async fn token(&self, room: ConferenceId, identity: Identity) -> Option<String> {
        let (browser, mut told) = Browser::new();
        let _seat = self.engine.join(room, identity, browser).await.ok()?;
        match told.try_recv() {
            Ok(ToBrowser::JoinDirectly { token, .. }) => Some(token),
            other => panic!("not told where to join: {other:?}"),
        }
    }
}

impl Visitors for LiveKitVisitors<'_> {
    fn join<'a>(
        &'a self,
        room: ConferenceId,
        identity: Identity,
    ) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move {
            let token = self.token(room, identity).await;
            token.is_some_and(|token| self.server.connect(&token).is_ok())
        })
    }
}
