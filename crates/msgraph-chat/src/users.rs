//! Users of the directory.

use ms_messenger_core::{Result, TokenRequest, UserId};

use crate::{
    client::GraphChatClient,
    delegated::own_user,
    models::User,
    operations::{USER_GET, USER_ME},
    paths::CheckedPath,
};

impl GraphChatClient {
    /// Reads the signed-in user: `GET /me`. Source: "Get a user".
    ///
    /// # Errors
    ///
    /// The error of the service, e.g. `InvalidRequest` for an application without a user.
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
    /// let me = client.me().await?;
    /// assert_eq!(me.user_principal_name.as_deref(), Some("alice@contoso.test"));
    /// let bob = client.user("bob@contoso.test").await?;
    /// let chat = client.one_on_one_chat(me.id, bob.id).await?;
    /// chat.send("Lunch?").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn me(&self) -> Result<User> {
        self.fetch(CheckedPath::new("/me").call(&USER_ME)).await
    }

    /// Reads a user by id or user principal name: `GET /users/{id}`. Source: "Get a user".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is not usable; `NotFound` for a user that the
    /// directory does not have; else the error of the service.
    pub async fn user(&self, user: impl Into<UserId>) -> Result<User> {
        let path = CheckedPath::user(&user.into());
        self.fetch(path.call(&USER_GET)).await
    }

    /// Returns the id of the signed-in user: that of the token, if it can be read, else that of
    /// [`me`](Self::me).
    ///
    /// # Errors
    ///
    /// That of the token provider, or of [`me`](Self::me).
    pub async fn own_id(&self) -> Result<UserId> {
        let (provider, scopes) = self.token();
        let token = provider.token(&TokenRequest::new(scopes)).await?;
        match own_user(token.secret()) {
            Some(id) => Ok(UserId::new(id)),
            None => Ok(self.me().await?.id),
        }
    }
}
