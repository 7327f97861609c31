//! From the bytes of a body to a model, and from a model to the text of an answer.

use datacontract::Contract;
use serde::Serialize;
use serde::de::DeserializeOwned;
use validator::Validate;

use crate::errors::{ErrorBody, WireErrorCode, sentence};
use crate::json;
use crate::models;
use crate::negotiation::{Format, content_type};

/// The XML form of every model.
const CONTRACT: Contract = Contract::new("http://schemas.datacontract.org/2004/07/API.Models");

/// A body that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What kind of error it is.
    pub code: WireErrorCode,
    /// What its sender is told.
    pub body: ErrorBody,
}

/// A model cannot be written: a defect of the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a model cannot be written: {0}")]
pub struct Unwritten(String);

/// Reads a body of this `Content-Type`.
///
/// # Errors
/// [`Unread`]: the body is missing, of a type that is not read here, or does not fit the model.
pub fn read<T: DeserializeOwned>(content_type: Option<&str>, bytes: &[u8]) -> Result<T, Unread> {
    if bytes.is_empty() {
        return Err(body_required());
    }
    let format = format_of_body(content_type)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        return Err(body_required());
    }
    let bound: Option<T> = match format {
        Format::Json => json::read(text).map_err(|errors| {
            let add =
                |body: ErrorBody, error: &json::JsonError| body.at(&error.path, sentence(&error.to_string()));
            invalid(errors.iter().fold(ErrorBody::invalid(), add))
        })?,
        // The framework reports what is wrong with XML for the body as a whole; the message says where it is.
        Format::Xml => CONTRACT
            .read(text)
            .map_err(|error| invalid(ErrorBody::invalid().at("", sentence(&error.to_string()))))?,
    };
    bound.ok_or_else(body_required)
}

/// Reads a body and checks the shape of what was read.
///
/// # Errors
/// [`Unread`]; all members that have the wrong shape are named.
pub fn read_checked<T: DeserializeOwned + Validate>(
    content_type: Option<&str>,
    bytes: &[u8],
) -> Result<T, Unread> {
    let value: T = read(content_type, bytes)?;
    models::check(&value).map_err(|fields| {
        let messages =
            fields.iter().flat_map(|(path, messages)| messages.iter().map(move |message| (path, message)));
        invalid(messages.fold(ErrorBody::invalid(), |body, (path, message)| body.at(path, message)))
    })?;
    Ok(value)
}

/// Which form a body of this `Content-Type` has.
///
/// # Errors
/// [`Unread`] for a type that is not read here.
pub fn format_of_body(content_type_header: Option<&str>) -> Result<Format, Unread> {
    let refuse =
        |message: String| Unread { code: WireErrorCode::UnsupportedMediaType, body: ErrorBody::new(message) };
    let Some(media) = content_type_header.and_then(content_type) else {
        return Err(refuse(
            "The request contains an entity body but no Content-Type header. The inferred media type \
             'application/octet-stream' is not supported for this resource."
                .to_owned(),
        ));
    };
    let Some(supported) = media.supported() else {
        let name = media.name();
        return Err(refuse(format!(
            "The request entity's media type '{name}' is not supported for this resource."
        )));
    };
    if media.charset().is_some_and(|charset| charset.starts_with("utf-16")) {
        return Err(refuse(
            "The request entity's charset is not supported for this resource. Send UTF-8.".to_owned(),
        ));
    }
    Ok(supported.format())
}

/// Writes a model.
///
/// # Errors
/// [`Unwritten`].
pub fn write<T: Serialize + ?Sized>(format: Format, value: &T) -> Result<String, Unwritten> {
    match format {
        Format::Json => json::write(value).map_err(|e| Unwritten(e.to_string())),
        Format::Xml => CONTRACT.write(value).map_err(|e| Unwritten(e.to_string())),
    }
}

/// Writes an error.
pub fn write_error(format: Format, error: &ErrorBody) -> String {
    match format {
        // An error is made of texts alone, which every format can write.
        Format::Json => json::write(error).unwrap_or_default(),
        Format::Xml => error.to_xml(),
    }
}

fn body_required() -> Unread {
    Unread { code: WireErrorCode::BodyRequired, body: ErrorBody::new("A request body is required.") }
}

fn invalid(body: ErrorBody) -> Unread {
    Unread { code: WireErrorCode::InvalidBody, body }
}
