//! Pictures of interpreters: an operator sets them, clients see them.

use trialogue_storage::{ImageKind, ProfileImage, StoreError};

use crate::app::App;
use crate::error::AppError;
use crate::users::Users;

/// Longest picture, in bytes. A client that waits is sent the pictures of the first four interpreters who are rung with each
/// status.
pub const MAX_IMAGE_BYTES: usize = 16 * 1024;

/// Why a picture was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It is too long.
    #[error("the picture is longer than {MAX_IMAGE_BYTES} bytes; make it smaller, of 128 x 128 points say")]
    TooLong,
    /// It is nothing that browsers show without danger.
    #[error("this is no PNG, JPEG or WebP picture")]
    Unknown,
    /// There is no such interpreter.
    #[error("there is no interpreter {0:?}")]
    UnknownInterpreter(String),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Users {
    /// Gives the interpreter with this e-mail address another picture, or none.
    ///
    /// # Errors
    /// [`ImageError`]; then nothing has changed.
    pub async fn set_image(&self, email: &str, image: Option<Vec<u8>>) -> Result<(), ImageError> {
        let image = match image {
            None => None,
            Some(bytes) if bytes.len() > MAX_IMAGE_BYTES => return Err(ImageError::TooLong),
            Some(bytes) => Some((kind_of(&bytes).ok_or(ImageError::Unknown)?, bytes)),
        };
        let is_known = self.store().set_profile_image(email, image).await?;
        if is_known { Ok(()) } else { Err(ImageError::UnknownInterpreter(email.to_owned())) }
    }
}

impl App {
    /// The picture with this number, unless another one has taken its place.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub async fn profile_image(&self, id: i32) -> Result<Option<ProfileImage>, AppError> {
        Ok(self.store.profile_image(id).await?)
    }
}

/// By the first bytes, as the formats define them.
fn kind_of(bytes: &[u8]) -> Option<ImageKind> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(ImageKind::Png)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(ImageKind::Jpeg)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(ImageKind::WebP)
    } else {
        None
    }
}
