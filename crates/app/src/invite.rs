//! Invite a third party.

use trialogue_domain::ParticipantId;
use trialogue_person::{EmailAddress, PersonName, PhoneNumber};
use trialogue_storage::{ConferenceView, IdempotencyKey, NewGuest};

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;
use crate::secret::Secret;

/// Who is to be invited.
pub struct Invitee {
    /// Its name.
    pub name: Option<PersonName>,
    /// Where it gets mail.
    pub email: Option<EmailAddress>,
    /// Where it gets text messages.
    pub phone: Option<PhoneNumber>,
}

/// An invitation that was made, now or under the same key before.
pub struct Invited {
    /// What was rendered then.
    pub answer: Vec<u8>,
    /// The link, if it opens the invitation: made under another login, it opens none.
    pub link: Option<String>,
}

impl App {
    /// Invites a third party into the user's conference. Where e-mail or text messages are configured, the delivery of the
    /// link is queued with the invitation. Answers with what `render` makes of it.
    ///
    /// # Errors
    /// [`AppError::Store`]: the rules' refusal, too many invitations, another invitation with this key.
    pub async fn invite(
        &self,
        user: &LoggedInUser,
        invitee: Invitee,
        key: Option<IdempotencyKey>,
        render: impl Fn(&ConferenceView, ParticipantId) -> Vec<u8> + Send + 'static,
    ) -> Result<Invited, AppError> {
        let Invitee { name, email, phone } = invitee;
        let (holder, channel) = match &self.settings.delivery {
            Some(delivery) => (delivery.key.0.clone(), delivery.channel(email.is_some(), phone.is_some())),
            None => (user.token.clone(), None),
        };
        let now = self.now();
        let deriving = holder.clone();
        let guest = NewGuest {
            inviter: user.id,
            name: name.map(|name| name.as_str().to_owned()),
            email: email.map(|email| email.as_str().to_owned()),
            phone: phone.map(|phone| phone.as_str().to_owned()),
            invitation: Box::new(move |participant| deriving.of_invitation(participant, now).hash()),
            channel,
        };
        let render =
            Box::new(move |(view, participant): &(ConferenceView, ParticipantId)| render(view, *participant));
        let made = self.conferences.invite(user.own(), user.actor(), guest, now, key, render).await?;
        let link = match made.participant {
            Some(participant) => self.link(&holder.of_invitation(participant, made.made_at)).await?,
            None => None,
        };
        Ok(Invited { answer: made.body, link })
    }

    async fn link(&self, secret: &Secret) -> Result<Option<String>, AppError> {
        let live = self.store.invitation(secret.hash()).await?;
        Ok(live.map(|_| secret.link(&self.settings.public_url)))
    }
}
