//! The load over keep-alive connections: kicks, each of a guest of its own, or whole calls, each of a pair of its own.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};

use crate::calls;
use crate::clock::{micros_of, now, sleep_until};
use crate::connection::Connection;
use crate::request::{Form, ServerError, Template};
use crate::seed::Amount;
use crate::stats::Sample;

/// Connections of the usual load.
pub(crate) const CONNECTIONS: u32 = 32;

/// What is sent, to whom, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) server: SocketAddr,
    pub(crate) work: Work,
    pub(crate) connections: u32,
    /// What the database holds.
    pub(crate) amount: Amount,
    /// Before anything counts: caches fill, statements are prepared.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What is done again and again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// A kick of the guest of a seeded call.
    Kicks(Form),
    /// A whole call, a kick included, by a seeded pair.
    Calls,
}

impl Load {
    /// How often it can be done with what was seeded.
    const fn most(&self) -> u32 {
        match self.work {
            Work::Kicks(_) => self.amount.guests,
            Work::Calls => self.amount.pairs,
        }
    }
}

/// What was seen, and how many guests were kicked in all, the warm-up's included.
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

/// A closed loop: each connection begins the next when its last one is done. One thread drives all of them.
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
            tasks.push(tokio::task::spawn_local(again_and_again(load, begin, Rc::clone(&counting))));
        }
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        // If what was seeded runs out before the time, the time ends there.
        let seconds = load.measured.min(counting.last.get().saturating_duration_since(begin)).as_secs_f64();
        let sample = Sample::of(latencies, seconds, counting.server_errors.get());
        Ok(Seen { sample, kicked: counting.kicked.get() })
    })
}

async fn again_and_again(load: Load, begin: Instant, counting: Rc<Counting>) -> anyhow::Result<Vec<u32>> {
    let mut worker = Worker::new(&load)?;
    let mut latencies = Vec::new();
    let end = begin + load.measured;
    loop {
        let number = counting.next.get();
        let sent = now();
        if sent >= end || number > load.most() {
            return Ok(latencies);
        }
        counting.next.set(number + 1);
        if !worker.done(number).await? {
            counting.server_errors.set(counting.server_errors.get() + 1);
            continue;
        }
        counting.kicked.set(counting.kicked.get() + 1);
        let done = now();
        if done >= begin && done <= end {
            latencies.push(micros_of(done - sent));
            counting.last.set(done);
        }
    }
}

/// One connection, and what is sent over it.
struct Worker {
    connection: Connection,
    amount: Amount,
    /// None if it does whole calls.
    template: Option<Template>,
    out: Vec<u8>,
}

impl Worker {
    fn new(load: &Load) -> anyhow::Result<Self> {
        let template = match load.work {
            Work::Kicks(form) => Some(Template::new(form)?),
            Work::Calls => None,
        };
        let connection = Connection::new(load.server);
        Ok(Self { connection, amount: load.amount, template, out: Vec::new() })
    }

    /// Does it for guest or pair `number`; whether it was done, or the server had an error.
    async fn done(&mut self, number: u32) -> anyhow::Result<bool> {
        let outcome = match &self.template {
            Some(template) => {
                template.write(number, &mut self.out);
                self.connection.exchange(&self.out).await?.check()
            }
            None => calls::whole(&mut self.connection, &self.amount.pair(number)).await,
        };
        match outcome {
            Ok(()) => Ok(true),
            Err(error) if error.is::<ServerError>() => Ok(false),
            Err(error) => Err(error),
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut worker = Worker::new(&load)?;
    let step = Duration::from_secs_f64(f64::from(load.connections) / rate);
    // The connections take turns.
    let mut due = start + step.mul_f64(f64::from(number) / f64::from(load.connections));
    let (mut latencies, mut kicked, mut server_errors) = (Vec::new(), 0, 0);
    let end = begin + load.measured;
    while due < end {
        let number = next.fetch_add(1, Ordering::Relaxed);
        ensure!(number <= load.most(), "too little was seeded for this rate");
        // The runtime's own timer has steps of a millisecond.
        sleep_until(due);
        if runtime.block_on(worker.done(number))? {
            kicked += 1;
        } else {
            server_errors += 1;
        }
        if due >= begin {
            latencies.push(micros_of(now().saturating_duration_since(due)));
        }
        due += step;
    }
    Ok((latencies, kicked, server_errors))
}
