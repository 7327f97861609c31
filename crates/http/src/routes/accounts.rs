//! `Client/Request/VideoEngineAccounts`, `Provider/Task/VideoEngineAccounts`, `Guest/VideoEngineAccounts`: get, or make, the
//! media accounts. Polled until they are there.

use actix_web::HttpResponse;
use trialogue_app::Accounts;
use trialogue_contract::models::ParaVideoEngineAccountPair;
use trialogue_storage::UserRole;

use crate::call::Call;
use crate::present;
use crate::reply::Failure;

/// The pair as the client or the provider sees it.
pub(super) async fn pair_accounts(call: Call, role: UserRole) -> Result<HttpResponse, Failure> {
    let user = call.user(role).await?;
    let accounts = call.app().pair_accounts(&user).await.map_err(|e| call.fail(e))?;
    Ok(answer(&call, accounts))
}

/// A guest's own account, as the listener's; the caller's place stays empty.
pub(super) async fn guest_account(call: Call) -> Result<HttpResponse, Failure> {
    let accounts = call.app().guest_account(&call.token()?).await.map_err(|e| call.fail(e))?;
    Ok(answer(&call, accounts))
}

fn answer(call: &Call, accounts: Option<Accounts>) -> HttpResponse {
    let window = call.app().conferences().timings().presence;
    match accounts {
        Some(accounts) => call.ok(&present::account_pair(&accounts, call.now(), window)),
        None => call.ok(&ParaVideoEngineAccountPair { killed: true, ..Default::default() }),
    }
}
