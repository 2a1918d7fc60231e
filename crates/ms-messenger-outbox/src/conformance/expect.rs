//! What is expected of a store.

use std::fmt::Debug;

use crate::error::{OutboxError, OutboxErrorKind, Result};

/// How a check ended.
pub(super) type Outcome<T = ()> = std::result::Result<T, Broken>;

/// What was expected, and what was found.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

impl From<OutboxError> for Broken {
    fn from(error: OutboxError) -> Self {
        Self(format!("expected no error of the store, found {error:?}"))
    }
}

/// Expects a condition: `what` completes "expected …".
pub(super) fn that(holds: bool, what: impl Into<String>) -> Outcome {
    if holds {
        return Ok(());
    }
    Err(Broken(format!("expected {}", what.into())))
}

/// Expects a value of `what`.
pub(super) fn equal<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    let text = || format!("{what} to be {expected:?}, found {found:?}");
    if found == expected {
        return Ok(());
    }
    that(false, text())
}

/// Expects an error of a kind.
pub(super) fn fails<T: Debug>(what: &str, found: Result<T>, expected: OutboxErrorKind) -> Outcome {
    match found {
        Err(error) if error.kind() == expected => Ok(()),
        found => that(
            false,
            format!("{what} to fail with {expected:?}, found {found:?}"),
        ),
    }
}

/// Expects something.
pub(super) fn some<T>(found: Option<T>, what: &str) -> Outcome<T> {
    found.ok_or_else(|| Broken(format!("expected {what}, found nothing")))
}
