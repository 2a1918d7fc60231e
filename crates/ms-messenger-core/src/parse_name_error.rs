//! The error of a string that names no value of an enum.

use std::fmt;

use crate::{
    error::{Error, ErrorKind},
    json::listed,
};

/// Error returned when a string is not the name of an enum's value, e.g. of an
/// [`Importance`](crate::Importance). It lists the names and does not repeat the string.
///
/// ```
/// use ms_messenger_core::Importance;
///
/// assert_eq!("high".parse::<Importance>()?, Importance::High);
/// let error = "loud".parse::<Importance>().unwrap_err();
/// assert_eq!(error.to_string(), "expected normal, high or urgent");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseNameError {
    expected: &'static [&'static str],
}

impl ParseNameError {
    pub(crate) const fn new(expected: &'static [&'static str]) -> Self {
        Self { expected }
    }

    /// Returns the names that are accepted.
    pub fn expected(&self) -> &'static [&'static str] {
        self.expected
    }
}

impl fmt::Display for ParseNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", listed(self.expected))
    }
}

impl std::error::Error for ParseNameError {}

impl From<ParseNameError> for Error {
    fn from(error: ParseNameError) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string())
    }
}
