//! How errors, warnings and receipts are described on standard error and standard output.

use std::{fmt::Display, panic::Location};

use ms_messenger::{IdempotencyKey, clause};

/// The words with which an error and a warning begin.
pub(crate) const ERROR: &str = "error:";
pub(crate) const WARNING: &str = "warning:";

pub(crate) fn error(message: impl Display) -> String {
    format!("{ERROR} {message}")
}

pub(crate) fn warning(message: impl Display) -> String {
    format!("{WARNING} {message}")
}

/// The last line of an error.
pub(crate) fn exit_code(code: u8) -> String {
    format!("exit code {code}")
}

/// The last line of an error, with what the code means and what to do.
pub(crate) fn exit_code_meaning(code: u8, meaning: impl Display, remedy: &str) -> String {
    format!("exit code {code}: {meaning}; {remedy}")
}

/// What to do about a key that the platform rejected as used.
pub(crate) const USED_KEY: &str = "this send proves nothing about the first use of its key";

/// The heading of several problems of the configuration.
pub(crate) const INVALID_SETTINGS: &str = "invalid configuration";
/// The heading of several problems of a message.
pub(crate) const REJECTED_NOT_SENT: &str = "rejected (not sent)";
/// The heading of several problems of a command that sends nothing.
pub(crate) const REJECTED: &str = "rejected";

pub(crate) fn with_code(message: &str, code: &str) -> String {
    format!("{} (code {code})", clause(message))
}

pub(crate) fn with_cause(message: &str, cause: &str) -> String {
    format!("{}: {cause}", clause(message))
}

pub(crate) fn caused_by(cause: &str) -> String {
    format!("caused by: {cause}")
}

pub(crate) const KEY_EXPIRED: &str =
    "the key of this send has expired: the platform no longer removes duplicates by it";

pub(crate) fn run_again(key: &IdempotencyKey) -> String {
    format!(
        "within five minutes it can be run again without a duplicate, with:\n  \
         --idempotency-key {} --first-sent {}",
        key.id,
        humantime::format_rfc3339_millis(key.first_sent)
    )
}

/// Follows the acceptance in a receipt.
pub(crate) fn message(id: &str) -> String {
    format!(", message {id}")
}

/// Follows the message in a receipt.
pub(crate) fn in_conversation(id: &str) -> String {
    format!(", in {id}")
}

/// A time that RFC 3339 cannot write.
pub(crate) const TIME_OUT_OF_RANGE: &str = "out of range";

pub(crate) const MESSAGE_WITHOUT_JSON: &str = "the message has no JSON form";
pub(crate) const ITEM_WITHOUT_JSON: &str = "an item has no JSON form";

pub(crate) fn output_failed(why: impl Display) -> String {
    format!("standard output cannot be written to: {why}")
}

/// A file of the state was renamed because it could not be read.
pub(crate) fn set_aside(file: &str) -> String {
    format!("the unreadable file was renamed to {file}")
}

/// A panic, after which it may be unknown whether a message was sent.
pub(crate) fn defect(location: Option<&Location<'_>>, is_unknown: bool) -> String {
    let place = location.map(|it| format!(" in {}:{}", it.file(), it.line()));
    let place = place.unwrap_or_default();
    let unknown = if is_unknown {
        "; it is unknown whether the message was sent"
    } else {
        ""
    };
    format!("a defect of msm{place}{unknown}: please report it, with what `msm report` writes")
}
