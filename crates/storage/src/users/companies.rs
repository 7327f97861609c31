//! Companies: the customers whose clients ask for interpreters, and the secrets of their own systems.

use diesel::prelude::*;
use trialogue_domain::{Timestamp, UserId};

use crate::aggregate::company::CompanyId;
use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::executor::ids::take_ids;
use crate::schema::{companies, company_secrets, users};
use crate::secret::SecretHash;
use crate::store::Store;
use crate::text::storable;

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its number.
    pub id: CompanyId,
    /// Its short name, in small letters.
    pub code: String,
    /// Its name.
    pub name: String,
}

impl Store {
    /// Adds a company. None if another one has the code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_company(
        &self,
        code: String,
        name: String,
        now: Timestamp,
    ) -> Result<Option<CompanyId>, StoreError> {
        storable(&[("code", Some(&code)), ("name", Some(&name))])?;
        self.executor()
            .write(0, "add a company", move |tx| {
                if by_code(&mut tx.connection, &code)?.is_some() {
                    return Ok(None);
                }
                add(&mut tx.connection, &code, &name, now)
                    .map(Some)
                    .map_err(StoreError::query("insert a company"))
            })
            .await
    }

    /// The company of a client; none if it belongs to none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn company_of(&self, client: UserId) -> Result<Option<Company>, StoreError> {
        self.executor()
            .read("find a client's company", move |connection| {
                let row: Option<(i32, String, String)> = companies::table
                    .inner_join(users::table.on(users::company_id.eq(companies::id.nullable())))
                    .filter(users::id.eq(client.0))
                    .select((companies::id, companies::code, companies::name))
                    .first(connection)
                    .optional()
                    .map_err(StoreError::query("find a client's company"))?;
                Ok(row.map(|(id, code, name)| Company { id: CompanyId(id), code, name }))
            })
            .await
    }

    /// All companies, by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn companies(&self) -> Result<Vec<Company>, StoreError> {
        self.executor()
            .read("list the companies", |connection| {
                let rows: Vec<(i32, String, String)> = companies::table
                    .order(companies::id)
                    .select((companies::id, companies::code, companies::name))
                    .load(connection)
                    .map_err(StoreError::query("list the companies"))?;
                Ok(rows.into_iter().map(company).collect())
            })
            .await
    }

    /// The company with this code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn company(&self, code: String) -> Result<Option<Company>, StoreError> {
        self.executor().read("find a company", move |connection| by_code(connection, &code)).await
    }

    /// Keeps a further secret of a company.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_company_secret(
        &self,
        company: CompanyId,
        hash: SecretHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.executor()
            .write(0, "add a company's secret", move |tx| {
                diesel::insert_into(company_secrets::table)
                    .values((
                        company_secrets::hash.eq(&hash[..]),
                        company_secrets::company_id.eq(company.0),
                        company_secrets::created_at.eq(now.0),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("insert a company's secret"))?;
                Ok(())
            })
            .await
    }

    /// Revokes all secrets of a company but the newest; how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_company_secrets(
        &self,
        company: CompanyId,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.executor()
            .write(0, "revoke a company's secrets", move |tx| {
                revoke(&mut tx.connection, company, now)
                    .map_err(StoreError::query("revoke a company's secrets"))
            })
            .await
    }

    /// The company whose secret it is, unless it was revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn company_of_secret(&self, hash: SecretHash) -> Result<Option<Company>, StoreError> {
        self.executor()
            .read("check a company's secret", move |connection| {
                let found: Option<(i32, String, String)> = company_secrets::table
                    .inner_join(companies::table.on(companies::id.eq(company_secrets::company_id)))
                    .filter(company_secrets::hash.eq(&hash[..]).and(company_secrets::revoked_at.is_null()))
                    .select((companies::id, companies::code, companies::name))
                    .get_result(connection)
                    .optional()
                    .map_err(StoreError::query("check a company's secret"))?;
                Ok(found.map(company))
            })
            .await
    }
}

fn company((id, code, name): (i32, String, String)) -> Company {
    Company { id: CompanyId(id), code, name }
}

fn by_code(connection: &mut AnyConnection, code: &str) -> Result<Option<Company>, StoreError> {
    let found: Option<(i32, String, String)> = companies::table
        .filter(companies::code.eq(code))
        .select((companies::id, companies::code, companies::name))
        .get_result(connection)
        .optional()
        .map_err(StoreError::query("find a company"))?;
    Ok(found.map(company))
}

fn add(connection: &mut AnyConnection, code: &str, name: &str, now: Timestamp) -> QueryResult<CompanyId> {
    let id = take_ids(connection, "company", 1)?.start;
    diesel::insert_into(companies::table)
        .values((
            companies::id.eq(id),
            companies::code.eq(code),
            companies::name.eq(name),
            companies::created_at.eq(now.0),
        ))
        .execute(connection)?;
    Ok(CompanyId(id))
}

fn revoke(connection: &mut AnyConnection, company: CompanyId, now: Timestamp) -> QueryResult<usize> {
    let valid: Vec<Vec<u8>> = company_secrets::table
        .filter(company_secrets::company_id.eq(company.0).and(company_secrets::revoked_at.is_null()))
        .order((company_secrets::created_at.desc(), company_secrets::hash))
        .select(company_secrets::hash)
        .load(connection)?;
    let old: Vec<Vec<u8>> = valid.into_iter().skip(1).collect();
    diesel::update(company_secrets::table.filter(company_secrets::hash.eq_any(old)))
        .set(company_secrets::revoked_at.eq(Some(now.0)))
        .execute(connection)
}
