//! The last stage of a removal.

use trialogue_domain::ConferenceId;

use crate::{EngineError, Failure, Identity, VideoEngine};

/// Whether the engine lists no handle of an identity. Asked after [`VideoEngine::remove`] has answered, a yes verifies
/// the removal; asked before, it proves nothing (see the [removal contract](crate#the-removal-contract)).
///
/// # Errors
/// Those of [`VideoEngine::list`], but for an unknown room: nobody is in it.
pub async fn is_gone(
    engine: &dyn VideoEngine,
    room: ConferenceId,
    identity: Identity,
) -> Result<bool, EngineError> {
    match engine.list(room).await {
        Ok(occupants) => Ok(occupants.iter().all(|occupant| occupant.identity != identity)),
        Err(EngineError { failure: Failure::UnknownRoom, .. }) => Ok(true),
        Err(error) => Err(error),
    }
}
