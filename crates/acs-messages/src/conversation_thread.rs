//! One conversation.

use ms_messenger_core::{ConversationId, Deadline, Journal, MessageId, Problems, Result};
use ms_messenger_http::{Call, check_id, encode_path_segment};

use crate::{
    AcsMessagesClient, ConversationContent, Repeatability, SendOptions,
    client::{Ready, repeatability},
    key::Key,
    models::conversation::{SendConversationMessage, SendConversationMessageResult},
    operations::MESSAGE_SEND,
};

/// A handle to one conversation, by id.
///
/// ```
/// use acs_messages::{AcsMessagesBuilder, ConversationContent, SendOptions};
/// use ms_messenger_core::IdempotencyKey;
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.seed().acs;
/// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
/// let conversation = client.conversation(acs.conversation_id.as_str());
///
/// // Two sends under one key store one message.
/// let options = SendOptions::default().with_idempotency(IdempotencyKey::random());
/// let content = ConversationContent::text("hello");
/// let first = conversation.send_with(&content, &options).await?;
/// let second = conversation.send_with(&content, &options).await?;
/// assert_eq!(first.id, second.id);
/// assert_eq!(emulator.messages().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ConversationThread {
    client: AcsMessagesClient,
    id: ConversationId,
}

impl ConversationThread {
    pub(crate) fn new(client: AcsMessagesClient, id: ConversationId) -> Self {
        Self { client, id }
    }

    /// Returns the id of the conversation.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    pub(crate) fn client(&self) -> &AcsMessagesClient {
        &self.client
    }

    /// Sends a message under a new key: [`send_with`](Self::send_with) without options.
    ///
    /// # Errors
    ///
    /// As [`send_with`](Self::send_with).
    pub async fn send(&self, content: &ConversationContent) -> Result<SentConversationMessage> {
        self.send_with(content, &SendOptions::default()).await
    }

    /// Sends a message: `POST /messages/conversations/{id}/messages:send`. Source:
    /// "Conversation Thread Operations - Send Message", 2025-04-01-preview.
    ///
    /// Every send has a key by which the service removes duplicates, so it is retried after a
    /// failure that leaves it unknown whether the message was sent.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; the errors of the service.
    /// [`Error::delivery`](ms_messenger_core::Error::delivery) reports whether the message was
    /// sent. A key of the caller may have been used before: where it is rejected, here because it
    /// is too old or by the service, the error is `Conflict` and the delivery unknown.
    pub async fn send_with(
        &self,
        content: &ConversationContent,
        options: &SendOptions,
    ) -> Result<SentConversationMessage> {
        self.post(content, options, Deadline::default(), None).await
    }

    pub(crate) async fn post(
        &self,
        content: &ConversationContent,
        options: &SendOptions,
        deadline: Deadline,
        journal: Option<Journal>,
    ) -> Result<SentConversationMessage> {
        let ready = self.ready(content, options)?.with_journal(journal);
        let response = self.client.call_once(ready, deadline, 200).await?;
        let result: SendConversationMessageResult = response.json()?;
        Ok(SentConversationMessage {
            id: response.expect_message_id(result.message_id)?,
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

        let inner = self.client.inner();
        let strategy = options.outbound_delivery_strategy.as_ref();
        let path = format!(
            "/messages/conversations/{}/messages:send?api-version={}",
            encode_path_segment(self.id.as_str()),
            inner.conversation_version
        );
        let call = Call::of(&MESSAGE_SEND, path).with_json(&SendConversationMessage {
            request: content,
            outbound_delivery_strategy: strategy.or(inner.strategy.as_ref()),
        })?;
        Ready::new(key, call)
    }
}

/// A message that the service stored in a conversation (200).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentConversationMessage {
    /// The id of the message.
    pub id: MessageId,
    /// The response of the service to the key.
    pub repeatability: Option<Repeatability>,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
}
