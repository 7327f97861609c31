//! Connections to SQLite and PostgreSQL: their address, settings, files, migrations and backups.

pub(crate) mod backup;
pub(crate) mod connect;
pub(crate) mod connection;
pub(crate) mod lock;
pub(crate) mod migrate;
pub(crate) mod postgres;
pub(crate) mod sqlite_files;
pub(crate) mod url;
