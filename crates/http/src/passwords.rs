//! Passwords: argon2id, on a few threads of their own, behind a bounded queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::ports::Entropy;

/// Number of log-ins that may wait or be checked at a time.
const QUEUE: usize = 16;

/// How many of them may come from addresses that have not logged in to the account before.
const QUEUE_OF_STRANGERS: usize = 12;

/// How long a log-in waits for its turn.
const WAIT: Duration = Duration::from_secs(4);

/// Hashes a password for storage, as a PHC string.
///
/// # Errors
/// The hasher's message, for a password that it cannot take.
pub fn hash_password(password: &str, entropy: &dyn Entropy) -> Result<String, String> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|e| e.to_string())
}

/// The queue of log-ins, and the workers that check passwords. A check takes about 20 ms of a core and 19 MiB.
pub(crate) struct Passwords {
    queue: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    /// The memory of workers that are idle. It is freed when the queue is empty.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    nobody: Arc<str>,
}

/// Too many log-ins are waiting.
#[derive(Debug)]
pub(crate) struct QueueFull;

/// A place in the queue. It is free again when this is dropped.
pub(crate) struct Place<'p> {
    passwords: &'p Passwords,
    permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

impl Passwords {
    /// A queue whose passwords are checked by this number of workers.
    pub(crate) fn new(workers: usize, entropy: &dyn Entropy) -> Result<Self, String> {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Ok(Self {
            queue: semaphore(QUEUE),
            strangers: semaphore(QUEUE_OF_STRANGERS),
            workers: semaphore(workers),
            memory: Arc::default(),
            nobody: hash_password("nobody has this password", entropy)?.into(),
        })
    }

    /// Takes a place in the queue. Some places are kept for users who come from a known address.
    pub(crate) fn queue(&self, known: bool) -> Result<Place<'_>, QueueFull> {
        let take = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().map_err(|_| QueueFull);
        let stranger = if known { None } else { Some(take(&self.strangers)?) };
        Ok(Place { passwords: self, permits: (take(&self.queue)?, stranger) })
    }
}

impl Place<'_> {
    /// Whether the password has this hash. Without a hash (no such user) it takes as long, and is no.
    ///
    /// If the future is dropped while it waits, it leaves the queue.
    pub(crate) async fn check(self, password: String, hash: Option<String>) -> Result<bool, QueueFull> {
        let Self { passwords, permits } = self;
        let worker = timeout(WAIT, Arc::clone(&passwords.workers).acquire_owned()).await;
        let worker = worker.map_err(|_| QueueFull)?.map_err(|_| QueueFull)?;
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| passwords.nobody.to_string());
        let (idle, queue) = (Arc::clone(&passwords.memory), Arc::clone(&passwords.queue));
        let checked = tokio::task::spawn_blocking(move || {
            let mut memory = locked(&idle).pop().unwrap_or_default();
            let fits = has_hash(&password, &hash, &mut memory);
            // The place and the worker are given back when the work is done, even if the client has gone.
            drop(permits);
            if queue.available_permits() == QUEUE {
                locked(&idle).clear();
            } else {
                locked(&idle).push(memory);
            }
            drop(worker);
            fits
        });
        Ok(checked.await.map_err(|_| QueueFull)? && exists)
    }
}

fn locked(memory: &Mutex<Vec<Vec<Block>>>) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As `PasswordVerifier` does it, in memory that is used again.
fn has_hash(password: &str, hash: &str, memory: &mut Vec<Block>) -> bool {
    let fits = || -> Option<bool> {
        let stored = PasswordHash::new(hash).ok()?;
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
        let version = stored.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let params = Params::try_from(&stored).ok()?;
        let expected = stored.hash.as_ref()?;
        let blocks = params.block_count();
        if memory.len() < blocks {
            memory.resize(blocks, Block::new());
        }
        let mut bytes = vec![0; expected.len()];
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(
                password.as_bytes(),
                stored.salt.as_ref()?,
                &mut bytes,
                &mut memory[..blocks],
            )
            .ok()?;
        // The comparison of outputs takes constant time.
        Some(Output::new(&bytes).ok()? == *expected)
    };
    fits().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    fn passwords() -> Passwords {
        Passwords::new(1, &Zeros).unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = passwords();
        let hash = hash_password("a password", &Zeros).unwrap();
        for (password, hash, fits) in [
            ("a password", Some(hash.clone()), true),
            ("a passwore", Some(hash), false),
            ("nobody has this password", None, false),
            ("a password", Some("garbage".to_owned()), false),
        ] {
            let place = passwords.queue(true).unwrap();
            assert_eq!(place.check(password.to_owned(), hash).await.unwrap(), fits, "{password}");
        }
        assert!(locked(&passwords.memory).is_empty());
    }

    #[test]
    fn the_queue_is_bounded_and_keeps_places_for_known_addresses() {
        let passwords = passwords();
        let strangers: Vec<_> = (0..QUEUE_OF_STRANGERS).map(|_| passwords.queue(false).unwrap()).collect();
        assert!(passwords.queue(false).is_err());
        let known: Vec<_> = (QUEUE_OF_STRANGERS..QUEUE).map(|_| passwords.queue(true).unwrap()).collect();
        assert!(passwords.queue(true).is_err());
        drop(strangers);
        assert!(passwords.queue(false).is_ok());
        drop(known);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_or_goes_leaves_the_queue() {
        let passwords = passwords();
        let worker = Arc::clone(&passwords.workers).acquire_owned().await.unwrap();
        let late = passwords.queue(false).unwrap().check(String::new(), None);
        assert!(late.await.is_err());
        assert_eq!(passwords.queue.available_permits(), QUEUE);
        let gone = passwords.queue(false).unwrap().check(String::new(), None);
        assert!(timeout(WAIT / 2, gone).await.is_err());
        assert_eq!(passwords.queue.available_permits(), QUEUE);
        drop(worker);
    }
}
