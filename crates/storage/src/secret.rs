//! Hashes of secrets.

use sha2::{Digest, Sha256};

/// The hash under which a secret (token, invitation, account secret) is kept.
pub type SecretHash = [u8; 32];

/// Hashes a secret. It has 256 random bits, so a fast hash without salt is enough (unlike a password).
pub fn hash_secret(secret: &str) -> SecretHash {
    Sha256::digest(secret.as_bytes()).into()
}
