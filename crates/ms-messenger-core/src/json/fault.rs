//! The errors of serde, without the value that they reject.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::JsonError;

/// The most names that an error lists.
const MOST_NAMES: usize = 12;

/// An error of serde. Every text in it is part of the program.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another value was expected.
    Expected(String),
    /// What is wrong with a member of this one that was read separately.
    Nested {
        /// The path from here.
        path: String,
        /// What is wrong there.
        rule: String,
    },
    /// A name without the content that its variant needs.
    Content,
    /// A member that is not known, and those that are.
    Member(&'static [&'static str]),
    /// A word that is none of these.
    Word(&'static [&'static str]),
    /// A member that is missing.
    Missing(&'static str),
    /// A member that is given more than once.
    Duplicate(String),
    /// An error of a type, whose text may quote the value.
    Other,
}

impl Fault {
    pub(super) fn into_error(self, path: String) -> JsonError {
        let within = |name: &str| match path.as_str() {
            "" => name.to_owned(),
            path if name.is_empty() => path.to_owned(),
            path if name.starts_with('[') => format!("{path}{name}"),
            path => format!("{path}.{name}"),
        };
        let (path, rule) = match self {
            Self::Nested { path: inner, rule } => (within(&inner), rule),
            Self::Content => {
                let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
                (parent.to_owned(), Self::Content.to_string())
            }
            fault => (path, fault.to_string()),
        };
        JsonError {
            path,
            rule,
            position: None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::Nested { rule, .. } => f.write_str(rule),
            Self::Content => f.write_str("expected an object with exactly one member"),
            Self::Member([]) => f.write_str("a member that is not known: expected none"),
            Self::Member(names) => {
                write!(f, "a member that is not known: expected {}", listed(names))
            }
            Self::Word(names) => write!(f, "expected {}", listed(names)),
            Self::Missing(name) => write!(f, "`{name}` is missing"),
            Self::Duplicate(name) => write!(f, "`{name}` is given more than once"),
            Self::Other => f.write_str("the value cannot be used"),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match expected.to_string().as_str() {
            "newtype variant" | "struct variant" | "tuple variant" => Self::Content,
            _ => Self::Expected(in_words(expected)),
        }
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        read_nested(&expected.to_string()).unwrap_or_else(|| Self::Expected(in_words(expected)))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Expected(in_words(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Word(expected)
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Member(expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Duplicate(field.to_owned())
    }
}

/// Precedes a rule that does not say what is expected.
const NOT_EXPECTED: &str = "a valid one: ";

/// An error of serde that names the rule which a text breaks, as it stands.
pub(crate) fn broken<E: de::Error>(rule: impl fmt::Display) -> E {
    nested("", &rule.to_string())
}

/// An error of any kind that says what is wrong at `path` from here.
pub(super) fn nested<E: de::Error>(path: &str, rule: &str) -> E {
    let mut what = match rule.strip_prefix("expected ") {
        Some(what) => what.to_owned(),
        None => format!("{NOT_EXPECTED}{rule}"),
    };
    if !path.is_empty() {
        what = format!("{what} (at {path})");
    }
    super::expected(what)
}

/// The counterpart of [`nested`].
fn read_nested(what: &str) -> Option<Fault> {
    let (what, path) = match what
        .strip_suffix(')')
        .and_then(|it| it.rsplit_once(" (at "))
    {
        Some((what, path)) => (what, path),
        None => (what, ""),
    };
    let rule = match what.strip_prefix(NOT_EXPECTED) {
        Some(rule) => rule.to_owned(),
        None if path.is_empty() => return None,
        None => format!("expected {what}"),
    };
    let path = path.to_owned();
    Some(Fault::Nested { path, rule })
}

pub(crate) fn listed(names: &[&str]) -> String {
    let shown = names.len().min(MOST_NAMES);
    let mut text = match &names[..shown] {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] if shown == names.len() => format!("{} or {last}", first.join(", ")),
        first => first.join(", "),
    };
    if shown < names.len() {
        text.push_str(" or another");
    }
    text
}

/// What serde expects, in the words of JSON.
fn in_words(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let word = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    if word(&[
        "struct ",
        "struct variant ",
        "map",
        "a map",
        "internally tagged",
        "adjacently tagged",
    ]) {
        "an object".to_owned()
    } else if word(&["a sequence", "sequence", "tuple ", "an array", "a tuple"]) {
        "an array".to_owned()
    } else if word(&[
        "a string",
        "string",
        "str",
        "a borrowed string",
        "path string",
    ]) && text.len() <= 20
    {
        "a string".to_owned()
    } else if text == "a boolean" {
        "true or false".to_owned()
    } else if matches!(text.as_str(), "f32" | "f64") {
        "a number".to_owned()
    } else if let Some((least, most)) = range(text.trim_start_matches("a nonzero ")) {
        let least = match least {
            0 if text.starts_with("a nonzero ") => 1,
            least => least,
        };
        format!("a whole number from {least} to {most}")
    } else if word(&["unit"]) {
        "null".to_owned()
    } else {
        text
    }
}

/// The smallest and the largest number of a type that serde names.
fn range(name: &str) -> Option<(i128, i128)> {
    Some(match name {
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" | "usize" => (0, u64::MAX.into()),
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => (i64::MIN.into(), i64::MAX.into()),
        _ => return None,
    })
}
