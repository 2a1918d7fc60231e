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
/// ```no_run
/// use ms_messenger_core::StaticToken;
/// use msgraph_chat::{GraphChatClient, Mention, NewChatMessage};
///
/// # async fn example() -> ms_messenger_core::Result<()> {
/// let client = GraphChatClient::builder(StaticToken::new("eyJ0eXAi")).build()?;
/// let team = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";
/// let channel = client.channel(team, "19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2");
/// let message = NewChatMessage::compose()
///     .subject("Build 4711")
///     .mention(Mention::team(team, "Operations"))
///     .text(": the build is red");
/// let posted = channel.send(message).await?;
/// channel.reply(posted.id, "I am on it").await?;
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
