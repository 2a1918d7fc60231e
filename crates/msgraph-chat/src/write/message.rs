//! The body of a send.

use std::fmt;

use ms_messenger_core::json::{self, JsonError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{annotation, markup::Markup, text};
use crate::models::{
    BodyType, ChatMessageAttachment, ChatMessageMention, HostedContent, MessageImportance,
    attachment::BANNER, nullable::nullable,
};

/// The kind of place that a message goes to: some members are for channels only, some for chats
/// only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// A channel, or a reply in one.
    Channel,
    /// A chat.
    Chat,
}

/// A message to be sent, as it is on the wire: the members that a client may set and no other.
///
/// A text converts into one. [`NewChatMessage::compose`] builds richer ones and writes every
/// marker together with the member that it refers to. A message that is written by hand is
/// checked before it is sent.
///
/// ```
/// use msgraph_chat::{Mention, NewChatMessage, Place, models::ChatMessageAttachment};
/// use serde_json::json;
///
/// let message = NewChatMessage::compose()
///     .text("Look at this, ")
///     .mention(Mention::user("8ea0e38b-efb3-4757-924a-5f94061cf8c2", "Robin Kline"))
///     .attach(ChatMessageAttachment::adaptive_card(json!({
///         "type": "AdaptiveCard", "version": "1.4"
///     })))
///     .build();
/// assert!(message.check(Place::Channel).is_ok());
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewChatMessage {
    /// The OData type that some senders write; sent as it is.
    #[serde(
        rename = "@odata.type",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub odata_type: Option<String>,
    /// The title; channels only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The summary; channels only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The importance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<MessageImportance>,
    /// The content.
    pub body: NewBody,
    /// The attachments; the body has a marker for each.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attachments: Vec<ChatMessageAttachment>,
    /// The mentions; the body has a marker for each.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub mentions: Vec<ChatMessageMention>,
    /// The pictures that are shown in the body or in a card.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hosted_contents: Vec<HostedContent>,
    /// Annotations that some senders write, such as `@odata.context` and
    /// `attachments@odata.type`; sent as they are.
    #[serde(flatten, deserialize_with = "annotation::of_message")]
    pub annotations: Map<String, Value>,
}

/// Does not print its contents.
impl fmt::Debug for NewChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewChatMessage")
            .field("importance", &self.importance)
            .field("body", &self.body)
            .field("attachments", &self.attachments.len())
            .field("mentions", &self.mentions.len())
            .field("hosted_contents", &self.hosted_contents.len())
            .finish_non_exhaustive()
    }
}

/// The content of a message to be sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewBody {
    /// The OData type that some senders write; sent as it is.
    #[serde(
        rename = "@odata.type",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub odata_type: Option<String>,
    /// The form. The service reads a missing one as text; it is always sent.
    #[serde(default = "text_type")]
    pub content_type: BodyType,
    /// The text or markup.
    pub content: String,
    /// Annotations that some senders write, such as `contentType@odata.type`; sent as they are.
    #[serde(flatten, deserialize_with = "annotation::of_body")]
    pub annotations: Map<String, Value>,
}

