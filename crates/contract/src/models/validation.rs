//! Checks of shape, told in the wire's names.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor, value};
use serde::forward_to_deserialize_any;
use trialogue_person::{EmailAddress, NotAName, PersonName, PhoneNumber, is_blank};
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use super::decimal::Decimal;
use crate::errors::sentence;

/// Paths of members with what is wrong about each, in the order of the members.
pub type FieldMessages = Vec<(String, Vec<String>)>;

/// Checks the shape of `value`; the paths bear the names that clients use.
pub fn check<T: Validate + for<'de> Deserialize<'de>>(value: &T) -> Result<(), FieldMessages> {
    value.validate().map_err(|errors| told_in_wire_names(&errors, wire_names::<T>()))
}

fn told_in_wire_names(errors: &ValidationErrors, names: &[&'static str]) -> FieldMessages {
    let mut told: Vec<(usize, String, Vec<String>)> = Vec::new();
    for (field, kind) in errors.errors() {
        // Nested models are checked by functions of the member that holds them.
        let ValidationErrorsKind::Field(errors) = kind else { continue };
        let order = names.iter().position(|name| is_same_name(name, field)).unwrap_or(names.len());
        let name = names.get(order).map_or_else(|| field.to_string(), |&name| name.to_owned());
        for error in errors {
            told.push((order, format!("{name}{}", path_below(error)), vec![message(error)]));
        }
    }
    told.sort();
    told.into_iter().map(|(_, name, messages)| (name, messages)).collect()
}

/// Where below the member the error is: a code of ours that is a path.
fn path_below(error: &ValidationError) -> &str {
    if error.code.starts_with(['[', '.']) { &error.code } else { "" }
}

/// `phone_number` is `PhoneNumber`: the same letters, whatever their case.
fn is_same_name(wire: &str, field: &str) -> bool {
    let letters = |name: &str| name.replace('_', "").to_ascii_lowercase();
    letters(wire) == letters(field)
}

fn message(error: &ValidationError) -> String {
    error.message.as_deref().unwrap_or("This value is not allowed.").to_owned()
}

/// An e-mail address.
pub(super) fn email_address(email: &str) -> Result<(), ValidationError> {
    EmailAddress::parse(email).map(drop).map_err(|error| told("email", &error))
}

/// An e-mail address, if there is one.
pub(super) fn email_or_empty(typed: &str) -> Result<(), ValidationError> {
    if is_blank(typed) { Ok(()) } else { email_address(typed) }
}

/// A name, if there is one.
pub(super) fn name_or_empty(typed: &str) -> Result<(), ValidationError> {
    match PersonName::parse(typed) {
        // The length is checked of what was sent.
        Ok(_) | Err(NotAName::TooLong) => Ok(()),
        Err(NotAName::Invisible) if is_blank(typed) => Ok(()),
        Err(error) => Err(told("name", &error)),
    }
}

/// A telephone number as people write it, if there is one.
pub(super) fn phone_or_empty(phone: &str) -> Result<(), ValidationError> {
    if is_blank(phone) || PhoneNumber::parse(phone).is_some() {
        Ok(())
    } else {
        Err(told("phone", &"this is not a telephone number: digits, with + before the country's"))
    }
}

fn told(code: &'static str, message: &dyn Display) -> ValidationError {
    ValidationError::new(code).with_message(Cow::Owned(sentence(&message.to_string())))
}

/// Maximum number of items of a list in a request.
pub(super) const MOST_ITEMS: usize = 100;

/// Checks a text below a member; `path` leads there from the member.
pub(super) fn at_most(path: &str, text: Option<&str>, longest: usize) -> Result<(), ValidationError> {
    if text.is_none_or(|text| text.chars().count() <= longest) {
        return Ok(());
    }
    Err(below(path, format!("At most {longest} characters are allowed.")))
}

/// Checks the length of a list.
pub(super) fn at_most_items(path: &str, items: usize) -> Result<(), ValidationError> {
    if items <= MOST_ITEMS {
        return Ok(());
    }
    Err(below(path, format!("At most {MOST_ITEMS} items are allowed.")))
}

fn below(path: &str, message: String) -> ValidationError {
    let code = if path.is_empty() { Cow::Borrowed("length") } else { Cow::Owned(path.to_owned()) };
    ValidationError { code, message: Some(Cow::Owned(message)), params: HashMap::new() }
}

/// Zero or more.
pub(super) fn not_negative(number: &Decimal) -> Result<(), ValidationError> {
    if number.is_negative() {
        Err(ValidationError::new("range").with_message(Cow::Borrowed("This must not be negative.")))
    } else {
        Ok(())
    }
}

/// The names of a struct's members as serde knows them; none for anything but a struct.
fn wire_names<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &[&str] = &[];
    // It stops by an error, as soon as the names are known.
    let _ = T::deserialize(NameCatcher(&mut names));
    names
}

struct NameCatcher<'n>(&'n mut &'static [&'static str]);

impl<'de> Deserializer<'de> for NameCatcher<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(value::Error::custom("only the names were wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(value::Error::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
