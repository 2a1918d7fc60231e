//! What a check collects.

use std::borrow::Cow;

use ms_messenger_core::{Problem, Problems};

/// The rules that a message breaks, and what the service accepts but a reader would miss.
pub(super) struct Found<'a> {
    pub(super) problems: &'a mut Problems,
    pub(super) warnings: &'a mut Vec<Problem>,
}

impl Found<'_> {
    pub(super) fn warn_if(&mut self, seen: bool, field: &str, rule: &str) {
        if seen {
            self.warnings.push(Problem::new(field, rule));
        }
    }
}

/// An id out of the message in the form in which an error may show it: short and harmless in
/// logs.
pub(super) fn shown(id: &str) -> &str {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '{' | '}');
    if id.len() <= 64 && id.chars().all(is_plain) {
        id
    } else {
        "…"
    }
}

pub(super) fn and_more(count: usize) -> Cow<'static, str> {
    if count == 0 {
        Cow::Borrowed("")
    } else {
        Cow::Owned(format!(", nor have {count} more"))
    }
}
