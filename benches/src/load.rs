//! The load: kicks over keep-alive connections, each of a guest of his own.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::clock::{micros_of, now, sleep_until};
use crate::request::{Form, Template, answer};
use crate::stats::Sample;

/// Connections of the usual load.
pub(crate) const CONNECTIONS: u32 = 32;

/// What is sent, to whom, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) server: SocketAddr,
    pub(crate) form: Form,
    pub(crate) connections: u32,
    /// Calls 1 to `guests` have a guest who can be kicked.
    pub(crate) guests: u32,
    /// Before anything counts: caches fill, statements are prepared.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What was seen, and how many kicks were answered with 200 in all, the warm-up's included.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) sample: Sample,
    pub(crate) kicked: u32,
}

struct Counting {
    next: Cell<u32>,
    kicked: Cell<u32>,
    server_errors: Cell<u64>,
    last: Cell<Instant>,
}

/// A closed loop: each connection sends its next kick when its last one is answered. One thread drives all of them.
/// (So a server that stalls is asked less in that time; the rate and p50 are what to read here, p99 at a fixed rate.)
pub(crate) fn closed_loop(load: Load) -> anyhow::Result<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let begin = now() + load.warm_up;
        let counting = Rc::new(Counting {
            next: Cell::new(1),
            kicked: Cell::new(0),
            server_errors: Cell::new(0),
            last: Cell::new(begin),
        });
        let mut tasks = Vec::new();
        for _ in 0..load.connections {
            tasks.push(tokio::task::spawn_local(connection(load, begin, Rc::clone(&counting))));
        }
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        // If the guests run out before the time, the time ends there.
        let seconds = load.measured.min(counting.last.get().saturating_duration_since(begin)).as_secs_f64();
        let sample = Sample::of(latencies, seconds, counting.server_errors.get());
        Ok(Seen { sample, kicked: counting.kicked.get() })
    })
}

async fn connection(load: Load, begin: Instant, counting: Rc<Counting>) -> anyhow::Result<Vec<u32>> {
    let template = Template::new(load.form)?;
    let mut stream = tokio::net::TcpStream::connect(load.server).await?;
    stream.set_nodelay(true)?;
    let (mut out, mut buffer, mut latencies) = (Vec::new(), Vec::with_capacity(4096), Vec::new());
    let end = begin + load.measured;
    loop {
        let call = counting.next.get();
        let sent = now();
        if sent >= end || call > load.guests {
            return Ok(latencies);
        }
        counting.next.set(call + 1);
        template.write(call, &mut out);
        stream.write_all(&out).await?;
        buffer.clear();
        let status = loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                bail!("the server closed a connection");
            }
            if let Some((status, _)) = answer(&buffer)? {
                break status;
            }
        };
        let answered = now();
        note(
            status,
            &buffer,
            || counting.kicked.set(counting.kicked.get() + 1),
            || {
                counting.server_errors.set(counting.server_errors.get() + 1);
            },
        )?;
        if answered >= begin && answered <= end {
            latencies.push(micros_of(answered - sent));
            counting.last.set(answered);
        }
    }
}

/// A fixed rate, whatever the server does: latency counts from the moment when a kick was due, not from when a late
/// generator sent it, so that nothing is left out that a stall made wait (coordinated omission).
pub(crate) fn fixed_rate(load: Load, rate: f64) -> anyhow::Result<Seen> {
    let begin = now() + load.warm_up;
    let start = now();
    let next = AtomicU32::new(1);
    let threads: Vec<anyhow::Result<(Vec<u32>, u32, u64)>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..load.connections)
            .map(|n| {
                let next = &next;
                scope.spawn(move || paced(load, rate, n, start, begin, next))
            })
            .collect();
        running.into_iter().map(|t| t.join().unwrap_or_else(|_| bail!("a load thread panicked"))).collect()
    });
    let (mut latencies, mut kicked, mut server_errors) = (Vec::new(), 0, 0);
    for thread in threads {
        let (of_thread, ok, errors) = thread?;
        latencies.extend(of_thread);
        kicked += ok;
        server_errors += errors;
    }
    let sample = Sample::of(latencies, load.measured.as_secs_f64(), server_errors);
    Ok(Seen { sample, kicked })
}

fn paced(
    load: Load,
    rate: f64,
    number: u32,
    start: Instant,
    begin: Instant,
    next: &AtomicU32,
) -> anyhow::Result<(Vec<u32>, u32, u64)> {
    let template = Template::new(load.form)?;
    let mut stream = std::net::TcpStream::connect(load.server)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let step = Duration::from_secs_f64(f64::from(load.connections) / rate);
    // The connections take turns.
    let mut due = start + step.mul_f64(f64::from(number) / f64::from(load.connections));
    let (mut out, mut latencies, mut kicked, mut server_errors) = (Vec::new(), Vec::new(), 0, 0);
    let mut buffer = vec![0; 8192];
    let end = begin + load.measured;
    while due < end {
        let call = next.fetch_add(1, Ordering::Relaxed);
        if call > load.guests {
            bail!("there are too few guests for this rate");
        }
        template.write(call, &mut out);
        sleep_until(due);
        stream.write_all(&out)?;
        let mut filled = 0;
        let status = loop {
            let read = stream.read(&mut buffer[filled..]).context("reading an answer")?;
            if read == 0 {
                bail!("the server closed a connection");
            }
            filled += read;
            if let Some((status, _)) = answer(&buffer[..filled])? {
                break status;
            }
        };
        note(status, &buffer[..filled], || kicked += 1, || server_errors += 1)?;
        if due >= begin {
            latencies.push(micros_of(now().saturating_duration_since(due)));
        }
        due += step;
    }
    Ok((latencies, kicked, server_errors))
}

/// 200 is a kick, 5xx is counted; anything else means that the benchmark itself is wrong.
fn note(status: u16, answer: &[u8], ok: impl FnOnce(), error: impl FnOnce()) -> anyhow::Result<()> {
    match status {
        200 => ok(),
        500.. => error(),
        _ => bail!("a kick was answered:\n{}", String::from_utf8_lossy(answer)),
    }
    Ok(())
}
