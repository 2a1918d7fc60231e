//! One message, which is read and changed.

use ms_messenger_core::{ChannelId, ConversationId, MessageId, Result, TeamId};
use ms_messenger_http::{Operation, Response};
use serde_json::json;

use crate::{
    channel::Channel,
    chat::Chat,
    client::GraphChatClient,
    destination::Destination,
    models::{ChatMessage, PolicyViolation},
    operations::{
        CHANNEL_MESSAGE_DELETE, CHANNEL_MESSAGE_EDIT, CHANNEL_MESSAGE_GET, CHANNEL_MESSAGE_MARK,
        CHANNEL_MESSAGE_REACT, CHANNEL_MESSAGE_UNDELETE, CHANNEL_MESSAGE_UNREACT,
        CHAT_MESSAGE_DELETE, CHAT_MESSAGE_EDIT, CHAT_MESSAGE_GET, CHAT_MESSAGE_MARK,
        CHAT_MESSAGE_REACT, CHAT_MESSAGE_UNDELETE, CHAT_MESSAGE_UNREACT, REPLY_DELETE, REPLY_EDIT,
        REPLY_GET, REPLY_MARK, REPLY_REACT, REPLY_UNDELETE, REPLY_UNREACT,
    },
    paths::CheckedPath,
    write::NewChatMessage,
};

/// The longest reaction in bytes: an emoji of several characters is shorter.
const MAX_REACTION_BYTES: usize = 64;

/// One message of a channel or chat, or one reply in a channel.
///
/// Its changes have the same effect once or twice, so they are retried like reads.
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
/// let message = chat.message(posted.id);
/// message.edit("The build is green again").await?;
/// message.react("🎉").await?;
/// let read = message.get().await?;
/// assert_eq!(read.reactions[0].reaction_type.as_deref(), Some("🎉"));
/// message.delete().await?;
/// message.undo_delete().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MessageHandle {
    pub(super) client: GraphChatClient,
    place: Place,
    id: MessageId,
}

#[derive(Clone, Debug)]
enum Place {
    Channel {
        team: TeamId,
        channel: ChannelId,
        /// The message that it replies to.
        root: Option<MessageId>,
    },
    Chat(ConversationId),
}

