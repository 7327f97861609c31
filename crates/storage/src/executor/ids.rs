//! Ids in blocks: a writer takes some at a time from the database, and gives them out from memory.
//!
//! So ids are known before the rows are written. A block is taken by a statement of its own, outside any group: ids are
//! never given twice, though a stopped writer leaves a gap. They are not ordered by time: each writer has blocks of its own.

use std::collections::VecDeque;
use std::ops::Range;

use diesel::prelude::*;
use trialogue_domain::{Conference, ConferenceId, NewIds, ParticipantId, RequestId, UserId};

use crate::database::connection::AnyConnection;
use crate::schema::id_blocks;

/// Smallest block of conference and participant ids.
const BLOCK: usize = 32;

/// Smallest block of user ids. They are few, and mostly made by a command that makes one.
const USER_BLOCK: usize = 1;

/// The ids that a writer holds.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    conference: Free,
    participant: Free,
    user: Free,
}

impl Ids {
    /// Makes sure that so many operations find their ids.
    pub(crate) fn refill(&mut self, connection: &mut AnyConnection, operations: usize) -> QueryResult<()> {
        // An operation takes two ids of participants at most, and one of the others.
        for (name, free, needed, block) in [
            ("conference", &mut self.conference, operations, BLOCK),
            ("participant", &mut self.participant, operations * 2, BLOCK),
            ("user", &mut self.user, operations, USER_BLOCK),
        ] {
            let have = free.len();
            if have < needed {
                let size = i32::try_from((needed - have).max(block)).unwrap_or(i32::MAX);
                free.0.push_back(take_ids(connection, name, size)?);
            }
        }
        Ok(())
    }

    pub(crate) fn conference(&mut self) -> ConferenceId {
        ConferenceId(self.conference.take())
    }

    /// The ids that a decision may take. They stay free until [`Self::take_used`].
    pub(crate) fn free(&self) -> NewIds {
        NewIds {
            participants: [0, 1].map(|nth| ParticipantId(self.participant.nth(nth))),
            // A request has an id of the same kind as a conference, whose main request has the conference's.
            request: RequestId(self.conference.nth(0)),
        }
    }

    /// Takes those of the free ids that are used in this state.
    pub(crate) fn take_used(&mut self, state: &Conference) {
        let NewIds { participants, request } = self.free();
        for id in participants {
            if state.participant(id).is_some() {
                self.participant.take();
            }
        }
        if state.request(request).is_some() {
            self.conference.take();
        }
    }

    pub(crate) fn user(&mut self) -> UserId {
        UserId(self.user.take())
    }
}

/// Takes so many ids of a kind from the database.
pub(crate) fn take_ids(connection: &mut AnyConnection, name: &str, count: i32) -> QueryResult<Range<i32>> {
    // Too few ids left is "not found", on both databases: SQLite's integers would go on past 32 bits.
    let next: i32 = diesel::update(id_blocks::table.find(name))
        .filter(id_blocks::next.le(i32::MAX - count))
        .set(id_blocks::next.eq(id_blocks::next + count))
        .returning(id_blocks::next)
        .get_result(connection)?;
    Ok((next - count)..next)
}

/// The rests of blocks. A rest is used up: thrown away, a busy writer would run through all 2^31 ids in days.
#[derive(Debug, Default)]
struct Free(VecDeque<Range<i32>>);

impl Free {
    fn len(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// The nth of those that will be taken next.
    fn nth(&self, nth: usize) -> i32 {
        self.0.iter().cloned().flatten().nth(nth).unwrap_or_default()
    }

    fn take(&mut self) -> i32 {
        while let Some(block) = self.0.front_mut() {
            if let Some(id) = block.next() {
                return id;
            }
            self.0.pop_front();
        }
        // `refill` ran before the operation; an id of 0 breaks a primary key and so is found at once.
        0
    }
}
