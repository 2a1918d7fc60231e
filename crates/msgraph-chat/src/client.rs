//! The typed client.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{RetryPolicy, TokenProvider, TokenRequest, UserId};
use ms_messenger_http::{HttpClient, Pipeline};

use crate::{
    builder::GraphChatBuilder, delegated::own_user, files::UploadOptions, names::NameCache,
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
    /// The connections of the pipeline, for addresses that need no credential.
    pub(crate) http: HttpClient,
    pub(crate) retry: RetryPolicy,
    pub(crate) uploads: UploadOptions,
    pub(crate) names: NameCache,
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

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.0.http
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.0.retry
    }

    pub(crate) fn names(&self) -> &NameCache {
        &self.0.names
    }

    pub(crate) fn upload_options(&self) -> &UploadOptions {
        &self.0.uploads
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
