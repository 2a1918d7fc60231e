//! Group chats: created, renamed, and their members changed.

use ms_messenger_core::{ErrorKind, Problems, Result};
use serde_json::{Value, json};

use crate::{
    chat::Chat,
    client::GraphChatClient,
    error::PLATFORM,
    members::{Group, NewMember},
    models::ChatInfo,
    operations::{CHAT_CREATE, CHAT_MEMBER_ADD, CHAT_MEMBER_REMOVE, CHAT_RENAME},
    paths::CheckedPath,
};

/// The published limit of members of a chat.
const MAX_MEMBERS: usize = 250;

/// A group chat to be created: its members, the signed-in user among them, and a topic.
///
/// ```
/// use msgraph_chat::{NewGroupChat, NewMember};
///
/// let release = NewGroupChat::new(["lene@contoso.com", "robin@contoso.com"])
///     .with_member(NewMember::new("kim_fabrikam.com#EXT#@contoso.com").with_guest_role())
///     .with_topic("Release 4.2");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a chat does nothing until it is created"]
pub struct NewGroupChat {
    members: Vec<NewMember>,
    topic: Option<String>,
}

impl NewGroupChat {
    /// Returns a chat of `members`, without a topic. The signed-in user must be one of them.
    pub fn new(members: impl IntoIterator<Item = impl Into<NewMember>>) -> Self {
        Self {
            members: members.into_iter().map(Into::into).collect(),
            topic: None,
        }
    }

    /// Adds a member.
    pub fn with_member(mut self, member: impl Into<NewMember>) -> Self {
        self.members.push(member.into());
        self
    }

    /// Sets the topic.
    pub fn with_topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }
}

impl GraphChatClient {
    /// Creates a group chat: `POST /chats`. Source: "Create chat". Every call creates another chat,
    /// also of the same members.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; else the error of the service. When it
    /// is unknown whether the chat was created ([`delivery`](ms_messenger_core::Error::delivery) is
    /// `Unknown`), [`chats`](Self::chats) shows whether it exists.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, NewGroupChat};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let members = ["bob@contoso.test", "carol@contoso.test"];
    /// let group = NewGroupChat::new(members).with_member(client.own_id().await?);
    /// let created = client.create_group_chat(&group.with_topic("Release 4.2")).await?;
    /// let chat = client.chat(created.id);
    /// chat.send("Welcome").await?;
    /// chat.rename("Release 4.3").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_group_chat(&self, chat: &NewGroupChat) -> Result<ChatInfo> {
        let mut problems = Problems::for_platform(PLATFORM);
        for member in &chat.members {
            member.check(&mut problems);
        }
        let sound = (1..=MAX_MEMBERS).contains(&chat.members.len());
        problems.add_if(!sound, "members", "must be 1 to 250 users");
        let blank = chat.topic.as_ref().is_some_and(|it| it.trim().is_empty());
        problems.add_if(blank, "topic", "must not be blank");
        problems.into_result(ErrorKind::InvalidRequest)?;
        let endpoint = self.pipeline().endpoint();
        let members = chat.members.iter();
        let members = members.map(|it| it.to_json(Group::Chat, endpoint));
        let mut body = json!({"chatType": "group", "members": Vec::from_iter(members)});
        if let Some(topic) = &chat.topic {
            body["topic"] = topic.as_str().into();
        }
        let call = CheckedPath::new("/chats").call(&CHAT_CREATE);
        self.fetch_with(call, &body).await
    }

    /// The body that adds `member`, which was checked.
    pub(crate) fn member_body(&self, member: &NewMember, group: Group) -> Result<Value> {
        let mut problems = Problems::for_platform(PLATFORM);
        member.check(&mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        Ok(member.to_json(group, self.pipeline().endpoint()))
    }
}

impl Chat {
    /// Renames the group chat: `PATCH /chats/{id}`. Source: "Update chat".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for a blank topic; else the error of the service.
    pub async fn rename(&self, topic: &str) -> Result<()> {
        let path = self.path();
        let call = path.refuse_if(topic.trim().is_empty(), "topic", "must not be blank");
        let body = json!({"topic": topic});
        self.client
            .execute_with(call.call(&CHAT_RENAME), &body)
            .await
    }

    /// Adds a member to the group chat: `POST /chats/{id}/members`. Source: "Add member to a chat".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); `Conflict` for a user who is a member already. When it is unknown
    /// whether the member was added, [`members`](Self::members) shows it.
    pub async fn add_member(&self, member: impl Into<NewMember>) -> Result<()> {
        let call = self.path().then("/members").call(&CHAT_MEMBER_ADD)?;
        let body = self.client.member_body(&member.into(), Group::Chat)?;
        self.client.execute_with(Ok(call), &body).await
    }

    /// Removes a member by the [id of the membership](crate::models::ConversationMember::id), or the
    /// signed-in user: `DELETE /chats/{id}/members/{id}`. Source: "Remove member from chat".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). `NotFound` for a member who was removed already, also by a first
    /// attempt of this call whose response was lost: `attempts` is more than 1 then.
    pub async fn remove_member(&self, membership: &str) -> Result<()> {
        let path = self.path().then("/members").id("membership", membership);
        self.client.execute(path.call(&CHAT_MEMBER_REMOVE)).await
    }
}
