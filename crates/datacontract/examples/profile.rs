//! Reads and writes one document again and again, to be run under a profiler:
//!
//! ```text
//! cargo build --release -p datacontract --example profile
//! valgrind --tool=callgrind profile read 100
//! ```
//!
//! The first argument is `read`, `write` or `json` (the same value by `serde_json`, to compare with), the
//! second how often.

#[path = "../tests/all/models.rs"]
mod models;

use std::error::Error;
use std::hint::black_box;

use datacontract::Contract;
use models::ResultVideoConferenceParticipant as Participant;

const CONTRACT: Contract = Contract::new("http://schemas.datacontract.org/2004/07/API.Models");

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_else(|| "read".to_owned());
    let times: usize = arguments.next().map_or(Ok(1000), |times| times.parse())?;

    let xml = include_bytes!("../tests/golden/seed-xml.in.xml");
    let participant: Participant = CONTRACT.read(xml)?;
    let json = serde_json::to_vec_pretty(&participant)?;
    for _ in 0..times {
        match &*what {
            "read" => drop(black_box(CONTRACT.read::<Participant>(black_box(xml))?)),
            "write" => drop(black_box(CONTRACT.write(black_box(&participant))?)),
            "json" => drop(black_box(serde_json::from_slice::<Participant>(black_box(&json))?)),
            other => return Err(format!("{other}: read, write or json is expected").into()),
        }
    }
    Ok(())
}
