//! Pictures of interpreters: given, taken away, and looked at one by one.

use diesel::prelude::*;
use trialogue_domain::UserId;

use crate::aggregate::images::{ImageKind, ProfileImage, forget_image, image};
use crate::error::StoreError;
use crate::schema::{interpreters, profile_images, users};
use crate::store::Store;
use crate::text::storable;
use crate::users::directory::UserStatus;

impl Store {
    /// Gives the interpreter with this e-mail address, in any letter case, another picture, or none. False if there is no
    /// such interpreter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_profile_image(
        &self,
        email: &str,
        new: Option<(ImageKind, Vec<u8>)>,
    ) -> Result<bool, StoreError> {
        let email = email.to_lowercase();
        storable(&[("email", Some(&email))])?;
        self.executor()
            .write(0, "set a picture", move |tx| {
                let interpreter: Option<i32> = users::table
                    .inner_join(interpreters::table.on(interpreters::id.eq(users::id)))
                    .filter(users::email.eq(&email).and(users::status.ne(UserStatus::Removed.code())))
                    .select(users::id)
                    .first(&mut tx.connection)
                    .optional()
                    .map_err(StoreError::query("find an interpreter"))?;
                let Some(interpreter) = interpreter else { return Ok(false) };
                forget_image(&mut tx.connection, UserId(interpreter))
                    .map_err(StoreError::query("delete a picture"))?;
                if let Some((kind, bytes)) = &new {
                    diesel::insert_into(profile_images::table)
                        .values((
                            profile_images::interpreter_id.eq(interpreter),
                            profile_images::media_type.eq(kind.code()),
                            profile_images::image.eq(bytes),
                        ))
                        .execute(&mut tx.connection)
                        .map_err(StoreError::query("insert a picture"))?;
                }
                Ok(true)
            })
            .await
    }

    /// The picture with this number; none if there is none, or another one has taken its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn profile_image(&self, id: i32) -> Result<Option<ProfileImage>, StoreError> {
        self.executor().read("find a picture", move |connection| image(connection, id)).await
    }
}
