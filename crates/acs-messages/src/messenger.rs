//! The neutral model on top of the typed client.

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, Body, Capabilities, Capability, Error, ErrorKind, Evidence, Media,
    MediaKind, Message, Messenger, Problem, Problems, Receipt, Result, SendRequest, Settled,
    Target, json,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    AcsMessagesClient, Conversation, ConversationContent, MessageTemplate, NotificationContent,
    NotificationKind, SendOptions, error::PLATFORM, models::MAX_TEXT_CHARS,
};

const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::ToConversation,
    Capability::Text,
    Capability::HtmlAsText,
    Capability::MediaImage,
    Capability::MediaDocument,
    Capability::MediaVideo,
    Capability::MediaAudio,
    Capability::Template,
    Capability::Native,
    Capability::Idempotency,
    Capability::Deadline,
])
.with_max_text_chars(MAX_TEXT_CHARS);

#[async_trait]
impl Messenger for AcsMessagesClient {
    fn platform(&self) -> &str {
        PLATFORM
    }

    /// Telephone numbers and WhatsApp users are carried when the client knows its channel
    /// registration.
    fn capabilities(&self) -> Capabilities {
        match self.channel_registration_id() {
            Some(_) => CAPABILITIES
                .with(Capability::ToPhone)
                .with(Capability::ToWhatsAppUser),
            None => CAPABILITIES,
        }
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let deadline = request.deadline();
        let options = options(request);
        match self.prepare(request)? {
            Prepared::Conversation(conversation, content) => {
                let sent = conversation.post(&content, &options, deadline).await?;
                let mut receipt = Receipt::new(Acceptance::Posted)
                    .with_message_id(sent.id)
                    .with_conversation(conversation.id().clone());
                receipt.request_id = sent.request_id;
                Ok(receipt)
            }
            Prepared::Notification(content) => {
                let notifications = self.notifications();
                let sent = notifications.post(&content, &options, deadline).await?;
                let mut receipt = Receipt::new(Acceptance::Queued);
                receipt.message_id = sent
                    .receipts
                    .into_iter()
                    .next()
                    .map(|r| r.message_id.into());
                receipt.request_id = sent.request_id;
                Ok(receipt)
            }
        }
    }

    /// Always `CannotTell`: notifications cannot be listed, and the list of a conversation does
    /// not say which messages this account sent. What can be done instead is to send again under
    /// the key of the evidence within five minutes of its first use, as
    /// [`send_settled`](ms_messenger_core::MessengerExt::send_settled) does: the service executes
    /// one key at most once.
    async fn settle(&self, _: &SendRequest, evidence: &Evidence) -> Settled {
        if let Err(error) = evidence.check_platform(PLATFORM) {
            return Settled::CannotTell(error);
        }
        let why = "the service cannot be asked for the message: send again under the key of the \
                   evidence, within five minutes of its first use, and it removes the duplicate";
        Settled::cannot_tell(PLATFORM, why)
    }
}

/// A request in the terms of the service.
enum Prepared {
    Conversation(Conversation, ConversationContent),
    Notification(NotificationContent),
}

fn options(request: &SendRequest) -> SendOptions {
    SendOptions {
        idempotency: request.idempotency,
        outbound_delivery_strategy: None,
    }
}

