//! Building a message piece by piece, markers and all.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_core::InlineImage;

use super::{Attachment, Mention, NewBody, NewChatMessage, markup::escape, text};
use crate::models::{BodyType, HostedContent, MessageImportance};

/// A message under construction. Pieces stand in the body in the order in which they came.
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
#[derive(Clone, Debug, Default)]
#[must_use = "a message is sent after it is built"]
pub struct Compose {
    plain: String,
    html: String,
    needs_html: bool,
    message: NewChatMessage,
}

impl Compose {
    /// Text. Line breaks are kept, and so are the spaces that HTML would drop.
    pub fn text(mut self, text: &str) -> Self {
        self.plain.push_str(text);
        text::push(&mut self.html, text);
        self.needs_html |= !text::is_one_line(text);
        self
    }

    /// HTML. Markers within it are checked before the message is sent.
    pub fn html(mut self, html: &str) -> Self {
        self.html.push_str(html);
        self.needs_html = true;
        self
    }

    /// Mentions somebody here.
    pub fn mention(mut self, mention: Mention) -> Self {
        let id = i32::try_from(self.message.mentions.len()).unwrap_or(i32::MAX);
        let marker = format!(r#"<at id="{id}">{}</at>"#, escape(mention.text()));
        self.message.mentions.push(mention.into_entry(id));
        self.html(&marker)
    }

    /// An emoji, as the character itself.
    pub fn emoji(self, emoji: &str) -> Self {
        let marker = format!(r#"<emoji alt="{}"></emoji>"#, escape(emoji));
        self.html(&marker)
    }

    /// A picture that travels within the message, shown here.
    pub fn inline_image(mut self, image: &InlineImage) -> Self {
        let src = self.host_image(image);
        let alt = image.alt.as_deref().map(escape);
        let alt = alt
            .map(|alt| format!(r#" alt="{alt}""#))
            .unwrap_or_default();
        self.html(&format!(r#"<img src="{src}"{alt}>"#))
    }

    /// Takes a picture along without showing it, and answers the `src` under which a card or
    /// markup of one's own shows it. It must be used.
    pub fn host_image(&mut self, image: &InlineImage) -> String {
        let id = (self.message.hosted_contents.len() + 1).to_string();
        let src = format!("../hostedContents/{id}/$value");
        self.message.hosted_contents.push(HostedContent {
            temporary_id: Some(id),
            content_type: Some(image.content_type.clone()),
            content_bytes: Some(STANDARD.encode(&image.bytes)),
            ..HostedContent::default()
        });
        src
    }

    /// Attaches something here.
    pub fn attach(mut self, attachment: Attachment) -> Self {
        let (id, entry) = attachment.into_parts();
        self.message.attachments.push(entry);
        self.html(&format!(
            r#"<attachment id="{}"></attachment>"#,
            escape(&id)
        ))
    }

    /// Sets the title; channels only.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.message.subject = Some(subject.into());
        self
    }

    /// Sets how urgent it is.
    pub fn importance(mut self, importance: MessageImportance) -> Self {
        self.message.importance = Some(importance);
        self
    }

    /// The message, complete.
    #[must_use]
    pub fn build(self) -> NewChatMessage {
        let body = if self.needs_html {
            NewBody::new(BodyType::Html, self.html)
        } else {
            NewBody::new(BodyType::Text, self.plain)
        };
        NewChatMessage {
            body,
            ..self.message
        }
    }
}
