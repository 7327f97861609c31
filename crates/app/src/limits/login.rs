//! Limits on log-ins, in the memory of one node: by address, by account, and by both.
//!
//! * An address may log in to accounts that it has not logged in to before at a limited rate.
//! * An account may be tried from addresses that have not logged in to it before at a limited rate.
//! * An address may try one account's password a few times. A right password starts the count anew.
//!
//! So guessing is slow from one address and from many, and it does not keep out a user who comes from an address that has
//! logged in before. All limits use monotonic time.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest, Sha256};
use trialogue_storage::UserRole;

use super::{Limiter, Monotonic, limiter};
use crate::error::AppError;
use crate::network::Network;
use crate::ports::{Clock, Entropy};

/// Log-ins of an address to accounts that are new to it: the burst, and the time after which one more is allowed.
const OF_ADDRESS: (NonZeroU32, Duration) = (NonZeroU32::new(300).unwrap(), Duration::from_millis(200));

/// Log-ins to an account from addresses that are new to it.
const OF_ACCOUNT: (NonZeroU32, Duration) = (NonZeroU32::new(100).unwrap(), Duration::from_secs(6));

/// Wrong passwords for one account from one address.
const OF_PAIR: (NonZeroU32, Duration) = (NonZeroU32::new(10).unwrap(), Duration::from_secs(30));

/// Number of remembered pairs of account and address. A newer pair takes the place of an older one.
const KNOWN_PAIRS: usize = 1 << 14;

/// Limits are kept for the hash of what they limit, cut to 16 bits: their number is bounded, whatever clients send. The
/// hash is keyed with a secret, so nobody can aim at the bucket of another.
type Bucket = u16;

/// The limits on log-ins.
pub(crate) struct LoginLimits {
    of_address: Limiter<Bucket>,
    of_account: Limiter<Bucket>,
    of_pair: Limiter<Bucket>,
    /// The pairs that a right password has come from, by the low bits of their hash.
    known: RwLock<Vec<Option<KnownPair>>>,
    successes: AtomicU64,
    key: [u8; 32],
    clock: Monotonic,
}

#[derive(Clone, Copy)]
struct KnownPair {
    pair: u64,
    /// Number of the latest right password. It is part of the bucket's name: each right password starts a new bucket.
    success: u64,
}

/// One try to log in: the hashes of what is limited.
pub(crate) struct Attempt {
    address: u64,
    account: u64,
    pair: u64,
    /// Number of the latest right password of the pair, if there was one.
    success: Option<u64>,
}

impl Attempt {
    /// Whether a right password has come from this address before.
    pub(crate) const fn is_known(&self) -> bool {
        self.success.is_some()
    }
}

impl LoginLimits {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Self {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        let clock = Monotonic(clock);
        Self {
            of_address: limiter(OF_ADDRESS, &clock),
            of_account: limiter(OF_ACCOUNT, &clock),
            of_pair: limiter(OF_PAIR, &clock),
            known: RwLock::new(vec![None; KNOWN_PAIRS]),
            successes: AtomicU64::new(0),
            key,
            clock,
        }
    }

    /// A try to log in that is not counted yet.
    pub(crate) fn attempt(&self, role: UserRole, email: &str, network: Network) -> Attempt {
        // A client and an interpreter with one address are two accounts.
        let account = format!("{role:?} {email}");
        let pair = self.hash(&[b"pair", &network.octets(), account.as_bytes()]);
        Attempt {
            address: self.hash(&[b"address", &network.octets()]),
            account: self.hash(&[b"account", account.as_bytes()]),
            pair,
            success: self.success(pair),
        }
    }

    /// Counts a try before the password is checked: tries that run side by side count as well.
    ///
    /// # Errors
    /// The limit that it exceeds, with the time to wait.
    pub(crate) fn admit(&self, attempt: &Attempt) -> Result<(), AppError> {
        let &Attempt { address, account, pair, success } = attempt;
        if success.is_none() {
            self.take(&self.of_address, address).map_err(AppError::TooManyLogins)?;
        }
        let tries = self.hash(&[b"tries", &pair.to_be_bytes(), &success.unwrap_or(0).to_be_bytes()]);
        self.take(&self.of_pair, tries).map_err(AppError::TooManyWrongPasswords)?;
        if success.is_none() {
            // This comes last: what one address may not try must not use up what others may.
            self.take(&self.of_account, account).map_err(AppError::TooManyWrongPasswords)?;
        }
        Ok(())
    }

    /// The password was right: the wrong ones before it do not count any more, and its address is known.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        let success = self.successes.fetch_add(1, Ordering::Relaxed) + 1;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known[slot(attempt.pair)] = Some(KnownPair { pair: attempt.pair, success });
    }

    fn success(&self, pair: u64) -> Option<u64> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known[slot(pair)].filter(|known| known.pair == pair).map(|known| known.success)
    }

    fn take(&self, limiter: &Limiter<Bucket>, hash: u64) -> Result<(), Duration> {
        #[expect(clippy::cast_possible_truncation, reason = "a bucket is the end of a hash")]
        let taken = limiter.check_key(&(hash as Bucket));
        taken.map_err(|not_until| not_until.wait_time_from(self.clock.0.monotonic()))
    }

    fn hash(&self, parts: &[&[u8]]) -> u64 {
        let mut hash = Sha256::new_with_prefix(self.key);
        for part in parts {
            hash.update(part);
            hash.update([0]);
        }
        hash.finalize().iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}

const fn slot(pair: u64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "a slot is the end of a hash")]
    let low = pair as usize;
    low % KNOWN_PAIRS
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use trialogue_domain::Timestamp;

    use super::*;

    #[derive(Default)]
    struct Passed(Mutex<Duration>);

    impl Clock for Passed {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn an_address_that_floods_waits_and_others_do_not() {
        let clock = Arc::new(Passed::default());
        let limits = LoginLimits::new(Arc::clone(&clock) as Arc<dyn Clock>, &Sevens);
        let network = |last| Network::of([192, 0, 2, last].into());
        let attempt = |name: &str, last| limits.attempt(UserRole::Client, name, network(last));
        let admit = |name: &str, last| limits.admit(&attempt(name, last));
        assert!(admit("nora", 1).is_ok());
        limits.succeeded(&attempt("nora", 1));
        for n in 1..OF_ADDRESS.0.get() {
            assert!(admit(&format!("name {n}"), 1).is_ok());
        }
        assert!(matches!(admit("one more", 1), Err(AppError::TooManyLogins(wait)) if wait <= OF_ADDRESS.1));
        assert!(admit("one more", 2).is_ok());
        assert!(admit("nora", 1).is_ok());
        *clock.0.lock().unwrap() += OF_ADDRESS.1;
        assert!(admit("one more", 1).is_ok());
    }
}
