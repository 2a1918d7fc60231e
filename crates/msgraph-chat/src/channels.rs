//! Channels: created, changed and deleted, and their members.

use ms_messenger_core::{ErrorKind, Problems, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    channel::Channel,
    error::PLATFORM,
    members::{Group, NewMember},
    models::{ChannelInfo, ConversationMember, LayoutType, MembershipType},
    operations::{
        CHANNEL_CREATE, CHANNEL_DELETE, CHANNEL_MEMBER_ADD, CHANNEL_MEMBER_REMOVE, CHANNEL_UPDATE,
    },
    teams::Team,
};

/// A channel to be created.
///
/// ```
/// use msgraph_chat::{NewChannel, NewMember, models::MembershipType};
///
/// let channel = NewChannel::new("Incidents")
///     .with_description("What is broken")
///     .with_membership(MembershipType::Private)
///     .with_member(NewMember::new("lene@contoso.com").with_owner_role());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a channel does nothing until it is created"]
pub struct NewChannel {
    name: String,
    description: Option<String>,
    membership: Option<MembershipType>,
    layout: Option<LayoutType>,
    members: Vec<NewMember>,
}

impl NewChannel {
    /// Returns a standard channel of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            membership: None,
            layout: None,
            members: Vec::new(),
        }
    }

    /// Sets the description.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the kind. A private or shared channel needs an owner among its members when an
    /// application creates it.
    pub fn with_membership(mut self, membership: MembershipType) -> Self {
        self.membership = Some(membership);
        self
    }

    /// Sets the form in which it shows its messages.
    pub fn with_layout(mut self, layout: LayoutType) -> Self {
        self.layout = Some(layout);
        self
    }

    /// Adds a member to a private or shared channel.
    pub fn with_member(mut self, member: impl Into<NewMember>) -> Self {
        self.members.push(member.into());
        self
    }
}

/// What changes in a channel; what is not set stays as it is.
///
/// ```
/// use msgraph_chat::ChannelUpdate;
///
/// let update = ChannelUpdate::new().with_name("Incidents 2026");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use = "an update does nothing until the channel is updated with it"]
pub struct ChannelUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl ChannelUpdate {
    /// Returns an update that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name. That of the channel "General" cannot be changed.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Sets the description.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

const BLANK: &str = "must not be blank";

impl Team {
    /// Creates a channel: `POST /teams/{id}/channels`. Source: "Create channel".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; else the error of the service. When it
    /// is unknown whether the channel was created, [`channels`](Self::channels) shows it.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{ChannelUpdate, GraphChatClient, NewChannel};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let team = client.team(graph.team_id.as_str());
    /// let created = team.create_channel(&NewChannel::new("Incidents")).await?;
    /// let channel = client.channel(team.id().as_str(), created.id);
    /// channel.update(&ChannelUpdate::new().with_name("Incidents 2026")).await?;
    /// channel.delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_channel(&self, channel: &NewChannel) -> Result<ChannelInfo> {
        let path = self.path().then("/channels");
        let path = path.refuse_if(channel.name.trim().is_empty(), "name", BLANK);
        let call = path.call(&CHANNEL_CREATE)?;
        let mut problems = Problems::for_platform(PLATFORM);
        for member in &channel.members {
            member.check(&mut problems);
        }
        problems.into_result(ErrorKind::InvalidRequest)?;
        let mut body = json!({"displayName": channel.name});
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[name] = value;
            }
        };
        set("description", channel.description.clone().map(Value::from));
        let membership = channel.membership.as_ref();
        set("membershipType", membership.map(|it| it.as_str().into()));
        let layout = channel.layout.as_ref();
        set("layoutType", layout.map(|it| it.as_str().into()));
        let endpoint = self.client.pipeline().endpoint();
        let members = channel.members.iter();
        let members: Vec<Value> = members
            .map(|it| it.to_json(Group::Team, endpoint))
            .collect();
        set(
            "members",
            Some(members).filter(|it| !it.is_empty()).map(Value::from),
        );
        self.client.fetch_with(Ok(call), &body).await
    }
}

impl Channel {
    /// Changes name or description: `PATCH /teams/{id}/channels/{id}`. Source: "Update channel".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an update that is empty or has a blank name; else the
    /// error of the service.
    pub async fn update(&self, update: &ChannelUpdate) -> Result<()> {
        let is_empty = *update == ChannelUpdate::default();
        let name = update.display_name.as_ref();
        let call = self
            .path()
            .refuse_if(is_empty, "update", "must change something")
            .refuse_if(name.is_some_and(|it| it.trim().is_empty()), "name", BLANK)
            .call(&CHANNEL_UPDATE);
        self.client.execute_with(call, update).await
    }

    /// Deletes the channel: `DELETE /teams/{id}/channels/{id}`. Source: "Delete channel".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). `NotFound` for a channel that was deleted already, also by a first
    /// attempt of this call whose response was lost: `attempts` is more than 1 then.
    pub async fn delete(&self) -> Result<()> {
        self.client.execute(self.path().call(&CHANNEL_DELETE)).await
    }

    /// Adds a member to the private or shared channel: `POST /teams/{id}/channels/{id}/members`.
    /// Source: "Add member to channel".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). When it is unknown whether the member was added,
    /// [`members`](Self::members) shows it.
    pub async fn add_member(&self, member: impl Into<NewMember>) -> Result<ConversationMember> {
        let call = self.path().then("/members").call(&CHANNEL_MEMBER_ADD)?;
        let body = self.client.member_body(&member.into(), Group::Team)?;
        self.client.fetch_with(Ok(call), &body).await
    }

    /// Removes a member of the private or shared channel by the
    /// [id of the membership](ConversationMember::id):
    /// `DELETE /teams/{id}/channels/{id}/members/{id}`. Source: "Remove member from channel".
    ///
    /// # Errors
    ///
    /// As [`delete`](Self::delete).
    pub async fn remove_member(&self, membership: &str) -> Result<()> {
        let path = self.path().then("/members").id("membership", membership);
        self.client.execute(path.call(&CHANNEL_MEMBER_REMOVE)).await
    }
}
