//! A chat.

use ms_messenger_core::{ConversationId, MessageId, Result};
use ms_messenger_http::Pages;

use crate::{
    client::GraphChatClient,
    destination::{Destination, PostPath},
    models::{ChatInfo, ConversationMember, PinnedMessage},
    operations::{CHAT_GET, CHAT_MEMBER_GET, CHAT_MEMBER_LIST, PIN_LIST},
    paths::CheckedPath,
    posted::PostedMessage,
    send::Ready,
    write::NewChatMessage,
};

impl GraphChatClient {
    /// Returns the chat `id`, without any I/O.
    pub fn chat(&self, id: impl Into<ConversationId>) -> Chat {
        Chat {
            client: self.clone(),
            id: id.into(),
        }
    }
}

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
    pub(crate) client: GraphChatClient,
    id: ConversationId,
}

impl Chat {
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
        let (path, ready) = self.ready(None, &message.into())?;
        self.client.post(path, ready).await
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
        let (path, ready) = self.ready(Some(&quoted), &message.into())?;
        self.client.post(path, ready).await
    }

    /// Everything of a send before its I/O.
    fn ready(
        &self,
        quoted: Option<&[MessageId]>,
        message: &NewChatMessage,
    ) -> Result<(PostPath, Ready)> {
        let chat = &self.id;
        let destination = Destination::Chat { chat, quoted };
        let ready = self.client.prepare(destination, message, None)?;
        Ok((PostPath::of_chat(chat, quoted.is_some()), ready))
    }

    /// Reads the chat: `GET /chats/{id}`. Source: "Get chat".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is not usable; else the error of the service.
    pub async fn get(&self) -> Result<ChatInfo> {
        self.client.fetch(self.path().call(&CHAT_GET)).await
    }

    /// Returns the members: `GET /chats/{id}/members`. Source: "List members of a chat".
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
    /// let mut members = chat.members();
    /// while let Some(page) = members.next_page().await? {
    ///     for member in page {
    ///         println!("{:?} {:?}", member.display_name, member.email);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Pages<ConversationMember> {
        let path = self.path().then("/members");
        self.client.paged(path.call(&CHAT_MEMBER_LIST))
    }

    /// Reads one membership by its [id](ConversationMember::id): `GET /chats/{id}/members/{id}`.
    /// Source: "Get member of a chat".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn member(&self, membership: &str) -> Result<ConversationMember> {
        let path = self.path().then("/members").id("membership", membership);
        self.client.fetch(path.call(&CHAT_MEMBER_GET)).await
    }

    /// Returns the pinned messages, the last pinned first: `GET /chats/{id}/pinnedMessages`, with
    /// the messages expanded. Source: "List pinnedMessages".
    pub fn pins(&self) -> Pages<PinnedMessage> {
        let path = self.path().then("/pinnedMessages");
        let path = path.query("$expand", "message");
        self.client.paged(path.call(&PIN_LIST))
    }

    pub(crate) fn path(&self) -> CheckedPath {
        CheckedPath::chat(&self.id)
    }
}
