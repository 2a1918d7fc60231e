//! Texts on the message that the options of `msm send` give: its content, files and mentions.

use std::fmt::Display;

use super::input;

pub(crate) const OTHER_REPLY: &str =
    "the link of --to names another message to reply to: use only one of them";

// Control characters.

pub(crate) const CONTROLS: &str =
    "has terminal escapes or other control characters, which are sent unchanged";
/// Follows it where there is such an option.
pub(crate) const STRIP_CONTROLS: &str = ": --strip-ansi removes them";

// Markdown.

pub(crate) const MARKDOWN_HTML: &str = "has HTML, which is sent as text: --html sends HTML";
pub(crate) const MARKDOWN_PICTURES: &str =
    "has pictures by address, which not every client shows: --picture sends a file";
pub(crate) const MARKDOWN_LOW_HEADINGS: &str =
    "has headings below the third level, which are shown as plain lines";

// Files.

pub(crate) const CARD_TOO_LARGE: &str = "is larger than 1 MiB, which no card can be";
pub(crate) const PICTURE_TOO_LARGE: &str = "is larger than 3 MiB: --file sends it as a file";
pub(crate) const NOT_A_PICTURE: &str =
    "is not a PNG, JPEG, GIF, BMP or WebP picture: --file sends it as a file";
pub(crate) const FILE_NAME_NOT_UTF8: &str =
    "has a name that is not UTF-8, which Teams cannot show: rename it";
pub(crate) const KEPT_FILES_TOO_LARGE: &str = "a message that waits keeps the contents of its \
    files, at most 16 MiB: send this one at once";

/// A file with JSON that cannot be read as such.
pub(crate) fn not_json(name: impl Display, error: &serde_json::Error) -> String {
    format!("{name}: {}", input::not_json(error))
}

// Mentions.

pub(crate) fn mentions_unsupported(platform: &str) -> String {
    format!("{platform} does not support mentions: only msgraph-chat does")
}

pub(crate) const MARKERS_UNSUPPORTED: &str =
    "has @{…}, which is sent as it is: only msgraph-chat supports mentions";

pub(crate) fn mention_failed(address: &str, why: &str) -> String {
    format!("the mention of {address}: {why}")
}

pub(crate) const MENTION_WITHOUT_TEXT: &str = "--mention needs a text or HTML";

// Named targets.

pub(crate) const NO_NAMES: &str = "no configuration file names targets: see `msm config path`";

/// The suggestion of a name follows.
pub(crate) fn unknown_name(suggestion: &str) -> String {
    format!("the configuration file has no target of this name{suggestion}")
}
