//! The wire contract: models, the JSON dialect, negotiation, and the forms of errors. It knows neither how requests
//! arrive nor what they do; `docs/wire.md` holds the rules.

pub mod errors;
pub mod form;
pub mod json;
pub mod models;
pub mod negotiation;
