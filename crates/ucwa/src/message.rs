//! An instant message, its formats and its size.

use std::{fmt, num::NonZeroUsize};

use ms_messenger_core::{ErrorKind, Importance, Problems, Result, open_enum};
use ms_messenger_http::HeaderValue;

use crate::data_uri::Data;

open_enum! {
    /// The format of a message. Source: "MessageFormat".
    pub enum Format {
        /// Plain text.
        Plain = "Plain",
        /// HTML.
        Html = "Html",
    }
}

impl Format {
    /// The format of a text that was received.
    pub(crate) fn of(data: &Data) -> Self {
        match data.media_type.as_str() {
            "text/html" => Self::Html,
            _ => Self::Plain,
        }
    }

    /// The header of a message in this format.
    pub(crate) fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Html => "text/html; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        })
    }

    pub(crate) fn media_type(&self) -> &'static str {
        match self {
            Self::Html => "text/html",
            _ => "text/plain",
        }
    }
}

/// What happens to a text above the size limit.
/// ```
/// use std::num::NonZeroUsize;
///
/// use ms_messenger_core::{Message, SendRequest, Target};
/// use ucwa::{Oversize, UcwaBuilder, UcwaCredential};
///
/// let limit = NonZeroUsize::new(10).unwrap();
/// let to = Target::conversation("/ucwa/1");
/// let request = SendRequest::new(to, Message::text("Build 42 is green"));
/// for (oversize, is_sent) in [(Oversize::Refuse, false), (Oversize::Split, true)] {
///     let credential = UcwaCredential::password("bot", "hunter2");
///     let builder = UcwaBuilder::new("sip:bot@contoso.com", credential)
///         .with_max_message_bytes(limit, oversize);
///     assert_eq!(builder.check(&request).is_ok(), is_sent);
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oversize {
    /// The send is refused before any I/O.
    #[default]
    Refuse,
    /// The text is split at white space, and the parts are sent one after the other. HTML is
    /// refused.
    Split,
}

/// The default limit in bytes: none is published, and some servers cut or refuse at about 8000.
const MAX_MESSAGE_BYTES: NonZeroUsize = NonZeroUsize::new(7000).expect("not zero");

/// The size limit of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) limit: NonZeroUsize,
    pub(crate) oversize: Oversize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            limit: MAX_MESSAGE_BYTES,
            oversize: Oversize::Refuse,
        }
    }
}

/// An instant message. `Debug` does not show its texts.
///
/// ```
/// use ms_messenger_core::Importance;
/// use ucwa::InstantMessage;
///
/// let message = InstantMessage::html("<b>Build 42</b> is green", "Build 42 is green")
///     .with_subject("Build 42")
///     .with_importance(Importance::High);
/// assert_eq!(message.text.as_deref(), Some("Build 42 is green"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstantMessage {
    /// The plain text; with HTML, the alternative for recipients that do not show HTML.
    pub text: Option<String>,
    /// The HTML.
    pub html: Option<String>,
    /// The subject of the conversation that the message opens; an open conversation keeps its own.
    pub subject: Option<String>,
    /// The importance of the conversation that the message opens.
    pub importance: Importance,
}

impl fmt::Debug for InstantMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstantMessage")
            .field("text_bytes", &self.text.as_ref().map(String::len))
            .field("html_bytes", &self.html.as_ref().map(String::len))
            .field("importance", &self.importance)
            .finish_non_exhaustive()
    }
}

