//! Between nodes: what one commits, the others hear of through PostgreSQL's NOTIFY.
//!
//! Not in the writer's transaction: a commit that notifies holds a lock of the whole database through the flush of its
//! log, so no two writers' commits would share a flush any more, here or on other nodes. (Measured with pgbench on disk:
//! of 8 writers' rate a third was left; told from outside as it is done here, nothing was lost that could be told from
//! the noise.) Instead one thread with a
//! connection of its own tells, after the commits, what has come together since the last time; its own commit waits
//! for no flush. A node that dies between a commit and the telling has told nothing, so listeners also look by
//! themselves ([`crate::Wake`]).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};
use tokio::sync::broadcast;
use trialogue_domain::{ConferenceId, UserId};

use crate::changes::change::{Change, Wake};
use crate::database::connect::connect;
use crate::database::connection::{AnyConnection, Purpose};
use crate::database::url::DatabaseUrl;
use crate::error::StoreError;
use crate::threads::join_within;

/// Interval at which changes are sent and notifications are read. libpq cannot wait for both.
const TICK: Duration = Duration::from_millis(20);

/// Maximum number of changes that wait to be sent. Further ones are dropped; listeners find them when they poll.
const WAITING: usize = 4096;

/// PostgreSQL takes less than 8,000 bytes.
const LONGEST: usize = 7000;

/// The pauses between two tries to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long closing waits for the thread.
const CLOSING: Duration = Duration::from_secs(2);

const CHANNEL: &str = "trialogue_changes";

/// The thread that talks to the other nodes.
pub(crate) struct Nodes {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Nodes {
    /// Starts it; what is sent to the other end is told to the other nodes, and what they tell goes to `here`.
    pub(crate) fn start(
        url: &DatabaseUrl,
        here: broadcast::Sender<Wake>,
    ) -> std::io::Result<(Self, SyncSender<Change>)> {
        let (queue, waiting) = sync_channel(WAITING);
        let (stop, stopped) = sync_channel(0);
        let exchange = Exchange { url: url.clone(), here, waiting, stopped };
        let thread = std::thread::Builder::new().name("store-nodes".to_owned()).spawn(move || {
            // A panic was logged by the panic hook; the thread begins anew after a pause.
            while catch_unwind(AssertUnwindSafe(|| exchange.run())).is_err() && exchange.goes_on(PAUSES.1) {}
        })?;
        Ok((Self { stop, thread }, queue))
    }

