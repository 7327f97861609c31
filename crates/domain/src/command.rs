//! What can be asked for.

use crate::{LanguageId, ParticipantId, UserId};

/// A wish to change a conference. New ids come in with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Offer the request to one more provider (it came online while the search is on).
    Offer(UserId),
    /// Take the request.
    AcceptOffer {
        /// The provider is in another live request, a fact that only the caller of [`crate::decide`] can know.
        busy: bool,
    },
    /// Do not take it.
    DeclineOffer,
    /// The caller is ready for video; the listener must confirm.
    StartVideo(NewPair),
    /// The same, once more within the same request.
    VideoAgain(NewPair),
    /// The provider is out of the request, and another one is searched for.
    FindAnother,
    /// The provider whose connection was lost comes back into the running call.
    Rejoin(ParticipantId),
    /// The listener's yes.
    ConfirmVideo,
    /// The listener's no.
    RefuseVideo,
    /// Issue the media accounts of caller and listener.
    IssueAccounts,
    /// Invite a third party.
    InviteGuest(ParticipantId),
    /// Ask for one more interpreter.
    RequestSecondInterpreter(ParticipantId, LanguageId),
    /// Remove an invited party.
    Kick(ParticipantId),
    /// The invited party's yes.
    ConfirmInvitation,
    /// The invited party's no.
    DeclineInvitation,
    /// Issue the media account of the invited party that asks.
    IssueOwnAccount,
    /// The invited party goes.
    Leave,
    /// The call is over.
    Finish {
        /// False marks the request as cancelled even if the interpreter's service was used.
        successful: bool,
    },
}

/// The ids of the two participants of a new call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NewPair {
    /// The caller's.
    pub client: ParticipantId,
    /// The listener's.
    pub provider: ParticipantId,
}

/// The name of a command, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the variant of Command of the same name")]
pub enum CommandKind {
    Offer,
    AcceptOffer,
    DeclineOffer,
    StartVideo,
    VideoAgain,
    FindAnother,
    Rejoin,
    ConfirmVideo,
    RefuseVideo,
    IssueAccounts,
    InviteGuest,
    RequestSecondInterpreter,
    Kick,
    ConfirmInvitation,
    DeclineInvitation,
    IssueOwnAccount,
    Leave,
    Finish,
}

impl CommandKind {
    /// All commands.
    pub const ALL: [Self; 18] = [
        Self::Offer,
        Self::AcceptOffer,
        Self::DeclineOffer,
        Self::StartVideo,
        Self::VideoAgain,
        Self::FindAnother,
        Self::Rejoin,
        Self::ConfirmVideo,
        Self::RefuseVideo,
        Self::IssueAccounts,
        Self::InviteGuest,
        Self::RequestSecondInterpreter,
        Self::Kick,
        Self::ConfirmInvitation,
        Self::DeclineInvitation,
        Self::IssueOwnAccount,
        Self::Leave,
        Self::Finish,
    ];
}

impl Command {
    /// Its name.
    pub const fn kind(&self) -> CommandKind {
        match self {
            Self::Offer(_) => CommandKind::Offer,
            Self::AcceptOffer { .. } => CommandKind::AcceptOffer,
            Self::DeclineOffer => CommandKind::DeclineOffer,
            Self::StartVideo(_) => CommandKind::StartVideo,
            Self::VideoAgain(_) => CommandKind::VideoAgain,
            Self::FindAnother => CommandKind::FindAnother,
            Self::Rejoin(_) => CommandKind::Rejoin,
            Self::ConfirmVideo => CommandKind::ConfirmVideo,
            Self::RefuseVideo => CommandKind::RefuseVideo,
            Self::IssueAccounts => CommandKind::IssueAccounts,
            Self::InviteGuest(_) => CommandKind::InviteGuest,
            Self::RequestSecondInterpreter(..) => CommandKind::RequestSecondInterpreter,
            Self::Kick(_) => CommandKind::Kick,
            Self::ConfirmInvitation => CommandKind::ConfirmInvitation,
            Self::DeclineInvitation => CommandKind::DeclineInvitation,
            Self::IssueOwnAccount => CommandKind::IssueOwnAccount,
            Self::Leave => CommandKind::Leave,
            Self::Finish { .. } => CommandKind::Finish,
        }
    }
}
