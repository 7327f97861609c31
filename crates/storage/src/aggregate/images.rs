//! Pictures of interpreters, as they are shown with them.

use std::sync::Arc;

use diesel::prelude::*;
use trialogue_domain::UserId;

use crate::database::connection::{AnyConnection, load_by};
use crate::error::StoreError;
use crate::schema::profile_images;

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

    pub(crate) const fn code(self) -> i16 {
        match self {
            Self::Png => 1,
            Self::Jpeg => 2,
            Self::WebP => 3,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = profile_images)]
pub(crate) struct ImageRow {
    id: i32,
    interpreter_id: i32,
    media_type: i16,
    image: Vec<u8>,
}

impl ImageRow {
    pub(crate) fn image(self) -> Result<(UserId, ProfileImage), StoreError> {
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
