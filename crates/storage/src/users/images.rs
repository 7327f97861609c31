//! Pictures of interpreters.

use std::sync::Arc;

use diesel::prelude::*;
use trialogue_domain::UserId;

use crate::database::connection::{AnyConnection, load_by};
use crate::error::StoreError;
use crate::schema::{interpreters, profile_images, users};
use crate::store::Store;
use crate::text::storable;
use crate::users::directory::UserStatus;

/// A picture of an interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileImage {
    /// Its number: that of this very picture, for ever.
    pub id: i32,
    /// What it is.
    pub kind: ImageKind,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// The kind of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
}

impl ImageKind {
    const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::WebP];

    const fn code(self) -> i16 {
        match self {
            Self::Png => 1,
            Self::Jpeg => 2,
            Self::WebP => 3,
        }
    }
}

impl Store {
    /// Gives the interpreter with this e-mail address, in any letter case, another picture, or none. False if there is no
    /// such interpreter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_profile_image(
        &self,
        email: &str,
        image: Option<(ImageKind, Vec<u8>)>,
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
                if let Some((kind, bytes)) = &image {
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
        self.executor()
            .read("find a picture", move |connection| {
                let row: Option<ImageRow> = profile_images::table
                    .find(id)
                    .select(ImageRow::as_select())
                    .first(connection)
                    .optional()
                    .map_err(StoreError::query("find a picture"))?;
                row.map(|row| Ok(row.image()?.1)).transpose()
            })
            .await
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = profile_images)]
struct ImageRow {
    id: i32,
    interpreter_id: i32,
    media_type: i16,
    image: Vec<u8>,
}

impl ImageRow {
    fn image(self) -> Result<(UserId, ProfileImage), StoreError> {
        let Self { id, interpreter_id, media_type, image } = self;
        let kind = ImageKind::ALL.into_iter().find(|kind| kind.code() == media_type);
        let kind = kind.ok_or_else(|| StoreError::Inconsistent {
            table: "profile_images",
            column: "media_type",
            row: id.to_string(),
        })?;
        Ok((UserId(interpreter_id), ProfileImage { id, kind, bytes: image.into() }))
    }
}

/// The pictures of these interpreters.
pub(crate) fn images_of(
    connection: &mut AnyConnection,
    ids: &[i32],
) -> Result<Vec<(UserId, ProfileImage)>, StoreError> {
    let rows = load_by!(
        connection,
        profile_images::interpreter_id,
        ids,
        profile_images::table.select(ImageRow::as_select())
    );
    let rows: Vec<ImageRow> = rows.map_err(StoreError::query("find the pictures"))?;
    rows.into_iter().map(ImageRow::image).collect()
}

/// Deletes the picture of an interpreter.
pub(crate) fn forget_image(connection: &mut AnyConnection, interpreter: UserId) -> QueryResult<()> {
    diesel::delete(profile_images::table.filter(profile_images::interpreter_id.eq(interpreter.0)))
        .execute(connection)
        .map(drop)
}
