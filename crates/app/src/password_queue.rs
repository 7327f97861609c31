//! The queue of log-ins, and the workers that check their passwords: a few at a time, for a check takes about 20 ms of a
//! core and 19 MiB.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::passwords::{HASH_OF_NOBODY, has_hash};

/// Maximum number of log-ins that wait or are being checked.
const PLACES: usize = 16;

/// Maximum number of those from addresses that have not logged in to the account before.
const PLACES_FOR_STRANGERS: usize = 12;

/// How long a log-in waits for a worker.
const WAIT: Duration = Duration::from_secs(4);

/// The queue.
pub(crate) struct PasswordQueue {
    places: Arc<Semaphore>,
    places_for_strangers: Arc<Semaphore>,
    workers: Arc<Semaphore>,
}

/// Too many log-ins are waiting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

/// A place in the queue. Dropping it leaves the queue.
pub(crate) struct Place {
    workers: Arc<Semaphore>,
    permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

impl PasswordQueue {
    /// A queue with this number of workers.
    pub(crate) fn new(workers: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self {
            places: semaphore(PLACES),
            places_for_strangers: semaphore(PLACES_FOR_STRANGERS),
            workers: semaphore(workers),
        }
    }

    /// Takes a place. Some places are kept for log-ins from addresses that are known for the account.
    pub(crate) fn enter(&self, known: bool) -> Result<Place, QueueFull> {
        let take = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().map_err(|_| QueueFull);
        let stranger = if known { None } else { Some(take(&self.places_for_strangers)?) };
        Ok(Place { workers: Arc::clone(&self.workers), permits: (take(&self.places)?, stranger) })
    }
}

impl Place {
    /// Whether the password has this hash. Without a hash (an unknown user) it takes the same time and is false.
    pub(crate) async fn check(self, password: String, hash: Option<String>) -> Result<bool, QueueFull> {
        let Self { workers, permits } = self;
        let worker = timeout(WAIT, workers.acquire_owned()).await;
        let worker = worker.map_err(|_| QueueFull)?.map_err(|_| QueueFull)?;
        let checked = tokio::task::spawn_blocking(move || {
            // They are given back when the work is done, even if the client has gone.
            let _held = (worker, permits);
            let fits = has_hash(&password, hash.as_deref().unwrap_or(HASH_OF_NOBODY));
            fits && hash.is_some()
        });
        checked.await.map_err(|_| QueueFull)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str =
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn the_queue_is_bounded_and_keeps_places_for_known_addresses() {
        let queue = PasswordQueue::new(1);
        let strangers: Vec<_> = (0..PLACES_FOR_STRANGERS).map(|_| queue.enter(false).unwrap()).collect();
        assert!(queue.enter(false).is_err());
        let known: Vec<_> = (PLACES_FOR_STRANGERS..PLACES).map(|_| queue.enter(true).unwrap()).collect();
        assert!(queue.enter(true).is_err());
        drop(strangers);
        assert!(queue.enter(false).is_ok());
        drop(known);
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_in_that_waits_too_long_or_whose_client_goes_leaves_the_queue() {
        let queue = PasswordQueue::new(1);
        let worker = Arc::clone(&queue.workers).acquire_owned().await.unwrap();
        let check = || queue.enter(false).unwrap().check(String::new(), Some(HASH.to_owned()));
        assert_eq!(check().await, Err(QueueFull));
        assert_eq!(queue.places.available_permits(), PLACES);
        assert!(timeout(WAIT / 2, check()).await.is_err());
        assert_eq!(queue.places.available_permits(), PLACES);
        drop(worker);
        assert_eq!(check().await, Ok(false));
    }
}
