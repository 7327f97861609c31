//! A stand-in for a `LiveKit` server, of which none can be had for tests: its room service over HTTP, as the official
//! client speaks to it, and the parties' side in memory. It believes nothing of the code under test: it checks each
//! token by itself, and the grants as `LiveKit`'s own mock does.

mod http;
mod rooms;
mod stand_in;
mod token;
mod visitors;

pub use stand_in::{LiveKitFault, LiveKitStandIn};
pub use token::Webhook;
pub use visitors::LiveKitVisitors;
