//! The one way from async code to diesel.

pub(crate) mod ids;
pub(crate) mod operation;
pub(crate) mod options;
pub(crate) mod queue;
pub(crate) mod reader;
pub(crate) mod transaction;
pub(crate) mod writer;
