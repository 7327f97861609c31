//! Announces what was committed, at this node and at the others.

pub(crate) mod announcer;
pub(crate) mod change;
pub(crate) mod nodes;
