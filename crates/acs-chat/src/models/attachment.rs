//! Files and images of messages.

use ms_messenger_core::open_enum;
use serde::{Deserialize, Deserializer, Serialize};

open_enum! {
    /// The kind of an attachment.
    pub enum ChatAttachmentType {
        /// An image.
        Image = "image",
        /// A file.
        File = "file",
    }
}

/// A file or image that is attached to a message. The service uses it in threads with Teams.
///
/// ```
/// use acs_chat::{ChatAttachment, ChatAttachmentType, SendChatMessageRequest};
///
/// let file = ChatAttachment::new(ChatAttachmentType::File, "7").with_name("bill.pdf");
/// let message = SendChatMessageRequest::text("the bill").with_attachment(file);
/// assert_eq!(message.attachments.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ChatAttachment {
    /// The id of the attachment.
    pub id: String,
    /// The kind of the attachment.
    pub attachment_type: ChatAttachmentType,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The address of a preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<String>,
}

impl ChatAttachment {
    /// An attachment of `attachment_type` with the id `id`.
    pub fn new(attachment_type: ChatAttachmentType, id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            attachment_type,
            name: None,
            url: None,
            preview_url: None,
        }
    }

    /// Sets the name shown.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the address of the file.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets the address of a preview.
    #[must_use]
    pub fn with_preview_url(mut self, url: impl Into<String>) -> Self {
        self.preview_url = Some(url.into());
        self
    }
}

/// An attachment of a message that was read, whose further members are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    id: String,
    attachment_type: ChatAttachmentType,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    preview_url: Option<String>,
}

/// Reads the attachments of a message.
pub(crate) fn read<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<ChatAttachment>, D::Error> {
    let received: Option<Vec<Received>> = Option::deserialize(input)?;
    let attachment = |it: Received| ChatAttachment {
        id: it.id,
        attachment_type: it.attachment_type,
        name: it.name,
        url: it.url,
        preview_url: it.preview_url,
    };
    Ok(received.into_iter().flatten().map(attachment).collect())
}
