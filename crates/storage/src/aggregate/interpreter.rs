//! What interpreters are rung by, beside their profile.

use diesel::prelude::*;
use trialogue_domain::{Credential, LanguageId, Specialty, Timestamp, UserId};

use crate::database::connection::{AnyConnection, MAX_KEYS};
use crate::error::StoreError;
use crate::rows::interpreter::specialty;
use crate::schema::{credentials, interpreter_specialties};

/// The specialties of these interpreters.
pub(crate) fn specialties_of(
    connection: &mut AnyConnection,
    ids: &[i32],
) -> Result<Vec<(UserId, Specialty)>, StoreError> {
    let mut found: Vec<(i32, i32)> = Vec::new();
    for some in ids.chunks(MAX_KEYS) {
        let of_some = interpreter_specialties::table
            .filter(interpreter_specialties::interpreter_id.eq_any(some))
            .select((interpreter_specialties::interpreter_id, interpreter_specialties::specialty));
        found.append(&mut of_some.load(connection).map_err(StoreError::query("load the specialties"))?);
    }
    found.into_iter().map(|(id, code)| Ok((UserId(id), specialty(UserId(id), code)?))).collect()
}

/// The credentials of these interpreters.
pub(crate) fn credentials_of(
    connection: &mut AnyConnection,
    ids: &[i32],
) -> Result<Vec<(UserId, Credential)>, StoreError> {
    let mut found: Vec<(i32, Option<i32>, i64, Option<i64>)> = Vec::new();
    for some in ids.chunks(MAX_KEYS) {
        let of_some = credentials::table.filter(credentials::interpreter_id.eq_any(some)).select((
            credentials::interpreter_id,
            credentials::language_id,
            credentials::effective_at,
            credentials::expires_at,
        ));
        found.append(&mut of_some.load(connection).map_err(StoreError::query("load the credentials"))?);
    }
    let credential = |(id, language, effective, expires): (i32, Option<i32>, i64, Option<i64>)| {
        let language = language.map(LanguageId);
        let expires = expires.map(Timestamp);
        (UserId(id), Credential { language, effective: Timestamp(effective), expires })
    };
    Ok(found.into_iter().map(credential).collect())
}
