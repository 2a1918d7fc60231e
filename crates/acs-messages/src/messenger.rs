//! The neutral model on top of the typed client.

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, Body, Capabilities, Capability, Error, ErrorKind, Evidence, Message,
    Messenger, Problem, Problems, Receipt, Result, SendRequest, Settled, Target, json,
};
use ms_messenger_http::Preview;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    AcsMessagesClient, ConversationContent, ConversationThread, NotificationContent,
    NotificationKind, SendOptions,
    error::PLATFORM,
    models::{common::CommonContent, text::MAX_TEXT_CHARS},
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
    Capability::Journal,
])
.with_max_text_chars(MAX_TEXT_CHARS);

const NO_CHANNEL: &str = "acs-messages sends to telephone numbers and WhatsApp users only from a \
    channel, and its id is missing (ACS_CHANNEL_REGISTRATION_ID): set with_channel_registration_id";

#[async_trait]
impl Messenger for AcsMessagesClient {
    fn platform(&self) -> &str {
        PLATFORM
    }

    /// Telephone numbers and WhatsApp users are supported when the client has a
    /// [channel registration](crate::AcsMessagesBuilder::with_channel_registration_id).
    fn capabilities(&self) -> Capabilities {
        match self.channel_registration_id() {
            Some(_) => with_channel(),
            None => CAPABILITIES,
        }
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let (deadline, journal) = (request.deadline(), request.journal.clone());
        let options = options(request);
        match self.prepare(request)? {
            Prepared::Conversation(conversation, content) => {
                let sent = conversation
                    .post(&content, &options, deadline, journal)
                    .await?;
                let mut receipt = Receipt::new(Acceptance::Posted)
                    .with_message_id(sent.id)
                    .with_conversation(conversation.id().clone());
                receipt.request_id = sent.request_id;
                Ok(receipt)
            }
            Prepared::Notification(content) => {
                let notifications = self.notifications();
                let sent = notifications
                    .post(&content, &options, deadline, journal)
                    .await?;
                let mut receipt = Receipt::new(Acceptance::Queued).with_message_id(sent.id);
                receipt.request_id = sent.request_id;
                Ok(receipt)
            }
        }
    }

    /// Always `CannotTell`: notifications cannot be listed, and the list of a conversation does
    /// not show which messages this account sent. Instead, the message can be sent again under
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
    Conversation(ConversationThread, ConversationContent),
    Notification(NotificationContent),
}

fn options(request: &SendRequest) -> SendOptions {
    SendOptions {
        idempotency: request.idempotency,
        outbound_delivery_strategy: None,
    }
}

fn with_channel() -> Capabilities {
    CAPABILITIES
        .with(Capability::ToPhone)
        .with(Capability::ToWhatsAppUser)
}

