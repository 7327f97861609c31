//! Announcements between nodes, by PostgreSQL's NOTIFY.
//!
//! The writer's transaction does not notify: a commit that notifies holds a lock of the whole database through the flush
//! of its log, so that commits of two writers could not share a flush, here or on other nodes. (Measured with pgbench on
//! disk: a third of the rate of 8 writers was left. Notified as it is done here, no loss could be measured.) Instead one
//! thread with a connection of its own notifies, after the commits, what has collected since the last time. Its own commit
//! waits for no flush. A node that dies between a commit and its notification announces nothing, so listeners also read
//! from time to time ([`crate::Wake`]).

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

/// The thread that exchanges announcements with the other nodes.
pub(crate) struct Nodes {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Nodes {
    /// Starts it. What is put into the returned queue goes to the other nodes, and what they announce goes to `here`.
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
                    // What was announced without a connection was not received here.
                    self.wake(Wake::Missed);
                    match self.exchange(connection, backend) {
                        Ok(()) => return,
                        Err(lost) => lost.to_string(),
                    }
                }
                Err(error) => error,
            };
            tracing::warn!(
                error = lost,
                "no connection for announcements between nodes; listeners read every few seconds"
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

    /// Sends and receives until the store is closed.
    fn exchange(&self, mut connection: PgConnection, own: i32) -> QueryResult<()> {
        while self.goes_on(TICK) {
            let payloads = payloads(self.waiting.try_iter());
            if !payloads.is_empty() {
                send(&mut connection, payloads)?;
            }
            for notification in connection.notifications_iter() {
                let notification = notification?;
                if notification.process_id != own {
                    self.wake(
                        read(&notification.payload)
                            .map_or(Wake::Missed, |changes| Wake::Changed(changes.into())),
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
        // An error means that there is no listener.
        let _ = self.here.send(wake);
    }
}

/// Notifies the nodes within the open transaction. It slows down other writers, so it is for rare changes only.
pub(crate) fn notify(connection: &mut AnyConnection, changes: &[Change]) -> Result<(), StoreError> {
    let AnyConnection::Postgres(connection) = connection else { return Ok(()) };
    send(connection, payloads(changes.iter().cloned())).map_err(StoreError::query("notify the nodes"))?;
    Ok(())
}

fn send(connection: &mut PgConnection, payloads: Vec<String>) -> QueryResult<usize> {
    diesel::sql_query("SELECT pg_notify($1, payload) FROM unnest($2) AS payload")
        .bind::<Text, _>(CHANNEL)
        .bind::<Array<Text>, _>(payloads)
        .execute(connection)
}

/// The texts that are sent: for each conference its id, the number of its last event, and the users, separated by dots; each
/// once.
fn payloads(changes: impl Iterator<Item = Change>) -> Vec<String> {
    let mut by_conference: BTreeMap<ConferenceId, Change> = BTreeMap::new();
    for change in changes {
        let latest =
            by_conference.entry(change.conference).or_insert_with(|| Change { users: Vec::new(), ..change });
        latest.last_seq = latest.last_seq.max(change.last_seq);
        latest.users.extend(change.users);
    }
    let mut full = Vec::new();
    let mut payload = String::new();
    for Change { conference, last_seq, mut users } in by_conference.into_values() {
        users.sort_unstable();
        users.dedup();
        let mut entry = format!("{conference}.{last_seq}");
        for user in users {
            if entry.len() > LONGEST / 2 {
                full.push(std::mem::replace(&mut entry, format!("{conference}.{last_seq}")));
            }
            // Writing to a String cannot fail.
            let _ = write!(entry, ".{user}");
        }
        if payload.len() + entry.len() >= LONGEST {
            full.push(std::mem::take(&mut payload));
        }
        if !payload.is_empty() {
            payload.push(' ');
        }
        payload.push_str(&entry);
    }
    if !payload.is_empty() {
        full.push(payload);
    }
    full
}

/// None if it has not the form of this version.
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

    fn received(sent: &[String]) -> Vec<Change> {
        sent.iter().flat_map(|payload| read(payload).unwrap()).collect()
    }

    #[test]
    fn each_conference_is_sent_once() {
        let changes = [change(7, 2, [5, 3]), change(9, 1, []), change(7, 4, [3]), change(7, 3, [])];
        let sent = payloads(changes.into_iter());
        assert_eq!(sent, ["7.4.3.5 9.1"]);
        assert_eq!(received(&sent), [change(7, 4, [3, 5]), change(9, 1, [])]);
        assert!(payloads(std::iter::empty()).is_empty());
    }

    #[test]
    fn no_payload_is_too_long_and_no_user_is_left_out() {
        let many = 1_000_000..1_003_000;
        let sent = payloads(many.clone().map(|id| change(id, 1, [])).chain([change(1, 1, many.clone())]));
        assert!(sent.len() > 3 && sent.iter().all(|payload| payload.len() < 8000));
        let received = received(&sent);
        let users = received.iter().flat_map(|c| &c.users).map(|u| u.0);
        assert!(users.eq(many.clone()));
        let others = received.iter().map(|c| c.conference.0).filter(|id| *id != 1);
        assert!(others.eq(many));
    }

    #[test]
    fn the_form_of_another_version_is_not_read() {
        for strange in ["", "x", "1", "1.", "1.2 ", "1.2.x", "{}"] {
            assert_eq!(read(strange), None, "{strange:?}");
        }
    }
}
