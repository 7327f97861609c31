//! What users do that changes conferences: they come, log out, and are disabled.

use trialogue_domain::{
    Availability, Conference, Departure, InterpreterStatus, Kind, MissedRings, Observation, ParticipantId,
    Refusal, Timestamp, UserId, observation_steps,
};
use trialogue_storage::{Credentials, EndPart, LoggedOut, SecretHash, StoreError, UserRole};

use super::{Conferences, at};

impl Conferences {
    /// Keeps a new login token. A provider who has become present by it is offered the requests that wait. False if the
    /// credentials, which were judged before, are not good any more: the user was disabled, or has another password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_in(
        &self,
        judged: Credentials,
        token: SecretHash,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let kept = self.store.log_in(judged, token, self.seen_from(now), now, expires).await?;
        if kept == Some(true) {
            self.offer_waiting_after_change(now).await;
        }
        Ok(kept.is_some())
    }

    /// Notes a sign of life. A provider who has become present by it is offered the requests that wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch(&self, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        if self.store.touch(user, self.seen_from(now), now).await? {
            self.offer_waiting_after_change(now).await;
        }
        Ok(())
    }

    /// Notes what an interpreter says of itself, which is a sign of life. What waits is offered to it, or to others.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_availability(
        &self,
        interpreter: UserId,
        said: Availability,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.set_availability(interpreter, said, now).await?;
        self.offer_waiting_after_change(now).await;
        Ok(())
    }

    /// The status of an interpreter, and how many rings it missed in a row.
    ///
    /// # Errors
    /// [`StoreError`]; [`Refusal::NotFound`] if there is no such interpreter.
    pub async fn interpreter_status(
        &self,
        interpreter: UserId,
        now: Timestamp,
    ) -> Result<(InterpreterStatus, MissedRings), StoreError> {
        let known = self.store.presence(interpreter).await?.ok_or(Refusal::NotFound)?;
        let status = match known.presence.status(now, self.timings.presence, self.timings.wrap_up) {
            InterpreterStatus::Available if known.is_rung => InterpreterStatus::Ringing,
            status => status,
        };
        Ok((status, known.missed))
    }

    /// Ends a login. The user's live request ends with it if it waits, if `account` says that its call was joined with
    /// this login, or if the user has no other login. A provider without another login is offline.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_out(
        &self,
        user: UserId,
        token: SecretHash,
        account: impl Fn(ParticipantId) -> SecretHash + Send + 'static,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let timings = self.timings;
        let judge = move |conference: &Conference, left: &LoggedOut<'_>| {
            if !left.has_other_login || is_of_login(conference, user, left, &account) {
                let gone = Observation::UserGone(user, Departure::LoggedOut);
                observation_steps(conference, &[Observation::DeadlinePassed, gone], at(now, &timings))
            } else {
                Vec::new()
            }
        };
        self.store.log_out(user, token, judge, now).await?;
        self.offer_waiting_after_change(now).await;
        Ok(())
    }

    /// Gives a user a new password, and ends all logins of the old one, with the user's part in a live call. False if
    /// there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_password(
        &self,
        role: UserRole,
        email: &str,
        password_hash: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.set_password(role, email, password_hash, self.revoked(now)).await
    }

    /// Keeps a user from logging in, and ends its logins and its part in a live call. False if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disable_user(
        &self,
        role: UserRole,
        email: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.disable_user(role, email, self.revoked(now)).await
    }

    /// Removes a user for good; a live call ends as by [`Conferences::disable_user`]. False if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_user(&self, role: UserRole, email: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.store.remove_user(role, email, self.revoked(now)).await
    }

    fn revoked(&self, now: Timestamp) -> EndPart {
        let timings = self.timings;
        Box::new(move |conference, user| {
            let gone = Observation::UserGone(user, Departure::Revoked);
            observation_steps(conference, &[Observation::DeadlinePassed, gone], at(now, &timings))
        })
    }
}

/// Whether the user's part in this conference was joined with the login that derives `account`. A part that has no account
/// yet belongs to whichever login ends.
fn is_of_login(
    conference: &Conference,
    user: UserId,
    left: &LoggedOut<'_>,
    account: &impl Fn(ParticipantId) -> SecretHash,
) -> bool {
    let own = match conference.own_as_second(user) {
        Some(own) => Some(own),
        None if conference.client == user => conference.current(Kind::Client),
        None => conference.current(Kind::Provider),
    };
    let is_lost = own.is_some_and(|p| p.kind() == Kind::Provider && !p.is_live()) && conference.is_in_call();
    let own = own.filter(|p| p.is_live());
    match own.filter(|own| own.state.account().is_some()) {
        Some(own) => !left.is_bound_to_another(own.id, &account(own.id)),
        // An interpreter who was lost may come back with the other login.
        None => !is_lost,
    }
}
