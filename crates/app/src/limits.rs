//! Limits on how often things happen, in the memory of one node and by monotonic time.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::ports::Clock;

pub(crate) mod login;

/// A limit for each key.
pub type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, Monotonic, NoOpMiddleware<Duration>>;

/// The application's clock for the limiters.
#[derive(Clone)]
pub struct Monotonic(pub Arc<dyn Clock>);

impl GovernorClock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

/// Allows `burst` at once, and one more after each `refill`.
pub fn limiter<K: Hash + Eq + Clone>(
    (burst, refill): (NonZeroU32, Duration),
    clock: &Monotonic,
) -> Limiter<K> {
    // There is no quota for a refill in no time; none of the limits has one.
    let quota = Quota::with_period(refill).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
    RateLimiter::new(quota, HashMapStateStore::default(), clock.clone())
}
