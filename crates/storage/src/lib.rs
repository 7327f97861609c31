//! Trialogue's store: diesel on SQLite and PostgreSQL.
