//! Ids in blocks: a node takes some at a time from the database, and gives them out from memory.
//!
//! So ids are known before the rows are written. A block is taken by a statement of its own, outside any group: ids are
//! never given twice, though a stopped node leaves a gap.

use std::ops::Range;

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, ParticipantId, UserId};

use crate::connection::AnyConnection;
use crate::schema::id_blocks;

/// No operation takes more ids of one kind than this.
const PER_OPERATION: usize = 2;

/// The smallest block.
const BLOCK: usize = 32;

/// The ids that a writer holds.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    conference: Range<i32>,
    participant: Range<i32>,
    user: Range<i32>,
}

impl Ids {
    /// Makes sure that so many operations find their ids.
    pub(crate) fn refill(&mut self, connection: &mut AnyConnection, operations: usize) -> QueryResult<()> {
        let needed = operations * PER_OPERATION;
        for (name, range) in [
            ("conference", &mut self.conference),
            ("participant", &mut self.participant),
            ("user", &mut self.user),
        ] {
            if range.len() < needed {
                let size = i32::try_from(needed.max(BLOCK)).unwrap_or(i32::MAX);
                let next: i32 = diesel::update(id_blocks::table.find(name))
                    .set(id_blocks::next.eq(id_blocks::next + size))
                    .returning(id_blocks::next)
                    .get_result(connection)?;
                *range = (next - size)..next;
            }
        }
        Ok(())
    }

    pub(crate) fn conference(&mut self) -> ConferenceId {
        ConferenceId(take(&mut self.conference))
    }

    pub(crate) fn participant(&mut self) -> ParticipantId {
        ParticipantId(take(&mut self.participant))
    }

    pub(crate) fn user(&mut self) -> UserId {
        UserId(take(&mut self.user))
    }
}

fn take(range: &mut Range<i32>) -> i32 {
    // `refill` ran before the operation; an id of 0 breaks a primary key and so is found at once.
    range.next().unwrap_or(0)
}
