//! A channel of a team.

use ms_messenger_core::{ChannelId, MessageId, Result, TeamId};
use ms_messenger_http::Pages;

use crate::{
    client::GraphChatClient,
    destination::{Destination, PostPath},
    models::{ChannelInfo, ConversationMember},
    operations::{CHANNEL_GET, CHANNEL_MEMBER_GET, CHANNEL_MEMBER_LIST},
    paths::CheckedPath,
    posted::PostedMessage,
    send::Ready,
    write::NewChatMessage,
};

impl GraphChatClient {
    /// Returns the channel `channel` of the team `team`, without any I/O.
    pub fn channel(&self, team: impl Into<TeamId>, channel: impl Into<ChannelId>) -> Channel {
        Channel {
            client: self.clone(),
            team: team.into(),
            id: channel.into(),
        }
    }
}

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
    pub(crate) client: GraphChatClient,
    team: TeamId,
    id: ChannelId,
}

impl Channel {
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
        let (path, ready) = self.ready(None, &message.into())?;
        self.client.post(path, ready).await
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
        let (path, ready) = self.ready(Some(&to.into()), &message.into())?;
        self.client.post(path, ready).await
    }

    /// Everything of a send before its I/O.
    fn ready(
        &self,
        reply_to: Option<&MessageId>,
        message: &NewChatMessage,
    ) -> Result<(PostPath, Ready)> {
        let (team, channel) = (&self.team, &self.id);
        let destination = Destination::Channel {
            team,
            channel,
            reply_to,
        };
        let ready = self.client.prepare(destination, message, None)?;
        Ok((PostPath::of_channel(team, channel, reply_to), ready))
    }

    /// Reads the channel: `GET /teams/{id}/channels/{id}`. Source: "Get channel".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is not usable; else the error of the service.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, models::MembershipType};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    /// let info = channel.get().await?;
    /// assert_eq!(info.display_name.as_deref(), Some("General"));
    /// assert_eq!(info.membership_type, Some(MembershipType::Standard));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self) -> Result<ChannelInfo> {
        self.client.fetch(self.path().call(&CHANNEL_GET)).await
    }

    /// Returns the members: `GET /teams/{id}/channels/{id}/members`. Those of a standard channel are
    /// the members of its team. Source: "List members of a channel".
    pub fn members(&self) -> Pages<ConversationMember> {
        let path = self.path().then("/members");
        self.client.paged(path.call(&CHANNEL_MEMBER_LIST))
    }

    /// Reads one membership by its [id](ConversationMember::id):
    /// `GET /teams/{id}/channels/{id}/members/{id}`. Source: "Get member of channel".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn member(&self, membership: &str) -> Result<ConversationMember> {
        let path = self.path().then("/members").id("membership", membership);
        self.client.fetch(path.call(&CHANNEL_MEMBER_GET)).await
    }

    pub(crate) fn path(&self) -> CheckedPath {
        CheckedPath::channel(&self.team, &self.id)
    }
}
