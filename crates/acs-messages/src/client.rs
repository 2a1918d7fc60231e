//! The typed client.

use std::sync::Arc;

use ms_messenger_core::{
    ConversationId, Deadline, IdempotencyKey, MessageId, Problem, Problems, Result, open_enum,
};
use ms_messenger_http::{Call, Pipeline, Response, check_id, encode_path_segment};
use uuid::Uuid;

use crate::{
    AcsMessagesBuilder, ConversationContent, Credential, NotificationContent, NotificationReceipt,
    OutboundDeliveryStrategy,
    key::Key,
    models::{
        SendConversationMessage, SendConversationMessageResult, SendMessageResult,
        recipient_problem,
    },
};

/// A client for ACS Advanced Messaging. Clone it to share it: a clone is cheap.
#[derive(Clone, Debug)]
pub struct AcsMessagesClient(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pipeline: Pipeline,
    pub(crate) channel_registration_id: Option<Uuid>,
    pub(crate) strategy: Option<OutboundDeliveryStrategy>,
    pub(crate) any_recipient: bool,
    pub(crate) conversation_version: String,
    pub(crate) notification_version: Option<String>,
}

open_enum! {
    /// What the service says of the key of a send.
    pub enum Repeatability {
        /// It took the request under its key, or answered as it did the first time.
        Accepted = "accepted",
        /// It did not take the key.
        Rejected = "rejected",
    }
}

/// What can be said of a send besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendOptions {
    /// The key by which the service removes duplicates; a new one when absent.
    pub idempotency: Option<IdempotencyKey>,
    /// Whom a message of a conversation reaches; the client's own choice when absent.
    pub outbound_delivery_strategy: Option<OutboundDeliveryStrategy>,
}

impl SendOptions {
    /// Sends under `key`.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Sets whom a message of a conversation reaches.
    #[must_use]
    pub fn with_outbound_delivery_strategy(mut self, strategy: OutboundDeliveryStrategy) -> Self {
        self.outbound_delivery_strategy = Some(strategy);
        self
    }
}

impl AcsMessagesClient {
    /// Sets up a client for the resource at `endpoint`, speaking as `credential`.
    pub fn builder(endpoint: impl Into<String>, credential: Credential) -> AcsMessagesBuilder {
        AcsMessagesBuilder::new(endpoint, credential)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn channel_registration_id(&self) -> Option<Uuid> {
        self.0.channel_registration_id
    }

    /// The conversation with the id `id`. Nothing is asked of the service.
    pub fn conversation(&self, id: impl Into<ConversationId>) -> Conversation {
        Conversation {
            client: self.clone(),
            id: id.into(),
        }
    }

    /// Messages to persons, without a conversation.
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        Notifications {
            client: self.clone(),
        }
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    /// Makes a call that the service executes once per key, however often it is tried.
    async fn call_once(&self, ready: Ready, deadline: Deadline) -> Result<Response> {
        let call = ready.call.with_deadline(deadline);
        let response = self.0.pipeline.call(call).await;
        response.map_err(|error| ready.key.judge(error))
    }
}

/// A send that passed every local check, and what a reader would miss in it.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) call: Call,
    key: Key,
    pub(crate) warnings: Vec<Problem>,
}

fn repeatability(response: &Response) -> Option<Repeatability> {
    response
        .header("repeatability-result")
        .map(Repeatability::from)
}

/// One conversation, by id.
#[derive(Clone, Debug)]
pub struct Conversation {
    client: AcsMessagesClient,
    id: ConversationId,
}

impl Conversation {
    /// The id of the conversation.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Sends a message under a new key: [`Conversation::send_with`] without options.
    ///
    /// # Errors
    ///
    /// As [`Conversation::send_with`].
    pub async fn send(&self, content: &ConversationContent) -> Result<SentMessage> {
        self.send_with(content, &SendOptions::default()).await
    }

    /// Sends a message: `POST /messages/conversations/{id}/messages:send`. Source:
    /// "Conversation Thread Operations - Send Message", 2025-04-01-preview.
    ///
    /// Every send carries a key by which the service removes duplicates, so it is repeated
    /// after a failure of which it is unknown whether the message went out.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; the service's own refusals.
    /// [`Error::delivery`](ms_messenger_core::Error::delivery) says whether the message is out.
    /// A key of the caller may have been used before: where it is refused, here because it is
    /// too old or by the service, the error is `Conflict` and the delivery unknown.
    pub async fn send_with(
        &self,
        content: &ConversationContent,
        options: &SendOptions,
    ) -> Result<SentMessage> {
        self.post(content, options, Deadline::default()).await
    }

