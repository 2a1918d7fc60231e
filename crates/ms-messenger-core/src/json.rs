//! Reads JSON with errors that never quote it.
//!
//! The errors of serde repeat the value that they reject. The input here has messages, so an error
//! says what was expected and where, and nothing of what was found.
//!
//! ```
//! use ms_messenger_core::{Message, json};
//!
//! let error = json::from_str::<Message>(r#"{"body": {"text": ["attack at dawn"]}}"#).unwrap_err();
//! assert_eq!(error.to_string(), "body.text: expected a string (line 1 column 18)");
//! ```

mod fault;
mod reader;
pub(crate) mod text;

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::problem::Problem;
use fault::Fault;
pub(crate) use fault::{broken, listed};
use reader::Reader;
pub use text::expected;

/// The longest name of a member that an error repeats.
const LONGEST_NAME: usize = 40;

/// Error returned when a JSON text or value cannot be read: where, and what was expected there.
///
/// It has no value of the input, only names of members that look like names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonError {
    /// The path of the member, e.g. `message.attachments[1].file.url`; empty for the whole input.
    pub path: String,
    /// What was expected, e.g. `expected a string`.
    pub rule: String,
    /// The line and column, from 1, if a text was read.
    pub position: Option<(usize, usize)>,
}

impl JsonError {
    /// Converts it into a [`Problem`]. The whole input is named `whole`.
    pub fn into_problem(self, whole: &str) -> Problem {
        let rule = self.placed_rule();
        match self.path.as_str() {
            "" => Problem::new(whole, rule),
            _ => Problem::new(self.path, rule),
        }
    }

    /// Converts it into a [`Problem`] of an input that is the member `parent` of another one.
    pub fn into_problem_within(mut self, parent: &str) -> Problem {
        self.path = match self.path.as_str() {
            "" => parent.to_owned(),
            path if path.starts_with('[') => format!("{parent}{path}"),
            path => format!("{parent}.{path}"),
        };
        self.into_problem(parent)
    }

    /// Converts it into an error of serde, for a type that reads a member as a value first. The path
    /// is kept if [`from_str`] or [`from_value`] reads the whole input.
    pub fn into_serde<E: serde::de::Error>(self) -> E {
        fault::nested(&self.path, &self.rule)
    }

    fn placed_rule(&self) -> String {
        match self.position {
            Some((line, column)) => format!("{} (line {line} column {column})", self.rule),
            None => self.rule.clone(),
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.placed_rule())
    }
}

impl std::error::Error for JsonError {}

/// Reads a JSON text.
///
/// # Errors
///
/// What was expected, and the path, line and column; no value of the text.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let at = |error: &serde_json::Error| Some((error.line(), error.column()));
    match serde_json::from_str::<Value>(text) {
        Err(error) => Err(JsonError {
            path: String::new(),
            rule: syntax(&error).to_owned(),
            position: at(&error),
        }),
        Ok(value) => Err(JsonError {
            position: at(&error),
            ..from_value::<T>(&value)
                .err()
                .unwrap_or_else(|| twice::<T>(text))
        }),
    }
}

/// Reads a JSON value.
///
/// # Errors
///
/// What was expected, and the path; no value of the input.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(Reader(value)).map_err(|error| {
        let path = readable(error.path());
        error.into_inner().into_error(path)
    })
}

/// What is wrong with a text that is not JSON, or more of it than can be read.
fn syntax(error: &serde_json::Error) -> &'static str {
    let said = error.to_string();
    if error.is_eof() {
        "not JSON: the text ends too early"
    } else if said.starts_with("recursion limit exceeded") {
        "nested too deeply: at most 127 levels of arrays and objects"
    } else if said.starts_with("trailing characters") {
        "not JSON: more text follows the value"
    } else {
        "not JSON"
    }
}

/// What is wrong with a text whose value is sound: a value does not keep duplicate members.
fn twice<T: DeserializeOwned>(text: &str) -> JsonError {
    let mut input = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut input) else {
        return Fault::Other.into_error(String::new());
    };
    let path = readable(error.path());
    let said = error.inner().to_string();
    let name = said.strip_prefix("duplicate field `");
    let name = name.and_then(|it| it.split('`').next());
    match name.filter(|name| is_name(name)) {
        Some(name) => Fault::Duplicate(name.to_owned()).into_error(path),
        None => Fault::Other.into_error(path),
    }
}

/// The path up to the first member whose name does not look like one: such a name may be a text in
/// the wrong place.
fn readable(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key: name } | Segment::Enum { variant: name } if is_name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            _ => break,
        }
    }
    text
}

fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '$');
    (1..=LONGEST_NAME).contains(&text.len()) && text.chars().all(is_part)
}

#[cfg(test)]
mod tests;
