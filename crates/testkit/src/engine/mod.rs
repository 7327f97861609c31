//! Media engines under test.

mod conformance;
mod delivery;
mod fake;
mod fault;
mod gate;

pub use conformance::{Visitors, engine_conformance};
pub use fake::{Call, FakeEngine};
pub use fault::Fault;
pub use gate::Gate;
