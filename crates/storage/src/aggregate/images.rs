//! Pictures of interpreters, as they are shown with them.

use std::collections::HashMap;
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
    /// Its bytes; none where only a few pictures are shown with them.
    pub bytes: Option<Arc<[u8]>>,
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

/// Number of interpreters of a list whose pictures are shown with their bytes: a client that waits is sent them again and
/// again.
const WITH_BYTES: usize = 4;

#[derive(Queryable)]
struct ImageRow {
    id: i32,
    interpreter_id: i32,
    media_type: i16,
}

impl ImageRow {
    fn image(self, bytes: Option<Vec<u8>>) -> Result<ProfileImage, StoreError> {
        let kind = ImageKind::ALL.into_iter().find(|kind| kind.code() == self.media_type);
        let kind = kind.ok_or_else(|| StoreError::Inconsistent {
            table: "profile_images",
            column: "media_type",
            row: self.id.to_string(),
        })?;
        Ok(ProfileImage { id: self.id, kind, bytes: bytes.map(Arc::from) })
    }
}

/// The picture with this number.
pub(crate) fn image(connection: &mut AnyConnection, id: i32) -> Result<Option<ProfileImage>, StoreError> {
    let found: Option<(i32, i32, i16, Vec<u8>)> = profile_images::table
        .find(id)
        .select((
            profile_images::id,
            profile_images::interpreter_id,
            profile_images::media_type,
            profile_images::image,
        ))
        .first(connection)
        .optional()
        .map_err(StoreError::query("find a picture"))?;
    let image = |(id, interpreter_id, media_type, bytes)| {
        ImageRow { id, interpreter_id, media_type }.image(Some(bytes))
    };
    found.map(image).transpose()
}

/// The pictures of these interpreters; those of the first few with their bytes.
pub(crate) fn images_of(
    connection: &mut AnyConnection,
    ids: &[i32],
) -> Result<HashMap<UserId, ProfileImage>, StoreError> {
    let rows = load_by!(
        connection,
        profile_images::interpreter_id,
        ids,
        profile_images::table.select((
            profile_images::id,
            profile_images::interpreter_id,
            profile_images::media_type,
        ))
    );
    let rows: Vec<ImageRow> = rows.map_err(StoreError::query("find the pictures"))?;
    let first: Vec<i32> = ids
        .iter()
        .filter(|id| rows.iter().any(|row| row.interpreter_id == **id))
        .take(WITH_BYTES)
        .copied()
        .collect();
    let bytes = load_by!(
        connection,
        profile_images::interpreter_id,
        &first,
        profile_images::table.select((profile_images::interpreter_id, profile_images::image))
    );
    let bytes: Vec<(i32, Vec<u8>)> = bytes.map_err(StoreError::query("read the pictures"))?;
    let mut bytes: HashMap<i32, Vec<u8>> = bytes.into_iter().collect();
    let image = |row: ImageRow| {
        let interpreter = row.interpreter_id;
        Ok((UserId(interpreter), row.image(bytes.remove(&interpreter))?))
    };
    rows.into_iter().map(image).collect()
}

/// Deletes the picture of an interpreter.
pub(crate) fn forget_image(connection: &mut AnyConnection, interpreter: UserId) -> QueryResult<()> {
    diesel::delete(profile_images::table.filter(profile_images::interpreter_id.eq(interpreter.0)))
        .execute(connection)
        .map(drop)
}
