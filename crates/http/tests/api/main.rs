//! The API as a client sees it: the whole application over a real store, with a clock that the tests move.
//!
//! [`world`] is the harness. [`whole_call`] walks every route in both forms; the other modules each hold one promise.

#[cfg(test)]
mod answer;
#[cfg(test)]
mod bad_bodies;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod confirmation;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod events;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod invite;
#[cfg(test)]
mod kick;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod livekit;
#[cfg(test)]
mod login;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod origins;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod precheck;
#[cfg(test)]
mod profile_image;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod released;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod second_interpreter;
#[cfg(test)]
mod seed;
#[cfg(test)]
mod signalling;
#[cfg(test)]
mod unavailable;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod whole_call;
#[cfg(test)]
mod world;
