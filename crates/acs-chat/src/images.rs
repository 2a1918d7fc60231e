//! Images of the preview version. Source: Azure Communication Services REST API, Chat,
//! 2024-03-15-preview.

use std::fmt;

use ms_messenger_core::Result;
use ms_messenger_http::{HeaderName, HeaderValue, check_id, encode_path_segment};
use serde::Deserialize;

use crate::{
    ChatApiVersion, ChatAttachment, ChatAttachmentType, ChatThread,
    models::check::Check,
    operations::{IMAGE_DELETE, IMAGE_UPLOAD},
};

const FILE_NAME: HeaderName = HeaderName::from_static("image-filename");

/// An image that was uploaded into a thread.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct UploadedImage {
    /// The id, by which it is deleted.
    pub id: String,
    /// The file name.
    #[serde(default)]
    pub name: Option<String>,
}

impl UploadedImage {
    /// Returns the attachment by which a message shows the image.
    #[must_use]
    pub fn to_attachment(&self) -> ChatAttachment {
        let attachment = ChatAttachment::new(ChatAttachmentType::Image, &*self.id);
        match &self.name {
            Some(name) => attachment.with_name(name),
            None => attachment,
        }
    }
}

impl fmt::Debug for UploadedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadedImage")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ChatThread {
    /// Uploads an image into the thread of a Teams meeting: `POST /chat/threads/{id}/images`.
    /// JPEG, PNG, GIF, HEIC or WebP; the file name is optional. Source: "Chat Thread - Upload Chat
    /// Image".
    ///
    /// Only [the preview](ChatApiVersion::V2024_03_15Preview) has it; the stable version after it
    /// does not.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, ChatApiVersion, SendChatMessageRequest};
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsChatClient::builder(&acs.endpoint, StaticToken::new(&*acs.users[0].token))
    ///     .with_api_version(ChatApiVersion::V2024_03_15Preview)
    ///     .build()?;
    ///
    /// let thread = client.thread(acs.thread_id.as_str());
    /// let image = thread.upload_image(*b"\x89PNG\r\n\x1a\n", Some("plan.png")).await?;
    /// let message = SendChatMessageRequest::html("<img id=\"plan\">");
    /// let sent = thread.send(&message.with_attachment(image.to_attachment())).await?;
    ///
    /// let message = thread.message(sent.id).await?;
    /// let image = client.download(&message.attachments[0]).await?;
    /// assert_eq!(image.content_type(), Some("image/png"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Unsupported` and `InvalidRequest` before any I/O (another version, no bytes, a name that is
    /// no header value); after a lost response it is not retried, and its delivery is `Unknown`;
    /// then as [`get`](Self::get).
    pub async fn upload_image(
        &self,
        bytes: impl Into<Vec<u8>>,
        name: Option<&str>,
    ) -> Result<UploadedImage> {
        let bytes: Vec<u8> = bytes.into();
        let mut check = self.image_check();
        check
            .broken
            .add_if(bytes.is_empty(), "bytes", "must not be empty");
        let name = name.map(HeaderValue::from_str);
        let is_odd = name.as_ref().is_some_and(std::result::Result::is_err);
        let rule = "must consist of visible ASCII characters";
        check.broken.add_if(is_odd, "name", rule);
        let mut call = self.call(&IMAGE_UPLOAD, "/images", check)?;
        let octets = HeaderValue::from_static("application/octet-stream");
        call = call.with_body(octets, bytes);
        if let Some(Ok(name)) = name {
            call = call.with_header(FILE_NAME, name);
        }
        self.client().call(call, 201).await?.json()
    }

    /// Deletes an image that the caller uploaded: `DELETE /chat/threads/{id}/images/{id}`. Source:
    /// "Chat Thread - Delete Chat Image". Only [the preview](ChatApiVersion::V2024_03_15Preview) has
    /// it. It is retried like a read.
    ///
    /// # Errors
    ///
    /// As [`upload_image`](Self::upload_image).
    pub async fn delete_image(&self, image: &str) -> Result<()> {
        let mut check = self.image_check();
        check_id(image, "image", &mut check.broken);
        let rest = format!("/images/{}", encode_path_segment(image));
        let call = self.call(&IMAGE_DELETE, &rest, check)?;
        self.client().call(call, 204).await.map(drop)
    }

    fn image_check(&self) -> Check<'_> {
        let version = self.client().api_version();
        let mut check = Check::new(version);
        if *version != ChatApiVersion::V2024_03_15Preview {
            check.unsupported("image");
        }
        check
    }
}