impl AcsMessagesClient {
    /// Runs every check of [`send`](Messenger::send) that needs no I/O: capabilities, ids and
    /// recipients, templates, media and native bodies, the age of the key, and the credential
    /// that is at hand. A request that it refuses is refused by `send` with the same words.
    ///
    /// Returns warnings: what the service may take but a recipient would miss.
    ///
    /// # Errors
    ///
    /// As [`send`](Messenger::send), before any I/O.
    pub fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        let options = options(request);
        let ready = match self.prepare(request)? {
            Prepared::Conversation(conversation, content) => {
                conversation.ready(&content, &options)?
            }
            Prepared::Notification(content) => self.notifications().ready(&content, &options)?,
        };
        self.pipeline().check(&ready.call)?;
        Ok(ready.warnings)
    }

    fn prepare(&self, request: &SendRequest) -> Result<Prepared> {
        self.capabilities().check(PLATFORM, request)?;
        let message = &request.message;
        match &request.to {
            Target::Conversation(id) => {
                let content = match &message.body {
                    Body::Native { payload, .. } => from_payload(payload)?,
                    body => conversation_content(body)?,
                };
                Ok(Prepared::Conversation(
                    self.conversation(id.clone()),
                    content,
                ))
            }
            Target::Person(Address::Phone(number)) => self.notification(number.as_str(), message),
            Target::Person(Address::WhatsApp(id)) => self.notification(id.as_str(), message),
            _ => Err(unsupported()),
        }
    }

    fn notification(&self, to: &str, message: &Message) -> Result<Prepared> {
        let content: NotificationKind = match &message.body {
            Body::Native { payload, .. } => {
                // The request says who gets it; a payload must not say otherwise.
                for member in ["to", "channelRegistrationId"] {
                    if payload.get(member).is_some() {
                        return Err(refused(member, "is said by the request, not by its body"));
                    }
                }
                from_payload(payload)?
            }
            body => as_notification(conversation_content(body)?),
        };
        let channel = self.channel_registration_id().ok_or_else(unsupported)?;
        let content = NotificationContent::new(channel, to, content);
        Ok(Prepared::Notification(content))
    }
}

/// What the check of the capabilities has refused already.
fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "acs-messages does not support this").with_platform(PLATFORM)
}

fn conversation_content(body: &Body) -> Result<ConversationContent> {
    match body {
        Body::Text(text)
        | Body::Html {
            text: Some(text), ..
        } => Ok(ConversationContent::text(text.as_str())),
        Body::Media(media) => media_content(media),
        Body::Template(template) => Ok(ConversationContent::Template {
            template: MessageTemplate::from_neutral(template),
        }),
        _ => Err(unsupported()),
    }
}

/// Only what the kind has a place for: the rest is refused, not dropped.
fn media_content(media: &Media) -> Result<ConversationContent> {
    let mut problems = Problems::new();
    let caption = media.kind == MediaKind::Audio && media.caption.is_some();
    problems.add_if(
        caption,
        "message.body.media.caption",
        "acs-messages carries no caption of a sound",
    );
    let name = media.kind != MediaKind::Document && media.file_name.is_some();
    problems.add_if(
        name,
        "message.body.media.file_name",
        "acs-messages carries file names of documents only",
    );
    problems
        .into_result(ErrorKind::Unsupported)
        .map_err(|error| error.with_platform(PLATFORM))?;
    let (media_uri, caption) = (media.url.clone(), media.caption.clone());
    Ok(match media.kind {
        MediaKind::Image => ConversationContent::Image { media_uri, caption },
        MediaKind::Document => ConversationContent::Document {
            media_uri,
            caption,
            file_name: media.file_name.clone(),
        },
        MediaKind::Video => ConversationContent::Video { media_uri, caption },
        MediaKind::Audio => ConversationContent::Audio { media_uri },
        _ => return Err(unsupported()),
    })
}

/// Both operations have the six common kinds, member by member.
fn as_notification(content: ConversationContent) -> NotificationKind {
    match content {
        ConversationContent::Text { content } => NotificationKind::Text { content },
        ConversationContent::Image { media_uri, caption } => {
            NotificationKind::Image { media_uri, caption }
        }
        ConversationContent::Document {
            media_uri,
            caption,
            file_name,
        } => NotificationKind::Document {
            media_uri,
            caption,
            file_name,
        },
        ConversationContent::Video { media_uri, caption } => {
            NotificationKind::Video { media_uri, caption }
        }
        ConversationContent::Audio { media_uri } => NotificationKind::Audio { media_uri },
        ConversationContent::Template { template } => NotificationKind::Template { template },
        ConversationContent::Other(value) => NotificationKind::Other(value),
    }
}

fn from_payload<T: DeserializeOwned>(payload: &Value) -> Result<T> {
    json::from_value(payload)
        .map_err(|error| refused_as(error.into_problem_within("message.body.native.payload")))
}

/// The member `name` of a native body breaks `rule`.
fn refused(name: &str, rule: &str) -> Error {
    refused_as(Problem::new(
        format!("message.body.native.payload.{name}"),
        rule,
    ))
}

fn refused_as(problem: Problem) -> Error {
    let refused = problem.into_error(ErrorKind::InvalidRequest);
    refused.with_platform(PLATFORM)
}
