//! Whether the server can serve, and the supervision of its long-lived tasks.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use trialogue_domain::Timestamp;

/// How old the last heartbeat may be.
const STALE: Duration = Duration::from_secs(15);

/// Shortest and longest back-off before an ended task is restarted.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// How long a restarted task must live to count as up again.
const STEADY: Duration = Duration::from_secs(5);

/// What the server knows of its own readiness.
#[derive(Debug)]
pub struct Readiness {
    state: Mutex<State>,
    stopping: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    heartbeat: LastHeartbeat,
    down: BTreeSet<&'static str>,
}

/// The last heartbeat write.
#[derive(Debug, Default, Clone, Copy)]
enum LastHeartbeat {
    /// Nobody writes heartbeats.
    #[default]
    NotWritten,
    Committed(Timestamp),
    Failed,
}

/// Why a server is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// It is about to stop.
    Stopping,
    /// The last write to the database failed.
    WritesFail,
    /// No write to the database has succeeded lately.
    WritesHang,
    /// A task has ended and is not yet up again.
    TaskDown(&'static str),
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopping => f.write_str("the server is stopping"),
            Self::WritesFail => f.write_str("the database does not take writes"),
            Self::WritesHang => f.write_str("no write to the database has succeeded for 15 seconds"),
            Self::TaskDown(name) => write!(f, "the task \"{name}\" is down"),
        }
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self { state: Mutex::default(), stopping: watch::Sender::new(false) }
    }
}

impl Readiness {
    /// A heartbeat was committed at this time.
    pub fn heartbeat_committed(&self, at: Timestamp) {
        self.state().heartbeat = LastHeartbeat::Committed(at);
    }

    /// A heartbeat could not be written.
    pub fn heartbeat_failed(&self) {
        self.state().heartbeat = LastHeartbeat::Failed;
    }

    /// The server is about to stop. Tasks that end now are not restarted.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Everything that keeps the server from serving.
    pub fn faults(&self, now: Timestamp) -> Vec<Unready> {
        let mut faults = Vec::new();
        if *self.stopping.borrow() {
            faults.push(Unready::Stopping);
        }
        let state = self.state();
        match state.heartbeat {
            LastHeartbeat::Committed(at) if now.since(at) > STALE => faults.push(Unready::WritesHang),
            LastHeartbeat::Failed => faults.push(Unready::WritesFail),
            LastHeartbeat::Committed(_) | LastHeartbeat::NotWritten => {}
        }
        faults.extend(state.down.iter().copied().map(Unready::TaskDown));
        faults
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a long-lived task. If it panics or ends before the server stops, that is logged, the server is not ready, and the
/// task is started again after a back-off.
pub fn supervise<F: Future<Output = ()> + Send + 'static>(
    readiness: Arc<Readiness>,
    name: &'static str,
    mut start: impl FnMut() -> F + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut stopping = readiness.stopping.subscribe();
        let mut pause = PAUSES.0;
        loop {
            let mut task = tokio::spawn(start());
            let ended = if let Ok(ended) = timeout(STEADY, &mut task).await {
                ended
            } else {
                pause = PAUSES.0;
                readiness.state().down.remove(name);
                task.await
            };
            if *stopping.borrow() {
                return;
            }
            readiness.state().down.insert(name);
            match ended {
                Ok(()) => tracing::error!(task = name, "a task ended; it is restarted"),
                Err(error) => tracing::error!(%error, task = name, "a task failed; it is restarted"),
            }
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const NOON: Timestamp = Timestamp(1_767_225_600_000_000);

    #[test]
    fn a_heartbeat_grows_stale_and_a_failed_one_counts_at_once() {
        let readiness = Readiness::default();
        assert_eq!(readiness.faults(NOON), []);
        readiness.heartbeat_committed(NOON);
        assert_eq!(readiness.faults(NOON.after(STALE)), []);
        let late = NOON.after(STALE + Duration::from_secs(1));
        assert_eq!(readiness.faults(late), [Unready::WritesHang]);
        readiness.heartbeat_failed();
        assert_eq!(readiness.faults(NOON), [Unready::WritesFail]);
        readiness.heartbeat_committed(late);
        assert_eq!(readiness.faults(late), []);
        readiness.stop();
        assert_eq!(readiness.faults(late), [Unready::Stopping]);
    }

    #[test]
    fn the_operations_guide_explains_each_fault() {
        let guide = include_str!("../../../docs/operations.md");
        for fault in [Unready::Stopping, Unready::WritesFail, Unready::WritesHang, Unready::TaskDown("NAME")]
        {
            assert!(guide.contains(&format!("| `{fault}` |")), "{fault}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_or_ends_is_named_and_restarted() {
        let readiness = Arc::new(Readiness::default());
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        let supervisor = supervise(Arc::clone(&readiness), "hub", move || {
            let start = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match start {
                    0 => panic!("a test"),
                    1 => {}
                    _ => std::future::pending().await,
                }
            }
        });
        while starts.load(Ordering::SeqCst) < 3 {
            if starts.load(Ordering::SeqCst) == 2 {
                assert_eq!(readiness.faults(NOON), [Unready::TaskDown("hub")]);
            }
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(readiness.faults(NOON), [Unready::TaskDown("hub")], "it must live for a while");
        sleep(STEADY * 2).await;
        assert_eq!(readiness.faults(NOON), []);
        supervisor.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_when_the_server_stops_is_not_restarted() {
        let readiness = Arc::new(Readiness::default());
        readiness.stop();
        supervise(readiness, "hub", || async {}).await.unwrap_or_default();
    }
}
