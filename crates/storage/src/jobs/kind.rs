//! The kinds of jobs.

/// The way by which an invitation is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By text message.
    Text,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 2] = [Self::Email, Self::Text];
}

/// Which system a job needs. Each kind has a worker of its own, so that a system that hangs delays no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// The media engine: the effects of a conference, one after the other.
    Engine,
    /// What delivers invitations. They do not wait for each other.
    Delivery(Channel),
}

impl JobKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Engine, Self::Delivery(Channel::Email), Self::Delivery(Channel::Text)];

    /// The name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Delivery(Channel::Email) => "e-mail",
            Self::Delivery(Channel::Text) => "text message",
        }
    }

    /// The number in the database. It never stands for another kind.
    pub(crate) const fn code(self) -> i16 {
        match self {
            Self::Engine => 1,
            Self::Delivery(Channel::Email) => 2,
            Self::Delivery(Channel::Text) => 3,
        }
    }
}
