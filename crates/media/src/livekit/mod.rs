//! `LiveKit`: an SFU of its own, with client libraries of its own.
//!
//! A browser joins it directly, with a token that is made here; the signalling socket stays as the line for everything
//! else. `LiveKit` does not revoke tokens, and hands every client fresh ones for as long as it is connected. So the
//! fence stands in front of it: a proxy asks at each connection whether the token's identity is still in the call
//! ([`LiveKitKey::admission`], and then the database), and `LiveKit` can be reached through that proxy only.
//!
//! A connection that passed the gate just before a kick may appear after `LiveKit` was told to remove it and had
//! nobody to remove. Its webhook tells of it then ([`LiveKitKey::webhook`]), and the removal begins again.

mod admission;
mod engine;
mod hs256;
mod key;
mod names;
mod room_service;
mod seats;
mod webhook;

pub use engine::{LiveKit, LiveKitSettings, Now};
pub use key::{BadToken, LiveKitKey};
pub use webhook::BadWebhook;
