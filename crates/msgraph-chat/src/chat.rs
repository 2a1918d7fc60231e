//! A chat.

use ms_messenger_core::{ConversationId, MessageId, Result};

use crate::{
    client::GraphChatClient,
    destination::{Destination, PostPath},
    send::PostedMessage,
    write::NewChatMessage,
};

/// A chat: one-on-one, of a group, or of a meeting.
///
/// ```
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
/// use msgraph_chat::GraphChatClient;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let token = StaticToken::new(graph.token.as_str());
/// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
///
/// let chat = client.chat(graph.chat_id.as_str());
/// let posted = chat.send("The build is red").await?;
/// chat.quote([posted.id], "It is green again").await?;
///
/// assert_eq!(emulator.messages().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Chat {
    client: GraphChatClient,
    id: ConversationId,
}

impl Chat {
    pub(crate) fn new(client: GraphChatClient, id: ConversationId) -> Self {
        Self { client, id }
    }

    /// Returns the id of the chat.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Sends a message to the chat: `POST /chats/{id}/messages`. Source: "Send chatMessage in a
    /// channel or a chat".
    ///
    /// # Errors
    ///
    /// As [`Channel::send`](crate::Channel::send).
    pub async fn send(&self, message: impl Into<NewChatMessage>) -> Result<PostedMessage> {
        self.post(None, message.into()).await
    }

    /// Sends a message that quotes one to ten others: `POST /chats/{id}/messages/replyWithQuote`.
    /// Source: "chatMessage: replyWithQuote". A chat has no other replies.
    ///
    /// # Errors
    ///
    /// As [`Channel::send`](crate::Channel::send).
    pub async fn quote(
        &self,
        messages: impl IntoIterator<Item = impl Into<MessageId>>,
        message: impl Into<NewChatMessage>,
    ) -> Result<PostedMessage> {
        let quoted: Vec<MessageId> = messages.into_iter().map(Into::into).collect();
        self.post(Some(quoted), message.into()).await
    }

    async fn post(
        &self,
        quoted: Option<Vec<MessageId>>,
        message: NewChatMessage,
    ) -> Result<PostedMessage> {
        let (chat, quoted) = (&self.id, quoted.as_deref());
        let destination = Destination::Chat { chat, quoted };
        let path = PostPath::of_chat(chat, quoted.is_some());
        self.client.send_typed(destination, path, message).await
    }
}
