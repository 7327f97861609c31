//! What a fake engine does wrong, and when.

use std::fmt;

use trialogue_media::{Failure, Operation};

use super::Gate;

/// A way in which an operation goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing is done, and the caller is told.
    FailBefore(Failure),
    /// The step is done, and the caller is told that it failed: an answer got lost.
    FailAfter(Failure),
    /// Nothing is done before the gate opens; nothing ever if the caller gives up first.
    HangBefore(Gate),
    /// The step is done, and the answer waits for the gate.
    HangAfter(Gate),
    /// The engine does not see what is there, as some do right after a join: nothing is done; `remove` and
    /// `close_room` say that all is well, `list` shows nobody, and the others do not know the room.
    NotFound,
}

/// The faults that are yet to come.
#[derive(Default)]
pub(super) struct Faults(Vec<Rule>);

struct Rule {
    concerns: Box<dyn Fn(Operation) -> bool + Send>,
    fault: Fault,
    once: bool,
}

impl Faults {
    pub(super) fn add(
        &mut self,
        concerns: impl Fn(Operation) -> bool + Send + 'static,
        fault: Fault,
        once: bool,
    ) {
        self.0.push(Rule { concerns: Box::new(concerns), fault, once });
    }

    /// The oldest fault that concerns the operation.
    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let position = self.0.iter().position(|rule| (rule.concerns)(operation))?;
        let fault = self.0[position].fault.clone();
        if self.0[position].once {
            self.0.remove(position);
        }
        Some(fault)
    }

    pub(super) fn heal(&mut self) {
        self.0.clear();
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|rule| &rule.fault)).finish()
    }
}
