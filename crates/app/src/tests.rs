//! Background work against an engine and a delivery that fail on command. The rest of this program is tested from
//! outside (`tests/all`).

mod beliefs;
mod faults;
mod lanes;
mod post;
mod scene;
mod sweeper;
