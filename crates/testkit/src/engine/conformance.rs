//! What every engine must do, whatever carries its picture.

use std::pin::Pin;

use trialogue_domain::{ConferenceId, ParticipantId};
use trialogue_media::{Browser, EngineError, Failure, Identity, Mesh, VideoEngine, is_gone};

use super::FakeEngine;

/// The parties' side of an engine: to try whether somebody gets in.
pub trait Visitors {
    /// Tries to join with the identity's credential, and answers when the engine has let it in or turned it away.
    fn join<'a>(&'a self, room: ConferenceId, identity: Identity)
    -> Pin<Box<dyn Future<Output = bool> + 'a>>;
}

impl Visitors for Mesh {
    fn join<'a>(
        &'a self,
        room: ConferenceId,
        identity: Identity,
    ) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move {
            let (browser, ear) = Browser::new();
            match self.enter(room, identity, browser) {
                Ok(seat) => {
                    // It stays: who is to be removed must be there.
                    std::mem::forget((seat, ear));
                    true
                }
                Err(_) => false,
            }
        })
    }
}

impl Visitors for FakeEngine {
    fn join<'a>(
        &'a self,
        room: ConferenceId,
        identity: Identity,
    ) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move { self.enter(room, identity).is_ok() })
    }
}

const ROOM: ConferenceId = ConferenceId(101);
const OTHER_ROOM: ConferenceId = ConferenceId(102);

/// Runs the contract of [`VideoEngine`] against an engine on which rooms 101 and 102 are not open.
///
/// # Panics
/// If the engine breaks the contract.
pub async fn engine_conformance(engine: &dyn VideoEngine, visitors: &dyn Visitors) {
    let suite = Suite { engine, visitors };
    suite.an_unknown_room_has_nobody_in_it().await;
    suite.who_is_admitted_gets_in().await;
    suite.who_is_removed_stays_out().await;
    suite.who_was_never_in_can_be_removed().await;
    suite.rooms_are_apart().await;
    suite.a_closed_room_is_forgotten().await;
}

struct Suite<'a> {
    engine: &'a dyn VideoEngine,
    visitors: &'a dyn Visitors,
}

impl Suite<'_> {
    async fn an_unknown_room_has_nobody_in_it(&self) {
        let anna = identity(1);
        assert_eq!(failure(self.engine.admit(ROOM, anna).await), Failure::UnknownRoom);
        assert_eq!(failure(self.engine.list(ROOM).await), Failure::UnknownRoom);
        assert!(!self.joins(ROOM, anna).await);
        assert_eq!(self.engine.remove(ROOM, anna).await, Ok(()));
        assert_eq!(self.engine.close_room(ROOM).await, Ok(()));
        assert_eq!(is_gone(self.engine, ROOM, anna).await, Ok(true));
    }

    async fn who_is_admitted_gets_in(&self) {
        let [anna, bert, carl] = [1, 2, 3].map(identity);
        self.open(ROOM, &[anna, bert]).await;
        assert_eq!(self.inside(ROOM).await, [], "admitted is not joined");
        assert!(!self.joins(ROOM, carl).await);
        assert!(self.joins(ROOM, bert).await);
        assert!(self.joins(ROOM, anna).await);
        assert_eq!(self.inside(ROOM).await, [anna, bert]);

        // Done again, by a caller who does not know that it succeeded.
        self.open(ROOM, &[anna, bert]).await;
        assert_eq!(self.inside(ROOM).await, [anna, bert]);
        self.close(ROOM).await;
    }

    async fn who_is_removed_stays_out(&self) {
        let [anna, bert] = [1, 2].map(identity);
        self.open(ROOM, &[anna, bert]).await;
        assert!(self.joins(ROOM, anna).await);
        assert!(self.joins(ROOM, bert).await);
        for _ in 0..2 {
            assert_eq!(self.engine.remove(ROOM, anna).await, Ok(()));
            assert_eq!(is_gone(self.engine, ROOM, anna).await, Ok(true));
            assert!(!self.joins(ROOM, anna).await);
            assert_eq!(failure(self.engine.admit(ROOM, anna).await), Failure::Removed);
            assert_eq!(self.engine.open_room(ROOM).await, Ok(()));
            assert!(!self.joins(ROOM, anna).await);
            assert_eq!(self.inside(ROOM).await, [bert]);
        }
        self.close(ROOM).await;
    }

    async fn who_was_never_in_can_be_removed(&self) {
        let [anna, bert] = [1, 2].map(identity);
        self.open(ROOM, &[anna]).await;
        assert_eq!(self.engine.remove(ROOM, anna).await, Ok(()));
        assert!(!self.joins(ROOM, anna).await, "removed before it came");
        assert_eq!(self.engine.remove(ROOM, bert).await, Ok(()));
        assert_eq!(
            failure(self.engine.admit(ROOM, bert).await),
            Failure::Removed,
            "removed before its admission"
        );
        self.close(ROOM).await;
    }

    async fn rooms_are_apart(&self) {
        let anna = identity(1);
        self.open(ROOM, &[anna]).await;
        self.open(OTHER_ROOM, &[anna]).await;
        assert!(self.joins(ROOM, anna).await);
        assert_eq!(self.inside(OTHER_ROOM).await, []);
        assert_eq!(self.engine.remove(OTHER_ROOM, anna).await, Ok(()));
        self.close(OTHER_ROOM).await;
        assert_eq!(self.inside(ROOM).await, [anna]);
        self.close(ROOM).await;
    }

    async fn a_closed_room_is_forgotten(&self) {
        let [anna, bert] = [1, 2].map(identity);
        self.open(ROOM, &[anna, bert]).await;
        assert!(self.joins(ROOM, anna).await);
        assert_eq!(self.engine.remove(ROOM, bert).await, Ok(()));
        self.close(ROOM).await;
        assert!(!self.joins(ROOM, anna).await);

        self.open(ROOM, &[bert]).await;
        assert_eq!(self.inside(ROOM).await, []);
        assert!(!self.joins(ROOM, anna).await, "not admitted to the new room");
        assert!(self.joins(ROOM, bert).await, "the fence went with the old room");
        self.close(ROOM).await;
    }

    async fn open(&self, room: ConferenceId, admitted: &[Identity]) {
        assert_eq!(self.engine.open_room(room).await, Ok(()));
        for &identity in admitted {
            assert_eq!(self.engine.admit(room, identity).await, Ok(()));
        }
    }

    async fn close(&self, room: ConferenceId) {
        for _ in 0..2 {
            assert_eq!(self.engine.close_room(room).await, Ok(()));
            assert_eq!(failure(self.engine.list(room).await), Failure::UnknownRoom);
        }
    }

    async fn joins(&self, room: ConferenceId, identity: Identity) -> bool {
        self.visitors.join(room, identity).await
    }

    async fn inside(&self, room: ConferenceId) -> Vec<Identity> {
        let occupants = self.engine.list(room).await.expect("the room is open");
        assert!(occupants.iter().all(|occupant| !occupant.handles.is_empty()), "{occupants:?}");
        occupants.into_iter().map(|occupant| occupant.identity).collect()
    }
}

fn identity(number: i32) -> Identity {
    ParticipantId(number).into()
}

fn failure<T: std::fmt::Debug>(answer: Result<T, EngineError>) -> Failure {
    answer.expect_err("the contract says that this fails").failure
}
