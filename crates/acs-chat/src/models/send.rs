//! A message that is sent. Source: Azure Communication Services REST API, "Chat Thread - Send
//! Chat Message", versions 2024-03-15-preview and 2025-03-15.

use std::{collections::BTreeMap, fmt};

use ms_messenger_core::{ErrorKind, Problem, Problems, Result};
use serde::{Deserialize, Serialize};

use super::{attachment::ChatAttachment, message_type::ChatMessageType, version::ChatApiVersion};

/// The member of `metadata` that holds the id that this client gives to a message.
pub const CLIENT_MESSAGE_ID: &str = "clientMessageId";

/// The body of a send.
///
/// ```
/// use acs_chat::SendChatMessageRequest;
///
/// let request = SendChatMessageRequest::text("hello").with_metadata("ticket", "42");
/// assert_eq!(
///     serde_json::to_string(&request)?,
///     r#"{"content":"hello","type":"text","metadata":{"ticket":"42"}}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct SendChatMessageRequest {
    /// The text or markup; never empty.
    pub content: String,
    /// The name of the sender that push notifications show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_display_name: Option<String>,
    /// `Text` or `Html`. The service reads a missing kind as `Text`; it is always sent.
    #[serde(rename = "type", default = "text")]
    pub message_type: ChatMessageType,
    /// Properties of the sender's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Attachments, in [`ChatApiVersion::V2024_03_15Preview`] only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<ChatAttachment>,
}

/// Does not print its contents.
impl fmt::Debug for SendChatMessageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendChatMessageRequest")
            .field("message_type", &self.message_type)
            .field("content_bytes", &self.content.len())
            .field("attachments", &self.attachments.len())
            .finish_non_exhaustive()
    }
}

fn text() -> ChatMessageType {
    ChatMessageType::Text
}

impl SendChatMessageRequest {
    /// A message of `message_type` with `content`.
    pub fn new(message_type: ChatMessageType, content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            sender_display_name: None,
            message_type,
            metadata: BTreeMap::new(),
            attachments: Vec::new(),
        }
    }

    /// Plain text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::new(ChatMessageType::Text, content)
    }

    /// HTML.
    pub fn html(content: impl Into<String>) -> Self {
        Self::new(ChatMessageType::Html, content)
    }

    /// Sets the name of the sender that push notifications show.
    #[must_use]
    pub fn with_sender_display_name(mut self, name: impl Into<String>) -> Self {
        self.sender_display_name = Some(name.into());
        self
    }

    /// Sets a property of the sender's own.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Adds an attachment.
    #[must_use]
    pub fn with_attachment(mut self, attachment: ChatAttachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Checks the message for `version`, before any I/O.
    ///
    /// # Errors
    ///
    /// `Unsupported` when the version does not support it, `InvalidRequest` when it breaks another
    /// rule of the service; every problem is named.
    pub fn check(&self, version: &ChatApiVersion) -> Result<()> {
        let mut problems = Problems::new();
        let kind = self.find_problems(version, &mut problems);
        problems.into_result(kind)
    }

    /// Returns warnings about what the service accepts but a reader does not see.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        let rule = "has control characters, e.g. of a terminal's colours, which are not shown";
        let has_controls = self.content.contains(is_control);
        let warning = has_controls.then(|| Problem::new("content", rule));
        warning.into_iter().collect()
    }

    /// Adds what is wrong, and returns the kind of the error of all of it.
    pub(crate) fn find_problems(
        &self,
        version: &ChatApiVersion,
        problems: &mut Problems,
    ) -> ErrorKind {
        let blank = self.content.trim().is_empty();
        problems.add_if(blank, "content", "must not be empty or blank");
        let has_nul = self.message_type == ChatMessageType::Html && self.content.contains('\0');
        let rule = "must not have the character U+0000: HTML cannot hold it";
        problems.add_if(has_nul, "content", rule);
        let sendable = matches!(
            self.message_type,
            ChatMessageType::Text | ChatMessageType::Html
        );
        problems.add_if(!sendable, "type", "must be text or html");
        for (i, attachment) in self.attachments.iter().enumerate() {
            let empty = attachment.id.is_empty();
            problems.add_if(empty, &format!("attachments[{i}].id"), "must not be empty");
        }
        if self.attachments.is_empty() || version.supports_attachments() {
            return ErrorKind::InvalidRequest;
        }
        let kind = if problems.is_empty() {
            ErrorKind::Unsupported
        } else {
            ErrorKind::InvalidRequest
        };
        let preview = ChatApiVersion::V2024_03_15Preview;
        let rule = format!("version {version} does not support attachments, {preview} does");
        problems.add("attachments", rule);
        kind
    }
}

/// The body of a success.
#[derive(Debug, Deserialize)]
pub(crate) struct SendChatMessageResult {
    pub(crate) id: String,
}
