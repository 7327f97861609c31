//! The directory of interpreters, imported from a CSV file by an operator.
//!
//! The first line names the columns, in any order. `email`, `name` and one of `native` and `languages` are needed. Lists are separated by
//! `;`. A file is taken as a whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveTime};
use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};
use trialogue_domain::{Credential, Employment, Gender, LanguageId, Timestamp};
use trialogue_person::{EmailAddress, PersonName};
use trialogue_storage::{Import, NamedCredential, NewInterpreter, Profile, StoreError};

use crate::users::Users;

/// The columns that there can be.
const COLUMNS: [&str; 13] = [
    "email",
    "name",
    "number",
    "gender",
    "employment",
    "certification",
    "rate",
    "special_type",
    "modalities",
    "native",
    "languages",
    "specialties",
    CREDENTIALS,
];

/// The column of the credentials: `NAME:LANGUAGE:FROM:UNTIL;...`, days as `2026-12-31`; the language and the end may be empty.
const CREDENTIALS: &str = "credentials";

/// Longest text of a field, in characters.
const LONGEST_TEXT: usize = 200;

/// Maximum number of items in a list of a field.
const LONGEST_LIST: usize = 50;

/// Maximum number of lines in a file.
const MAX_LINES: usize = 200_000;

/// Maximum number of errors that are told of one file.
const MAX_ERRORS: usize = 100;

/// An error of a file, with the line that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The line; the first one is 1.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file has errors; at most 100 are told.
    #[error("the file has errors, and nothing was imported")]
    Lines(Vec<LineError>),
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[source] csv::Error),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The number of interpreters read so far.
    Read(usize),
    /// All are read; the number of interpreters that are saved now.
    Saving(usize),
}

/// How many interpreters were added, and of how many what was known was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// New.
    pub added: usize,
    /// Known before.
    pub replaced: usize,
}

impl Users {
    /// Imports interpreters: adds those whose address is unknown, and replaces what is known of the others. A new one can log in
    /// once it is given a password.
    ///
    /// # Errors
    /// [`ImportError`]; then nothing has changed.
    pub async fn import_interpreters(
        &self,
        file: impl Read,
        mut told: impl FnMut(Progress),
    ) -> Result<Imported, ImportError> {
        let languages = self.store().languages().await?;
        let languages = languages.into_iter().map(|language| (language.code, language.id)).collect();
        let (interpreters, lines) = read(file, &languages, &mut told)?;
        told(Progress::Saving(interpreters.len()));
        let numbers: HashMap<String, u64> = interpreters
            .iter()
            .zip(lines)
            .filter_map(|(one, line)| Some((one.profile.number.clone()?, line)))
            .collect();
        match self.store().import_interpreters(interpreters, self.now()).await? {
            Import::Done { added, replaced } => Ok(Imported { added, replaced }),
            Import::NumbersTaken(taken) => {
                let mut errors: Vec<LineError> = taken
                    .into_iter()
                    .map(|number| LineError {
                        line: numbers.get(&number).copied().unwrap_or_default(),
                        message: format!("number: {number:?} is another interpreter's"),
                    })
                    .collect();
                errors.sort_by_key(|error| error.line);
                errors.truncate(MAX_ERRORS);
                Err(ImportError::Lines(errors))
            }
        }
    }
}

/// The interpreters of a file, each with its line.
fn read(
    file: impl Read,
    languages: &HashMap<String, LanguageId>,
    told: &mut impl FnMut(Progress),
) -> Result<(Vec<NewInterpreter>, Vec<u64>), ImportError> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(file);
    let columns = Columns::of(reader.headers().map_err(unreadable)?)?;
    let (mut interpreters, mut lines, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let (mut emails, mut numbers) = (BTreeMap::new(), BTreeMap::new());
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(unreadable)? {
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row { columns: &columns, record: &record, languages };
        match row.interpreter() {
            Ok(one) => {
                let mut again = |seen: &mut BTreeMap<String, u64>, what: &str, text: &str| {
                    if let Some(before) = seen.insert(text.to_owned(), line) {
                        errors.push(LineError {
                            line,
                            message: format!("{what}: {text:?} is in line {before}, too"),
                        });
                    }
                };
                again(&mut emails, "email", &one.email);
                if let Some(number) = &one.profile.number {
                    again(&mut numbers, "number", number);
                }
                interpreters.push(one);
                lines.push(line);
            }
            Err(message) => errors.push(LineError { line, message }),
        }
        if errors.len() >= MAX_ERRORS {
            break;
        }
        if interpreters.len() > MAX_LINES {
            let message = format!("a file has {MAX_LINES} interpreters at most: split it");
            return Err(ImportError::Lines(vec![LineError { line, message }]));
        }
        if interpreters.len().is_multiple_of(10_000) && !interpreters.is_empty() {
            told(Progress::Read(interpreters.len()));
        }
    }
    if errors.is_empty() { Ok((interpreters, lines)) } else { Err(ImportError::Lines(errors)) }
}

