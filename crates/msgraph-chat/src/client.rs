//! The typed client.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{
    ChannelId, ConversationId, Deadline, ErrorKind, Problems, Result, TeamId, TokenProvider,
    TokenRequest, UserId,
};
use ms_messenger_http::{Call, Pipeline};
use serde::Deserialize;
use serde_json::json;

use crate::{
    builder::GraphChatBuilder,
    channel::Channel,
    chat::Chat,
    delegated::own_user,
    destination::{check_members, literal},
    error::{CREATE_CHAT, PLATFORM},
    sends::RecentSends,
};

/// A client for Teams messages through Microsoft Graph v1.0, which acts as one user.
///
/// A clone is cheap and shares the connections. The client is a
/// [`Messenger`](ms_messenger_core::Messenger) too.
///
/// ```
/// use ms_messenger_core::{MessengerExt as _, StaticToken, Target};
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
/// // Typed:
/// let chat = client.chat(graph.chat_id.as_str());
/// let posted = chat.send("The build is red").await?;
/// // Neutral:
/// let chat = Target::conversation(graph.chat_id.as_str());
/// let receipt = client.send_text(chat, "It is green again").await?;
/// assert_ne!(receipt.message_id, Some(posted.id));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GraphChatClient(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pipeline: Pipeline,
    pub(crate) max_message_bytes: Option<usize>,
    pub(crate) max_call_bytes: Option<usize>,
    pub(crate) one_on_one: Option<UserId>,
    /// The provider of the pipeline: settling reads the own user from its token.
    pub(crate) token: Arc<dyn TokenProvider>,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) sends: RecentSends,
    pub(crate) settling_margin: Duration,
}

impl GraphChatClient {
    /// Returns a builder for a client that acts as the user of the delegated tokens of `token`.
    /// The client caches them, so `token` need not.
    ///
    /// Least permissions: ChannelMessage.Send for channels, ChatMessage.Send for chats.
    pub fn builder(token: impl TokenProvider) -> GraphChatBuilder {
        GraphChatBuilder::new(Arc::new(token))
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns the channel `channel` of the team `team`, without any I/O.
    pub fn channel(&self, team: impl Into<TeamId>, channel: impl Into<ChannelId>) -> Channel {
        Channel::new(self.clone(), team.into(), channel.into())
    }

    /// Returns the chat `id`, without any I/O.
    pub fn chat(&self, id: impl Into<ConversationId>) -> Chat {
        Chat::new(self.clone(), id.into())
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
        let call = Call::post(CREATE_CHAT, "/chats")
            .with_json(&body)?
            .with_deadline(deadline.clone())
            .without_message();
        #[derive(Deserialize)]
        struct Created {
            id: ConversationId,
        }
        let created: Created = self.pipeline().call(call).await?.json()?;
        Ok(created.id)
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    pub(crate) fn token(&self) -> (&dyn TokenProvider, &'static [&'static str]) {
        (self.0.token.as_ref(), self.0.scopes)
    }

    /// The user of the token that is at hand, if it names one.
    pub(crate) fn user_at_hand(&self) -> Option<String> {
        let (provider, scopes) = self.token();
        let token = provider.cached_token(&TokenRequest::new(scopes)).ok()??;
        own_user(token.secret())
    }

    pub(crate) fn sends(&self) -> &RecentSends {
        &self.0.sends
    }

    pub(crate) fn settling_margin(&self) -> Duration {
        self.0.settling_margin
    }

    pub(crate) fn one_on_one(&self) -> Option<&UserId> {
        self.0.one_on_one.as_ref()
    }

    /// The most bytes of a message, and of a whole call.
    pub(crate) fn limits(&self) -> (Option<usize>, Option<usize>) {
        (self.0.max_message_bytes, self.0.max_call_bytes)
    }
}