impl AcsMessagesClient {
    /// Runs every check of [`send`](Messenger::send) that needs no I/O: capabilities, ids and
    /// recipients, templates, media and native bodies, the age of the key, and the credential
    /// that is at hand. `send` refuses a request with the same error.
    ///
    /// Returns warnings: what the service may accept but a recipient would miss.
    ///
    /// ```
    /// use acs_messages::AcsMessagesBuilder;
    /// use ms_messenger_core::{Message, SendRequest, Target};
    ///
    /// let string = "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0";
    /// let client = AcsMessagesBuilder::from_connection_string(string)?.build()?;
    /// let request = SendRequest::new(Target::phone("+14255550123")?, Message::text("hello"));
    /// let error = client.check(&request).unwrap_err();
    /// assert!(error.message().contains("ACS_CHANNEL_REGISTRATION_ID"));
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Messenger::send), before any I/O.
    pub fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        let options = options(request);
        let (ready, warning) = match self.prepare(request)? {
            Prepared::Conversation(conversation, content) => {
                let ready = conversation.ready(&content, &options)?;
                (ready, content.warning("request"))
            }
            Prepared::Notification(body) => {
                let ready = self.notifications().ready(&body, &options)?;
                (ready, body.content.warning())
            }
        };
        self.pipeline().check(&ready.call)?;
        Ok(warning.into_iter().collect())
    }

    /// Runs every check of [`check`](Self::check), and returns the request that a send would make,
    /// without its credential. A key that the request does not have is a random one.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    ///
    /// ```
    /// use acs_messages::AcsMessagesBuilder;
    /// use ms_messenger_core::{SendRequest, Target};
    ///
    /// let string = "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0";
    /// let client = AcsMessagesBuilder::from_connection_string(string)?.build()?;
    /// let preview = client.preview(&SendRequest::new(Target::conversation("19:a"), "hello"))?;
    /// assert!(preview.headers.contains_key("repeatability-request-id"));
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn preview(&self, request: &SendRequest) -> Result<Preview> {
        let options = options(request);
        let ready = match self.prepare(request)? {
            Prepared::Conversation(conversation, content) => {
                conversation.ready(&content, &options)?
            }
            Prepared::Notification(body) => self.notifications().ready(&body, &options)?,
        };
        self.pipeline().preview(&ready.call)
    }

    fn prepare(&self, request: &SendRequest) -> Result<Prepared> {
        let message = &request.message;
        match &request.to {
            Target::Person(Address::Phone(number)) => {
                let channel = self.channel(request)?;
                notification(channel, number.as_str(), message)
            }
            Target::Person(Address::WhatsApp(id)) => {
                let channel = self.channel(request)?;
                notification(channel, id.as_str(), message)
            }
            to => {
                self.capabilities().check(PLATFORM, request)?;
                let Target::Conversation(id) = to else {
                    return Err(unsupported());
                };
                let content = content(&message.body)?;
                Ok(Prepared::Conversation(
                    self.conversation(id.clone()),
                    content,
                ))
            }
        }
    }

    /// Checks a request to a telephone number or WhatsApp user, and returns the channel that it
    /// is sent from. Without one, the error says how to set it.
    fn channel(&self, request: &SendRequest) -> Result<Uuid> {
        let checked = with_channel().check(PLATFORM, request);
        if let Some(channel) = self.channel_registration_id() {
            return checked.map(|()| channel);
        }
        let mut problems = Problems::for_platform(PLATFORM);
        problems.add("to", NO_CHANNEL);
        let mut kind = ErrorKind::Unsupported;
        if let Err(error) = checked {
            kind = error.kind();
            error
                .problems()
                .iter()
                .cloned()
                .for_each(|it| problems.push(it));
        }
        Err(problems.into_error(kind).unwrap_or_else(unsupported))
    }
}

fn notification(channel: Uuid, to: &str, message: &Message) -> Result<Prepared> {
    if let Body::Native { payload, .. } = &message.body {
        // The request names the recipient; a payload must not name another one.
        for member in ["to", "channelRegistrationId"] {
            if payload.get(member).is_some() {
                let field = format!("message.body.native.payload.{member}");
                let rule = "is set by the request, not by its body";
                return Err(Error::invalid(field, rule).with_platform(PLATFORM));
            }
        }
    }
    let content: NotificationKind = content(&message.body)?;
    let content = NotificationContent::new(channel, to, content);
    Ok(Prepared::Notification(content))
}

/// Converts a body into the content of one of the operations.
fn content<T: DeserializeOwned + From<CommonContent>>(body: &Body) -> Result<T> {
    match body {
        Body::Native { payload, .. } => from_payload(payload),
        body => match CommonContent::from_body(body) {
            Ok(content) => Ok(content.into()),
            Err(error) => Err(error.with_platform(PLATFORM)),
        },
    }
}

fn from_payload<T: DeserializeOwned>(payload: &Value) -> Result<T> {
    json::from_value(payload).map_err(|error| {
        let mut problems = Problems::for_platform(PLATFORM);
        problems.push(error.into_problem_within("message.body.native.payload"));
        let refused = problems.into_error(ErrorKind::InvalidRequest);
        refused.unwrap_or_else(unsupported)
    })
}

/// The error of a request that the check of the capabilities has refused already.
fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "acs-messages does not support this").with_platform(PLATFORM)
}
