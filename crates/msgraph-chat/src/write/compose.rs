//! Builds a message piece by piece, with its markers.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_core::InlineImage;
use uuid::Uuid;

use super::{
    markup::{At, IMAGE, Markup, escape},
    mention::Mention,
    message::NewChatMessage,
    text,
};
use crate::models::{BodyType, ChatMessageAttachment, HostedContent, MessageImportance};

/// A message under construction. The body has the pieces in the order of the calls.
///
/// It stays plain text until a piece or a line break needs HTML; texts are then escaped.
///
/// ```
/// use msgraph_chat::{InlineImage, Mention, NewChatMessage};
///
/// let message = NewChatMessage::compose()
///     .text("1 < 2, says ")
///     .mention(Mention::user("8ea0e38b-efb3-4757-924a-5f94061cf8c2", "Robin"))
///     .inline_image(&InlineImage::new("image/png", *b"not really a picture"))
///     .build();
/// assert_eq!(
///     message.body.content,
///     r#"1 &lt; 2, says <at id="0">Robin</at><img src="../hostedContents/1/$value">"#
/// );
/// ```
#[derive(Clone, Default)]
#[must_use = "a message is sent after it is built"]
pub struct Compose {
    /// The text that a reader sees; the body while it needs no HTML.
    visible: String,
    html: String,
    needs_html: bool,
    /// Whether a piece shows something other than text.
    has_marker: bool,
    /// Whether a piece is HTML that was not written here.
    has_foreign_html: bool,
    message: NewChatMessage,
}

/// Does not print its contents.
impl fmt::Debug for Compose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compose")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

impl NewChatMessage {
    /// Returns an empty message, to build it piece by piece.
    pub fn compose() -> Compose {
        Compose::default()
    }
}

impl Compose {
    /// Continues a message that is written already.
    pub(crate) fn of(mut message: NewChatMessage) -> Self {
        let content = std::mem::take(&mut message.body.content);
        // A text with attachments has their markers in it.
        let is_text = message.body.content_type == BodyType::Text && message.attachments.is_empty();
        let compose = Self {
            message,
            // Whether its members have markers must be read.
            has_foreign_html: true,
            ..Self::default()
        };
        if is_text {
            compose.text(&content)
        } else {
            compose.html(&content)
        }
    }

    /// Adds text. Line breaks are kept, and so are the spaces that HTML would drop.
    pub fn text(mut self, text: &str) -> Self {
        self.visible.push_str(text);
        text::push(&mut self.html, text);
        self.needs_html |= !text::is_one_line(text);
        self
    }

    /// Adds HTML. Markers within it are checked before the message is sent.
    ///
    /// ```
    /// use msgraph_chat::NewChatMessage;
    ///
    /// let message = NewChatMessage::compose().html("<b>Build</b> ").text("4711 < 4712").build();
    /// assert_eq!(message.body.content, "<b>Build</b> 4711 &lt; 4712");
    /// ```
    pub fn html(mut self, html: &str) -> Self {
        self.html.push_str(html);
        self.needs_html = true;
        self.has_foreign_html = true;
        self
    }

