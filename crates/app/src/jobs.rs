//! Work that waits in the database for a system outside: one lane for each system, with its own hands and its own
//! claims, so that one that hangs keeps nobody else waiting.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

pub(crate) mod delivery;
pub(crate) mod engine;

/// How long claimed work is this node's alone.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// So long a system's answer is waited for: what comes of it is noted before the lease ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// How often a lane looks for work.
const TICK: Duration = Duration::from_millis(200);

/// The work for one system.
pub(crate) trait Lane: Clone + Send + 'static {
    /// What one hand does.
    type Work: Send + 'static;

    /// So much is done at a time.
    const HANDS: usize;

    /// Claims work for up to so many hands. What can't be claimed now is claimed at the next look.
    fn claim(&self, hands: usize) -> impl Future<Output = Vec<Self::Work>> + Send;

    /// Does it, and notes what came of it. It ends in time, whatever the system does.
    fn work(&self, work: Self::Work) -> impl Future<Output = ()> + Send;
}

/// Works until told to stop; what is under way then is finished.
pub(crate) async fn run<L: Lane>(lane: L, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut busy = JoinSet::new();
    let mut more = false;
    loop {
        let ticked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = busy.join_next() => false,
            _ = ticks.tick() => true,
        };
        // Between ticks it waits until half of the hands are free: a claim for each of them is too dear.
        if busy.len() < L::HANDS && (ticked || (more && busy.len() <= L::HANDS / 2)) {
            let claimed = lane.claim(L::HANDS - busy.len()).await;
            more = !claimed.is_empty();
            for work in claimed {
                let lane = lane.clone();
                busy.spawn(async move { lane.work(work).await });
            }
        }
    }
    while busy.join_next().await.is_some() {}
}

/// The pause after so many tries: it doubles from twice `first` to `longest`, less up to a quarter. The number picks how
/// much less: that of what is tried, so that many don't come back together.
pub(crate) fn pause(attempts: i32, first: Duration, longest: Duration, number: i32) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempts.clamp(1, 30).unsigned_abs()));
    let pause = doubled.min(longest);
    pause.saturating_sub(pause / 4 * (number.cast_unsigned() % 256) / 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_spread() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(30));
        for (attempts, at_most) in [(0, 200), (1, 200), (2, 400), (5, 3200), (9, 30_000), (i32::MAX, 30_000)]
        {
            let at_most = Duration::from_millis(at_most);
            let pauses: Vec<Duration> =
                (0..100).map(|number| pause(attempts, first, longest, number)).collect();
            assert!(pauses.iter().all(|p| *p <= at_most && *p >= at_most * 3 / 4), "{attempts}: {pauses:?}");
            assert!(pauses.iter().any(|p| *p != pauses[0]), "{attempts}: all come back together");
        }
    }
}
