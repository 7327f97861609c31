//! A whole call through HTTP, from a log-in token to the finish: `scripts/walkthrough.sh` as a load.

use anyhow::Context as _;

use crate::connection::Connection;
use crate::request::Answer;
use crate::seed::Pair;

/// A call that is on, with a guest in it.
pub(crate) struct Call {
    /// The number of the conference.
    pub(crate) conference: u64,
    /// The number of the guest's participant.
    pub(crate) guest: u64,
    pub(crate) guest_token: String,
    /// The media accounts of client and provider.
    pub(crate) accounts: [String; 2],
}

/// A call from its request to its finish.
pub(crate) async fn whole(connection: &mut Connection, pair: &Pair) -> anyhow::Result<()> {
    let call = open(connection, pair).await?;
    close(connection, pair, &call).await
}

/// Opens a call: request, accept, start, confirm, both accounts, invitation, the guest confirms.
pub(crate) async fn open(connection: &mut Connection, pair: &Pair) -> anyhow::Result<Call> {
    let Pair { client, provider, language } = pair;
    let request = format!(r#"{{"NeedHelpLanguageId":{language},"AdditionalInfo":"Ward 7"}}"#);
    let request = number(&connection.post("Client/Request/New", client, &request).await?, "RequestId")?;
    let offers = connection.post("Provider/Task/Offers", provider, "").await?;
    anyhow::ensure!(number(&offers, "RequestId")? == request, "another request is offered");
    connection.post("Provider/Task/Accept", provider, &format!(r#"{{"RequestId":{request}}}"#)).await?;
    connection.post("Client/Request/StartVideoProcess", client, "").await?;
    connection.post("Provider/Task/ConfirmVideo", provider, "").await?;
    let of_client = account(&connection.post("Client/Request/VideoEngineAccounts", client, "").await?)?;
    let of_provider = account(&connection.post("Provider/Task/VideoEngineAccounts", provider, "").await?)?;
    let guest = r#"{"Name":"Rosa Relative","Email":"rosa@bench.example"}"#;
    let invited = connection.post("Client/Request/InviteThirdPartyVideoConference", client, guest).await?;
    let link = invited.header("location").context("the guest's link")?;
    let call = Call {
        conference: number(&invited, "RequestConferenceSessionId")?,
        guest: number(&invited, "RequestConferenceSessionVideoParticipantId")?,
        guest_token: link.split_once('#').context("the guest's token")?.1.to_owned(),
        accounts: [of_client, of_provider],
    };
    connection.post("Guest/Confirm", &call.guest_token, "").await?;
    Ok(call)
}

/// Ends a call: the guest is kicked, and the client finishes.
pub(crate) async fn close(connection: &mut Connection, pair: &Pair, call: &Call) -> anyhow::Result<()> {
    let kick = format!(
        r#"{{"RequestConferenceSessionId":{},"RequestConferenceSessionVideoParticipantId":{}}}"#,
        call.conference, call.guest
    );
    connection.post("Client/Request/KickThirdPartyVideoParticipant", &pair.client, &kick).await?;
    let finish = r#"{"IsSuccessful":true,"Calls":[]}"#;
    connection.post("Client/Request/CallFinishedNew", &pair.client, finish).await?;
    Ok(())
}

/// The media account of the guest.
pub(crate) async fn account_of_guest(connection: &mut Connection, call: &Call) -> anyhow::Result<String> {
    account(&connection.post("Guest/VideoEngineAccounts", &call.guest_token, "").await?)
}

/// The first number that a member has.
fn number(answer: &Answer<'_>, member: &str) -> anyhow::Result<u64> {
    let text = std::str::from_utf8(answer.body)?;
    let name = format!("\"{member}\":");
    let (_, rest) = text.split_once(&name).with_context(|| format!("no {member} in {text}"))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().with_context(|| format!("{member} in {text}"))
}

/// Whose account an answer holds: only the caller's own has a secret behind a dot.
fn account(answer: &Answer<'_>) -> anyhow::Result<String> {
    let text = std::str::from_utf8(answer.body)?;
    let mut accounts = text.split("\"AccountNumber\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    Ok(accounts
        .find(|account| account.contains('.'))
        .with_context(|| format!("no account in {text}"))?
        .to_owned())
}