/// The operation on a message of a channel, on a reply, and on a message of a chat.
pub(super) type Kinds = [&'static Operation; 3];

impl Channel {
    /// Returns the message `id` of the channel, without any I/O.
    pub fn message(&self, id: impl Into<MessageId>) -> MessageHandle {
        self.handle(None, id.into())
    }

    /// Returns the reply `id` to the message `root` of the channel, without any I/O.
    pub fn reply_message(
        &self,
        root: impl Into<MessageId>,
        id: impl Into<MessageId>,
    ) -> MessageHandle {
        self.handle(Some(root.into()), id.into())
    }

    fn handle(&self, root: Option<MessageId>, id: MessageId) -> MessageHandle {
        let (team, channel) = (self.team().clone(), self.id().clone());
        MessageHandle {
            client: self.client.clone(),
            place: Place::Channel {
                team,
                channel,
                root,
            },
            id,
        }
    }
}

impl Chat {
    /// Returns the message `id` of the chat, without any I/O.
    pub fn message(&self, id: impl Into<MessageId>) -> MessageHandle {
        MessageHandle {
            client: self.client.clone(),
            place: Place::Chat(self.id().clone()),
            id: id.into(),
        }
    }
}

impl MessageHandle {
    /// Returns the id of the message.
    pub fn id(&self) -> &MessageId {
        &self.id
    }

    /// Reads the message: `GET …/messages/{id}`. Source: "Get chatMessage in a channel or chat".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is not usable; else the error of the service.
    pub async fn get(&self) -> Result<ChatMessage> {
        self.response().await?.json()
    }

    /// The response with the message.
    pub(crate) async fn response(&self) -> Result<Response> {
        let of = self.of([&CHANNEL_MESSAGE_GET, &REPLY_GET, &CHAT_MESSAGE_GET]);
        self.client.pipeline().call(self.path().call(of)?).await
    }

    /// Replaces the content of the message: `PATCH …/messages/{id}`, for its sender. The new message
    /// has all of its attachments and mentions; what it leaves out is removed. Source: "Update
    /// chatMessage".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O with every problem, as for a send; else the error of the
    /// service.
    pub async fn edit(&self, message: impl Into<NewChatMessage>) -> Result<()> {
        let of = self.of([&CHANNEL_MESSAGE_EDIT, &REPLY_EDIT, &CHAT_MESSAGE_EDIT]);
        let call = self.path().call(of)?;
        let body = self
            .client
            .prepare(self.destination(), &message.into(), None)?;
        self.client
            .execute(Ok(call.with_json_bytes(body.into_body())))
            .await
    }

    /// Sets what a policy found in the message: `PATCH …/messages/{id}`, for an application without
    /// a user ([`with_app_only`](crate::GraphChatBuilder::with_app_only)). Source: "Update
    /// chatMessage".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn mark_violation(&self, violation: &PolicyViolation) -> Result<()> {
        let of = self.of([&CHANNEL_MESSAGE_MARK, &REPLY_MARK, &CHAT_MESSAGE_MARK]);
        let body = json!({"policyViolation": violation});
        self.client.execute_with(self.path().call(of), &body).await
    }

    /// Deletes the message so that it can be restored: `POST …/softDelete`, for its sender. In a
    /// chat the path has the id of the signed-in user, which is that of the token. Source:
    /// "chatMessage: softDelete".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn delete(&self) -> Result<()> {
        let of = self.of([&CHANNEL_MESSAGE_DELETE, &REPLY_DELETE, &CHAT_MESSAGE_DELETE]);
        let path = self.path_of_user().await?.then("/softDelete");
        self.client.execute(path.call(of)).await
    }

    /// Restores the deleted message: `POST …/undoSoftDelete`. Source: "chatMessage: undoSoftDelete".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn undo_delete(&self) -> Result<()> {
        let of = self.of([
            &CHANNEL_MESSAGE_UNDELETE,
            &REPLY_UNDELETE,
            &CHAT_MESSAGE_UNDELETE,
        ]);
        let path = self.path_of_user().await?.then("/undoSoftDelete");
        self.client.execute(path.call(of)).await
    }

    /// Sets a reaction of the signed-in user, an emoji: `POST …/setReaction`. Source: "chatMessage:
    /// setReaction".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for a name such as `like`, which is read only; else as
    /// [`get`](Self::get).
    pub async fn react(&self, emoji: &str) -> Result<()> {
        let of = self.of([&CHANNEL_MESSAGE_REACT, &REPLY_REACT, &CHAT_MESSAGE_REACT]);
        self.reaction(of, "/setReaction", emoji).await
    }

    /// Removes a reaction of the signed-in user: `POST …/unsetReaction`. Source: "chatMessage:
    /// unsetReaction".
    ///
    /// # Errors
    ///
    /// As [`react`](Self::react).
    pub async fn unreact(&self, emoji: &str) -> Result<()> {
        let of = self.of([
            &CHANNEL_MESSAGE_UNREACT,
            &REPLY_UNREACT,
            &CHAT_MESSAGE_UNREACT,
        ]);
        self.reaction(of, "/unsetReaction", emoji).await
    }

    async fn reaction(&self, of: &'static Operation, action: &str, emoji: &str) -> Result<()> {
        let rule = "must be one emoji, such as 👍: names are only read";
        let is_emoji = !emoji.is_ascii() && emoji.len() <= MAX_REACTION_BYTES;
        let path = self.path().then(action);
        let call = path.refuse_if(!is_emoji, "reaction", rule).call(of);
        let body = json!({"reactionType": emoji});
        self.client.execute_with(call, &body).await
    }

    /// The one of the operations that is for a message in this place.
    pub(super) fn of(&self, kinds: Kinds) -> &'static Operation {
        let [channel, reply, chat] = kinds;
        match &self.place {
            Place::Channel { root: None, .. } => channel,
            Place::Channel { .. } => reply,
            Place::Chat(_) => chat,
        }
    }

    pub(super) fn path(&self) -> CheckedPath {
        let path = match &self.place {
            Place::Chat(chat) => CheckedPath::chat(chat),
            Place::Channel { team, channel, .. } => CheckedPath::channel(team, channel),
        };
        self.below(path)
    }

    /// The path below the signed-in user, where the service has it there.
    async fn path_of_user(&self) -> Result<CheckedPath> {
        let Place::Chat(chat) = &self.place else {
            return Ok(self.path());
        };
        let user = self.client.own_id().await?;
        let path = CheckedPath::user(&user).then("/chats");
        Ok(self.below(path.id("chat", chat.as_str())))
    }

    fn below(&self, path: CheckedPath) -> CheckedPath {
        let mut path = path.then("/messages");
        if let Place::Channel {
            root: Some(root), ..
        } = &self.place
        {
            path = path.id("root", root.as_str()).then("/replies");
        }
        path.id("message", self.id.as_str())
    }

    fn destination(&self) -> Destination<'_> {
        match &self.place {
            Place::Chat(chat) => Destination::Chat { chat, quoted: None },
            Place::Channel {
                team,
                channel,
                root,
            } => Destination::Channel {
                team,
                channel,
                reply_to: root.as_ref(),
            },
        }
    }
}
