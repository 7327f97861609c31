//! `trialogue timeline CONFERENCE`: what happened, from the log, and whether the log tells the stored state.

use chrono::{DateTime, SecondsFormat};
use trialogue_app::{Timeline, timeline};
use trialogue_domain::{ConferenceId, Timestamp};
use trialogue_storage::Store;

use crate::output::print_line;

pub(crate) async fn print(store: &Store, conference: i32) -> anyhow::Result<()> {
    let Timeline { events, conference } = timeline(store, ConferenceId(conference)).await?;
    let looks = store.search_looks(conference.id).await?;
    for entry in &events {
        let actor = entry.actor.map_or_else(|| "(observed)".to_owned(), |actor| format!("{actor:?}"));
        print_line(format_args!("{:>4}  {}  {actor:<28} {:?}", entry.seq, instant(entry.at), entry.event))?;
        for look in looks.iter().filter(|look| look.seq == entry.seq) {
            for (interpreter, reason) in &look.not_rung {
                print_line(format_args!(
                    "      not rung for request {}: {interpreter}, {}",
                    look.request,
                    reason.code()
                ))?;
            }
            if look.more > 0 {
                print_line(format_args!("      not rung for request {}: {} more", look.request, look.more))?;
            }
        }
    }
    let (count, status) = (events.len(), conference.status().text());
    print_line(format_args!("replayed: {count} events lead to the stored state, {status}"))?;
    Ok(())
}

fn instant(at: Timestamp) -> String {
    DateTime::from_timestamp_micros(at.0)
        .map_or_else(|| at.0.to_string(), |t| t.to_rfc3339_opts(SecondsFormat::Micros, true))
}
