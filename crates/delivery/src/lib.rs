//! Brings invitations to those who are invited: by e-mail through SMTP, by text message through a webhook.
//!
//! An adapter knows nothing of calls and of the database: it is given an address and an [`Invitation`], and says whether
//! it is on its way. Delivery happens at least once; each adapter passes a name of the invitation on that is the same
//! every time, by which systems behind it can tell a repetition. No error names an address, a link or a person.

mod email;
mod error;
mod invitation;
mod text_message;

use std::pin::Pin;

pub use email::{Email, Sender};
pub use error::{DeliveryError, Misconfigured};
pub use invitation::{Invitation, Language};
pub use text_message::{Bearer, TextMessage};

/// The answer of a delivery, to be awaited.
pub type DeliveryFuture<'a> = Pin<Box<dyn Future<Output = Result<(), DeliveryError>> + Send + 'a>>;

/// One way to reach people. Nothing of it waits for ever, but whoever calls sets the limit.
pub trait Delivery: Send + Sync {
    /// Sends an invitation to an address.
    ///
    /// Fails with [`DeliveryError`]: whether another try may do better, it says itself.
    fn deliver<'a>(&'a self, to: &'a str, invitation: &'a Invitation) -> DeliveryFuture<'a>;
}
