//! Idle streams of live events: what they cost, and how soon an event is with all of them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::clock::now;
use crate::connection::Connection;
use crate::place::{Ground, Place, move_to_memory};
use crate::programs::{Server, serve};
use crate::request::{Form, Template};
use crate::seed::{self, Amount};

/// Streams of one listener; a server allows 20.
const OF_ONE_LISTENER: u32 = 20;

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the seed put into the log of each call; after it, a stream is idle.
const LAST_SEEDED: &str = "-6\nevent: ";

/// Opens this number of streams, and prints what was seen.
pub(crate) fn measure(program: &Path, streams: u32) -> anyhow::Result<()> {
    move_to_memory()?;
    println!();
    for (place, of) in [
        (Place::SqliteMemory, Of::EachItsOwn),
        (Place::SqliteMemory, Of::One),
        (Place::PostgresMemory, Of::One),
    ] {
        let mut ground = Ground::new(place)?;
        let seeded = ground.seed(Amount { guests: streams, past: 1_000, pairs: 0 })?;
        ground.add_listeners(&seeded, streams.div_ceil(OF_ONE_LISTENER))?;
        let copy = ground.copy(&seeded)?;
        let server = Server::start(
            serve(program, &copy.url, true).args(["--trusted-proxies", "127.0.0.1"]),
            &ground.dir.path().join("log"),
        )?;
        let empty = server.resident_kb()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let local = tokio::task::LocalSet::new();
        let (kb, told) = local.block_on(&runtime, watch(&server, of, streams, empty))?;
        println!(
            "{place:?}, {streams} streams of {}: {kb:.1} KB each (wanted: 16 at most); an event is with {} of them \
             after {:.0} ms, with half of those after {:.0} ms (wanted: 150 ms at most with 15,000)",
            of.words(),
            told.len(),
            told.last().copied().unwrap_or_default(),
            told.get(told.len() / 2).copied().unwrap_or_default(),
        );
    }
    Ok(())
}

/// Whose streams they are.
#[derive(Debug, Clone, Copy)]
enum Of {
    /// Every user is another, in another call: the most memory.
    EachItsOwn,
    /// All are of one call: the most work for one event.
    One,
}

impl Of {
    fn token(self, stream: u32) -> String {
        match self {
            Self::EachItsOwn => seed::token(stream),
            Self::One => seed::listener(stream.div_ceil(OF_ONE_LISTENER)).0,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::EachItsOwn => "as many calls",
            Self::One => "one call",
        }
    }
}

/// Kilobytes of the server for each stream; the milliseconds after which each stream was told of a kick in its call.
async fn watch(server: &Server, of: Of, streams: u32, empty: u64) -> anyhow::Result<(f64, Vec<f64>)> {
    let (ready, mut readies) = mpsc::unbounded_channel();
    let (told, mut tellings) = mpsc::unbounded_channel();
    for stream in 1..=streams {
        let (ready, told, address) = (ready.clone(), told.clone(), server.address);
        let token = of.token(stream);
        tokio::task::spawn_local(async move {
            let outcome = listen(address, &token, &ready).await.map(|()| now());
            // Whoever counts may have given up.
            let _ = told.send(outcome);
        });
        // Not all at once: the queue of connections that wait to be taken is not what is measured.
        if stream % 100 == 0 || stream == streams {
            for _ in 0..=((stream - 1) % 100) {
                timeout(PATIENCE, readies.recv()).await.context("streams were not opened in time")?;
                ensure!(tellings.is_empty(), "a stream ended: {:?}", tellings.recv().await);
            }
        }
    }
    let kb = server.resident_kb()?.saturating_sub(empty);
    let mut request = Vec::new();
    Template::new(Form::Json)?.write(1, &mut request);
    let mut connection = Connection::new(server.address);
    let begin = now();
    let kick = tokio::task::spawn_local(async move { connection.exchange(&request).await?.check() });
    let kicked: u32 = match of {
        Of::EachItsOwn => 1,
        Of::One => streams,
    };
    let mut after = Vec::new();
    for _ in 0..kicked {
        let told =
            timeout(PATIENCE, tellings.recv()).await.context("not all were told")?.context("a stream")??;
        after.push(told.saturating_duration_since(begin).as_secs_f64() * 1e3);
    }
    kick.await??;
    after.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a number of kilobytes is far below 2^52")]
    Ok((kb as f64 / f64::from(streams), after))
}

/// Opens a stream of a user's live events.
pub(crate) async fn open(address: SocketAddr, token: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!("GET /API/Events HTTP/1.1\r\nHost: localhost\r\nWEYIToken: {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}

/// Reads a stream until the kick is told.
async fn listen(address: SocketAddr, token: &str, ready: &mpsc::UnboundedSender<()>) -> anyhow::Result<()> {
    let mut stream = open(address, token).await?;
    let mut text = Vec::with_capacity(2048);
    let mut is_ready = false;
    loop {
        if stream.read_buf(&mut text).await? == 0 {
            bail!("the server closed a stream: {}", String::from_utf8_lossy(&text));
        }
        let seen = String::from_utf8_lossy(&text);
        if seen.contains("event: finished\n") {
            return Ok(());
        }
        if !is_ready && seen.contains(LAST_SEEDED) {
            is_ready = true;
            text = Vec::new();
            // Whoever counts may have given up.
            let _ = ready.send(());
        }
    }
}
