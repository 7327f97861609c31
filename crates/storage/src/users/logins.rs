//! Logins: their tokens, how long they last, and how they end.

use diesel::prelude::*;
use trialogue_domain::{Conference, ConferenceId, LanguageId, ParticipantId, Step, Timestamp, UserId};

use crate::aggregate::batch::change;
use crate::changes::change::Change;
use crate::changes::nodes::notify;
use crate::database::connection::{AnyConnection, native};
use crate::error::StoreError;
use crate::executor::transaction::Tx;
use crate::schema::{conferences, participants, requests, tokens, users};
use crate::secret::SecretHash;
use crate::store::Store;
use crate::users::availability::set_off;
use crate::users::directory::{Credentials, UserRole, UserStatus, note_sign_of_life};

/// Maximum number of logins of one user. A further one ends the oldest.
const LOGINS: i64 = 20;

/// Who a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub user: UserId,
    /// Which kind.
    pub role: UserRole,
    /// The last recorded sign of life.
    pub last_seen: Option<Timestamp>,
    /// When the user logged in.
    pub logged_in: Timestamp,
    /// The language of texts that was asked for.
    pub language: Option<LanguageId>,
    /// When the token dies, unless it is used before. During a live request it lives on.
    pub expires: Timestamp,
}

impl Store {
    /// Keeps a new login token, and notes the sign of life; as by [`Store::touch`], true if a provider has become present
    /// by it. None if the credentials, which were judged before, are not good any more: the user was disabled, or has
    /// another password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_in(
        &self,
        judged: Credentials,
        hash: SecretHash,
        seen_from: Timestamp,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let user = judged.user;
        self.executor()
            .write(user.0, "log in", move |tx| {
                let good = users::table
                    .find(user.0)
                    .filter(users::status.eq(UserStatus::Active.code()))
                    .filter(users::password_hash.eq(&judged.password_hash))
                    .count()
                    .get_result::<i64>(&mut tx.connection)
                    .map_err(StoreError::query("check credentials"))?;
                if good == 0 {
                    return Ok(None);
                }
                diesel::insert_into(tokens::table)
                    .values((
                        tokens::hash.eq(&hash[..]),
                        tokens::user_id.eq(user.0),
                        tokens::created_at.eq(now.0),
                        tokens::expires_at.eq(expires.0),
                        tokens::language_id.eq(judged.language.map(|language| language.0)),
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("insert a token"))?;
                end_oldest(tx, user, &hash)?;
                note_sign_of_life(&mut tx.connection, user, seen_from, now).map(Some)
            })
            .await
    }

    /// Whose token this is; none if it is unknown, or expired while its user has no live request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn login(&self, hash: SecretHash, now: Timestamp) -> Result<Option<Login>, StoreError> {
        self.executor()
            .read("check a token", move |connection| {
                let Some(login) = find_login(connection, hash)? else { return Ok(None) };
                let lives = login.expires > now || live_request(connection, login.user)?.is_some();
                Ok(Some(login).filter(|_| lives))
            })
            .await
    }

    /// Whether this token was good once and expired. Expired tokens are kept for a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_expired(&self, hash: SecretHash, now: Timestamp) -> Result<bool, StoreError> {
        self.executor()
            .read("look for an expired token", move |connection| {
                Ok(find_login(connection, hash)?.is_some_and(|login| login.expires <= now))
            })
            .await
    }

    /// Prolongs the life of a token. It is never shortened.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prolong(
        &self,
        user: UserId,
        hash: SecretHash,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        self.executor()
            .write(user.0, "prolong a login", move |tx| {
                let shorter = tokens::hash.eq(&hash[..]).and(tokens::expires_at.lt(expires.0));
                diesel::update(tokens::table.filter(shorter))
                    .set(tokens::expires_at.eq(expires.0))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("prolong a login"))?;
                Ok(())
            })
            .await
    }

    /// Ends a login. A provider without another login is offline. The user's part in a live request changes by what
    /// `judge` makes of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_out(
        &self,
        user: UserId,
        hash: SecretHash,
        judge: impl Fn(&Conference, &LoggedOut<'_>) -> Vec<Step> + Send + 'static,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.executor()
            .write(user.0, "log out", move |tx| {
                diesel::delete(tokens::table.filter(tokens::hash.eq(&hash[..])))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("end a login"))?;
                let others = tokens::table
                    .filter(tokens::user_id.eq(user.0).and(tokens::expires_at.gt(now.0)))
                    .count()
                    .get_result::<i64>(&mut tx.connection)
                    .map_err(StoreError::query("look for other logins"))?;
                if others == 0 {
                    set_off(&mut tx.connection, user)?;
                }
                if let Some(id) = live_request(&mut tx.connection, user)? {
                    let secrets = account_secrets(&mut tx.connection, id)?;
                    let left = LoggedOut { has_other_login: others > 0, secrets: &secrets };
                    change(tx, id, |conference, _| Ok(judge(conference, &left).into()))?;
                }
                tx.after_commit.changes.push(Change::of_user(user));
                Ok(())
            })
            .await
    }
}

/// What a login that ends leaves behind.
#[derive(Debug, Clone, Copy)]
pub struct LoggedOut<'a> {
    /// Whether the user has another login.
    pub has_other_login: bool,
    secrets: &'a [(ParticipantId, Vec<u8>)],
}

