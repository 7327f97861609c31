//! What the adapter takes from outside: the time and randomness.

use std::time::Duration;

use trialogue_domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;

    /// The time since a fixed moment. It never goes back, even if the system's clock is set back.
    fn monotonic(&self) -> Duration;
}

/// Gives random bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}
