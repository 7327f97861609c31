//! The actix-web adapter: wire types, negotiation, authentication, routes.
//!
//! Data flows one way: bytes, wire type, command, outcome, wire type, bytes. The wire layer is the two ends of it:
//! [`body::bind`] turns a request's body into a type of [`wire`], [`reply`] turns such a type or an [`ErrorBody`] into an
//! answer, both in JSON or XML as [`negotiation`] finds the client wants it. `docs/wire.md` holds the rules.

pub mod body;
pub mod echo;
pub mod error_body;
pub mod json;
pub mod negotiation;
pub mod paths;
pub mod reply;
pub mod wire;

pub use error_body::{ErrorBody, WireErrorCode};
