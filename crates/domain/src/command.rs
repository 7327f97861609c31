//! What can be asked for, and what must be known to judge it.

use crate::{LanguageId, ParticipantId, Purpose, RequestId, Ring};

/// A wish to change a conference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Offer a request to one more provider, or once more to one who did not answer.
    Offer(RequestId, Ring),
    /// Take a request.
    AcceptOffer(RequestId),
    /// Do not take it.
    DeclineOffer(RequestId),
    /// The caller is ready for video; the listener must confirm.
    StartVideo,
    /// The same, once more within the same conference.
    VideoAgain,
    /// Another interpreter is searched for. Before the call runs, the one who has accepted is out of the request; in a
    /// running call that its interpreter has lost, a successor is asked for.
    FindAnother,
    /// The provider whose connection was lost comes back into the running call.
    Rejoin,
    /// The listener's yes.
    ConfirmVideo,
    /// The listener's no.
    RefuseVideo,
    /// Issue the media accounts of caller and listener.
    IssueAccounts,
    /// Invite a third party.
    InviteGuest,
    /// Ask for one more interpreter, for this language.
    RequestSecondInterpreter(LanguageId, Purpose),
    /// Of two interpreters who take turns, this one works from now on.
    TakeTurn(ParticipantId),
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

/// What must be known to judge a command, beside the conference itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What keeps the interpreter who gives the command from serving. Counts for [`Command::AcceptOffer`] only.
    pub hindrance: Option<Hindrance>,
    /// For what the command makes.
    pub ids: NewIds,
}

/// What keeps an interpreter from serving a request, whatever the request's own state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hindrance {
    /// It serves another conference.
    Busy,
    /// A credential for the request's language is not in force.
    Credential,
}

/// Ids that nothing bears yet. A decision takes those that it needs, from the first on; the others stay free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewIds {
    /// Of participants: no command makes more than two.
    pub participants: [ParticipantId; 2],
    /// Of a request.
    pub request: RequestId,
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
    TakeTurn,
    Kick,
    ConfirmInvitation,
    DeclineInvitation,
    IssueOwnAccount,
    Leave,
    Finish,
}

impl CommandKind {
    /// All commands.
    pub const ALL: [Self; 19] = [
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
        Self::TakeTurn,
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
            Self::Offer(..) => CommandKind::Offer,
            Self::AcceptOffer(_) => CommandKind::AcceptOffer,
            Self::DeclineOffer(_) => CommandKind::DeclineOffer,
            Self::StartVideo => CommandKind::StartVideo,
            Self::VideoAgain => CommandKind::VideoAgain,
            Self::FindAnother => CommandKind::FindAnother,
            Self::Rejoin => CommandKind::Rejoin,
            Self::ConfirmVideo => CommandKind::ConfirmVideo,
            Self::RefuseVideo => CommandKind::RefuseVideo,
            Self::IssueAccounts => CommandKind::IssueAccounts,
            Self::InviteGuest => CommandKind::InviteGuest,
            Self::RequestSecondInterpreter(..) => CommandKind::RequestSecondInterpreter,
            Self::TakeTurn(_) => CommandKind::TakeTurn,
            Self::Kick(_) => CommandKind::Kick,
            Self::ConfirmInvitation => CommandKind::ConfirmInvitation,
            Self::DeclineInvitation => CommandKind::DeclineInvitation,
            Self::IssueOwnAccount => CommandKind::IssueOwnAccount,
            Self::Leave => CommandKind::Leave,
            Self::Finish { .. } => CommandKind::Finish,
        }
    }
}
