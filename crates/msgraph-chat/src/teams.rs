//! Teams.

use ms_messenger_core::{Result, TeamId, UserId};
use ms_messenger_http::Pages;

use crate::{
    client::GraphChatClient,
    members::{Group, NewMember},
    models::{ChannelInfo, ConversationMember, TeamInfo, TeamworkTag},
    operations::{
        CHANNEL_LIST, CHANNEL_LIST_ALL, CHANNEL_PRIMARY, TAG_LIST, TEAM_GET, TEAM_LIST,
        TEAM_LIST_OF_USER, TEAM_MEMBER_ADD, TEAM_MEMBER_GET, TEAM_MEMBER_LIST, TEAM_MEMBER_REMOVE,
    },
    paths::CheckedPath,
};

impl GraphChatClient {
    /// Returns the teams of the signed-in user, with id, name and description only:
    /// `GET /me/joinedTeams`. Source: "List joinedTeams".
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
    /// let mut teams = client.joined_teams();
    /// while let Some(page) = teams.next_page().await? {
    ///     for team in page {
    ///         println!("{} {:?}", team.id, team.display_name);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn joined_teams(&self) -> Pages<TeamInfo> {
        self.paged(CheckedPath::new("/me/joinedTeams").call(&TEAM_LIST))
    }

    /// Returns the teams of `user`, by id or principal name: `GET /users/{id}/joinedTeams`, for an
    /// application.
    pub fn joined_teams_of(&self, user: impl Into<UserId>) -> Pages<TeamInfo> {
        let path = CheckedPath::user(&user.into()).then("/joinedTeams");
        self.paged(path.call(&TEAM_LIST_OF_USER))
    }

    /// Returns the team `id`, without any I/O.
    pub fn team(&self, id: impl Into<TeamId>) -> Team {
        Team {
            client: self.clone(),
            id: id.into(),
        }
    }
}

/// A team.
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
/// let team = client.team(graph.team_id.as_str());
/// assert_eq!(team.get().await?.display_name.as_deref(), Some("Contoso"));
/// let general = team.primary_channel().await?;
/// client.channel(team.id().as_str(), general.id).send("The build is green").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Team {
    pub(crate) client: GraphChatClient,
    id: TeamId,
}

impl Team {
    /// Returns the id of the team.
    pub fn id(&self) -> &TeamId {
        &self.id
    }

    /// Reads the team: `GET /teams/{id}`. Source: "Get team".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is no GUID; else the error of the service.
    pub async fn get(&self) -> Result<TeamInfo> {
        self.client.fetch(self.path().call(&TEAM_GET)).await
    }

    /// Returns the channels that the caller may see: `GET /teams/{id}/channels`. Source: "List
    /// channels".
    pub fn channels(&self) -> Pages<ChannelInfo> {
        let path = self.path().then("/channels");
        self.client.paged(path.call(&CHANNEL_LIST))
    }

    /// Returns the channels of the team and those of other teams that are shared with it:
    /// `GET /teams/{id}/allChannels`. Source: "List allChannels".
    pub fn all_channels(&self) -> Pages<ChannelInfo> {
        let path = self.path().then("/allChannels");
        self.client.paged(path.call(&CHANNEL_LIST_ALL))
    }

    /// Reads the channel that every team has, "General": `GET /teams/{id}/primaryChannel`. Source:
    /// "Get primaryChannel".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn primary_channel(&self) -> Result<ChannelInfo> {
        let path = self.path().then("/primaryChannel");
        self.client.fetch(path.call(&CHANNEL_PRIMARY)).await
    }

    /// Returns the members: `GET /teams/{id}/members`. Source: "List members of team".
    pub fn members(&self) -> Pages<ConversationMember> {
        let path = self.path().then("/members");
        self.client.paged(path.call(&TEAM_MEMBER_LIST))
    }

    /// Reads one membership by its [id](ConversationMember::id): `GET /teams/{id}/members/{id}`.
    /// Source: "Get member of team".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn member(&self, membership: &str) -> Result<ConversationMember> {
        let path = self.path().then("/members").id("membership", membership);
        self.client.fetch(path.call(&TEAM_MEMBER_GET)).await
    }

    /// Adds a member: `POST /teams/{id}/members`. Source: "Add member to team".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). When it is unknown whether the member was added,
    /// [`members`](Self::members) shows it.
    pub async fn add_member(&self, member: impl Into<NewMember>) -> Result<ConversationMember> {
        let call = self.path().then("/members").call(&TEAM_MEMBER_ADD)?;
        let body = self.client.member_body(&member.into(), Group::Team)?;
        self.client.fetch_with(Ok(call), &body).await
    }

    /// Removes a member by the [id of the membership](ConversationMember::id):
    /// `DELETE /teams/{id}/members/{id}`. Source: "Remove member from team".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). `NotFound` for a member who was removed already, also by a first
    /// attempt of this call whose response was lost: `attempts` is more than 1 then.
    pub async fn remove_member(&self, membership: &str) -> Result<()> {
        let path = self.path().then("/members").id("membership", membership);
        self.client.execute(path.call(&TEAM_MEMBER_REMOVE)).await
    }

    /// Returns the tags, which can be [mentioned](crate::Mention::tag): `GET /teams/{id}/tags`.
    /// Source: "List teamworkTags".
    pub fn tags(&self) -> Pages<TeamworkTag> {
        let path = self.path().then("/tags");
        self.client.paged(path.call(&TAG_LIST))
    }

    pub(crate) fn path(&self) -> CheckedPath {
        CheckedPath::team(&self.id)
    }
}
