//! The server's program from outside: real processes on real ports and real databases.
//!
//! A missing component (curl, `PostgreSQL`) fails the tests that need it, with the package to install.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod call;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod database;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod events;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod http;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod janus;
#[cfg(test)]
mod listening;
#[cfg(test)]
mod livekit;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod post;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod process;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod server;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod signalling;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod wait;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod walkthrough;