impl InstantMessage {
    /// Creates a message of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            html: None,
            subject: None,
            importance: Importance::Normal,
        }
    }

    /// Creates a message of HTML, and the plain text for recipients that do not show HTML.
    pub fn html(html: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            html: Some(html.into()),
            ..Self::text(text)
        }
    }

    /// Creates a message of HTML only. It is not sent to recipients that do not show HTML.
    pub fn html_only(html: impl Into<String>) -> Self {
        Self {
            html: Some(html.into()),
            text: None,
            subject: None,
            importance: Importance::Normal,
        }
    }

    /// Sets the subject of the conversation that the message opens.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the importance of the conversation that the message opens.
    #[must_use]
    pub fn with_importance(mut self, importance: Importance) -> Self {
        self.importance = importance;
        self
    }

    /// Checks everything that can be checked before the recipient is known.
    pub(crate) fn check(&self, Sizes { limit, oversize }: Sizes) -> Result<()> {
        let mut problems = Problems::new();
        let empty = |text: &Option<String>| text.as_ref().is_some_and(String::is_empty);
        problems.add_if(empty(&self.text), "message.text", "must not be empty");
        problems.add_if(empty(&self.html), "message.html", "must not be empty");
        let none = self.text.is_none() && self.html.is_none();
        problems.add_if(none, "message", "must have a text or HTML");
        let subject = self.subject.as_deref().unwrap_or_default();
        problems.add_if(
            subject.chars().count() > 250,
            "message.subject",
            "must have at most 250 characters",
        );
        let rule = format!("must have at most {limit} bytes");
        let too_long = |text: &Option<String>| text.as_ref().is_some_and(|t| t.len() > limit.get());
        let refused = oversize == Oversize::Refuse;
        problems.add_if(too_long(&self.text) && refused, "message.text", &rule);
        problems.add_if(too_long(&self.html), "message.html", &rule);
        problems.into_result(ErrorKind::InvalidRequest)
    }

    /// Returns what to post, given the formats that were negotiated with the recipient.
    pub(crate) fn written(&self, negotiated: &[String]) -> Option<(Format, &str)> {
        let html = negotiated.iter().any(|f| f == Format::Html.as_str());
        match (&self.html, &self.text) {
            (Some(body), _) if html => Some((Format::Html, body)),
            (_, Some(text)) => Some((Format::Plain, text)),
            _ => None,
        }
    }
}

impl From<&str> for InstantMessage {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for InstantMessage {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for InstantMessage {
    fn from(text: &String) -> Self {
        Self::text(text.as_str())
    }
}

/// Returns the importance of an invitation. Source: "Importance": Normal, Urgent, Emergency.
/// Nothing is below Normal.
pub(crate) fn importance(importance: Importance) -> &'static str {
    match importance {
        Importance::High => "Urgent",
        Importance::Urgent => "Emergency",
        _ => "Normal",
    }
}

/// Splits a text into parts of at most `limit` bytes: at white space if there is some in the
/// second half of a part, otherwise between characters. The parts together are the text.
pub(crate) fn split(text: &str, limit: NonZeroUsize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > limit.get() {
        let mut end = limit.get();
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        if end == 0 {
            // The limit is below one character: the character is sent whole.
            end = rest.chars().next().map_or(rest.len(), char::len_utf8);
        }
        let space = rest[..end]
            .char_indices()
            .rfind(|(_, c)| c.is_whitespace())
            .map(|(at, c)| at + c.len_utf8());
        let at = space.filter(|&at| at > end / 2).unwrap_or(end);
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(bytes: usize) -> NonZeroUsize {
        NonZeroUsize::new(bytes).unwrap()
    }

    #[test]
    fn a_text_is_split_at_white_space() {
        let parts = split("one two three four", limit(10));
        assert_eq!(parts, ["one two ", "three four"]);
        assert_eq!(split("", limit(1)), [""]);
    }

    #[test]
    fn html_goes_only_where_it_is_negotiated() {
        let (plain, both) = (
            ["Plain".to_owned()],
            ["Plain".to_owned(), "Html".to_owned()],
        );
        let message = InstantMessage::html("<b>x</b>", "x");
        assert_eq!(message.written(&plain), Some((Format::Plain, "x")));
        assert_eq!(message.written(&both), Some((Format::Html, "<b>x</b>")));
        assert_eq!(InstantMessage::html_only("<b>x</b>").written(&plain), None);
        assert_eq!(
            InstantMessage::text("<x>").written(&both),
            Some((Format::Plain, "<x>"))
        );
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let mut message = InstantMessage::html("<b>123456789</b>", "123456789");
        message.subject = Some("s".repeat(251));
        let sizes = |oversize| Sizes {
            limit: limit(5),
            oversize,
        };
        let error = message.check(sizes(Oversize::Refuse)).unwrap_err();
        let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["message.subject", "message.text", "message.html"]);
        let error = InstantMessage::text("")
            .check(sizes(Oversize::Split))
            .unwrap_err();
        assert_eq!(error.problems()[0].field, "message.text");
    }

    proptest! {
        #[test]
        fn the_parts_are_the_text_and_fit(text in ".{0,200}", bytes in 4_usize..50) {
            let parts = split(&text, limit(bytes));
            prop_assert_eq!(parts.concat(), text.clone());
            prop_assert!(parts.iter().all(|part| part.len() <= bytes));
            prop_assert!(text.is_empty() || parts.iter().all(|part| !part.is_empty()));
        }
    }
}
