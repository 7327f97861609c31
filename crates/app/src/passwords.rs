//! Passwords: which may be set, how they are prepared, and their argon2id hashes.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::ports::Entropy;

/// Fewest characters of a new password.
const SHORTEST: usize = 8;

/// Most characters of a password, as the login model has it.
const LONGEST: usize = 256;

/// Allocated number of blocks of 1 KiB. glibc maps an allocation of more than 32 MiB by itself and returns it to the system
/// when it is freed; smaller ones stay in the process. Unused blocks are not touched, so they take no memory.
const ALLOCATED_BLOCKS: usize = 33 * 1024;

/// The hash that is checked where there is no user, with the costs of every other hash. No password is known for it.
pub(crate) const HASH_OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

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
/// The hasher's message, for a password that it cannot take.
pub fn hash_password(password: &str, entropy: &dyn Entropy) -> Result<String, String> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let hashed = || {
        let (algorithm, version, params) = (Algorithm::Argon2id, Version::V0x13, Params::default());
        let hash = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(&salt)?),
            hash: Some(output(
                &Argon2::new(algorithm, version, params),
                &prepared(password),
                &salt,
                Params::DEFAULT_OUTPUT_LEN,
            )?),
        };
        Ok(hash.to_string())
    };
    hashed().map_err(|error: argon2::password_hash::Error| error.to_string())
}

/// Whether the password has this hash.
pub(crate) fn has_hash(password: &str, hash: &str) -> bool {
    let prepared = prepared(password);
    // Earlier versions hashed passwords as they were typed.
    has_exact_hash(&prepared, hash) || (prepared != password && has_exact_hash(password, hash))
}

/// As `PasswordVerifier` does it.
fn has_exact_hash(password: &str, hash: &str) -> bool {
    let fits = || {
        let stored = PasswordHash::new(hash).ok()?;
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
        let version = stored.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let params = Params::try_from(&stored).ok()?;
        let (salt, expected) = (stored.salt?, stored.hash?);
        let argon2 = Argon2::new(algorithm, version, params);
        // The comparison of outputs takes constant time.
        Some(output(&argon2, password, &salt, expected.len()).ok()? == expected)
    };
    fits().unwrap_or(false)
}

/// The output of argon2, computed in memory that is returned to the system afterwards.
fn output(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    length: usize,
) -> argon2::password_hash::Result<Output> {
    let blocks = argon2.params().block_count();
    let mut memory = Vec::with_capacity(blocks.max(ALLOCATED_BLOCKS));
    memory.resize(blocks, Block::new());
    let mut bytes = vec![0; length];
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut bytes, &mut memory)?;
    Ok(Output::new(&bytes)?)
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;

    use super::*;

    /// No randomness.
    struct Zeroes;

    impl Entropy for Zeroes {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        let hash = hash_password("\u{feff}Zürich 1291", &Zeroes).unwrap();
        for (typed, fits) in [
            ("Zürich 1291", true),
            ("Zu\u{308}rich 1291", true),
            ("Zürich\u{a0}1291", true),
            ("zürich 1291", false),
            ("Zürich 1291 ", false),
        ] {
            assert_eq!(has_hash(typed, &hash), fits, "{typed:?}");
        }
        // As earlier versions hashed it: what was typed.
        let raw = Argon2::default().hash_password_with_salt("Zu\u{308}rich".as_bytes(), &[0; 16]).unwrap();
        assert!(has_hash("Zu\u{308}rich", &raw.to_string()));
    }

    #[test]
    fn hashes_are_those_of_the_hasher() {
        let ours = hash_password("a password", &Zeroes).unwrap();
        let theirs = Argon2::default().hash_password_with_salt(b"a password", &[0; 16]).unwrap();
        assert_eq!(ours, theirs.to_string());
        for hash in ["", "garbage", "$argon2id$v=19$m=19456,t=2,p=1", "$scrypt$ln=16$AAAA$AAAA"] {
            assert!(!has_hash("a password", hash), "{hash}");
        }
    }

    #[test]
    fn the_hash_of_nobody_costs_what_every_hash_costs() {
        let costs =
            |hash: &str| PasswordHash::new(hash).map(|hash| (hash.params, hash.hash.map(|h| h.len())));
        let ours = hash_password("a password", &Zeroes).unwrap();
        assert_eq!(costs(HASH_OF_NOBODY).unwrap(), costs(&ours).unwrap());
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
