//! What can go with a message.

use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::models::ChatMessageAttachment;

pub(super) const REFERENCE: &str = "reference";
pub(super) const CARD: &str = "application/vnd.microsoft.card.";
pub(super) const BANNER: &str = "application/vnd.microsoft.teams.messaging-announcementBanner";

/// An attachment: one value that becomes both the `<attachment>` marker and the entry of
/// `attachments`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attachment(ChatMessageAttachment);

impl Attachment {
    fn new(content_type: impl Into<String>) -> Self {
        Self(ChatMessageAttachment {
            id: Some(Uuid::new_v4().to_string()),
            content_type: Some(content_type.into()),
            ..ChatMessageAttachment::default()
        })
    }

    /// A file that is stored already: the GUID in its eTag, its `webDavUrl`, and its name.
    pub fn file(id: impl Into<String>, url: &Url, name: impl Into<String>) -> Self {
        let mut attachment = Self::share_link(url);
        attachment.0.id = Some(id.into());
        attachment.0.name = Some(name.into());
        attachment
    }

    /// A file by a link that was made to share it; the service fills in its name.
    #[must_use]
    pub fn share_link(url: &Url) -> Self {
        let mut attachment = Self::new(REFERENCE);
        attachment.0.content_url = Some(url.as_str().to_owned());
        attachment
    }

    /// An Adaptive Card. Without a bot, only its `OpenUrl` actions work.
    #[must_use]
    pub fn adaptive_card(card: Value) -> Self {
        Self::card("adaptive", &card)
    }

    /// A hero card.
    #[must_use]
    pub fn hero_card(card: Value) -> Self {
        Self::card("hero", &card)
    }

    /// A thumbnail card.
    #[must_use]
    pub fn thumbnail_card(card: Value) -> Self {
        Self::card("thumbnail", &card)
    }

    /// The wire wants the card as a text that holds JSON.
    fn card(kind: &str, card: &Value) -> Self {
        let mut attachment = Self::new(format!("{CARD}{kind}"));
        attachment.0.content = Some(card.to_string());
        attachment
    }

    /// The banner of an announcement, without a picture of one's own.
    pub fn announcement_banner(title: impl Into<String>) -> Self {
        let title: String = title.into();
        Self::banner(&json!({"title": title, "cardImageType": "colorTheme"}))
    }

    /// The banner of an announcement with a picture: `src` is what
    /// [`Compose::host_image`](crate::Compose::host_image) answered; width and height in pixels.
    pub fn announcement_banner_with_image(
        title: impl Into<String>,
        src: &str,
        width: u32,
        height: u32,
        content_type: &str,
    ) -> Self {
        let title: String = title.into();
        Self::banner(&json!({
            "title": title,
            "cardImageType": "uploadedImage",
            "cardImageDetails": {"uploadedImageDetail": {
                "originalImage": {
                    "source": src, "width": width, "height": height,
                    "croppedWidth": width, "croppedHeight": height,
                    "leftMargin": 0, "topMargin": 0, "imageContentType": content_type,
                },
                "croppedImage": {"source": src},
            }},
        }))
    }

    fn banner(content: &Value) -> Self {
        let mut attachment = Self::new(BANNER);
        attachment.0.content = Some(content.to_string());
        attachment
    }

    /// Names the Teams app that the attachment belongs to. It must be installed for the sender
    /// or in the chat, and its manifest must name the application of the token.
    #[must_use]
    pub fn with_teams_app_id(mut self, id: impl Into<String>) -> Self {
        self.0.teams_app_id = Some(id.into());
        self
    }

    /// Sets the name shown.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// Sets the id; a new GUID otherwise.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.0.id = Some(id.into());
        self
    }

    /// The id that the marker names, and the entry.
    pub(super) fn into_parts(self) -> (String, ChatMessageAttachment) {
        (self.0.id.clone().unwrap_or_default(), self.0)
    }
}