    /// Adds a mention.
    pub fn mention(mut self, mention: Mention) -> Self {
        let id = i32::try_from(self.message.mentions.len()).unwrap_or(i32::MAX);
        let marker = format!(r#"<at id="{id}">{}</at>"#, escape(mention.text()));
        self.visible.push_str(mention.text());
        self.message.mentions.push(mention.into_entry(id));
        self.marker(&marker)
    }

    /// Adds an emoji, as the character itself.
    pub fn emoji(mut self, emoji: &str) -> Self {
        self.visible.push_str(emoji);
        let marker = format!(r#"<emoji alt="{}"></emoji>"#, escape(emoji));
        self.marker(&marker)
    }

    /// Adds a picture that is sent within the message, and shows it here.
    pub fn inline_image(mut self, image: &InlineImage) -> Self {
        let src = self.host_image(image);
        let alt = image.alt.as_deref().map(escape);
        let alt = alt
            .map(|alt| format!(r#" alt="{alt}""#))
            .unwrap_or_default();
        self.visible.push(IMAGE);
        self.marker(&format!(r#"<img src="{src}"{alt}>"#))
    }

    /// Adds a picture without showing it. Returns the `src` for a card or HTML that shows it;
    /// one of them must.
    ///
    /// ```
    /// use msgraph_chat::{InlineImage, NewChatMessage, Place, models::ChatMessageAttachment};
    /// use serde_json::json;
    ///
    /// let mut message = NewChatMessage::compose();
    /// let src = message.host_image(&InlineImage::new("image/png", *b"not really a picture"));
    /// let card = json!({"type": "AdaptiveCard", "version": "1.4",
    ///     "body": [{"type": "Image", "url": src}]});
    /// let message = message.attach(ChatMessageAttachment::adaptive_card(card)).build();
    /// assert!(message.check(Place::Chat).is_ok());
    /// ```
    pub fn host_image(&mut self, image: &InlineImage) -> String {
        let id = self.free_id();
        let src = format!("../hostedContents/{id}/$value");
        self.message.hosted_contents.push(HostedContent {
            temporary_id: Some(id),
            content_type: Some(image.content_type.clone()),
            content_bytes: Some(STANDARD.encode(&image.bytes)),
            ..HostedContent::default()
        });
        src
    }

    /// A temporary id that no picture has.
    fn free_id(&self) -> String {
        let hosted = &self.message.hosted_contents;
        let mut ids = (hosted.len() + 1..).map(|id| id.to_string());
        let is_free = |id: &String| {
            let mut used = hosted.iter().filter_map(|it| it.temporary_id.as_ref());
            !used.any(|used| used == id)
        };
        ids.find(is_free).unwrap_or_default()
    }

    /// Adds an attachment, and its marker here. One without an id gets a new GUID.
    pub fn attach(mut self, mut attachment: ChatMessageAttachment) -> Self {
        let id = attachment
            .id
            .get_or_insert_with(|| Uuid::new_v4().to_string());
        let marker = format!(r#"<attachment id="{}"></attachment>"#, escape(id));
        self.message.attachments.push(attachment);
        self.marker(&marker)
    }

    fn marker(mut self, html: &str) -> Self {
        self.html.push_str(html);
        self.needs_html = true;
        self.has_marker = true;
        self
    }

    /// Sets the title; channels only.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.message.subject = Some(subject.into());
        self
    }

    /// Sets the importance.
    pub fn importance(mut self, importance: MessageImportance) -> Self {
        self.message.importance = Some(importance);
        self
    }

    /// Returns the message.
    #[must_use]
    pub fn build(self) -> NewChatMessage {
        self.build_with_visible().0
    }

    /// Returns the message and its markup, unless that holds pieces which were not written here:
    /// those must be read.
    pub(crate) fn build_with_markup(self) -> (NewChatMessage, Option<Markup>) {
        let (needs_html, has_marker) = (self.needs_html, self.has_marker);
        let is_known = needs_html && !self.has_foreign_html;
        let (message, visible) = self.build_with_visible();
        let markup = is_known.then(|| {
            let mut markup = Markup::of_text(visible);
            markup.is_visible |= has_marker;
            let attachments = message.attachments.iter();
            markup.attachments = attachments.filter_map(|it| it.id.clone()).collect();
            let mentions = message.mentions.iter();
            let ats = mentions.map(|it| At {
                id: it.id.map(|id| id.to_string()).unwrap_or_default(),
                text: it.mention_text.clone().unwrap_or_default(),
            });
            markup.ats = ats.collect();
            markup
        });
        (message, markup)
    }

    fn build_with_visible(self) -> (NewChatMessage, String) {
        let mut message = self.message;
        let (kind, content, visible) = if self.needs_html {
            (BodyType::Html, self.html, self.visible)
        } else {
            (BodyType::Text, self.visible, String::new())
        };
        message.body.content_type = kind;
        message.body.content = content;
        (message, visible)
    }
}

/// [`Compose::build`]s the message.
impl From<Compose> for NewChatMessage {
    fn from(compose: Compose) -> Self {
        compose.build()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::write::markup::one_spaced;

    #[derive(Clone, Debug)]
    enum Piece {
        Text(String),
        Mention(String),
        Emoji(String),
        Image,
        Attachment(String),
    }

    fn piece() -> impl Strategy<Value = Piece> {
        let text = "[^\0]{0,12}";
        prop_oneof![
            text.prop_map(Piece::Text),
            text.prop_map(Piece::Mention),
            text.prop_map(Piece::Emoji),
            Just(Piece::Image),
            text.prop_map(Piece::Attachment),
        ]
    }

    fn composed(pieces: Vec<Piece>) -> Compose {
        let image = InlineImage::new("image/png", *b"png").with_alt("a <b>");
        let pieces = pieces.into_iter();
        pieces.fold(NewChatMessage::compose(), |compose, piece| match piece {
            Piece::Text(text) => compose.text(&text),
            Piece::Mention(name) => compose.mention(Mention::user("id", name)),
            Piece::Emoji(emoji) => compose.emoji(&emoji),
            Piece::Image => compose.inline_image(&image),
            Piece::Attachment(id) => {
                compose.attach(ChatMessageAttachment::announcement_banner("News").with_id(id))
            }
        })
    }

    proptest! {
        #[test]
        fn known_markup_is_the_markup_that_would_be_read(
            pieces in proptest::collection::vec(piece(), 0..6),
        ) {
            let (message, known) = composed(pieces).build_with_markup();
            let Some(known) = known else {
                prop_assert_eq!(message.body.content_type, BodyType::Text);
                return Ok(());
            };
            let read = Markup::read(&message.body.content);
            let spaced = |markup: &Markup| one_spaced(&markup.text).collect::<String>();
            prop_assert_eq!(spaced(&known), spaced(&read));
            prop_assert_eq!(Markup { text: String::new(), ..known }, Markup { text: String::new(), ..read });
        }
    }

    #[test]
    fn what_is_written_already_is_continued_with_other_ids() {
        let image = InlineImage::new("image/png", *b"png");
        let mut first = NewChatMessage::compose()
            .text("1 < 2")
            .inline_image(&image)
            .build();
        first.hosted_contents[0].temporary_id = Some("2".into());
        first.body.content = first.body.content.replace("/1/", "/2/");
        let both = Compose::of(first).inline_image(&image).build();
        assert_eq!(
            both.body.content,
            "1 &lt; 2<img src=\"../hostedContents/2/$value\"><img src=\"../hostedContents/3/$value\">"
        );
        let text = NewChatMessage::text("1 < 2");
        assert_eq!(Compose::of(text.clone()).build(), text);
    }

    #[test]
    fn an_attachment_without_an_id_gets_one_and_foreign_html_must_be_read() {
        let attachment = ChatMessageAttachment::default();
        let (message, known) = NewChatMessage::compose()
            .attach(attachment)
            .build_with_markup();
        let id = message.attachments[0].id.clone().unwrap();
        assert_eq!(
            known.unwrap().attachments.as_slice(),
            std::slice::from_ref(&id)
        );
        assert!(message.body.content.contains(&id));
        let foreign = NewChatMessage::compose()
            .html("<b>x</b>")
            .build_with_markup();
        assert_eq!(foreign.1, None);
    }
}
