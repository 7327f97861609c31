//! The media accounts of a call: got, or made. Polled until they are there.

use trialogue_domain::{
    AccountPair, Actor, Conference, Kind, ParticipantId, Party, Refusal, account_pair, own_account,
};
use trialogue_media::Identity;
use trialogue_storage::{ConferenceLookup, ConferenceView, StoreError};

use crate::app::App;
use crate::authentication::LoggedInUser;
use crate::error::AppError;
use crate::secret::Secret;

/// The accounts of a call, as one party sees them.
pub struct Accounts {
    /// The conference.
    pub view: ConferenceView,
    /// The accounts.
    pub pair: AccountPair,
    /// Whose account is the asker's own, and the secret of it.
    pub own: Option<(ParticipantId, Secret)>,
}

impl App {
    /// The pair as the client or the interpreter sees it; none if its call is over for it, as it is out of the request.
    ///
    /// # Errors
    /// [`AppError::Store`]; [`Refusal::NoRequest`].
    pub async fn pair_accounts(&self, user: &LoggedInUser) -> Result<Option<Accounts>, AppError> {
        self.accounts(user.own(), user.actor(), &user.token).await
    }

    /// A guest's own account, in the listener's place.
    ///
    /// # Errors
    /// As [`App::pair_accounts`]; [`AppError::InvalidInvitation`].
    pub async fn guest_account(&self, token: &Secret) -> Result<Option<Accounts>, AppError> {
        let invitation = self.guest(token).await?;
        self.accounts(ConferenceLookup::Id(invitation.conference), invitation.actor(), token).await
    }

    async fn accounts(
        &self,
        lookup: ConferenceLookup,
        actor: Actor,
        token: &Secret,
    ) -> Result<Option<Accounts>, AppError> {
        let mut view = match self.view(lookup).await {
            Err(AppError::Store(StoreError::Refused(Refusal::Released))) => return Ok(None),
            view => view?.ok_or(Refusal::NoRequest)?,
        };
        if !self.are_settled(&view, actor, token).await? {
            let deriving = token.clone();
            let secret = move |own: ParticipantId| deriving.of_account(Identity::from(own)).hash();
            let id = ConferenceLookup::Id(view.conference.id);
            match self.conferences.issue_accounts(id, actor, secret, self.now()).await {
                Ok(conference) => view.conference = conference,
                // Not yet, or not any more: the pair itself tells which.
                Err(StoreError::Refused(
                    Refusal::StillSearching
                    | Refusal::NoCall
                    | Refusal::NotConfirmed(_)
                    | Refusal::ParticipantFinished
                    | Refusal::RequestEnded(_),
                )) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (pair, own) = seen_by(&view.conference, actor);
        let own = own.map(|own| (own, token.of_account(Identity::from(own))));
        Ok(Some(Accounts { view, pair, own }))
    }

    /// Nothing is to be written: the pair is over, or the holder's account is issued and bound to its secret.
    async fn are_settled(
        &self,
        view: &ConferenceView,
        actor: Actor,
        token: &Secret,
    ) -> Result<bool, AppError> {
        let (pair, own) = seen_by(&view.conference, actor);
        if pair.killed {
            return Ok(true);
        }
        let issued = [pair.caller, pair.listener].into_iter().flatten();
        let Some(own) = own.filter(|own| issued.into_iter().any(|leg| leg.participant == *own)) else {
            return Ok(false);
        };
        let secret = token.of_account(Identity::from(own)).hash();
        Ok(self.store.is_bound(view.conference.id, own, secret).await?)
    }
}

fn seen_by(conference: &Conference, actor: Actor) -> (AccountPair, Option<ParticipantId>) {
    let current = |kind| conference.current(kind).map(|p| p.id);
    match conference.acting(actor) {
        Actor::Client(_) => (account_pair(conference), current(Kind::Client)),
        Actor::Provider(user) => match conference.current(Kind::Provider) {
            // The last call was another interpreter's.
            Some(other) if other.party != Party::Provider(user) => (AccountPair::default(), None),
            own => (account_pair(conference), own.map(|p| p.id)),
        },
        Actor::Guest(id) | Actor::SecondInterpreter(id) => (own_account(conference, id), Some(id)),
        Actor::System => (AccountPair::default(), None),
    }
}