/// What the reader itself finds is an error of a line, unless the file can't be read at all.
fn unreadable(error: csv::Error) -> ImportError {
    let line = error.position().map_or(1, csv::Position::line);
    let message = match error.kind() {
        ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_owned(),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the first line names {expected_len}")
        }
        _ => return ImportError::Read(error),
    };
    ImportError::Lines(vec![LineError { line, message }])
}

/// Where each column stands.
struct Columns(HashMap<String, usize>);

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, ImportError> {
        let mut columns = HashMap::new();
        let mut errors = Vec::new();
        for (place, name) in header.iter().enumerate() {
            let name = name.to_lowercase();
            if !COLUMNS.contains(&name.as_str()) {
                errors.push(format!("there is no column {name:?}; there are: {}", COLUMNS.join(", ")));
            } else if columns.insert(name.clone(), place).is_some() {
                errors.push(format!("the column {name:?} is there twice"));
            }
        }
        for needed in ["email", "name"] {
            if !columns.contains_key(needed) {
                errors.push(format!("the column {needed:?} is missing"));
            }
        }
        let errors: Vec<_> = errors.into_iter().map(|message| LineError { line: 1, message }).collect();
        if errors.is_empty() { Ok(Self(columns)) } else { Err(ImportError::Lines(errors)) }
    }
}

struct Row<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
    languages: &'a HashMap<String, LanguageId>,
}