/// Does not print its contents.
impl fmt::Debug for NewBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewBody")
            .field("content_type", &self.content_type)
            .field("content_bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

fn text_type() -> BodyType {
    BodyType::Text
}

impl Default for NewBody {
    fn default() -> Self {
        Self::new(BodyType::Text, String::new())
    }
}

impl NewBody {
    pub(super) fn new(content_type: BodyType, content: String) -> Self {
        Self {
            odata_type: None,
            content_type,
            content,
            annotations: Map::new(),
        }
    }
}

impl NewChatMessage {
    /// Returns a message of plain text. One line is sent as text. A text with line breaks is sent
    /// as escaped HTML with `<br>`, because Teams shows line breaks in HTML only.
    ///
    /// ```
    /// use msgraph_chat::NewChatMessage;
    ///
    /// assert_eq!(NewChatMessage::text("1 < 2").body.content, "1 < 2");
    /// assert_eq!(NewChatMessage::text("1 < 2\n2 < 3").body.content, "1 &lt; 2<br>2 &lt; 3");
    /// ```
    pub fn text(content: impl Into<String>) -> Self {
        let content = content.into();
        if text::is_one_line(&content) {
            return Self::new(BodyType::Text, content);
        }
        let mut html = String::with_capacity(content.len() + content.len() / 8);
        text::push(&mut html, &content);
        Self::new(BodyType::Html, html)
    }

    /// Returns a message of HTML. Its markers are checked before it is sent.
    ///
    /// ```
    /// use msgraph_chat::{NewChatMessage, Place};
    ///
    /// let unmarked = NewChatMessage::html("<at id=\"0\">Robin</at> please look");
    /// let error = unmarked.check(Place::Chat).unwrap_err();
    /// assert_eq!(error.problems()[0].field, "body.content");
    /// ```
    pub fn html(content: impl Into<String>) -> Self {
        Self::new(BodyType::Html, content)
    }

    fn new(content_type: BodyType, content: impl Into<String>) -> Self {
        Self {
            body: NewBody::new(content_type, content.into()),
            ..Self::default()
        }
    }

    /// Sets the title; channels only.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the importance.
    #[must_use]
    pub fn with_importance(mut self, importance: MessageImportance) -> Self {
        self.importance = Some(importance);
        self
    }

    /// Returns the text that a reader sees, without markup: a line for each block and `<br>`, an
    /// emoji as its own character, and U+FFFC for a picture.
    /// [`settle`](ms_messenger_core::Messenger::settle) compares messages by it.
    ///
    /// ```
    /// use msgraph_chat::NewChatMessage;
    ///
    /// let message = NewChatMessage::html("<p>1 &lt; 2</p><p>2 &lt; 3</p>");
    /// assert_eq!(message.visible_text(), "1 < 2\n2 < 3\n");
    /// ```
    #[must_use]
    pub fn visible_text(&self) -> String {
        match self.body.content_type {
            BodyType::Text => self.body.content.clone(),
            _ => Markup::read(&self.body.content).text,
        }
    }

    /// Reads the markup of the body, once for every check and comparison. Plain text has none,
    /// except in announcements, which the service's own sample sends as text.
    pub(crate) fn markup(&self) -> Markup {
        if self.has_markup() {
            Markup::read(&self.body.content)
        } else {
            Markup::default()
        }
    }

    /// Whether it is more than a plain text: something that needs a marker, or can have one.
    pub(super) fn has_parts(&self) -> bool {
        let is_alone = self.attachments.is_empty()
            && self.mentions.is_empty()
            && self.hosted_contents.is_empty();
        !is_alone || self.has_markup()
    }

    pub(super) fn has_markup(&self) -> bool {
        let mut attachments = self.attachments.iter();
        self.body.content_type != BodyType::Text
            || attachments.any(|attachment| attachment.content_type.as_deref() == Some(BANNER))
    }

    /// The text that a reader sees, out of the `markup` of this message.
    pub(crate) fn seen<'a>(&'a self, markup: &'a Markup) -> &'a str {
        match self.body.content_type {
            BodyType::Text => &self.body.content,
            _ => &markup.text,
        }
    }
}

impl From<&str> for NewChatMessage {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for NewChatMessage {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// Clones the message, to send it several times.
impl From<&Self> for NewChatMessage {
    fn from(message: &Self) -> Self {
        message.clone()
    }
}

/// Reads the JSON form of a message. An unknown member is reported before a missing one.
pub(crate) fn read_message(payload: &Value) -> Result<NewChatMessage, JsonError> {
    match annotation::unknown_member(payload) {
        Some(error) => Err(error),
        None => json::from_value(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_member_is_named_with_its_path() {
        for (message, path) in [
            (serde_json::json!({"@odata.type": "t", "bogus": 1}), "bogus"),
            (
                serde_json::json!({"body": {"content": "x"}, "bogus": 1}),
                "bogus",
            ),
            (
                serde_json::json!({"body": {"content": "x", "bogus": 1}}),
                "body.bogus",
            ),
        ] {
            let error = read_message(&message).unwrap_err();
            assert_eq!(error.path, path, "{error}");
            assert!(
                error
                    .rule
                    .starts_with("a member that is not known: expected"),
                "{error}"
            );
        }
    }
}
