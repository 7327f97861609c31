//! What an operator does to users: new passwords, disabling, removing.

use diesel::prelude::*;
use trialogue_domain::UserId;

use crate::database::connection::AnyConnection;
use crate::error::StoreError;
use crate::executor::transaction::Tx;
use crate::schema::{call_legs, conferences, idempotency_keys, offers, participants, requests, users};
use crate::store::Store;
use crate::text::storable;
use crate::users::directory::{UserRole, UserStatus};
use crate::users::interpreters::forget_interpreter;
use crate::users::logins::{EndPart, revoke};

impl Store {
    /// Gives a user a new password, and ends all logins of the old one, with the user's part in a live call by `end`. False if
    /// there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_password(
        &self,
        role: UserRole,
        email: &str,
        password_hash: String,
        end: EndPart,
    ) -> Result<bool, StoreError> {
        self.change_user(role, email, "set a password", move |tx, user| {
            diesel::update(users::table.find(user.0))
                .set(users::password_hash.eq(&password_hash))
                .execute(&mut tx.connection)
                .map_err(StoreError::query("set a password"))?;
            revoke(tx, user, &end)
        })
        .await
    }

    /// Keeps a user from logging in, and ends its logins and its part in a live call. False if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disable_user(&self, role: UserRole, email: &str, end: EndPart) -> Result<bool, StoreError> {
        self.change_user(role, email, "disable a user", move |tx, user| {
            set_status(tx, user, UserStatus::Disabled)?;
            revoke(tx, user, &end)
        })
        .await
    }

    /// Lets a disabled user log in again. False if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enable_user(&self, role: UserRole, email: &str) -> Result<bool, StoreError> {
        let enable = |tx: &mut Tx, user| set_status(tx, user, UserStatus::Active);
        self.change_user(role, email, "enable a user", enable).await
    }

    /// Removes a user: it can never log in again, its personal data and what it wrote is blanked, and its address is
    /// free. The history keeps its number. A live call ends as by [`Store::disable_user`]. False if there is no such
    /// user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_user(&self, role: UserRole, email: &str, end: EndPart) -> Result<bool, StoreError> {
        self.change_user(role, email, "remove a user", move |tx, user| {
            revoke(tx, user, &end)?;
            set_status(tx, user, UserStatus::Removed)?;
            forget(&mut tx.connection, user).map_err(StoreError::query("remove a user"))
        })
        .await
    }

    async fn change_user(
        &self,
        role: UserRole,
        email: &str,
        name: &'static str,
        change: impl Fn(&mut Tx, UserId) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let email = email.to_lowercase();
        if storable(&[("email", Some(&email))]).is_err() {
            return Ok(false);
        }
        self.executor()
            .write(0, name, move |tx| {
                let known = users::role.eq(role.code()).and(users::email.eq(&email));
                let user: Option<i32> = users::table
                    .filter(known.and(users::status.ne(UserStatus::Removed.code())))
                    .select(users::id)
                    .get_result(&mut tx.connection)
                    .optional()
                    .map_err(StoreError::query("find a user"))?;
                let Some(user) = user else { return Ok(false) };
                change(tx, UserId(user))?;
                Ok(true)
            })
            .await
    }
}

fn set_status(tx: &mut Tx, user: UserId, status: UserStatus) -> Result<(), StoreError> {
    diesel::update(users::table.find(user.0))
        .set(users::status.eq(status.code()))
        .execute(&mut tx.connection)
        .map_err(StoreError::query("set a user's status"))?;
    Ok(())
}

/// Blanks the personal data of a user, and the free texts that it wrote.
fn forget(connection: &mut AnyConnection, user: UserId) -> QueryResult<()> {
    diesel::update(users::table.find(user.0))
        .set((
            // No login name: it has no @. It is unique, as the column demands.
            users::email.eq(format!("removed {user}")),
            users::name.eq(""),
            users::password_hash.eq(""),
            users::last_seen.eq(None::<i64>),
        ))
        .execute(connection)?;
    forget_interpreter(connection, user)?;
    let own = conferences::table.filter(conferences::client_id.eq(user.0));
    let ids = own.select(conferences::id);
    diesel::update(call_legs::table.filter(call_legs::conference_id.eq_any(ids)))
        .set((
            call_legs::additional_info.eq(None::<String>),
            call_legs::third_party_call_id.eq(None::<String>),
        ))
        .execute(connection)?;
    diesel::update(own)
        .set((conferences::additional_info.eq(None::<String>), conferences::location.eq(None::<String>)))
        .execute(connection)?;
    // Notes to second interpreters, in calls as the client or as the main interpreter, who may be released meanwhile.
    let asked_for = conferences::table.filter(conferences::client_id.eq(user.0)).select(conferences::id);
    let served = requests::table.filter(requests::provider_id.eq(Some(user.0)));
    let released =
        offers::table.filter(offers::provider_id.eq(user.0).and(offers::released_at.is_not_null()));
    let in_own_call = participants::conference_id
        .eq_any(asked_for)
        .or(participants::conference_id.eq_any(served.select(requests::conference_id)))
        .or(participants::conference_id.eq_any(released.select(offers::conference_id)));
    let own_notes = participants::inviter_id.eq(Some(user.0)).and(participants::note.is_not_null());
    diesel::update(participants::table.filter(in_own_call.and(own_notes)))
        .set(participants::note.eq(None::<String>))
        .execute(connection)?;
    // Kept answers hold names.
    let owner = idempotency_keys::owner.eq(format!("user {user}"));
    diesel::delete(idempotency_keys::table.filter(owner)).execute(connection)?;
    Ok(())
}
