//! Passwords: argon2id, on threads of their own, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::ports::Entropy;

/// Hashes a password for storage, as a PHC string.
///
/// # Errors
/// The hasher's own words, for a password that it can't take.
pub fn hash_password(password: &str, entropy: &dyn Entropy) -> Result<String, String> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|e| e.to_string())
}

/// The lane in which passwords are judged: hashing is made to be slow, and must not hold up the rest.
#[derive(Clone)]
pub(crate) struct PasswordLane {
    places: Arc<Semaphore>,
    nobody: Arc<str>,
}

/// The lane is full.
pub(crate) struct LaneFull;

impl PasswordLane {
    /// A lane that judges `at_once` passwords at a time.
    pub(crate) fn new(at_once: usize, entropy: &dyn Entropy) -> Result<Self, String> {
        let nobody = hash_password("nobody has this password", entropy)?.into();
        Ok(Self { places: Arc::new(Semaphore::new(at_once)), nobody })
    }

    /// Whether the password fits the hash. Without a hash (no such user) it takes as long, and is no.
    pub(crate) async fn fits(&self, password: String, hash: Option<String>) -> Result<bool, LaneFull> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| LaneFull)?;
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let judged = tokio::task::spawn_blocking(move || {
            // The place is given back when the work is done, even if the asker has gone.
            let _place = place;
            PasswordHash::new(&hash)
                .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        });
        Ok(judged.await.map_err(|_| LaneFull)? && exists)
    }
}
