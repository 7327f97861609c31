//! How much a browser may send: frames and their bytes, whatever they hold.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use trialogue_domain::ParticipantId;

use trialogue_app::{Clock, Limiter, Monotonic, limiter};

/// Frames of a participant: the burst, and the time after which one more is allowed. A join in a full conference takes a
/// few hundred.
const FRAMES: (NonZeroU32, Duration) = (NonZeroU32::new(2000).unwrap(), Duration::from_millis(5));

/// Bytes of a participant. A join in a full conference takes a few hundred KiB.
const BYTES: (NonZeroU32, Duration) = (NonZeroU32::new(2 << 20).unwrap(), Duration::from_micros(5));

/// Maximum number of frames before the participant is known.
const FRAMES_OF_STRANGER: u32 = 16;

/// Maximum number of bytes before the participant is known.
const BYTES_OF_STRANGER: u32 = 16 * 1024;

/// The allowances of all participants. A participant takes its own along when it comes again by another socket.
pub(crate) struct Allowances {
    frames: Limiter<ParticipantId>,
    bytes: Limiter<ParticipantId>,
}

/// What one socket may still send.
pub(super) enum Allowance {
    /// The socket has not said who it is.
    Stranger { frames: u32, bytes: u32 },
    /// The socket of a participant.
    Participant(Arc<Allowances>, ParticipantId),
}

impl Allowances {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let clock = Monotonic(clock);
        Self { frames: limiter(FRAMES, &clock), bytes: limiter(BYTES, &clock) }
    }

    fn take(&self, participant: ParticipantId, bytes: u32) -> bool {
        self.frames.check_key(&participant).is_ok()
            && NonZeroU32::new(bytes)
                .is_none_or(|bytes| matches!(self.bytes.check_key_n(&participant, bytes), Ok(Ok(()))))
    }

    /// Forgets participants that have not sent anything for a while.
    fn forget(&self) {
        self.frames.retain_recent();
        self.bytes.retain_recent();
    }
}

impl Allowance {
    pub(super) const fn of_stranger() -> Self {
        Self::Stranger { frames: FRAMES_OF_STRANGER, bytes: BYTES_OF_STRANGER }
    }

    /// Takes a frame of this length; whether it was allowed.
    pub(super) fn take(&mut self, length: usize) -> bool {
        let Ok(length) = u32::try_from(length) else { return false };
        match self {
            Self::Participant(allowances, participant) => allowances.take(*participant, length),
            Self::Stranger { frames, bytes } => {
                let left = frames.checked_sub(1).zip(bytes.checked_sub(length));
                (*frames, *bytes) = left.unwrap_or_default();
                left.is_some()
            }
        }
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        if let Self::Participant(allowances, _) = self {
            allowances.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use trialogue_domain::Timestamp;

    use super::*;

    #[derive(Default)]
    struct Passed(AtomicU64);

    impl Clock for Passed {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_micros(self.0.load(Ordering::SeqCst))
        }
    }

    fn taken(allowance: &mut Allowance, length: usize) -> u32 {
        let mut taken = 0;
        while allowance.take(length) {
            taken += 1;
        }
        taken
    }

    #[test]
    fn frames_and_bytes_are_limited_for_each_participant() {
        let clock = Arc::new(Passed::default());
        let allowances = Arc::new(Allowances::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let of = |n| Allowance::Participant(Arc::clone(&allowances), ParticipantId(n));
        assert_eq!(taken(&mut of(1), 0), FRAMES.0.get());
        // Another socket of the same participant has no more.
        assert_eq!(taken(&mut of(1), 0), 0);
        assert_eq!(taken(&mut of(2), 64 * 1024), 32);
        assert_eq!(taken(&mut of(2), 0), 2000 - 33);
        clock.0.fetch_add(1_000_000, Ordering::SeqCst);
        assert_eq!(taken(&mut of(1), 0), 200);
    }

    #[test]
    fn a_stranger_says_hello_and_little_else() {
        assert_eq!(taken(&mut Allowance::of_stranger(), 0), FRAMES_OF_STRANGER);
        assert_eq!(taken(&mut Allowance::of_stranger(), 8 * 1024), 2);
        let mut stranger = Allowance::of_stranger();
        assert!(!stranger.take(64 * 1024) && !stranger.take(0));
    }
}
