//! How many concurrent calls one node holds: three parties with a socket and an event stream each, and two of them polling.

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, interval_at, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::calls;
use crate::clock::micros_of;
use crate::connection::Connection;
use crate::place::{Ground, Place, move_to_memory};
use crate::programs::{Server, serve};
use crate::request::ServerError;
use crate::seed::{Amount, Pair};
use crate::stats::Sample;
use crate::streams;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The connections that the parties hold open. None of them ends by itself.
type Held = Rc<RefCell<JoinSet<anyhow::Result<Infallible>>>>;

/// Calls that are opened at the same time.
const OPENERS: usize = 8;

/// Seconds before anything counts, and that are measured; each has one poll of a party. At first the server has none of the
/// calls in memory.
const WARM_UP: u32 = 5;
const MEASURED: u32 = 20;

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_mins(2);

/// Opens this number of calls, holds them, and prints what was seen.
pub(crate) fn measure(program: &Path, calls: u32) -> anyhow::Result<()> {
    move_to_memory()?;
    println!();
    for place in [Place::SqliteMemory, Place::PostgresMemory] {
        let mut ground = Ground::new(place)?;
        let seeded = ground.seed(Amount { guests: 1, past: 1_000, pairs: calls })?;
        let copy = ground.copy(&seeded)?;
        let server = Server::start(
            serve(program, &copy.url, true).args(["--trusted-proxies", "127.0.0.1"]),
            &ground.dir.path().join("log"),
        )?;
        let empty = server.resident_kb()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let pairs = (1..=calls).map(|number| seeded.amount.pair(number)).collect();
        let (full, cpu, polls) = LocalSet::new().block_on(&runtime, hold(&server, pairs))?;
        let sample = Sample::of(polls.latencies, f64::from(MEASURED), polls.server_errors);
        println!(
            "{place:?}, {calls} calls: {} KB each; {:.0} polls a second, p50 {:.1} ms, p99 {:.1} ms (wanted: below 100 ms \
             with 1,000), {} answered with 5xx, and {} before; {:.0} % of one core",
            full.saturating_sub(empty) / u64::from(calls.max(1)),
            sample.rate,
            sample.p50_ms,
            sample.p99_ms,
            sample.server_errors,
            polls.server_errors_before,
            cpu.as_secs_f64() / f64::from(WARM_UP + MEASURED) * 1e2,
        );
    }
    Ok(())
}

/// What the polls saw.
#[derive(Debug, Default)]
struct Polls {
    /// Microseconds from when a poll was due to its answer.
    latencies: Vec<u32>,
    /// Answers of 500 or above.
    server_errors: u64,
    /// The same in the warm-up.
    server_errors_before: u64,
}

/// The server's resident kilobytes with all calls on; its processor time while they were held; the polls in that time.
async fn hold(server: &Server, pairs: Vec<Pair>) -> anyhow::Result<(u64, Duration, Polls)> {
    let held = Held::default();
    let calls = u32::try_from(pairs.len())?;
    let mut openers = JoinSet::new();
    for some in pairs.chunks(pairs.len().div_ceil(OPENERS)) {
        openers.spawn_local(open_all(server.address, some.to_vec(), Rc::clone(&held)));
    }
    while let Some(opener) = openers.join_next().await {
        opener??;
    }
    let full = server.resident_kb()?;

    let (cpu, begin) = (server.cpu()?, Instant::now());
    let mut pollers = JoinSet::new();
    for (number, pair) in (0..).zip(pairs) {
        // Evenly over a second.
        let first = begin + Duration::from_secs_f64(f64::from(number) / f64::from(calls));
        pollers.spawn_local(poll(server.address, "Client/Request/Status", pair.client, first));
        pollers.spawn_local(poll(server.address, "Provider/Task/Status", pair.provider, first));
    }
    let mut all = Polls::default();
    while let Some(poller) = timeout(PATIENCE, pollers.join_next()).await.context("polls did not end")? {
        let polls = poller??;
        all.latencies.extend(polls.latencies);
        all.server_errors += polls.server_errors;
        all.server_errors_before += polls.server_errors_before;
    }
    let cpu = server.cpu()?.saturating_sub(cpu);
    if let Some(ended) = held.borrow_mut().try_join_next() {
        match ended?? {}
    }
    Ok((full, cpu, all))
}

/// Opens a call for each pair; all parties come with their sockets and event streams, and stay.
async fn open_all(server: SocketAddr, pairs: Vec<Pair>, held: Held) -> anyhow::Result<()> {
    let mut connection = Connection::new(server);
    for pair in pairs {
        let call = calls::open(&mut connection, &pair).await?;
        let of_guest = calls::account_of_guest(&mut connection, &call).await?;
        let [of_client, of_provider] = call.accounts;
        for account in [of_client, of_provider, of_guest] {
            let url = format!("ws://{server}/API/Signalling/{}", call.conference);
            let (mut socket, _) = connect_async(url).await?;
            socket
                .send(Message::text(format!(r#"{{"type":"hello","version":1,"account":"{account}"}}"#)))
                .await?;
            let first = timeout(PATIENCE, socket.next()).await?.context("a socket's first message")??;
            ensure!(first.to_text()?.contains("\"welcome\""), "not welcome: {first}");
            held.borrow_mut().spawn_local(answer_pings(socket));
        }
        for token in [pair.client, pair.provider, call.guest_token] {
            let mut stream = streams::open(server, &token).await?;
            ensure!(stream.read(&mut [0; 512]).await? > 0, "the server closed an event stream");
            held.borrow_mut().spawn_local(drain(stream));
        }
    }
    Ok(())
}

/// What a page's socket does while nothing happens.
async fn answer_pings(mut socket: Socket) -> anyhow::Result<Infallible> {
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() && message.to_text()?.contains("\"ping\"") {
            socket.send(Message::text(r#"{"type":"pong"}"#)).await?;
        }
    }
    bail!("the server closed a socket")
}

/// What a page's event stream does while nothing happens.
async fn drain(mut stream: TcpStream) -> anyhow::Result<Infallible> {
    while stream.read(&mut [0; 512]).await? > 0 {}
    bail!("the server closed an event stream")
}

/// Polls each second.
async fn poll(server: SocketAddr, path: &str, token: String, first: Instant) -> anyhow::Result<Polls> {
    let mut connection = Connection::new(server);
    let mut due = interval_at(first, Duration::from_secs(1));
    let mut polls = Polls::default();
    for number in 0..WARM_UP + MEASURED {
        let is_measured = number >= WARM_UP;
        let due = due.tick().await;
        match connection.post(path, &token, "").await {
            Ok(_) if is_measured => polls.latencies.push(micros_of(due.elapsed())),
            Ok(_) => {}
            Err(error) if !error.is::<ServerError>() => return Err(error),
            Err(_) if is_measured => polls.server_errors += 1,
            Err(_) => polls.server_errors_before += 1,
        }
    }
    Ok(polls)
}
