//! What can go wrong with a delivery.

/// An invitation that was not sent. Its text names no address and repeats no words of the other side, which may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// No answer, or none that can be understood. The message may have been sent.
    #[error("the {system} does not answer: {why}")]
    Unreachable {
        /// Which system.
        system: &'static str,
        /// The kind of trouble.
        why: &'static str,
    },
    /// The system can't send it now.
    #[error("the {system} puts it off ({code})")]
    PutOff {
        /// Which system.
        system: &'static str,
        /// Its own code.
        code: u16,
    },
    /// The system will not send it.
    #[error("the {system} refuses it ({code})")]
    Refused {
        /// Which system.
        system: &'static str,
        /// Its own code.
        code: u16,
    },
    /// There can be nobody at this address.
    #[error("the address is none that the {system} can be given")]
    BadAddress {
        /// Which system.
        system: &'static str,
    },
}

impl DeliveryError {
    /// Whether the same delivery, tried again later, may succeed.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::PutOff { .. } => true,
            Self::Refused { .. } | Self::BadAddress { .. } => false,
        }
    }
}

/// Settings that no adapter can be made of. It does not repeat them: they may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Misconfigured(pub(crate) &'static str);