impl LoggedOut<'_> {
    /// Whether the account of this participant is bound to another secret than the one with this hash.
    pub fn is_bound_to_another(&self, participant: ParticipantId, secret: &SecretHash) -> bool {
        self.secrets.iter().any(|(id, bound)| *id == participant && bound != secret)
    }
}

/// Makes the steps that end a user's part in a conference.
pub type EndPart = Box<dyn Fn(&Conference, UserId) -> Vec<Step> + Send>;

/// Ends all logins of a user, and its part in the live request: its accounts become invalid in the same transaction.
pub(crate) fn revoke(tx: &mut Tx, user: UserId, end: &EndPart) -> Result<(), StoreError> {
    let before = tx.after_commit.changes.len();
    diesel::delete(tokens::table.filter(tokens::user_id.eq(user.0)))
        .execute(&mut tx.connection)
        .map_err(StoreError::query("end logins"))?;
    set_off(&mut tx.connection, user)?;
    if let Some(id) = live_request(&mut tx.connection, user)? {
        change(tx, id, |conference, _| Ok(end(conference, user).into()))?;
    }
    tx.after_commit.changes.push(Change::of_user(user));
    // A command-line tool has no thread that tells the nodes; these changes are rare, so the transaction tells them.
    notify(&mut tx.connection, &tx.after_commit.changes[before..])
}

fn find_login(connection: &mut AnyConnection, hash: SecretHash) -> Result<Option<Login>, StoreError> {
    // The hash is looked up by index: its bits are no secret's bits, so timing tells nothing of the token.
    let query = tokens::table
        .inner_join(users::table.on(users::id.eq(tokens::user_id)))
        .filter(tokens::hash.eq(&hash[..]))
        .select((
            users::id,
            users::role,
            users::last_seen,
            tokens::created_at,
            tokens::expires_at,
            tokens::language_id,
        ));
    let found = native!(connection, native => query.get_result::<(i32, i16, Option<i64>, i64, i64, Option<i32>)>(native))
        .optional()
        .map_err(StoreError::query("check a token"))?;
    let Some((id, role, last_seen, logged_in, expires, language)) = found else { return Ok(None) };
    let inconsistent = || StoreError::Inconsistent { table: "users", column: "role", row: id.to_string() };
    Ok(Some(Login {
        user: UserId(id),
        role: UserRole::of_code(role).ok_or_else(inconsistent)?,
        last_seen: last_seen.map(Timestamp),
        logged_in: Timestamp(logged_in),
        language: language.map(LanguageId),
        expires: Timestamp(expires),
    }))
}

/// The live request of a client or a provider, of which there is one at most.
fn live_request(connection: &mut AnyConnection, user: UserId) -> Result<Option<ConferenceId>, StoreError> {
    let requested = conferences::table
        .filter(conferences::client_id.eq(user.0).and(conferences::ended_at.is_null()))
        .select(conferences::id);
    let accepted = requests::table
        .filter(requests::provider_id.eq(Some(user.0)).and(requests::outcome.is_null()))
        .select(requests::conference_id);
    let found: Option<i32> = match requested.first(connection).optional() {
        Ok(None) => accepted.first(connection).optional(),
        found => found,
    }
    .map_err(StoreError::query("find a live request"))?;
    Ok(found.map(ConferenceId))
}

/// The hashes of the secrets that the accounts in a conference are bound to.
fn account_secrets(
    connection: &mut AnyConnection,
    id: ConferenceId,
) -> Result<Vec<(ParticipantId, Vec<u8>)>, StoreError> {
    let bound: Vec<(i32, Vec<u8>)> = participants::table
        .filter(participants::conference_id.eq(id.0).and(participants::account_secret.is_not_null()))
        .select((participants::id, participants::account_secret.assume_not_null()))
        .load(connection)
        .map_err(StoreError::query("look for account secrets"))?;
    Ok(bound.into_iter().map(|(id, secret)| (ParticipantId(id), secret)).collect())
}

/// Ends the logins that are too many beside a new one. Those that were there when a live request began are spared.
fn end_oldest(tx: &mut Tx, user: UserId, new: &SecretHash) -> Result<(), StoreError> {
    let begun: Option<i64> = match live_request(&mut tx.connection, user)? {
        Some(request) => conferences::table
            .find(request.0)
            .select(conferences::requested_at)
            .first(&mut tx.connection)
            .optional()
            .map_err(StoreError::query("look when a request began"))?,
        None => None,
    };
    let oldest: Vec<Vec<u8>> = tokens::table
        .filter(tokens::user_id.eq(user.0).and(tokens::hash.ne(&new[..])))
        .filter(tokens::created_at.gt(begun.unwrap_or(i64::MIN)))
        .order((tokens::created_at.desc(), tokens::hash))
        .offset(LOGINS - 1)
        .limit(LOGINS)
        .select(tokens::hash)
        .load(&mut tx.connection)
        .map_err(StoreError::query("look for old logins"))?;
    if oldest.is_empty() {
        return Ok(());
    }
    diesel::delete(tokens::table.filter(tokens::hash.eq_any(oldest)))
        .execute(&mut tx.connection)
        .map_err(StoreError::query("end old logins"))?;
    tx.after_commit.changes.push(Change::of_user(user));
    Ok(())
}
