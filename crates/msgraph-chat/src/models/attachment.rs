//! Attachments of a message. Source: Graph `chatMessageAttachment`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

pub(crate) const REFERENCE: &str = "reference";
pub(crate) const CARD: &str = "application/vnd.microsoft.card.";
pub(crate) const BANNER: &str = "application/vnd.microsoft.teams.messaging-announcementBanner";

/// An attachment of a message: a file, a card or a banner.
///
/// [`Compose::attach`](crate::Compose::attach) writes its `<attachment>` marker. The constructors
/// give it a new GUID as its id.
///
/// ```
/// use msgraph_chat::{NewChatMessage, models::ChatMessageAttachment};
/// use serde_json::json;
///
/// let card = ChatMessageAttachment::adaptive_card(json!({
///     "type": "AdaptiveCard", "version": "1.4",
///     "body": [{"type": "TextBlock", "text": "3 of 812 tests failed"}],
/// }))
/// .with_id("report");
/// let message = NewChatMessage::compose().text("Build 4711 ").attach(card).build();
/// assert_eq!(message.body.content, r#"Build 4711 <attachment id="report"></attachment>"#);
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatMessageAttachment {
    /// The id that the `<attachment>` marker names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The kind: `reference`, a card type, `messageReference` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The address of the content; excludes `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_url: Option<String>,
    /// The content itself, a text that holds JSON, never an object; excludes `contentUrl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address of a thumbnail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// The id of the Teams app that the attachment belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teams_app_id: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Does not print its contents.
impl fmt::Debug for ChatMessageAttachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatMessageAttachment")
            .field("id", &self.id)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

impl ChatMessageAttachment {
    fn new(content_type: impl Into<String>) -> Self {
        Self {
            id: Some(Uuid::new_v4().to_string()),
            content_type: Some(content_type.into()),
            ..Self::default()
        }
    }

    /// Returns a stored file: the GUID in its eTag, its `webDavUrl`, and its name.
    ///
    /// ```
    /// use msgraph_chat::models::ChatMessageAttachment;
    ///
    /// let url = "https://contoso.sharepoint.com/sites/ops/Shared%20Documents/plan.docx".parse()?;
    /// let id = "153fa47d-18c9-4179-be08-9879815a9f90";
    /// let file = ChatMessageAttachment::file(id, &url, "plan.docx");
    /// assert_eq!(file.content_type.as_deref(), Some("reference"));
    /// # Ok::<_, url::ParseError>(())
    /// ```
    pub fn file(id: impl Into<String>, url: &Url, name: impl Into<String>) -> Self {
        Self::share_link(url).with_id(id).with_name(name)
    }

    /// Returns a file by its sharing link; the service adds its name.
    #[must_use]
    pub fn share_link(url: &Url) -> Self {
        Self::reference_of(url.as_str().to_owned())
    }

    pub(crate) fn reference_of(address: String) -> Self {
        let mut attachment = Self::new(REFERENCE);
        attachment.content_url = Some(address);
        attachment
    }

    /// Returns an Adaptive Card. Without a bot, only its `OpenUrl` actions work.
    #[must_use]
    pub fn adaptive_card(card: Value) -> Self {
        Self::card("adaptive", &card)
    }

    /// Returns a hero card.
    #[must_use]
    pub fn hero_card(card: Value) -> Self {
        Self::card("hero", &card)
    }

    /// Returns a thumbnail card.
    #[must_use]
    pub fn thumbnail_card(card: Value) -> Self {
        Self::card("thumbnail", &card)
    }

    fn card(kind: &str, card: &Value) -> Self {
        let mut attachment = Self::new(format!("{CARD}{kind}"));
        attachment.content = Some(card.to_string());
        attachment
    }

    /// Returns the banner of an announcement, without a picture.
    ///
    /// ```
    /// use msgraph_chat::{NewChatMessage, Place, models::ChatMessageAttachment};
    ///
    /// let message = NewChatMessage::compose()
    ///     .attach(ChatMessageAttachment::announcement_banner("Maintenance tonight"))
    ///     .text("From 22:00 to 23:00 UTC")
    ///     .build();
    /// assert!(message.check(Place::Channel).is_ok());
    /// ```
    pub fn announcement_banner(title: impl Into<String>) -> Self {
        let title: String = title.into();
        Self::banner(&json!({"title": title, "cardImageType": "colorTheme"}))
    }

    /// Returns the banner of an announcement with a picture. `src` is the return value of
    /// [`Compose::host_image`](crate::Compose::host_image); width and height are in pixels.
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
        attachment.content = Some(content.to_string());
        attachment
    }

    /// Sets the id of the Teams app that the attachment belongs to. The app must be installed for
    /// the sender or in the chat, and its manifest must name the application of the token.
    #[must_use]
    pub fn with_teams_app_id(mut self, id: impl Into<String>) -> Self {
        self.teams_app_id = Some(id.into());
        self
    }

    /// Sets the name shown.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the id. By default it is a new GUID.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}
