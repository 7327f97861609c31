//! Who asks, and what a role may ask for.

use crate::{CommandKind, ParticipantId, UserId};

/// Who gives a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A client user.
    Client(UserId),
    /// An interpreter.
    Provider(UserId),
    /// The holder of a guest's invitation.
    Guest(ParticipantId),
    /// The second interpreter of a conference.
    SecondInterpreter(ParticipantId),
    /// The server itself.
    System,
}

/// The role of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The client.
    Client,
    /// The provider.
    Provider,
    /// An invited third party.
    Guest,
    /// A second interpreter.
    SecondInterpreter,
    /// The server itself.
    System,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Client, Self::Provider, Self::Guest, Self::SecondInterpreter, Self::System];
}

impl Actor {
    /// Its role.
    pub const fn role(&self) -> Role {
        match self {
            Self::Client(_) => Role::Client,
            Self::Provider(_) => Role::Provider,
            Self::Guest(_) => Role::Guest,
            Self::SecondInterpreter(_) => Role::SecondInterpreter,
            Self::System => Role::System,
        }
    }
}

/// The permission table: which role may give which command at all.
pub const fn permits(role: Role, command: CommandKind) -> bool {
    use CommandKind as C;
    match role {
        Role::Client => match command {
            C::StartVideo
            | C::VideoAgain
            | C::FindAnother
            | C::IssueAccounts
            | C::InviteGuest
            | C::RequestSecondInterpreter
            | C::Kick
            | C::Finish => true,
            C::Offer
            | C::TakeTurn
            | C::AcceptOffer
            | C::DeclineOffer
            | C::Rejoin
            | C::ConfirmVideo
            | C::RefuseVideo
            | C::ConfirmInvitation
            | C::DeclineInvitation
            | C::IssueOwnAccount
            | C::Leave => false,
        },
        Role::Provider => match command {
            C::AcceptOffer
            | C::DeclineOffer
            | C::Rejoin
            | C::ConfirmVideo
            | C::RefuseVideo
            | C::IssueAccounts
            | C::InviteGuest
            | C::RequestSecondInterpreter
            | C::TakeTurn
            | C::Kick
            | C::Finish => true,
            C::Offer
            | C::StartVideo
            | C::VideoAgain
            | C::FindAnother
            | C::ConfirmInvitation
            | C::DeclineInvitation
            | C::IssueOwnAccount
            | C::Leave => false,
        },
        Role::Guest | Role::SecondInterpreter => match command {
            C::ConfirmInvitation | C::DeclineInvitation | C::IssueOwnAccount | C::Leave => true,
            C::TakeTurn => matches!(role, Role::SecondInterpreter),
            C::Offer
            | C::AcceptOffer
            | C::DeclineOffer
            | C::StartVideo
            | C::VideoAgain
            | C::FindAnother
            | C::Rejoin
            | C::ConfirmVideo
            | C::RefuseVideo
            | C::IssueAccounts
            | C::InviteGuest
            | C::RequestSecondInterpreter
            | C::Kick
            | C::Finish => false,
        },
        Role::System => match command {
            C::Offer | C::FindAnother => true,
            C::AcceptOffer
            | C::DeclineOffer
            | C::StartVideo
            | C::VideoAgain
            | C::Rejoin
            | C::ConfirmVideo
            | C::RefuseVideo
            | C::IssueAccounts
            | C::InviteGuest
            | C::RequestSecondInterpreter
            | C::TakeTurn
            | C::Kick
            | C::ConfirmInvitation
            | C::DeclineInvitation
            | C::IssueOwnAccount
            | C::Leave
            | C::Finish => false,
        },
    }
}
