//! Requests that need one more capability than a valid one.

use std::time::Duration;

use ms_messenger_core::{
    Attachment, Body, Capability, Card, CardKind, Evidence, FileReference, IdempotencyKey,
    Importance, InlineImage, Journal, Media, MediaKind, Message, Result, SendJournal, SendRequest,
    Target, Template, async_trait,
};
use serde_json::json;
use url::Url;

/// The content of the samples; it must not be printed.
pub(crate) const CONTENT: &str = "quince-marmalade-7391";

/// Returns `base`, changed so that it needs `capability` of the messenger named `platform`; `None`
/// for a capability that this version does not know.
pub(crate) fn asking_for(
    capability: Capability,
    mut base: SendRequest,
    platform: &str,
) -> Option<SendRequest> {
    let message = &mut base.message;
    match capability {
        Capability::ToConversation => base.to = conversation(),
        Capability::ToChannel => base.to = channel(),
        Capability::ToChannelName => {
            base.to = Target::channel_name("conformance-team", "conformance-channel");
        }
        Capability::ToPhone => base.to = Target::phone("+14255550123").ok()?,
        Capability::ToSip => base.to = Target::sip("sip:lene@contoso.example").ok()?,
        Capability::ToUser => base.to = Target::user("lene@contoso.example"),
        Capability::ToWhatsAppUser => base.to = Target::whatsapp("US.13491208655302741918").ok()?,
        Capability::Text => message.body = Message::text(CONTENT).body,
        Capability::Html => message.body = html().body,
        Capability::HtmlAsText => {
            message.body = Message::html_with_text(format!("<b>{CONTENT}</b>"), CONTENT).body
        }
        Capability::MediaImage => message.body = media(MediaKind::Image)?,
        Capability::MediaDocument => message.body = media(MediaKind::Document)?,
        Capability::MediaVideo => message.body = media(MediaKind::Video)?,
        Capability::MediaAudio => message.body = media(MediaKind::Audio)?,
        Capability::Template => {
            let template = Template::new("conformance", "en").with_body_value(CONTENT);
            message.body = Body::Template(template);
        }
        Capability::Native => message.body = native(platform),
        Capability::AttachmentFile
        | Capability::AttachmentImage
        | Capability::AttachmentCard
        | Capability::AttachmentInlineImage
        | Capability::AttachmentPath
        | Capability::AttachmentBytes => message.attachments.push(attachment(capability)?),
        Capability::SubjectInChannel => {
            message.subject = Some(CONTENT.to_owned());
            into_channel(&mut base);
        }
        Capability::SubjectInConversation => {
            message.subject = Some(CONTENT.to_owned());
            out_of_channel(&mut base);
        }
        Capability::Importance => message.importance = Importance::High,
        Capability::ReplyInChannel => {
            base = base.with_reply_to("conformance-message");
            into_channel(&mut base);
        }
        Capability::ReplyInConversation => {
            base = base.with_reply_to("conformance-message");
            out_of_channel(&mut base);
        }
        Capability::Idempotency => base = base.with_idempotency(IdempotencyKey::random()),
        Capability::Deadline => base = base.with_timeout(Duration::from_secs(60)),
        Capability::Journal => base = base.with_journal(Journal::new(Blank)),
        _ => return None,
    }
    Some(base)
}

/// A journal without a trace.
#[derive(Debug)]
struct Blank;

#[async_trait]
impl SendJournal for Blank {
    async fn attempt_begins(&self, _: &Evidence) -> Result<()> {
        Ok(())
    }

    fn may_leave(&self) -> bool {
        true
    }
}

/// An attachment that needs `capability`.
fn attachment(capability: Capability) -> Option<Attachment> {
    Some(match capability {
        Capability::AttachmentFile => Attachment::File(file()?),
        Capability::AttachmentImage => Attachment::Image(file()?),
        Capability::AttachmentCard => {
            let card = Card::new(CardKind::Adaptive, json!({ "text": CONTENT }));
            Attachment::Card(card)
        }
        Capability::AttachmentInlineImage => {
            let image = InlineImage::new("image/png", *b"\x89PNG\r\n\x1a\n");
            Attachment::InlineImage(image)
        }
        Capability::AttachmentPath => Attachment::file("/conformance/no such folder/file"),
        Capability::AttachmentBytes => Attachment::bytes("file", CONTENT),
        _ => return None,
    })
}

/// A native body for `platform`.
pub(crate) fn native(platform: &str) -> Body {
    Message::native(platform, json!({ "conformance": CONTENT })).body
}

fn html() -> Message {
    Message::html(format!("<b>{CONTENT}</b>"))
}

fn media(kind: MediaKind) -> Option<Body> {
    let url = Url::parse("https://contoso.example/medium").ok()?;
    Some(Body::Media(Media::new(kind, url).with_caption(CONTENT)))
}

fn file() -> Option<FileReference> {
    let url = Url::parse("https://contoso.example/file").ok()?;
    Some(FileReference::new(url).with_name(CONTENT))
}

fn conversation() -> Target {
    Target::conversation("conformance-conversation")
}

fn channel() -> Target {
    Target::channel("conformance-team", "conformance-channel")
}

fn into_channel(request: &mut SendRequest) {
    if !request.to.is_channel() {
        request.to = channel();
    }
}

fn out_of_channel(request: &mut SendRequest) {
    if request.to.is_channel() {
        request.to = conversation();
    }
}
