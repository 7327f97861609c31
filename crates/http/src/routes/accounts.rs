//! `Client/Request/VideoEngineAccounts`, `Provider/Task/VideoEngineAccounts`, `Guest/VideoEngineAccounts`: get, or make, the
//! media accounts. Polled until they are there.

use actix_web::HttpResponse;
use trialogue_domain::{
    AccountPair, Actor, Conference, Kind, ParticipantId, Party, Refusal, account_pair, own_account,
};
use trialogue_media::Identity;
use trialogue_storage::{ConferenceView, StoreError, UserRole, Whose};

use crate::call::Call;
use crate::present::{self, Holder};
use crate::reply::Failure;
use crate::secret::Secret;
use trialogue_contract::models::ParaVideoEngineAccountPair;

/// The pair as the client or the provider sees it.
pub(super) async fn pair_accounts(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let caller = call.user(role).await?;
    answer(&call, caller.own(), caller.actor(), &caller.token).await
}

/// A guest's own account, as the listener's; the caller's place stays empty.
pub(super) async fn guest_account(call: Call) -> Result<HttpResponse, Failure> {
    let (invitation, token) = call.guest().await?;
    answer(&call, Whose::Id(invitation.conference), invitation.actor(), &token).await
}

async fn answer(call: &Call, whose: Whose, actor: Actor, token: &Secret) -> Result<HttpResponse, Failure> {
    let store = &call.app().store;
    let mut view = match call.app().view(whose).await {
        Ok(Some(view)) => view,
        Ok(None) => return Err(call.fail(StoreError::Refused(Refusal::NoRequest))),
        // The call of who is out of the request is over for it.
        Err(StoreError::Refused(Refusal::Released)) => {
            return Ok(call.ok(&ParaVideoEngineAccountPair { killed: true, ..Default::default() }));
        }
        Err(error) => return Err(call.fail(error)),
    };
    if !settled(call, &view, actor, token).await? {
        let deriving = token.clone();
        let secret = move |own: ParticipantId| deriving.of_account(Identity::from(own)).hash();
        match store.issue_accounts(Whose::Id(view.conference.id), actor, secret, call.now()).await {
            Ok(conference) => view.conference = conference,
            // Not yet, or not any more: the pair itself tells which.
            Err(StoreError::Refused(
                Refusal::StillSearching
                | Refusal::NoCall
                | Refusal::NotConfirmed(_)
                | Refusal::ParticipantFinished
                | Refusal::RequestEnded(_),
            )) => {}
            Err(error) => return Err(call.fail(error)),
        }
    }
    let (pair, participant) = seen_by(&view.conference, actor);
    let window = call.app().store.timings().presence;
    let holder = Holder { participant, token };
    Ok(call.ok(&present::account_pair(&pair, &view, &holder, call.now(), window)))
}

/// Nothing is to be written: the pair is over, or the holder's account is issued and bound to its secret.
async fn settled(call: &Call, view: &ConferenceView, actor: Actor, token: &Secret) -> Result<bool, Failure> {
    let (pair, own) = seen_by(&view.conference, actor);
    if pair.killed {
        return Ok(true);
    }
    let issued = [pair.caller, pair.listener].into_iter().flatten().any(|leg| Some(leg.participant) == own);
    let Some(own) = own.filter(|_| issued) else { return Ok(false) };
    let secret = token.of_account(Identity::from(own)).hash();
    call.app().store.is_bound(view.conference.id, own, secret).await.map_err(|e| call.fail(e))
}

fn seen_by(conference: &Conference, actor: Actor) -> (AccountPair, Option<ParticipantId>) {
    let current = |kind| conference.current(kind).map(|p| p.id);
    match actor {
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
