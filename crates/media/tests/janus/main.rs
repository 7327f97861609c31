//! The Janus engine against a real Janus.

mod conformance;
mod visitors;
