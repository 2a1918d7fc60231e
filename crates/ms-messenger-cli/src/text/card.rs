//! What is wrong with an Adaptive Card, and what not every client of Teams shows.

pub(crate) const NOT_ADAPTIVE: &str = "must be AdaptiveCard";
pub(crate) const VERSION_MISSING: &str = "is missing: give a text such as 1.5";
pub(crate) const VERSION_NOT_TEXT: &str = "must be a text such as 1.5";
pub(crate) const VERSION_TOO_NEW: &str = "is newer than 1.5, the newest that every client of Teams \
    shows; others show the fallback text";

pub(crate) fn large(bytes: usize) -> String {
    format!("has {bytes} bytes: Teams takes about 28 KB for the whole message")
}

pub(crate) fn many_actions(count: usize, most: usize) -> String {
    format!("has {count} actions, and the desktop client shows {most} of a set")
}

pub(crate) const OPENS_NOTHING: &str = "opens nothing: give the whole address in url, https://…";
pub(crate) const ACTION_WITHOUT_BOT: &str =
    "does nothing: no bot is behind a card that a user sends";
pub(crate) const UNKNOWN_ACTION: &str = "is not an action that Teams knows";
pub(crate) const UNKNOWN_ELEMENT: &str =
    "is not an element of version 1.5, so not every client shows it";
pub(crate) const INPUT_WITHOUT_BOT: &str =
    "collects input that nothing receives: no bot is behind a card that a user sends";
pub(crate) const ADDRESS_NOT_SHOWN: &str = "is not shown by every client: give an https address";

/// Something that the version of the card does not have.
pub(crate) fn needs_version(minor: u32) -> String {
    format!("needs version 1.{minor}")
}
