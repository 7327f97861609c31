//! Tests of the store, each on SQLite and on PostgreSQL wherever both can do it.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod corrupt;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod differences;
#[cfg(test)]
mod files;
#[cfg(test)]
mod gone;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod hand_over;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod polls;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod query_plans;
#[cfg(test)]
mod released;
#[cfg(test)]
mod scene;
#[cfg(test)]
#[path = "../../src/schema.rs"]
mod schema;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod urls;
#[cfg(test)]
mod users;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod world;
