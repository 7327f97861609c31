use diesel::prelude::*;
use trialogue_domain::{
    Account, FinishReason, Kicker, Participant, ParticipantId, Party, Removal, RequestId, State, Timestamp,
    UserId,
};

use super::{decode, row};
use crate::error::StoreError;
use crate::schema::participants;

row! {
    pub(crate) struct ParticipantRow inserted into participants {
        pub(crate) conference_id: i32,
        pub(crate) id: i32,
        pub(crate) position: i32,
        pub(crate) kind: i16,
        pub(crate) user_id: Option<i32>,
        pub(crate) state: i16,
        pub(crate) deadline: Option<i64>,
        pub(crate) account_expires: Option<i64>,
        pub(crate) account_secret: Option<Vec<u8>>,
        pub(crate) reason: Option<i16>,
        pub(crate) finished_at: Option<i64>,
        pub(crate) removal: Option<i16>,
        pub(crate) invitation: Option<Vec<u8>>,
        pub(crate) name: Option<String>,
        pub(crate) email: Option<String>,
        pub(crate) phone: Option<String>,
        pub(crate) note: Option<String>,
        pub(crate) inviter_id: Option<i32>,
        pub(crate) request_id: Option<i32>,
    }
}

/// What the rules see of a participant. Personal data is loaded only where it is shown.
#[derive(Queryable, Selectable)]
#[diesel(table_name = participants)]
pub(crate) struct ParticipantState {
    pub(crate) conference_id: i32,
    id: i32,
    pub(crate) position: i32,
    kind: i16,
    user_id: Option<i32>,
    state: i16,
    deadline: Option<i64>,
    account_expires: Option<i64>,
    reason: Option<i16>,
    finished_at: Option<i64>,
    removal: Option<i16>,
    request_id: Option<i32>,
}

row! {
    /// What events changed of a participant.
    #[derive(Debug)]
    pub(crate) struct UpdateParticipant updated in participants
    where {
        conference_id: i32 = conference_id,
        id: i32 = id,
    }
    set {
        state: i16,
        deadline: Option<i64>,
        account_expires: Option<i64>,
        reason: Option<i16>,
        finished_at: Option<i64>,
        removal: Option<i16>,
    }
}

row! {
    /// Who a participant is, when it becomes the interpreter of the call. Its request stays.
    #[derive(Debug)]
    pub(crate) struct UpdateParty updated in participants
    where {
        pub(crate) conference_id: i32 = conference_id,
        pub(crate) id: i32 = id,
    }
    set {
        pub(crate) kind: i16,
        pub(crate) user_id: Option<i32>,
    }
}

row! {
    /// Binds an account to the secret that its holder derived; the last one counts.
    pub(crate) struct UpdateAccountSecret updated in participants
    where {
        pub(crate) conference_id: i32 = conference_id,
        pub(crate) id: i32 = id,
    }
    set {
        pub(crate) account_secret: Option<Vec<u8>>,
    }
}

/// The personal data of an invited party, what is said of it to a second interpreter, and the hash of its invitation.
#[derive(Clone, Default)]
pub(crate) struct Invitee {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) invitation: Option<Vec<u8>>,
    pub(crate) inviter: Option<i32>,
}

pub(crate) mod state {
    pub(crate) const INFORMED: i16 = 1;
    pub(super) const CONFIRMED: i16 = 2;
    pub(crate) const ROUTED: i16 = 3;
    pub(crate) const CONNECTED: i16 = 4;
    pub(crate) const DISCONNECTED: i16 = 5;
    pub(super) const FINISHED: i16 = 6;
}

mod kind {
    pub(super) const CLIENT: i16 = 1;
    pub(super) const PROVIDER: i16 = 2;
    pub(super) const GUEST: i16 = 3;
    pub(super) const SECOND_INTERPRETER: i16 = 4;
}

pub(super) const REASONS: [FinishReason; 12] = [
    FinishReason::Completed,
    FinishReason::Left,
    FinishReason::Declined,
    FinishReason::NoAnswer,
    FinishReason::Cancelled,
    FinishReason::Kicked(Kicker::Client),
    FinishReason::Kicked(Kicker::Provider),
    FinishReason::Lost,
    FinishReason::Expired,
    FinishReason::Replaced,
    FinishReason::Revoked,
    FinishReason::HandedOver,
];

pub(super) const fn reason_code(reason: FinishReason) -> i16 {
    match reason {
        FinishReason::Completed => 1,
        FinishReason::Left => 2,
        FinishReason::Declined => 3,
        FinishReason::NoAnswer => 4,
        FinishReason::Cancelled => 5,
        FinishReason::Kicked(Kicker::Client) => 6,
        FinishReason::Kicked(Kicker::Provider) => 7,
        FinishReason::Lost => 8,
        FinishReason::Expired => 9,
        FinishReason::Replaced => 10,
        FinishReason::Revoked => 11,
        FinishReason::HandedOver => 12,
    }
}

const REMOVALS: [Removal; 4] = [Removal::NotNeeded, Removal::Pending, Removal::Removed, Removal::Verified];

