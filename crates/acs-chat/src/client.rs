//! The typed client.

use std::sync::Arc;

use ms_messenger_core::{ConversationId, Result, TokenProvider};
use ms_messenger_http::{Call, Method, OpenRequest, Pipeline, Response, acs::open_request};

use crate::{AcsChatBuilder, ChatApiVersion, ChatThread};

/// A client for ACS Chat that acts as one user. Clone it to share it: a clone is cheap.
///
/// ```
/// use acs_chat::{AcsChatClient, SendChatMessageRequest};
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.seed().acs;
/// let token = StaticToken::new(acs.users[0].token.as_str());
/// let client = AcsChatClient::builder(&acs.endpoint, token).build()?;
///
/// let thread = client.thread(acs.thread_id.as_str());
/// let sent = thread.send(&SendChatMessageRequest::text("hello")).await?;
/// assert_eq!(sent.id, emulator.messages()[0].message_id.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AcsChatClient(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pipeline: Pipeline,
    pub(crate) api_version: ChatApiVersion,
    pub(crate) sender_display_name: Option<String>,
    pub(crate) max_message_bytes: Option<usize>,
    pub(crate) client_message_ids: bool,
}

impl AcsChatClient {
    /// Sets up a client for the resource at `endpoint` that acts as the user of `token`; see
    /// [`AcsChatBuilder::new`]. The builder also reads environment variables.
    pub fn builder(endpoint: impl Into<String>, token: impl TokenProvider) -> AcsChatBuilder {
        AcsChatBuilder::new(endpoint, token)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns a handle to the thread with the id `id`. The service is not called.
    pub fn thread(&self, id: impl Into<ConversationId>) -> ChatThread {
        ChatThread::new(self.clone(), id.into())
    }

    /// Returns the version of the API that this client uses.
    #[must_use]
    pub fn api_version(&self) -> &ChatApiVersion {
        &self.0.api_version
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    pub(crate) fn writes_client_message_ids(&self) -> bool {
        self.0.client_message_ids
    }

    pub(crate) fn max_message_bytes(&self) -> Option<usize> {
        self.0.max_message_bytes
    }

    pub(crate) fn sender_display_name(&self) -> Option<&str> {
        self.0.sender_display_name.as_deref()
    }

    /// Returns a request for any path of the service, e.g. for an operation that has no method
    /// here yet. It goes through the same pipeline: the token, retries, limits and the check of the
    /// origin. The version of this client is added, unless the path states one.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, Method};
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let token = StaticToken::new(acs.users[0].token.as_str());
    /// let client = AcsChatClient::builder(&acs.endpoint, token).build()?;
    ///
    /// let request = client.request(Method::GET, "/chat/threads").with_query("maxPageSize", "1");
    /// let page: serde_json::Value = request.json().await?;
    /// assert_eq!(page["value"].as_array().map(Vec::len), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> OpenRequest {
        open_request(self.pipeline(), method, path, self.0.api_version.as_str())
    }

    /// Makes a call whose only success is `expected`.
    pub(crate) async fn call(&self, call: Call, expected: u16) -> Result<Response> {
        let response = self.0.pipeline.call(call).await?;
        response.expect_status(expected)?;
        Ok(response)
    }
}
