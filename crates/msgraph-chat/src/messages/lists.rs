//! Lists of messages.

use ms_messenger_core::MessageId;
use ms_messenger_http::Pages;

use super::query::{List, MessageQuery};
use crate::{
    channel::Channel,
    chat::Chat,
    models::ChatMessage,
    operations::{CHANNEL_MESSAGE_LIST, CHAT_MESSAGE_LIST, REPLY_LIST},
};

impl Channel {
    /// Returns the messages without their replies, the thread with the newest activity first:
    /// `GET /teams/{id}/channels/{id}/messages`. Source: "List channel messages".
    ///
    /// ```
    /// use std::pin::pin;
    ///
    /// use futures_util::TryStreamExt as _;
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, MessageQuery};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    /// let posted = channel.send("The build is red").await?;
    /// channel.reply(posted.id, "I am on it").await?;
    ///
    /// // Page by page, or one by one:
    /// let mut messages = pin!(channel.messages().into_stream());
    /// while let Some(message) = messages.try_next().await? {
    ///     println!("{:?}", message.id);
    /// }
    /// let query = MessageQuery::new().with_replies(true);
    /// let threads = channel.messages_with(&query).next_page().await?.unwrap_or_default();
    /// assert_eq!(threads[0].replies.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn messages(&self) -> Pages<ChatMessage> {
        self.messages_with(&MessageQuery::new())
    }

    /// Returns the messages as `query` says.
    pub fn messages_with(&self, query: &MessageQuery) -> Pages<ChatMessage> {
        let path = query.add_to(List::Channel, self.path().then("/messages"));
        self.client.paged(path.call(&CHANNEL_MESSAGE_LIST))
    }

    /// Returns the replies to the message `to`, the newest first:
    /// `GET …/messages/{id}/replies`. Source: "List replies".
    pub fn replies(&self, to: impl Into<MessageId>) -> Pages<ChatMessage> {
        self.replies_with(to, &MessageQuery::new())
    }

    /// Returns the replies to the message `to` as `query` says.
    pub fn replies_with(
        &self,
        to: impl Into<MessageId>,
        query: &MessageQuery,
    ) -> Pages<ChatMessage> {
        let to: MessageId = to.into();
        let path = self.path().then("/messages").id("message", to.as_str());
        let path = query.add_to(List::Replies, path.then("/replies"));
        self.client.paged(path.call(&REPLY_LIST))
    }
}

impl Chat {
    /// Returns the messages, the last changed first: `GET /chats/{id}/messages`. Source: "List
    /// messages in a chat".
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, MessageQuery};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let chat = client.chat(graph.chat_id.as_str());
    /// chat.send("Lunch?").await?;
    ///
    /// let hour = Duration::from_secs(3600);
    /// let query = MessageQuery::new().with_changed_after(SystemTime::now() - hour);
    /// let recent = chat.messages_with(&query).next_page().await?.unwrap_or_default();
    /// let body = recent[0].body.as_ref();
    /// assert_eq!(body.and_then(|body| body.content.as_deref()), Some("Lunch?"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn messages(&self) -> Pages<ChatMessage> {
        self.messages_with(&MessageQuery::new())
    }

    /// Returns the messages as `query` says. US government clouds support no times.
    pub fn messages_with(&self, query: &MessageQuery) -> Pages<ChatMessage> {
        let path = query.add_to(List::Chat, self.path().then("/messages"));
        self.client.paged(path.call(&CHAT_MESSAGE_LIST))
    }
}
