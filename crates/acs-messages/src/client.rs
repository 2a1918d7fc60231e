//! The typed client.

use std::sync::Arc;

use ms_messenger_core::{ConversationId, Deadline, Journal, Result, open_enum};
use ms_messenger_http::{Call, Method, OpenRequest, Pipeline, Response, acs::open_request};
use uuid::Uuid;

use crate::{
    AcsMessagesBuilder, ConversationThread, Credential, Notifications, OutboundDeliveryStrategy,
    key::Key,
};

/// A client for ACS Advanced Messaging. Clone it to share it: a clone is cheap.
///
/// ```
/// use acs_messages::{AcsMessagesClient, ConversationContent, Credential};
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.seed().acs;
/// let credential = Credential::access_key(&acs.access_key)?;
/// let client = AcsMessagesClient::builder(&acs.endpoint, credential).build()?;
///
/// let conversation = client.conversation(acs.conversation_id.as_str());
/// let sent = conversation.send(&ConversationContent::text("hello")).await?;
/// assert_eq!(sent.id, emulator.messages()[0].message_id.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AcsMessagesClient(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pipeline: Pipeline,
    pub(crate) channel_registration_id: Option<Uuid>,
    pub(crate) strategy: Option<OutboundDeliveryStrategy>,
    pub(crate) any_recipient: bool,
    pub(crate) conversation_version: String,
    pub(crate) notification_version: Option<String>,
}

open_enum! {
    /// The response of the service to the key of a send.
    pub enum Repeatability {
        /// The request was accepted under its key, or got the response of its first execution.
        Accepted = "accepted",
        /// The key was rejected.
        Rejected = "rejected",
    }
}

impl AcsMessagesClient {
    /// Sets up a client for the resource at `endpoint`; see [`AcsMessagesBuilder::new`]. The
    /// builder also reads connection strings and environment variables.
    pub fn builder(endpoint: impl Into<String>, credential: Credential) -> AcsMessagesBuilder {
        AcsMessagesBuilder::new(endpoint, credential)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(crate) fn channel_registration_id(&self) -> Option<Uuid> {
        self.0.channel_registration_id
    }

    /// Returns a handle to the conversation with the id `id`. The service is not called.
    pub fn conversation(&self, id: impl Into<ConversationId>) -> ConversationThread {
        ConversationThread::new(self.clone(), id.into())
    }

    /// Returns a handle to notifications: messages to telephone numbers and WhatsApp users.
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        Notifications::new(self.clone())
    }

    /// Returns a request for any path of the service, e.g. for an operation that has no method
    /// here yet. It goes through the same pipeline: the credential, retries, limits and the check of
    /// the origin. The version for conversations is added, unless the path states one.
    ///
    /// ```
    /// use acs_messages::{AcsMessagesBuilder, Method};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    ///
    /// let request = client.request(Method::GET, "/messages/conversations");
    /// let page: serde_json::Value = request.with_query("maxPageSize", "1").json().await?;
    /// assert_eq!(page["value"].as_array().map(Vec::len), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> OpenRequest {
        open_request(self.pipeline(), method, path, &self.0.conversation_version)
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    /// Makes a call that the service executes once per key, however many attempts it takes, and
    /// whose success has the status `expected`.
    pub(crate) async fn call_once(
        &self,
        ready: Ready,
        deadline: Deadline,
        expected: u16,
    ) -> Result<Response> {
        let call = ready.call.with_deadline(deadline);
        let response = self.0.pipeline.call(call).await;
        let response = response.map_err(|error| ready.key.judge(error))?;
        response.expect_status(expected)?;
        Ok(response)
    }
}

/// A call that passed every local check, under its key.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) call: Call,
    key: Key,
}

impl Ready {
    /// Puts `call` under `key`.
    pub(crate) fn new(key: Key, call: Call) -> Result<Self> {
        let call = key.sign(call)?;
        Ok(Self { call, key })
    }

    /// Lets `journal` note each attempt.
    pub(crate) fn with_journal(mut self, journal: Option<Journal>) -> Self {
        self.call = self.call.with_journal(journal);
        self
    }
}

impl Inner {
    /// The version of the calls that are neither for conversations nor of a preview.
    pub(crate) fn version_of_notifications(&self) -> &str {
        self.notification_version.as_deref().unwrap_or("2024-08-30")
    }
}

/// Reads the response of the service to the key of a send.
pub(crate) fn repeatability(response: &Response) -> Option<Repeatability> {
    response
        .header("repeatability-result")
        .map(Repeatability::from)
}
