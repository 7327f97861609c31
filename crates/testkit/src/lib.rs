//! Test support: clock, builders, PostgreSQL clusters, a fake engine.
