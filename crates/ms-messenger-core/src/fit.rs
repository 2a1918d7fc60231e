//! A request reduced to what a messenger supports.

use crate::{
    capabilities::Capabilities,
    capability::Capability,
    error::Result,
    message::{Body, Importance, Message},
    needs::{self, kind_of},
    request::SendRequest,
};

/// A request that a messenger supports, and what had to be dropped for that.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "the fitted request is not sent yet"]
#[non_exhaustive]
pub struct Fitted {
    /// The request without what is not supported.
    pub request: SendRequest,
    /// What was dropped, each once, in the order of the members of the request. Empty if the
    /// request is unchanged.
    pub dropped: Vec<Capability>,
}

impl Capabilities {
    /// Removes from `request` what a messenger named `platform` with these capabilities does not
    /// support, and lists it.
    ///
    /// Dropped are the subject, the importance, `reply_to`, the idempotency key, the timeout and
    /// the cancel handle, and attachments beside a text that is not empty. HTML becomes its text
    /// alternative if it has one. Text, HTML without an alternative, media, templates, native
    /// bodies and the target are never dropped.
    ///
    /// ```
    /// use ms_messenger_core::{Capabilities, Capability, Importance, Message, SendRequest, Target};
    ///
    /// let sms = Capabilities::new(&[Capability::ToConversation, Capability::Text]);
    /// let message = Message::html_with_text("<b>late</b>", "late")
    ///     .with_importance(Importance::High);
    /// let fitted = sms.fit("sms", &SendRequest::new(Target::conversation("1"), message))?;
    /// assert_eq!(fitted.request.message, Message::text("late"));
    /// assert_eq!(fitted.dropped, [Capability::Html, Capability::Importance]);
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check) of the reduced request: what is left and cannot be dropped, or
    /// is invalid.
    pub fn fit(&self, platform: &str, request: &SendRequest) -> Result<Fitted> {
        let mut fitted = Fitted {
            request: request.clone(),
            dropped: Vec::new(),
        };
        needs::each(request, |need| {
            let capability = need.capability;
            if !self.supports(capability)
                && self.drop_from(&mut fitted.request, capability)
                && !fitted.dropped.contains(&capability)
            {
                fitted.dropped.push(capability);
            }
        });
        self.check(platform, &fitted.request)?;
        Ok(fitted)
    }

    /// Drops what needs `capability`. Returns whether that is possible.
    fn drop_from(&self, request: &mut SendRequest, capability: Capability) -> bool {
        let message = &mut request.message;
        match capability {
            Capability::Html => return self.replace_html(message),
            Capability::SubjectInChannel | Capability::SubjectInConversation => {
                message.subject = None;
            }
            Capability::Importance => message.importance = Importance::Normal,
            Capability::AttachmentFile
            | Capability::AttachmentImage
            | Capability::AttachmentCard
            | Capability::AttachmentInlineImage
            | Capability::AttachmentPath
            | Capability::AttachmentBytes => {
                if !has_text(message) {
                    return false;
                }
                message.attachments.retain(|it| kind_of(it).0 != capability);
            }
            Capability::ReplyInChannel | Capability::ReplyInConversation => request.reply_to = None,
            Capability::Idempotency => request.idempotency = None,
            Capability::Deadline => {
                request.timeout = None;
                request.cancel = None;
            }
            _ => return false,
        }
        true
    }

    /// Puts the text alternative in the place of HTML, unless the messenger does so.
    fn replace_html(&self, message: &mut Message) -> bool {
        match &mut message.body {
            Body::Html {
                text: Some(text), ..
            } if !self.supports(Capability::HtmlAsText) && self.supports(Capability::Text) => {
                message.body = Body::Text(std::mem::take(text));
                true
            }
            _ => false,
        }
    }
}

/// Whether something is left to read without the attachments.
fn has_text(message: &Message) -> bool {
    match &message.body {
        Body::Text(text) => !text.is_empty(),
        Body::Html { html, .. } => !html.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        Attachment, CancelHandle, Card, CardKind, ErrorKind, IdempotencyKey, InlineImage, Target,
    };

    const LEAST: Capabilities = Capabilities::new(&[Capability::ToConversation, Capability::Text]);

    fn request(message: Message) -> SendRequest {
        SendRequest::new(Target::conversation("1"), message)
    }

    #[test]
    fn everything_beside_the_text_is_dropped_and_listed_once() {
        let image = || Attachment::InlineImage(InlineImage::new("image/png", *b"png"));
        let message = Message::text("x")
            .with_subject("s")
            .with_importance(Importance::High)
            .with_attachment(image())
            .with_attachment(image());
        let whole = request(message)
            .with_reply_to("7")
            .with_idempotency(IdempotencyKey::random())
            .with_timeout(Duration::from_secs(1))
            .with_cancel(CancelHandle::new());
        let fitted = LEAST.fit("sms", &whole).unwrap();
        assert_eq!(fitted.request, request(Message::text("x")));
        assert_eq!(
            fitted.dropped,
            [
                Capability::SubjectInConversation,
                Capability::Importance,
                Capability::AttachmentInlineImage,
                Capability::ReplyInConversation,
                Capability::Idempotency,
                Capability::Deadline,
            ]
        );
        let all: Capabilities = Capability::ALL.iter().copied().collect();
        let fitted = all.fit("sms", &whole).unwrap();
        assert_eq!((fitted.request, fitted.dropped), (whole, Vec::new()));
    }

    #[test]
    fn a_supported_attachment_stays_beside_one_that_is_dropped() {
        let cards = LEAST.with(Capability::AttachmentCard);
        let card = Attachment::Card(Card::new(CardKind::Adaptive, serde_json::json!({})));
        let image = Attachment::InlineImage(InlineImage::new("image/png", *b"png"));
        let message = Message::text("x")
            .with_attachment(image)
            .with_attachment(card.clone());
        let fitted = cards.fit("cards", &request(message)).unwrap();
        assert_eq!(fitted.request.message.attachments, [card]);
    }

    #[test]
    fn what_a_message_says_and_where_it_goes_is_never_dropped() {
        let image = Attachment::InlineImage(InlineImage::new("image/png", *b"png"));
        let alone = Message::text("").with_attachment(image);
        for (request, field) in [
            (request(Message::html("<b>x</b>")), "message.body.html"),
            (request(alone), "message.attachments[0]"),
            (
                request(Message::native("sms", serde_json::json!({}))),
                "message.body.native",
            ),
            (
                SendRequest::new(Target::user("u"), Message::text("x")),
                "to",
            ),
        ] {
            let error = LEAST.fit("sms", &request).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{field}");
            assert_eq!(error.problems()[0].field, field);
            assert_eq!(error.problems().len(), 1, "{error}");
        }
    }

    #[test]
    fn html_stays_where_the_messenger_sends_its_alternative() {
        let capabilities = LEAST.with(Capability::HtmlAsText);
        let html = request(Message::html_with_text("<b>x</b>", "x"));
        let fitted = capabilities.fit("sms", &html).unwrap();
        assert_eq!((fitted.request, fitted.dropped), (html, Vec::new()));
    }

    #[test]
    fn a_text_that_is_too_long_stays_an_error() {
        let short = LEAST.with_max_text_chars(1);
        let error = short.fit("sms", &request(Message::text("xy"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
}
