//! Passwords: argon2id, on threads of their own, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use tokio::sync::Semaphore;

use crate::ports::Entropy;

/// Fewest characters of a new password.
const SHORTEST: usize = 8;

/// Most characters of a password, as the login model has it.
const LONGEST: usize = 256;

/// A password that nobody could or should log in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNewPassword {
    /// It is too easily guessed.
    #[error("the password needs at least {SHORTEST} characters")]
    TooShort,
    /// Log-in would refuse it.
    #[error("the password may have at most {LONGEST} characters")]
    TooLong,
    /// Browsers let nobody type them.
    #[error("the password has control characters, which can't be typed")]
    Control,
}

/// Checks a password that is to be set: whatever passes can be logged in with.
///
/// # Errors
/// [`BadNewPassword`].
pub fn check_new_password(password: &str) -> Result<(), BadNewPassword> {
    let prepared = prepared(password);
    match prepared.chars().count() {
        ..SHORTEST => Err(BadNewPassword::TooShort),
        SHORTEST..=LONGEST if prepared.contains(is_untypable) => Err(BadNewPassword::Control),
        SHORTEST..=LONGEST => Ok(()),
        _ => Err(BadNewPassword::TooLong),
    }
}

/// The form in which a password is hashed and compared, so that it is the same from every keyboard: RFC 8265's
/// `OpaqueString` (composed characters, ordinary spaces), without a byte order mark that a file began with.
fn prepared(typed: &str) -> String {
    let typed = typed.strip_prefix('\u{feff}').unwrap_or(typed);
    let is_space = |c| CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::SpaceSeparator;
    let spaced: String = typed.chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    ComposingNormalizerBorrowed::new_nfc().normalize(&spaced).into_owned()
}

/// Control characters, and those that no text has.
fn is_untypable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
}

/// Hashes a password for storage, as a PHC string.
///
/// # Errors
/// The hasher's own words, for a password that it can't take.
pub fn hash_password(password: &str, entropy: &dyn Entropy) -> Result<String, String> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    Argon2::default()
        .hash_password_with_salt(prepared(password).as_bytes(), &salt)
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
            let Ok(parsed) = PasswordHash::new(&hash) else { return false };
            let fits = |text: &str| Argon2::default().verify_password(text.as_bytes(), &parsed).is_ok();
            let prepared = prepared(&password);
            // Earlier versions hashed passwords as they were typed.
            fits(&prepared) || (prepared != password && fits(&password))
        });
        Ok(judged.await.map_err(|_| LaneFull)? && exists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No randomness.
    struct Zeroes;

    impl Entropy for Zeroes {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    #[tokio::test]
    async fn a_password_is_the_same_from_every_keyboard() {
        let lane = PasswordLane::new(1, &Zeroes).unwrap();
        let hash = hash_password("\u{feff}Zürich 1291", &Zeroes).unwrap();
        for (typed, fits) in [
            ("Zürich 1291", true),
            ("Zu\u{308}rich 1291", true),
            ("Zürich\u{a0}1291", true),
            ("zürich 1291", false),
            ("Zürich 1291 ", false),
        ] {
            let judged = lane.fits(typed.to_owned(), Some(hash.clone())).await;
            assert!(judged.is_ok_and(|judged| judged == fits), "{typed:?}");
        }
        // As earlier versions hashed it: what was typed.
        let raw = Argon2::default().hash_password_with_salt("Zu\u{308}rich".as_bytes(), &[0; 16]).unwrap();
        let judged = lane.fits("Zu\u{308}rich".to_owned(), Some(raw.to_string())).await;
        assert!(judged.is_ok_and(|fits| fits));
    }

    #[test]
    fn a_new_password_can_be_logged_in_with() {
        for (password, checked) in [
            ("12345678".to_owned(), Ok(())),
            ("\u{feff}1234567".to_owned(), Err(BadNewPassword::TooShort)),
            ("u\u{308}".repeat(7), Err(BadNewPassword::TooShort)),
            ("ü".repeat(256), Ok(())),
            ("ü".repeat(257), Err(BadNewPassword::TooLong)),
            ("1234567\t".to_owned(), Err(BadNewPassword::Control)),
            ("1234567\r".to_owned(), Err(BadNewPassword::Control)),
            ("1234567\u{0}8".to_owned(), Err(BadNewPassword::Control)),
        ] {
            assert_eq!(check_new_password(&password), checked, "{password:?}");
        }
    }
}
