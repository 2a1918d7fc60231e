//! Rules of texts and addresses.

use ms_messenger_core::{Problem, Problems};
use url::Url;

/// The most characters of a text; confirmed by the live service.
pub(crate) const MAX_TEXT_CHARS: usize = 4096;

/// Adds the problem of an address that the service cannot fetch media from.
pub(super) fn check_url(url: &Url, field: &str, problems: &mut Problems) {
    let is_sound = url.scheme() == "https" && url.host().is_some();
    problems.add_if(!is_sound, field, "must be an https address");
}

pub(super) fn check_text(text: &str, field: impl Fn() -> String, problems: &mut Problems) {
    if text.trim().is_empty() {
        problems.add(field(), "must not be empty or blank");
    }
    if is_longer(text, MAX_TEXT_CHARS) {
        problems.add(field(), "must have at most 4096 characters");
    }
}

/// Returns whether `text` has more than `limit` characters; reads no more than those.
pub(super) fn is_longer(text: &str, limit: usize) -> bool {
    // So few bytes are no more characters.
    text.len() > limit && text.chars().nth(limit).is_some()
}

/// Returns a warning about characters that a recipient does not see.
pub(super) fn text_warning(text: &str, field: impl Fn() -> String) -> Option<Problem> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let rule = "has control characters, e.g. of a terminal's colours, which are not shown";
    text.contains(is_control)
        .then(|| Problem::new(field(), rule))
}