impl Row<'_> {
    /// A field; empty if its column is not there.
    fn text(&self, column: &str) -> Result<&str, String> {
        let text = self.columns.0.get(column).and_then(|place| self.record.get(*place)).unwrap_or_default();
        if text.chars().count() > LONGEST_TEXT * LONGEST_LIST {
            return Err(format!("{column}: the text is too long"));
        }
        if text.chars().any(char::is_control) {
            return Err(format!("{column}: line ends and other control characters can't be used"));
        }
        Ok(text)
    }

    /// The items of a list.
    fn list(&self, column: &str) -> Result<Vec<&str>, String> {
        let items: Vec<&str> =
            self.text(column)?.split(';').map(str::trim).filter(|item| !item.is_empty()).collect();
        if items.len() > LONGEST_LIST {
            return Err(format!("{column}: {LONGEST_LIST} items at most"));
        }
        Ok(items)
    }

    /// One of these words; the default if the field is empty.
    fn word<T: Clone>(&self, column: &str, words: &[(&str, T)], default: T) -> Result<T, String> {
        let text = self.text(column)?.to_lowercase();
        if text.is_empty() {
            return Ok(default);
        }
        one_of(column, &text, words)
    }

    fn number<T: FromStr>(&self, column: &str, default: T) -> Result<T, String> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(default);
        }
        text.parse().map_err(|_| format!("{column}: {text:?} is not a number that can be used here"))
    }

    fn language(&self, column: &str, code: &str) -> Result<LanguageId, String> {
        let found = self.languages.get(&code.to_lowercase()).copied();
        found.ok_or_else(|| {
            format!("{column}: there is no language {code:?}; use the codes of the language table")
        })
    }

    fn interpreter(&self) -> Result<NewInterpreter, String> {
        let email = self.text("email")?;
        let email = EmailAddress::parse(email).map_err(|error| format!("email: {error}: {email:?}"))?;
        let name = PersonName::parse(self.text("name")?).map_err(|error| format!("name: {error}"))?;
        let mut languages = Vec::new();
        for (column, is_native) in [("native", true), ("languages", false)] {
            for code in self.list(column)? {
                let language = self.language(column, code)?;
                if languages.iter().any(|(known, _)| *known == language) {
                    return Err(format!("{column}: {code:?} is there twice"));
                }
                languages.push((language, is_native));
            }
        }
        if languages.is_empty() {
            return Err("native, languages: an interpreter needs a language".to_owned());
        }
        let mut specialties = Vec::new();
        for specialty in self.list("specialties")? {
            let specialty = specialty.to_lowercase();
            specialties.push(one_of(
                "specialties",
                &specialty,
                &[("general", 1), ("medical", 2), ("legal", 3)],
            )?);
        }
        specialties.sort_unstable();
        specialties.dedup();
        specialties.retain(|specialty| *specialty != 1);
        let profile = self.profile()?;
        let credentials = self.list(CREDENTIALS)?.into_iter().map(|text| self.credential(text));
        let credentials = credentials.collect::<Result<_, _>>()?;
        Ok(NewInterpreter {
            email: email.as_str().to_owned(),
            name: name.as_str().to_owned(),
            profile,
            languages,
            specialties,
            credentials,
        })
    }

    fn profile(&self) -> Result<Profile, String> {
        let number = self.text("number")?;
        if number.chars().count() > LONGEST_TEXT {
            return Err(format!("number: {LONGEST_TEXT} characters at most"));
        }
        let rate: f64 = self.number("rate", 0.0)?;
        let rate = hundredths(rate).ok_or_else(|| format!("rate: {rate} can't be used here"))?;
        let mut modalities = self.list("modalities")?;
        if modalities.is_empty() {
            modalities.extend(["call", "video"]);
        }
        let kinds = [("call", 0), ("video", 1), ("text", 2)];
        let mut takes = [false; 3];
        for modality in modalities {
            takes[one_of("modalities", &modality.to_lowercase(), &kinds)?] = true;
        }
        let [takes_calls, takes_video, takes_text] = takes;
        let certification: u8 = self.number("certification", 0)?;
        let special_type: u16 = self.number("special_type", 1)?;
        Ok(Profile {
            number: Some(number.to_owned()).filter(|number| !number.is_empty()),
            gender: self.word(
                "gender",
                &[("female", Some(Gender::Female)), ("male", Some(Gender::Male))],
                None,
            )?,
            employment: self.word(
                "employment",
                &[
                    ("staff", Employment::Staff),
                    ("freelance", Employment::Freelance),
                    ("vendor", Employment::Vendor),
                ],
                Employment::Staff,
            )?,
            certification: certification.into(),
            rate,
            special_type: special_type.into(),
            takes_calls,
            takes_video,
            takes_text,
        })
    }

    fn credential(&self, text: &str) -> Result<NamedCredential, String> {
        let parts: Vec<&str> = text.split(':').map(str::trim).collect();
        let [name, language, from, until] = parts[..] else {
            return Err(format!("credentials: write NAME:LANGUAGE:FROM:UNTIL, not {text:?}"));
        };
        if name.is_empty() || name.chars().count() > LONGEST_TEXT {
            return Err(format!("credentials: a name has 1 to {LONGEST_TEXT} characters: {text:?}"));
        }
        let language = if language.is_empty() { None } else { Some(self.language(CREDENTIALS, language)?) };
        let first = day(from).ok_or_else(|| format!("credentials: {from:?} is no day; write 2026-12-31"))?;
        let last = match until {
            "" => None,
            until => Some(
                day(until).ok_or_else(|| format!("credentials: {until:?} is no day; write 2026-12-31"))?,
            ),
        };
        if last.is_some_and(|last| last < first) {
            return Err(format!("credentials: {name:?} ends before it begins"));
        }
        // The last day counts to its end, in UTC.
        let expires = last.and_then(|last| last.checked_add_days(Days::new(1))).map(midnight);
        let credential = Credential { language, effective: midnight(first), expires };
        Ok(NamedCredential { name: name.to_owned(), credential })
    }
}

fn one_of<T: Clone>(column: &str, text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| value.clone());
    found.ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("{column}: {text:?} is none of {}", words.join(", "))
    })
}

fn hundredths(rate: f64) -> Option<i32> {
    let rate = (rate * 100.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    (0.0..=1e9).contains(&rate).then_some(rate as i32)
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn midnight(day: NaiveDate) -> Timestamp {
    Timestamp(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}
