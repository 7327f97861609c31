//! `trialogue timeline CONFERENCE`: what happened, from the log, and whether the log tells the stored state.

use anyhow::ensure;
use chrono::{DateTime, SecondsFormat};
use trialogue_domain::{Conference, ConferenceId, Timestamp};
use trialogue_storage::{Store, Whose};

use crate::output::print_line;

pub(crate) async fn print(store: &Store, conference: i32) -> anyhow::Result<()> {
    let id = ConferenceId(conference);
    let state = async || anyhow::Ok(store.view(Whose::Id(id)).await?.map(|view| view.conference));
    let mut stored = state().await?;
    let events = loop {
        let events = store.timeline(id).await?;
        let now = state().await?;
        // A server may be at work: log and state belong together if nothing changed while the log was read.
        if now == stored {
            break events;
        }
        stored = now;
    };
    ensure!(!events.is_empty(), "there is no conference {conference}");
    for entry in &events {
        let actor = entry.actor.map_or_else(|| "(observed)".to_owned(), |actor| format!("{actor:?}"));
        print_line(format_args!("{:>4}  {}  {actor:<28} {:?}", entry.seq, instant(entry.at), entry.event))?;
    }
    let replayed = Conference::replay(id, events.iter().map(|e| (e.at, &e.event)))?;
    ensure!(
        stored.as_ref() == Some(&replayed),
        "the log does not lead to the stored state: tell the developers"
    );
    let (count, status) = (events.len(), replayed.status().text());
    print_line(format_args!("replayed: {count} events lead to the stored state, {status}"))?;
    Ok(())
}

fn instant(at: Timestamp) -> String {
    DateTime::from_timestamp_micros(at.0)
        .map_or_else(|| at.0.to_string(), |t| t.to_rfc3339_opts(SecondsFormat::Micros, true))
}
