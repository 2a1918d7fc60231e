//! Users by mail address or principal name.

use std::pin::Pin;

use ms_messenger_core::{Deadline, Delivery, ErrorKind, Problems, Result, UserId};
use ms_messenger_http::{Pages, check_id};

use super::{cache::Found, pick::refuse};
use crate::{
    client::GraphChatClient, error::PLATFORM, models::User, operations::USER_LIST,
    paths::CheckedPath, write::Mention,
};

impl GraphChatClient {
    /// Finds a user by id, principal name or mail address. An address that is no principal name is
    /// looked up among the mail addresses of the directory, which needs the permission
    /// User.ReadBasic.All. Sources: "Get a user", "List users".
    ///
    /// # Errors
    ///
    /// `NotFound` for an address of no user; `InvalidRequest`, with their ids, for one of several;
    /// else the error of the service.
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
    /// let bob = client.find_user("bob@contoso.test").await?;
    /// assert_eq!(bob.id, graph.users[1].id.as_str());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_user(&self, address: &str) -> Result<User> {
        not_empty("user", address)?;
        if let Some(Found::User(user)) = self.names().get("user", address) {
            return Ok(*user);
        }
        let user = match self.user(address).await {
            Err(error) if error.kind() == ErrorKind::NotFound && address.contains('@') => {
                self.user_by_mail(address).await?
            }
            found => found?,
        };
        let found = Found::User(Box::new(user.clone()));
        self.names().keep("user", address, found);
        Ok(user)
    }

    /// Finds a user and returns the mention of that user, with the name shown.
    ///
    /// # Errors
    ///
    /// As [`find_user`](Self::find_user).
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, NewChatMessage};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let bob = client.find_mention("bob@contoso.test").await?;
    /// let message = NewChatMessage::compose().mention(bob).text(": the build is red");
    /// client.find_channel("Contoso", "General").await?.send(message).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_mention(&self, address: &str) -> Result<Mention> {
        let user = self.find_user(address).await?;
        let shown = user.display_name.filter(|name| !name.is_empty());
        let name = shown.unwrap_or_else(|| address.to_owned());
        Ok(Mention::user(user.id.as_str(), name))
    }

    async fn user_by_mail(&self, address: &str) -> Result<User> {
        let filter = format!("mail eq '{}'", address.replace('\'', "''"));
        let path = CheckedPath::new("/users").query("$filter", filter);
        let mut pages: Pages<User> = self.paged(path.call(&USER_LIST)).with_max_pages(1);
        let mut users = pages.next_page().await?.unwrap_or_default();
        match (users.pop(), users.as_slice()) {
            (Some(user), []) => Ok(user),
            (None, _) => {
                let rule = "is neither the principal name nor the mail address of a user";
                Err(refuse(ErrorKind::NotFound, "user", rule))
            }
            (Some(last), others) => {
                let ids: Vec<&str> = others.iter().map(|user| user.id.as_str()).collect();
                let (count, ids) = (others.len() + 1, ids.join(", "));
                let last = last.id;
                let rule = format!("is the mail address of {count} users: {ids}, {last}");
                let rule = ms_messenger_http::one_line(&rule);
                Err(refuse(ErrorKind::InvalidRequest, "user", &rule))
            }
        }
    }

    /// The id of a user, whose address may be a mail address.
    pub(super) async fn user_id(&self, address: &str) -> Result<UserId> {
        if address.contains('@') {
            return Ok(self.find_user(address).await?.id);
        }
        let mut problems = Problems::for_platform(PLATFORM);
        check_id(address, "user", &mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        Ok(UserId::new(address))
    }
}

/// Runs a read for a send until the deadline of the send.
pub(super) async fn within<T>(
    deadline: &Deadline,
    read: Pin<Box<impl Future<Output = Result<T>>>>,
) -> Result<T> {
    let limited = deadline.limit(read).await;
    limited.map_err(|reached| {
        let error = reached.into_error().with_delivery(Delivery::NotSent);
        error.with_platform(PLATFORM)
    })?
}

/// Refuses an empty name before any I/O.
pub(super) fn not_empty(field: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(refuse(
            ErrorKind::InvalidRequest,
            field,
            "must not be empty",
        ));
    }
    Ok(())
}
