//! How long it takes from a request to the first committed offers, among 100,000 interpreters.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::{JoinSet, LocalSet};
use trialogue_domain::{
    Availability, Candidate, Employment, LanguageId, Moment, Plan, Presence, Search, Timestamp, Timings,
    UserId, Wants, choose,
};

use crate::clock::{micros, micros_of, now};
use crate::connection::Connection;
use crate::place::{Ground, Place, move_to_memory};
use crate::programs::{Server, serve};
use crate::seed::{Amount, Pair};
use crate::stats::{Sample, median};

/// Number of clients, each of whom asks once for the warm-up and twice afterwards.
const CLIENTS: u32 = 400;

/// Clients who ask at the same time.
const AT_ONCE: usize = 4;

/// The languages of `data/interpreters.sql`.
const LANGUAGES: u32 = 60;

/// Number of candidates that are ranked: all who take calls, as if they spoke one language.
const CANDIDATES: i32 = 3_000;

/// Measures it, with few and with many past conferences, and prints what was seen.
pub(crate) fn measure(program: &Path) -> anyhow::Result<()> {
    println!("\nranking {CANDIDATES} candidates: {:.2} ms (wanted: below 10 ms)", ranking());
    move_to_memory()?;
    for place in [Place::SqliteMemory, Place::PostgresMemory] {
        let mut ground = Ground::new(place)?;
        for past in [1_000, 200_000] {
            let seeded = ground.seed(Amount { guests: 1, past, pairs: CLIENTS })?;
            let sql = include_str!("../data/interpreters.sql").replace("{now}", &micros().to_string());
            ground.execute(&seeded, &sql)?;
            let copy = ground.copy(&seeded)?;
            let server = Server::start(&mut serve(program, &copy.url, true), &ground.dir.path().join("log"))?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let pairs: Vec<Pair> = (1..=CLIENTS).map(|number| seeded.amount.pair(number)).collect();
            let mut latencies = Vec::new();
            for round in 0..3 {
                let seen = LocalSet::new().block_on(&runtime, ask_all(server.address, &pairs))?;
                if round > 0 {
                    latencies.extend(seen);
                }
            }
            let sample = Sample::of(latencies, 1.0, 0);
            println!(
                "{place:?}, {past} past conferences: from Request/New to the offers p50 {:.1} ms, p99 {:.1} ms (wanted: below 30 ms)",
                sample.p50_ms, sample.p99_ms
            );
        }
    }
    Ok(())
}

/// Each client asks, and takes it back. Microseconds until each answer, which comes after the commit of the offers.
async fn ask_all(server: SocketAddr, pairs: &[Pair]) -> anyhow::Result<Vec<u32>> {
    let mut asking = JoinSet::new();
    for some in pairs.chunks(pairs.len().div_ceil(AT_ONCE)) {
        asking.spawn_local(ask(server, some.to_vec()));
    }
    let mut latencies = Vec::new();
    while let Some(asked) = asking.join_next().await {
        latencies.extend(asked??);
    }
    Ok(latencies)
}

async fn ask(server: SocketAddr, pairs: Vec<Pair>) -> anyhow::Result<Vec<u32>> {
    let mut connection = Connection::new(server);
    let mut latencies = Vec::new();
    for pair in pairs {
        let language = 200_000 + pair.language % LANGUAGES;
        let request = format!(r#"{{"NeedHelpLanguageId":{language}}}"#);
        let begin = now();
        let answer = connection.post("Client/Request/New", &pair.client, &request).await?;
        latencies.push(micros_of(begin.elapsed()));
        let text = std::str::from_utf8(answer.body)?;
        anyhow::ensure!(text.contains("\"RequestProviderId\""), "nobody is rung: {text}");
        let cancel = r#"{"IsSuccessful":false,"Calls":[]}"#;
        connection
            .post("Client/Request/CallFinishedNew", &pair.client, cancel)
            .await
            .context("a cancelled request")?;
    }
    Ok(latencies)
}

/// Milliseconds for one choice, the median of many.
fn ranking() -> f64 {
    let at = Timestamp(micros());
    let candidate = |id: i32| Candidate {
        provider: UserId(id),
        presence: Presence {
            availability: Availability::On,
            said_at: None,
            last_seen: Some(at),
            busy: id % 3 == 0,
            served: Some(Timestamp(at.0 - i64::from(id % 97))),
        },
        languages: vec![LanguageId(1)],
        credentials: Vec::new(),
        employment: [Employment::Staff, Employment::Freelance, Employment::Vendor]
            .get(usize::try_from(id % 3).unwrap_or_default())
            .copied()
            .unwrap_or(Employment::Staff),
        gender: None,
        certification: id % 4,
        specialties: Vec::new(),
        takes_video: true,
        takes_calls: false,
    };
    let candidates: Vec<Candidate> = (0..CANDIDATES).map(candidate).collect();
    let (plan, timings) = (Plan::default(), Timings::default());
    let search = Search {
        language: LanguageId(1),
        through: None,
        wants: Wants::default(),
        plan: &plan,
        offers: &[],
        asked_before: &[],
    };
    let once = || {
        let begin = now();
        std::hint::black_box(choose(
            &search,
            std::hint::black_box(&candidates),
            Moment { now: at, timings: &timings },
        ));
        begin.elapsed()
    };
    median((0..101).map(|_| Duration::as_secs_f64(&once()) * 1e3).collect())
}
