//! All messages of a user or a team, for an application.

use ms_messenger_core::UserId;
use ms_messenger_http::Pages;

use super::{
    changes::{Changes, DeltaToken},
    query::{List, MessageQuery},
};
use crate::{
    client::GraphChatClient,
    models::ChatMessage,
    operations::{CHANNEL_EXPORT, CHAT_EXPORT, CHAT_EXPORT_CHANGES},
    paths::CheckedPath,
    teams::Team,
};

const ALL: &str = "/getAllMessages";

impl GraphChatClient {
    /// Returns the messages of all chats of `user`: `GET /users/{id}/chats/getAllMessages`, for an
    /// application without a user ([`with_app_only`](crate::GraphChatBuilder::with_app_only)).
    /// Source: "chats: getAllMessages".
    pub fn all_chat_messages(
        &self,
        user: impl Into<UserId>,
        query: &MessageQuery,
    ) -> Pages<ChatMessage> {
        let path = CheckedPath::user(&user.into()).then("/chats").then(ALL);
        self.paged(query.add_to(List::Export, path).call(&CHAT_EXPORT))
    }

    /// Returns the messages of all chats of `user` from the last eight months, and then the token
    /// for what changes from now on: `GET /users/{id}/chats/getAllMessages/delta`, for an
    /// application. Source: "chatMessage: delta".
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, MessageQuery};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let builder = GraphChatClient::builder(StaticToken::new(graph.app_token.as_str()));
    /// let client = builder.with_base_url(&graph.base).with_app_only(true).build()?;
    ///
    /// let user = graph.users[0].id.as_str();
    /// let mut changes = client.all_chat_changes(user, &MessageQuery::new());
    /// while changes.next_page().await?.is_some() {}
    /// let token = changes.token().ok_or("no token")?;
    /// let mut since = client.all_chat_changes_since(&token);
    /// assert_eq!(since.next_page().await?, Some(Vec::new()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn all_chat_changes(&self, user: impl Into<UserId>, query: &MessageQuery) -> Changes {
        let path = CheckedPath::user(&user.into()).then("/chats").then(ALL);
        let path = query.add_to(List::ExportChanges, path.then("/delta"));
        Changes::new(self.paged(path.call(&CHAT_EXPORT_CHANGES)))
    }

    /// Returns what changed in all chats of a user since `token` was given by
    /// [`all_chat_changes`](Self::all_chat_changes).
    pub fn all_chat_changes_since(&self, token: &DeltaToken) -> Changes {
        self.changes_of(&CHAT_EXPORT_CHANGES, "/chats/getAllMessages", token)
    }
}

impl Team {
    /// Returns the messages of all channels: `GET /teams/{id}/channels/getAllMessages`, for an
    /// application without a user ([`with_app_only`](crate::GraphChatBuilder::with_app_only)).
    /// Source: "channels: getAllMessages".
    pub fn all_messages(&self, query: &MessageQuery) -> Pages<ChatMessage> {
        let path = self.path().then("/channels").then(ALL);
        let call = query.add_to(List::Export, path).call(&CHANNEL_EXPORT);
        self.client.paged(call)
    }
}
