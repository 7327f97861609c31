//! Which company a client belongs to.

use diesel::prelude::*;
use trialogue_domain::{ConferenceId, UserId};

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::{conferences, users};

/// Number of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CompanyId(pub i32);

/// The company of a client.
pub(crate) fn company_of(
    connection: &mut AnyConnection,
    client: UserId,
) -> Result<Option<CompanyId>, StoreError> {
    let found: Option<Option<i32>> = users::table
        .find(client.0)
        .select(users::company_id)
        .get_result(connection)
        .optional()
        .map_err(StoreError::query("find a client's company"))?;
    Ok(found.flatten().map(CompanyId))
}

/// The company of a conference's client.
pub(crate) fn company_of_client(
    connection: &mut AnyConnection,
    conference: ConferenceId,
) -> Result<Option<CompanyId>, StoreError> {
    let client: Option<i32> = conferences::table
        .find(conference.0)
        .select(conferences::client_id)
        .get_result(connection)
        .optional()
        .map_err(StoreError::query("find a conference's client"))?;
    client.map_or(Ok(None), |client| company_of(connection, UserId(client)))
}