    /// Ends it.
    pub(crate) fn close(self) {
        drop(self.stop);
        join_within(vec![self.thread], CLOSING);
    }
}

struct Exchange {
    url: DatabaseUrl,
    here: broadcast::Sender<Wake>,
    waiting: Receiver<Change>,
    stopped: Receiver<()>,
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

impl Exchange {
    fn run(&self) {
        let mut pause = PAUSES.0;
        loop {
            let lost = match self.connect() {
                Ok((connection, backend)) => {
                    pause = PAUSES.0;
                    // What was told meanwhile, nobody here has heard.
                    self.wake(Wake::Missed);
                    match self.talk(connection, backend) {
                        Ok(()) => return,
                        Err(lost) => lost.to_string(),
                    }
                }
                Err(error) => error,
            };
            tracing::warn!(
                error = lost,
                "the line to the other nodes is down; they are looked after every few seconds"
            );
            if !self.goes_on(pause) {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    fn connect(&self) -> Result<(PgConnection, i32), String> {
        let AnyConnection::Postgres(mut connection) =
            connect(&self.url, Purpose::Read).map_err(|e| e.to_string())?
        else {
            return Err("only PostgreSQL has nodes".to_owned());
        };
        let listen = format!("SET synchronous_commit TO off; LISTEN {CHANNEL}");
        connection.batch_execute(&listen).map_err(|e| e.to_string())?;
        let backend: Backend = diesel::sql_query("SELECT pg_backend_pid() AS pid")
            .get_result(&mut connection)
            .map_err(|e| e.to_string())?;
        Ok((connection, backend.pid))
    }

    /// Tells and listens until told to stop.
    fn talk(&self, mut connection: PgConnection, own: i32) -> QueryResult<()> {
        while self.goes_on(TICK) {
            let told = payloads(self.waiting.try_iter());
            if !told.is_empty() {
                tell(&mut connection, told)?;
            }
            for heard in connection.notifications_iter() {
                let heard = heard?;
                if heard.process_id != own {
                    self.wake(
                        read(&heard.payload).map_or(Wake::Missed, |changes| Wake::Changed(changes.into())),
                    );
                }
            }
        }
        Ok(())
    }

    /// Waits. False when the store is closed.
    fn goes_on(&self, wait: Duration) -> bool {
        matches!(self.stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout))
    }

    fn wake(&self, wake: Wake) {
        // Without a listener there is nobody to wake.
        let _ = self.here.send(wake);
    }
}

/// Tells the nodes within the open transaction. It slows down other writers, so it is for rare changes only.
pub(crate) fn notify(connection: &mut AnyConnection, changes: &[Change]) -> Result<(), StoreError> {
    let AnyConnection::Postgres(connection) = connection else { return Ok(()) };
    tell(connection, payloads(changes.iter().cloned())).map_err(StoreError::query("tell the nodes"))?;
    Ok(())
}

fn tell(connection: &mut PgConnection, payloads: Vec<String>) -> QueryResult<usize> {
    diesel::sql_query("SELECT pg_notify($1, told) FROM unnest($2) AS told")
        .bind::<Text, _>(CHANNEL)
        .bind::<Array<Text>, _>(payloads)
        .execute(connection)
}

/// What is told: for each conference its number, its last place, and the users, joined by points; each once.
fn payloads(changes: impl Iterator<Item = Change>) -> Vec<String> {
    let mut by_conference: BTreeMap<ConferenceId, Change> = BTreeMap::new();
    for change in changes {
        let latest =
            by_conference.entry(change.conference).or_insert_with(|| Change { users: Vec::new(), ..change });
        latest.last_seq = latest.last_seq.max(change.last_seq);
        latest.users.extend(change.users);
    }
    let mut told = Vec::new();
    let mut payload = String::new();
    for Change { conference, last_seq, mut users } in by_conference.into_values() {
        users.sort_unstable();
        users.dedup();
        let mut entry = format!("{conference}.{last_seq}");
        for user in users {
            if entry.len() > LONGEST / 2 {
                told.push(std::mem::replace(&mut entry, format!("{conference}.{last_seq}")));
            }
            // Writing to a String cannot fail.
            let _ = write!(entry, ".{user}");
        }
        if payload.len() + entry.len() >= LONGEST {
            told.push(std::mem::take(&mut payload));
        }
        if !payload.is_empty() {
            payload.push(' ');
        }
        payload.push_str(&entry);
    }
    if !payload.is_empty() {
        told.push(payload);
    }
    told
}

/// None if it is not what a node of this version tells.
fn read(payload: &str) -> Option<Vec<Change>> {
    let entry = |text: &str| {
        let mut numbers = text.split('.').map(str::parse::<i32>);
        let conference = ConferenceId(numbers.next()?.ok()?);
        let last_seq = numbers.next()?.ok()?;
        let users = numbers.map(|user| user.ok().map(UserId)).collect::<Option<_>>()?;
        Some(Change { conference, last_seq, users })
    };
    payload.split(' ').map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(conference: i32, last_seq: i32, users: impl IntoIterator<Item = i32>) -> Change {
        Change {
            conference: ConferenceId(conference),
            last_seq,
            users: users.into_iter().map(UserId).collect(),
        }
    }

    fn heard(told: &[String]) -> Vec<Change> {
        told.iter().flat_map(|payload| read(payload).unwrap()).collect()
    }

    #[test]
    fn what_is_told_is_heard_each_conference_once() {
        let changes = [change(7, 2, [5, 3]), change(9, 1, []), change(7, 4, [3]), change(7, 3, [])];
        let told = payloads(changes.into_iter());
        assert_eq!(told, ["7.4.3.5 9.1"]);
        assert_eq!(heard(&told), [change(7, 4, [3, 5]), change(9, 1, [])]);
        assert!(payloads(std::iter::empty()).is_empty());
    }

    #[test]
    fn no_payload_is_too_long_and_nobody_is_left_out() {
        let many = 1_000_000..1_003_000;
        let told = payloads(many.clone().map(|id| change(id, 1, [])).chain([change(1, 1, many.clone())]));
        assert!(told.len() > 3 && told.iter().all(|payload| payload.len() < 8000));
        let heard = heard(&told);
        let users = heard.iter().flat_map(|c| &c.users).map(|u| u.0);
        assert!(users.eq(many.clone()));
        let others = heard.iter().map(|c| c.conference.0).filter(|id| *id != 1);
        assert!(others.eq(many));
    }

    #[test]
    fn what_another_version_may_tell_is_not_understood() {
        for strange in ["", "x", "1", "1.", "1.2 ", "1.2.x", "{}"] {
            assert_eq!(read(strange), None, "{strange:?}");
        }
    }
}
