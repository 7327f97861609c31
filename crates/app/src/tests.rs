//! Background work against an engine and a delivery that fail on command. The rest of this program is tested from
//! outside (`tests/all`).

mod faults;
mod observations;
mod post;
mod scene;
mod sweeper;
mod workers;