    pub(crate) async fn post(
        &self,
        content: &ConversationContent,
        options: &SendOptions,
        deadline: Deadline,
    ) -> Result<SentMessage> {
        let ready = self.ready(content, options)?;
        let response = self.client.call_once(ready, deadline).await?;
        if response.status() != 200 {
            return Err(response.unusable("a send is answered with 200, this was another success"));
        }
        let result: SendConversationMessageResult = response.json()?;
        if result.message_id.is_empty() {
            return Err(response.unusable("the response names no message"));
        }
        Ok(SentMessage {
            id: MessageId::from(result.message_id),
            repeatability: repeatability(&response),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// Runs every check of a message to this conversation.
    pub(crate) fn ready(
        &self,
        content: &ConversationContent,
        options: &SendOptions,
    ) -> Result<Ready> {
        let key = Key::of(options);
        let mut problems = Problems::new();
        check_id(self.id.as_str(), "conversation", &mut problems);
        content.find_problems("request", &mut problems);
        key.check(problems)?;

        let inner = &self.client.0;
        let strategy = options.outbound_delivery_strategy.as_ref();
        let path = format!(
            "/messages/conversations/{}/messages:send?api-version={}",
            encode_path_segment(self.id.as_str()),
            inner.conversation_version
        );
        let call = Call::post("send", path).with_json(&SendConversationMessage {
            request: content,
            outbound_delivery_strategy: strategy.or(inner.strategy.as_ref()),
        })?;
        Ok(Ready {
            call: key.sign(call)?,
            key,
            warnings: content.warnings("request"),
        })
    }
}

/// A message that the service stored in a conversation (200).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage {
    /// Its id.
    pub id: MessageId,
    /// What the service says of the key.
    pub repeatability: Option<Repeatability>,
    /// The id under which the service knows the request (`MS-CV`).
    pub request_id: Option<String>,
}

/// Messages to persons, without a conversation.
#[derive(Clone, Debug)]
pub struct Notifications {
    client: AcsMessagesClient,
}

impl Notifications {
    /// Sends a notification under a new key: [`Notifications::send_with`] without options.
    ///
    /// # Errors
    ///
    /// As [`Notifications::send_with`].
    pub async fn send(&self, content: &NotificationContent) -> Result<SentNotification> {
        self.send_with(content, &SendOptions::default()).await
    }

    /// Sends a notification: `POST /messages/notifications:send`. Source: "Notification
    /// Messages - Send", 2024-08-30, and 2025-01-15-preview for the kinds that need it.
    ///
    /// A success says that the service took the message (202), not that it arrived. The
    /// strategy of `options` does not apply and must be absent.
    ///
    /// # Errors
    ///
    /// As [`Conversation::send_with`].
    pub async fn send_with(
        &self,
        content: &NotificationContent,
        options: &SendOptions,
    ) -> Result<SentNotification> {
        self.post(content, options, Deadline::default()).await
    }

    pub(crate) async fn post(
        &self,
        content: &NotificationContent,
        options: &SendOptions,
        deadline: Deadline,
    ) -> Result<SentNotification> {
        let ready = self.ready(content, options)?;
        let response = self.client.call_once(ready, deadline).await?;
        if response.status() != 202 {
            return Err(response.unusable("a send is answered with 202, this was another success"));
        }
        let result: SendMessageResult = response.json()?;
        if result.receipts.is_empty() || result.receipts.iter().any(|r| r.message_id.is_empty()) {
            return Err(response.unusable("the response names no message"));
        }
        Ok(SentNotification {
            receipts: result.receipts,
            repeatability: repeatability(&response),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// Runs every check of a notification.
    pub(crate) fn ready(
        &self,
        content: &NotificationContent,
        options: &SendOptions,
    ) -> Result<Ready> {
        let key = Key::of(options);
        let inner = &self.client.0;
        let mut problems = Problems::new();
        if !inner.any_recipient {
            find_recipient_problems(&content.to, &mut problems);
        }
        content.content.find_problems(&mut problems);
        problems.add_if(
            options.outbound_delivery_strategy.is_some(),
            "outboundDeliveryStrategy",
            "is for conversations only",
        );
        key.check(problems)?;

        let version = match &inner.notification_version {
            Some(version) => version.as_str(),
            None if content.content.needs_preview() => "2025-01-15-preview",
            None => "2024-08-30",
        };
        let path = format!("/messages/notifications:send?api-version={version}");
        let call = Call::post("send.notification", path).with_json(content)?;
        Ok(Ready {
            call: key.sign(call)?,
            key,
            warnings: content.content.warnings(),
        })
    }
}

fn find_recipient_problems(to: &[String], problems: &mut Problems) {
    problems.add_if(to.len() != 1, "to", "must be exactly one recipient");
    for (i, recipient) in to.iter().enumerate() {
        if let Some(problem) = recipient_problem(recipient) {
            problems.add(format!("to[{i}]"), problem);
        }
    }
}

/// A notification that the service took (202).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentNotification {
    /// One per recipient.
    pub receipts: Vec<NotificationReceipt>,
    /// What the service says of the key.
    pub repeatability: Option<Repeatability>,
    /// The id under which the service knows the request (`MS-CV`).
    pub request_id: Option<String>,
}
