//! A message to be sent: built so that no marker can be forgotten, or written by hand and checked.

mod annotation;
mod attachment;
mod check;
mod compose;
pub(crate) mod markup;
mod mention;
mod text;

use ms_messenger_core::{ErrorKind, Problem, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::models::{
    BodyType, ChatMessageAttachment, ChatMessageMention, HostedContent, MessageImportance, nullable,
};

pub(crate) use annotation::read_message;
pub use attachment::Attachment;
pub use compose::Compose;
pub use mention::Mention;

/// Where a message goes: some things belong into channels only, or into chats only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// A channel, or a response in one.
    Channel,
    /// A chat.
    Chat,
}

/// The body of a send, as it stands on the wire: what a client may set and nothing else.
///
/// Build one with [`NewChatMessage::compose`], which writes every marker together with what
/// it stands for. One that is written by hand is checked before it is sent.
///
/// ```
/// use msgraph_chat::{Attachment, Mention, NewChatMessage, Place};
/// use serde_json::json;
///
/// let message = NewChatMessage::compose()
///     .text("Look at this, ")
///     .mention(Mention::user("8ea0e38b-efb3-4757-924a-5f94061cf8c2", "Robin Kline"))
///     .attach(Attachment::adaptive_card(json!({"type": "AdaptiveCard", "version": "1.4"})))
///     .build();
/// assert!(message.check(Place::Channel).is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewChatMessage {
    /// The type that some senders name; sent as it is.
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
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<MessageImportance>,
    /// The content.
    pub body: NewBody,
    /// What goes with it.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attachments: Vec<ChatMessageAttachment>,
    /// Who is mentioned.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub mentions: Vec<ChatMessageMention>,
    /// Pictures within it.
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

/// The content of a message to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewBody {
    /// The type that some senders name; sent as it is.
    #[serde(
        rename = "@odata.type",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub odata_type: Option<String>,
    /// The form. The service takes a missing one for text; it is always sent.
    #[serde(default = "text")]
    pub content_type: BodyType,
    /// The text or markup.
    pub content: String,
    /// Annotations that some senders write, such as `contentType@odata.type`; sent as they are.
    #[serde(flatten, deserialize_with = "annotation::of_body")]
    pub annotations: Map<String, Value>,
}

fn text() -> BodyType {
    BodyType::Text
}

impl Default for NewBody {
    fn default() -> Self {
        Self::new(BodyType::Text, String::new())
    }
}

impl NewBody {
    fn new(content_type: BodyType, content: String) -> Self {
        Self {
            odata_type: None,
            content_type,
            content,
            annotations: Map::new(),
        }
    }
}

impl NewChatMessage {
    /// Plain text. One line goes as text. Line breaks are kept: the service shows those of HTML
    /// alone, so a text with line breaks goes as HTML, escaped, with `<br>` for each.
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
        Self::compose().text(&content).build()
    }

    /// HTML, markers included; those are checked before it is sent.
    pub fn html(content: impl Into<String>) -> Self {
        Self::new(BodyType::Html, content)
    }

    fn new(content_type: BodyType, content: impl Into<String>) -> Self {
        Self {
            body: NewBody::new(content_type, content.into()),
            ..Self::default()
        }
    }

    /// Starts a message that is built piece by piece.
    pub fn compose() -> Compose {
        Compose::default()
    }

    /// Sets the title; channels only.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets how urgent it is.
    #[must_use]
    pub fn with_importance(mut self, importance: MessageImportance) -> Self {
        self.importance = Some(importance);
        self
    }

    /// Returns the text that a reader sees, without markup: a line for each block and `<br>`, an
    /// emoji as its own character, and U+FFFC for a picture. By it
    /// [`settle`](ms_messenger_core::Messenger::settle) compares messages.
    #[must_use]
    pub fn visible_text(&self) -> String {
        match self.body.content_type {
            BodyType::Text => self.body.content.clone(),
            _ => markup::visible(&self.body.content),
        }
    }

    /// Checks it for `place` against the rules that the service is known to have, without any
    /// I/O: each marker has what it stands for and the other way round, mentions say what
    /// their markers say, cards are JSON, pictures are Base64, and so on. Takes time in
    /// proportion to its size.
    ///
    /// Returns warnings: what the service takes but a reader would miss, such as a link without
    /// a scheme.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with every problem.
    pub fn check(&self, place: Place) -> Result<Vec<Problem>> {
        let found = self.find(place);
        found.problems.into_result(ErrorKind::InvalidRequest)?;
        Ok(found.warnings)
    }

    pub(crate) fn find(&self, place: Place) -> check::Found {
        check::check(self, place)
    }
}
