//! Lists of chats, and chats that are made.

use ms_messenger_core::{ConversationId, Deadline, ErrorKind, Problems, Result, UserId};
use ms_messenger_http::{Call, Pages};
use serde::Deserialize;
use serde_json::json;

use crate::{
    chat::Chat,
    client::GraphChatClient,
    destination::{check_members, literal},
    error::PLATFORM,
    models::ChatInfo,
    operations::{CHAT_CREATE_ONE_ON_ONE, CHAT_LIST, CHAT_LIST_OF_USER},
    paths::CheckedPath,
};

/// The largest page of chats, which is also the default.
const MAX_PAGE: u32 = 50;

/// What a list of chats returns: by default pages of 50 chats without members, in the order of the
/// service.
///
/// ```
/// use msgraph_chat::ChatQuery;
///
/// let query = ChatQuery::new().with_members(true).with_newest_message_first(true);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a query does nothing until a list is read with it"]
pub struct ChatQuery {
    /// The number of chats on a page, 1 to 50.
    pub page_size: Option<u32>,
    /// Whether the chats have their members.
    pub has_members: bool,
    /// Whether the chats have a preview of their newest message.
    pub has_last_message: bool,
    /// Whether the chat with the newest message is first.
    pub is_newest_first: bool,
    /// The `$filter` in the syntax of OData.
    pub filter: Option<String>,
}

impl ChatQuery {
    /// Returns the default query.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of chats on a page, 1 to 50.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = Some(size);
        self
    }

    /// Sets whether the chats have their [members](ChatInfo::members), at most 25 of them: a known
    /// fault of the service. [`Chat::members`] returns all.
    pub fn with_members(mut self, has_members: bool) -> Self {
        self.has_members = has_members;
        self
    }

    /// Sets whether the chats have a [preview](ChatInfo::last_message_preview) of their newest
    /// message.
    pub fn with_last_message(mut self, has_last_message: bool) -> Self {
        self.has_last_message = has_last_message;
        self
    }

    /// Sets whether the chats are sorted by their newest message, the newest first. US government
    /// clouds do not support it.
    pub fn with_newest_message_first(mut self, is_newest_first: bool) -> Self {
        self.is_newest_first = is_newest_first;
        self
    }

    /// Sets the `$filter` in the syntax of OData, e.g. `topic eq 'Release'` or
    /// `chatType eq 'group'`. It is encoded here; an apostrophe within a text is doubled by the
    /// caller.
    pub fn with_filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    fn add_to(&self, path: CheckedPath) -> CheckedPath {
        let size = self.page_size.unwrap_or(MAX_PAGE);
        let is_sound = (1..=MAX_PAGE).contains(&size);
        let mut path = path
            .refuse_if(!is_sound, "query.page_size", "must be 1 to 50")
            .query("$top", size);
        let expanded = match (self.has_members, self.has_last_message) {
            (true, true) => Some("members,lastMessagePreview"),
            (true, false) => Some("members"),
            (false, true) => Some("lastMessagePreview"),
            (false, false) => None,
        };
        if let Some(expanded) = expanded {
            path = path.query("$expand", expanded);
        }
        if self.is_newest_first {
            path = path.query("$orderby", "lastMessagePreview/createdDateTime desc");
        }
        match &self.filter {
            Some(filter) => path.query("$filter", filter),
            None => path,
        }
    }
}

impl GraphChatClient {
    /// Returns the chats of the signed-in user: `GET /me/chats`. Source: "List chats".
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{ChatQuery, GraphChatClient};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let mut chats = client.chats();
    /// let first = chats.next_page().await?.unwrap_or_default();
    /// assert_eq!(first[0].topic.as_deref(), Some("Everybody"));
    ///
    /// let mut chats = client.chats_with(&ChatQuery::new().with_members(true));
    /// let first = chats.next_page().await?.unwrap_or_default();
    /// assert_eq!(first[0].members.len(), graph.users.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn chats(&self) -> Pages<ChatInfo> {
        self.chats_with(&ChatQuery::new())
    }

    /// Returns the chats of the signed-in user as `query` says.
    pub fn chats_with(&self, query: &ChatQuery) -> Pages<ChatInfo> {
        let path = query.add_to(CheckedPath::new("/me/chats"));
        self.paged(path.call(&CHAT_LIST))
    }

    /// Returns the chats of `user`, by id or principal name, as `query` says:
    /// `GET /users/{id}/chats`, for an application.
    pub fn chats_of(&self, user: impl Into<UserId>, query: &ChatQuery) -> Pages<ChatInfo> {
        let path = CheckedPath::user(&user.into()).then("/chats");
        self.paged(query.add_to(path).call(&CHAT_LIST_OF_USER))
    }

    /// Finds or creates the one-on-one chat of `own` and `other`: `POST /chats`. Source: "Create
    /// chat". Repeating it changes nothing, so it is retried like a read. It sends no message.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an empty id; else the error of the service.
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
    /// let [own, other, ..] = graph.users.as_slice() else { unreachable!() };
    /// let chat = client.one_on_one_chat(own.id.as_str(), other.id.as_str()).await?;
    /// chat.send("Lunch?").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn one_on_one_chat(
        &self,
        own: impl Into<UserId>,
        other: impl Into<UserId>,
    ) -> Result<Chat> {
        let (own, other) = (own.into(), other.into());
        let deadline = Deadline::default();
        let id = self.find_one_on_one(&own, &other, &deadline).await?;
        Ok(self.chat(id))
    }

    pub(crate) async fn find_one_on_one(
        &self,
        own: &UserId,
        other: &UserId,
        deadline: &Deadline,
    ) -> Result<ConversationId> {
        let mut problems = Problems::for_platform(PLATFORM);
        check_members(own, other, &mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let member = |id: &UserId| {
            let (users, id) = (self.pipeline().endpoint(), literal(id.as_str()));
            json!({
                "@odata.type": "#microsoft.graph.aadUserConversationMember",
                "roles": ["owner"],
                "user@odata.bind": format!("{users}/users('{id}')"),
            })
        };
        let body = json!({"chatType": "oneOnOne", "members": [member(own), member(other)]});
        let call = Call::of(&CHAT_CREATE_ONE_ON_ONE, "/chats")
            .with_json(&body)?
            .with_deadline(deadline.clone());
        #[derive(Deserialize)]
        struct Created {
            id: ConversationId,
        }
        let created: Created = self.pipeline().call(call).await?.json()?;
        Ok(created.id)
    }
}
