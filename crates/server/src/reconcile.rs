//! A Janus that went on while no server was there: what it still has is compared with the database.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::interval;
use trialogue_domain::{Conference, ConferenceId, Participant};
use trialogue_media::{EngineError, Failure, Janus, VideoEngine};
use trialogue_storage::{Store, StoreError, Whose};

/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(10);

/// What was left as it is.
#[derive(Debug, thiserror::Error)]
enum ReconcileError {
    #[error("Janus' rooms can't be listed: {0}")]
    Rooms(Failure),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compares once, as soon as Janus and the database both answer.
pub(crate) async fn reconcile(janus: Janus, store: Store, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(PAUSE);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        match compare(&janus, &store).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "Janus could not be compared with the database yet"),
        }
    }
}

async fn compare(janus: &Janus, store: &Store) -> Result<(), ReconcileError> {
    // The rooms come first: one that is opened after this is not looked at, and not closed.
    for room in janus.rooms().await.map_err(ReconcileError::Rooms)? {
        compare_room(janus, store, room).await?;
    }
    Ok(())
}

async fn compare_room(janus: &Janus, store: &Store, room: ConferenceId) -> Result<(), ReconcileError> {
    let view = store.view(Whose::Id(room)).await?;
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
