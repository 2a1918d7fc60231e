//! What changed since the last look.

use std::{fmt, str::FromStr};

use ms_messenger_core::{Error, Result};
use ms_messenger_http::{Call, Operation, Pages};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::Url;

use super::query::{List, MessageQuery};
use crate::{
    channel::Channel,
    chat::Chat,
    client::GraphChatClient,
    error::PLATFORM,
    models::ChatMessage,
    operations::{CHANNEL_MESSAGE_CHANGES, CHAT_MESSAGE_CHANGES},
};

/// The longest token that is read back.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The point up to which changes were read. It is opaque, and survives a restart: as a text
/// (`Display`, `FromStr`) or in JSON. `Debug` does not show it.
///
/// It belongs to one channel or chat of one endpoint; used elsewhere it is rejected before any I/O.
/// The service forgets it after a while: [`status`](Error::status) 410 means to start again with
/// [`Channel::changes`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeltaToken(String);

impl fmt::Debug for DeltaToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeltaToken")
    }
}

impl fmt::Display for DeltaToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DeltaToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for DeltaToken {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let is_address = text.len() <= MAX_TOKEN_BYTES && Url::parse(&text).is_ok();
        if is_address {
            return Ok(Self(text));
        }
        Err(refused("is not a text that a delta token was written as"))
    }
}

impl From<DeltaToken> for String {
    fn from(token: DeltaToken) -> Self {
        token.0
    }
}

fn refused(rule: &'static str) -> Error {
    Error::invalid("delta_token", rule).with_platform(PLATFORM)
}

/// The messages that were created, changed or deleted, page by page, and then the
/// [token](Self::token) for the next look.
///
/// ```
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
/// use msgraph_chat::{DeltaToken, GraphChatClient};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let token = StaticToken::new(graph.token.as_str());
/// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
/// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
///
/// // The first look reads everything.
/// let mut changes = channel.changes();
/// while let Some(page) = changes.next_page().await? {
///     println!("{} messages", page.len());
/// }
/// let stored = changes.token().ok_or("no token")?.to_string();
///
/// channel.send("The build is red").await?;
///
/// // After a restart:
/// let token: DeltaToken = stored.parse()?;
/// let mut changes = channel.changes_since(&token);
/// let page = changes.next_page().await?.unwrap_or_default();
/// assert_eq!(page.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is read before the first call of next_page"]
pub struct Changes {
    pages: Pages<ChatMessage>,
}

impl Changes {
    pub(super) fn new(pages: Pages<ChatMessage>) -> Self {
        Self { pages }
    }

    /// Reads the next page; `None` after the last one. A page can be empty. A deleted message has
    /// its [`deleted_date_time`](ChatMessage::deleted_date_time) set.
    ///
    /// # Errors
    ///
    /// As [`Pages::next_page`]. `NotFound` with status 410 when the service has forgotten the
    /// token: start again without one.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ChatMessage>>> {
        self.pages.next_page().await
    }

    /// Returns the token for the next look, after the last page.
    #[must_use]
    pub fn token(&self) -> Option<DeltaToken> {
        let link = self.pages.delta_link()?;
        DeltaToken::try_from(link.to_owned()).ok()
    }

    /// Sets the most pages that are read; 1,000 by default.
    pub fn with_max_pages(mut self, max_pages: usize) -> Self {
        self.pages = self.pages.with_max_pages(max_pages);
        self
    }
}

impl GraphChatClient {
    /// The changes since `token`, whose path has `id` in it.
    pub(super) fn changes_of(
        &self,
        operation: &'static Operation,
        id: &str,
        token: &DeltaToken,
    ) -> Changes {
        let call = self.delta_path(id, token);
        let call = call.map(|path| Call::of(operation, path));
        Changes::new(self.paged(call))
    }

    /// The path of a token that belongs to this endpoint and to the channel or chat `id`. The
    /// service writes ids raw or encoded, and the function with or without parentheses.
    fn delta_path(&self, id: &str, token: &DeltaToken) -> Result<String> {
        let path = self.pipeline().endpoint().follow_path(&token.0);
        let path = path.map_err(|_| refused("belongs to another endpoint"))?;
        let list = path.split('?').next().unwrap_or_default();
        let list = percent_decode_str(list).decode_utf8_lossy();
        let list = list.to_ascii_lowercase();
        let is_own = !id.is_empty() && list.contains(&id.to_ascii_lowercase());
        if is_own && list.contains("delta") {
            return Ok(path);
        }
        Err(refused("belongs to another channel or chat"))
    }
}

impl Channel {
    /// Returns all messages of the last eight months without their replies, and then the token for
    /// what changes from now on: `GET …/messages/delta`. Source: "chatMessage: delta".
    ///
    /// The service asks programs that look more often than once a day to use change notifications.
    pub fn changes(&self) -> Changes {
        self.changes_with(&MessageQuery::new())
    }

    /// Returns the messages as `query` says, and then the token. The token remembers the query.
    pub fn changes_with(&self, query: &MessageQuery) -> Changes {
        let path = self.path().then("/messages/delta");
        let path = query.add_to(List::ChannelChanges, path);
        Changes::new(self.client.paged(path.call(&CHANNEL_MESSAGE_CHANGES)))
    }

    /// Returns what changed since `token` was given.
    pub fn changes_since(&self, token: &DeltaToken) -> Changes {
        let id = self.id().as_str();
        self.client.changes_of(&CHANNEL_MESSAGE_CHANGES, id, token)
    }
}

impl Chat {
    /// Returns all messages of the last eight months, and then the token for what changes from now
    /// on: `GET /chats/{id}/messages/delta`.
    ///
    /// The schema of the service has it, its reference describes it for channels only.
    pub fn changes(&self) -> Changes {
        self.changes_with(&MessageQuery::new())
    }

    /// Returns the messages as `query` says, and then the token. The token remembers the query.
    pub fn changes_with(&self, query: &MessageQuery) -> Changes {
        let path = self.path().then("/messages/delta");
        let path = query.add_to(List::ChatChanges, path);
        Changes::new(self.client.paged(path.call(&CHAT_MESSAGE_CHANGES)))
    }

    /// Returns what changed since `token` was given.
    pub fn changes_since(&self, token: &DeltaToken) -> Changes {
        let id = self.id().as_str();
        self.client.changes_of(&CHAT_MESSAGE_CHANGES, id, token)
    }
}