const fn removal_code(removal: Removal) -> i16 {
    match removal {
        Removal::NotNeeded => 1,
        Removal::Pending => 2,
        Removal::Removed => 3,
        Removal::Verified => 4,
    }
}

impl UpdateParty {
    /// The interpreter's columns.
    pub(crate) const fn to_interpreter(conference_id: i32, participant: ParticipantId, user: UserId) -> Self {
        Self { conference_id, id: participant.0, kind: kind::PROVIDER, user_id: Some(user.0) }
    }
}

impl UpdateParticipant {
    /// The columns of this state.
    pub(crate) fn to(conference_id: i32, participant: &Participant) -> Self {
        let id = participant.id.0;
        let waiting = |state, deadline: Option<&Timestamp>, account: Option<&Account>| Self {
            conference_id,
            id,
            state,
            deadline: deadline.map(|d| d.0),
            account_expires: account.map(|a| a.expires.0),
            reason: None,
            finished_at: None,
            removal: None,
        };
        match &participant.state {
            State::Informed { deadline } => waiting(state::INFORMED, Some(deadline), None),
            State::Confirmed { deadline } => waiting(state::CONFIRMED, Some(deadline), None),
            State::Routed { account } => waiting(state::ROUTED, None, Some(account)),
            State::Connected { account } => waiting(state::CONNECTED, None, Some(account)),
            State::Disconnected { account, deadline } => {
                waiting(state::DISCONNECTED, Some(deadline), Some(account))
            }
            State::Finished { reason, at, removal } => Self {
                conference_id,
                id,
                state: state::FINISHED,
                deadline: None,
                account_expires: None,
                reason: Some(reason_code(*reason)),
                finished_at: Some(at.0),
                removal: Some(removal_code(*removal)),
            },
        }
    }
}

impl ParticipantRow {
    pub(crate) fn new(
        conference_id: i32,
        position: i32,
        participant: &Participant,
        invitee: Invitee,
    ) -> Self {
        let UpdateParticipant {
            conference_id,
            id,
            state,
            deadline,
            account_expires,
            reason,
            finished_at,
            removal,
        } = UpdateParticipant::to(conference_id, participant);
        let Invitee { name, email, phone, note, invitation, inviter } = invitee;
        let (kind, user_id, request_id) = match participant.party {
            Party::Client(user) => (kind::CLIENT, Some(user.0), None),
            Party::Provider(user) => (kind::PROVIDER, Some(user.0), None),
            Party::Guest => (kind::GUEST, None, None),
            Party::SecondInterpreter(request) => (kind::SECOND_INTERPRETER, None, Some(request.0)),
        };
        Self {
            conference_id,
            id,
            position,
            kind,
            user_id,
            state,
            deadline,
            account_expires,
            account_secret: None,
            reason,
            finished_at,
            removal,
            invitation,
            name,
            email,
            phone,
            note,
            inviter_id: inviter,
            request_id,
        }
    }
}

impl ParticipantState {
    pub(crate) fn to_domain(&self) -> Result<Participant, StoreError> {
        Ok(Participant { id: ParticipantId(self.id), party: self.party()?, state: self.state()? })
    }

    fn party(&self) -> Result<Party, StoreError> {
        match (self.kind, self.user_id, self.request_id) {
            (kind::CLIENT, Some(user), None) => Ok(Party::Client(UserId(user))),
            // One who took the interpreter's place came for a request of its own.
            (kind::PROVIDER, Some(user), _) => Ok(Party::Provider(UserId(user))),
            (kind::GUEST, None, None) => Ok(Party::Guest),
            (kind::SECOND_INTERPRETER, None, Some(request)) => {
                Ok(Party::SecondInterpreter(RequestId(request)))
            }
            _ => Err(self.inconsistent("kind")),
        }
    }

    fn state(&self) -> Result<State, StoreError> {
        let deadline = self.deadline.map(Timestamp);
        let account = self.account_expires.map(|at| Account { expires: Timestamp(at) });
        match (self.state, deadline, account, self.reason, self.finished_at, self.removal) {
            (state::INFORMED, Some(deadline), None, None, None, None) => Ok(State::Informed { deadline }),
            (state::CONFIRMED, Some(deadline), None, None, None, None) => Ok(State::Confirmed { deadline }),
            (state::ROUTED, None, Some(account), None, None, None) => Ok(State::Routed { account }),
            (state::CONNECTED, None, Some(account), None, None, None) => Ok(State::Connected { account }),
            (state::DISCONNECTED, Some(deadline), Some(account), None, None, None) => {
                Ok(State::Disconnected { account, deadline })
            }
            (state::FINISHED, None, None, Some(reason), Some(at), Some(removal)) => Ok(State::Finished {
                reason: decode(&REASONS, reason_code, reason, ("participants", "reason"), || self.key())?,
                at: Timestamp(at),
                removal: decode(&REMOVALS, removal_code, removal, ("participants", "removal"), || {
                    self.key()
                })?,
            }),
            _ => Err(self.inconsistent("state")),
        }
    }

    fn inconsistent(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: "participants", column, row: self.key() }
    }

    fn key(&self) -> String {
        format!("{}/{}", self.conference_id, self.id)
    }
}
