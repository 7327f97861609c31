//! The engine for `LiveKit`, of which no server can be had here: against a stand-in, and its tokens and webhooks against
//! `LiveKit`'s own SDK for servers.

#[cfg(test)]
mod engine;
#[cfg(test)]
mod sdk;
