//! A Janus that went on while no server was there: what it still has is compared with the database.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use trialogue_domain::{Conference, ConferenceId, Participant};
use trialogue_media::{EngineError, Failure, Janus, VideoEngine};
use trialogue_storage::{ConferenceLookup, Store, StoreError};

use crate::back_off::pause;

/// Shortest and longest back-off between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(10));

/// Why the comparison is not complete.
#[derive(Debug, thiserror::Error)]
enum ReconcileError {
    #[error("Janus' rooms can't be listed: {0}")]
    Rooms(Failure),
    #[error("{0} rooms are left")]
    Some(usize),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compares once, as soon as Janus and the database both answer.
pub async fn reconcile(janus: Janus, store: Store, mut stop: watch::Receiver<bool>) {
    for attempts in 1.. {
        match compare(&janus, &store).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "Janus could not be compared with the database yet"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(pause(attempts, PAUSES.0, PAUSES.1, 0)) => {}
        }
    }
}

async fn compare(janus: &Janus, store: &Store) -> Result<(), ReconcileError> {
    // The rooms come first: one that is opened after this is not looked at, and not closed.
    let mut failed = 0_usize;
    for room in janus.rooms().await.map_err(ReconcileError::Rooms)? {
        if let Err(error) = compare_room(janus, store, room).await {
            tracing::warn!(%error, conference = room.0, "a room of Janus could not be compared yet");
            failed += 1;
        }
    }
    if failed == 0 { Ok(()) } else { Err(ReconcileError::Some(failed)) }
}

async fn compare_room(janus: &Janus, store: &Store, room: ConferenceId) -> Result<(), ReconcileError> {
    let view = store.view(ConferenceLookup::Id(room)).await?;
    let Some(conference) = view.map(|view| view.conference).filter(Conference::is_live) else {
        tracing::warn!(conference = room.0, "Janus still had the room of a conference that is over");
        return Ok(janus.close_room(room).await?);
    };
    let occupants = match janus.list(room).await {
        Err(EngineError { failure: Failure::UnknownRoom, .. }) => return Ok(()),
        occupants => occupants?,
    };
    for identity in occupants.into_iter().map(|occupant| occupant.identity) {
        if !conference.participant(identity.participant()).is_some_and(Participant::is_live) {
            tracing::warn!(conference = room.0, %identity, "Janus still had a participant that is out");
            janus.remove(room, identity).await?;
        }
    }
    Ok(())
}
