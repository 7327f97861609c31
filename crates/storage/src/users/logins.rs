//! Logins: their tokens, how long they last, and how they end.

use crate::aggregate::batch::change;
use crate::aggregate::load::load;
use crate::aggregate::released::set_offline;
use crate::changes::change::Change;
use crate::changes::nodes::notify;
use crate::conferences::calls::observation_steps;
use crate::database::connection::{AnyConnection, native};
use crate::executor::transaction::Tx;
use crate::schema::{conferences, requests, tokens, users};
use crate::secret::SecretHash;
use crate::users::directory::{Credentials, UserRole, UserStatus, note_sign_of_life};
use crate::{Store, StoreError};
use diesel::prelude::*;
use trialogue_domain::{
    Conference, ConferenceId, Departure, Facts, Kind, Observation, ParticipantId, State, Timestamp, UserId,
};

/// Maximum number of logins of one user. A further one ends the oldest.
const LOGINS: i64 = 20;

/// Who a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: UserId,
    /// Which kind.
    pub role: UserRole,
    /// The last recorded sign of life.
    pub last_seen: Option<Timestamp>,
    /// When the user logged in.
    pub logged_in: Timestamp,
    /// When the token dies, unless it is used before. During a live request it lives on.
    pub expires: Timestamp,
}

impl Store {
    /// Keeps a new login token, and notes the sign of life. False if the credentials, which were judged before, are not
    /// good any more: the user was disabled, or has another password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_in(
        &self,
        judged: Credentials,
        hash: SecretHash,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let user = judged.user;
        let seen_from = now.before(self.timings().presence);
        let kept = self
            .executor()
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
                    ))
                    .execute(&mut tx.connection)
                    .map_err(StoreError::query("insert a token"))?;
                end_oldest(tx, user, &hash)?;
                note_sign_of_life(&mut tx.connection, user, seen_from, now).map(Some)
            })
            .await?;
        if kept == Some(true) {
            self.offer_waiting_after_change(now).await;
        }
        Ok(kept.is_some())
    }

    /// Whose token this is; none if it is unknown, or expired while its user has no live request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, hash: SecretHash, now: Timestamp) -> Result<Option<Session>, StoreError> {
        self.executor()
            .read("check a token", move |connection| {
                let Some(session) = find_session(connection, hash)? else { return Ok(None) };
                let lives = session.expires > now || live_request(connection, session.user)?.is_some();
                Ok(Some(session).filter(|_| lives))
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
                Ok(find_session(connection, hash)?.is_some_and(|session| session.expires <= now))
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

    /// Ends a login. The user's live request ends with it if it waits, if `account` says that its call was joined with
    /// this login, or if the user has no other login. A provider without another login is offline.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_out(
        &self,
        user: UserId,
        hash: SecretHash,
        account: impl Fn(ParticipantId) -> SecretHash + Send + 'static,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let store = self.clone();
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
                    set_offline(&mut tx.connection, user)?;
                }
                if let Some(id) = live_request(&mut tx.connection, user)?
                    && (others == 0 || is_of_login(&mut tx.connection, id, user, &account)?)
                {
                    store.end_part(tx, id, user, Departure::LoggedOut, now)?;
                }
                tx.after_commit.changes.push(Change::of_user(user));
                Ok(())
            })
            .await?;
        self.offer_waiting_after_change(now).await;
        Ok(())
    }

    /// Ends all logins of a user, and its part in the live request: its accounts are dead in the same transaction.
    pub(crate) fn revoke(&self, tx: &mut Tx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        let before = tx.after_commit.changes.len();
        diesel::delete(tokens::table.filter(tokens::user_id.eq(user.0)))
            .execute(&mut tx.connection)
            .map_err(StoreError::query("end logins"))?;
        set_offline(&mut tx.connection, user)?;
        if let Some(id) = live_request(&mut tx.connection, user)? {
            self.end_part(tx, id, user, Departure::Revoked, now)?;
        }
        tx.after_commit.changes.push(Change::of_user(user));
        // A command-line tool has no thread that tells the nodes; these changes are rare, so the transaction tells them.
        notify(&mut tx.connection, &tx.after_commit.changes[before..])
    }

    fn end_part(
        &self,
        tx: &mut Tx,
        id: ConferenceId,
        user: UserId,
        departure: Departure,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let observations = [Observation::DeadlinePassed, Observation::UserGone(user, departure)];
        let judge = |conference: &Conference, _: Facts| {
            Ok(observation_steps(conference, &observations, self.moment(now)).into())
        };
        change(tx, id, judge).map(drop)
    }
}

fn find_session(connection: &mut AnyConnection, hash: SecretHash) -> Result<Option<Session>, StoreError> {
    // The hash is looked up by index: its bits are no secret's bits, so timing tells nothing of the token.
    let query = tokens::table
        .inner_join(users::table.on(users::id.eq(tokens::user_id)))
        .filter(tokens::hash.eq(&hash[..]))
        .select((users::id, users::role, users::last_seen, tokens::created_at, tokens::expires_at));
    let found = native!(connection, native => query.get_result::<(i32, i16, Option<i64>, i64, i64)>(native))
        .optional()
        .map_err(StoreError::query("check a token"))?;
    let Some((id, role, last_seen, logged_in, expires)) = found else { return Ok(None) };
    let inconsistent = || StoreError::Inconsistent { table: "users", column: "role", row: id.to_string() };
    Ok(Some(Session {
        user: UserId(id),
        role: UserRole::of_code(role).ok_or_else(inconsistent)?,
        last_seen: last_seen.map(Timestamp),
        logged_in: Timestamp(logged_in),
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

/// Whether the user's part in this request was joined with the login that derives `account`. A part that has no account
/// yet belongs to whichever login ends.
fn is_of_login(
    connection: &mut AnyConnection,
    id: ConferenceId,
    user: UserId,
    account: &impl Fn(ParticipantId) -> SecretHash,
) -> Result<bool, StoreError> {
    let Some(loaded) = load(connection, id)? else { return Ok(false) };
    let conference = loaded.conference()?;
    let kind = if conference.client == user { Kind::Client } else { Kind::Provider };
    let Some(own) = conference.current(kind).filter(|p| !matches!(p.state, State::Finished { .. })) else {
        return Ok(true);
    };
    if own.state.account().is_none() {
        return Ok(true);
    }
    let bound = loaded.participants.iter().find(|row| row.id == own.id.0);
    Ok(bound.and_then(|row| row.account_secret.as_deref()).is_none_or(|secret| secret == account(own.id)))
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
