//! A channel of a team.

use ms_messenger_core::{ChannelId, MessageId, Result, TeamId};

use crate::{
    client::GraphChatClient,
    destination::{Destination, PostPath},
    send::PostedMessage,
    write::NewChatMessage,
};

/// A channel of a team.
///
/// ```
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
/// use msgraph_chat::{GraphChatClient, Mention, NewChatMessage};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let token = StaticToken::new(graph.token.as_str());
/// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
///
/// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
/// let message = NewChatMessage::compose()
///     .subject("Build 4711")
///     .mention(Mention::user(&graph.users[0].id, "Robin"))
///     .text(": the build is red");
/// let posted = channel.send(message).await?;
/// channel.reply(posted.id, "I am on it").await?;
///
/// assert_eq!(emulator.messages().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Channel {
    client: GraphChatClient,
    team: TeamId,
    id: ChannelId,
}

impl Channel {
    pub(crate) fn new(client: GraphChatClient, team: TeamId, id: ChannelId) -> Self {
        Self { client, team, id }
    }

    /// Returns the id of the channel.
    pub fn id(&self) -> &ChannelId {
        &self.id
    }

    /// Returns the id of its team.
    pub fn team(&self) -> &TeamId {
        &self.team
    }

    /// Sends a message to the channel: `POST /teams/{id}/channels/{id}/messages`. Source: "Send
    /// chatMessage in a channel or a chat".
    ///
    /// The service cannot remove duplicates, so a send is not retried when it is unknown whether
    /// it was executed.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; `PermissionDenied` before any I/O
    /// for a token of an application without a user; else the error of the service.
    /// [`Error::delivery`](ms_messenger_core::Error::delivery) says whether the message was sent.
    pub async fn send(&self, message: impl Into<NewChatMessage>) -> Result<PostedMessage> {
        self.post(None, message.into()).await
    }

    /// Replies to the message `to` of the channel: `POST …/messages/{id}/replies`. Source: "Send
    /// replies to a message in a channel".
    ///
    /// # Errors
    ///
    /// As [`Channel::send`].
    pub async fn reply(
        &self,
        to: impl Into<MessageId>,
        message: impl Into<NewChatMessage>,
    ) -> Result<PostedMessage> {
        self.post(Some(to.into()), message.into()).await
    }

    async fn post(
        &self,
        reply_to: Option<MessageId>,
        message: NewChatMessage,
    ) -> Result<PostedMessage> {
        let (team, channel, reply_to) = (&self.team, &self.id, reply_to.as_ref());
        let destination = Destination::Channel {
            team,
            channel,
            reply_to,
        };
        let path = PostPath::of_channel(team, channel, reply_to);
        self.client.send_typed(destination, path, message).await
    }
}
