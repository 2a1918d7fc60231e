//! The typed client.

use std::sync::Arc;

use ms_messenger_core::{
    ConversationId, Deadline, Error, Mark, MarkKind, MessageId, Problems, Result, TokenProvider,
    random_uuid,
};
use ms_messenger_http::{Call, Pipeline, check_id, encode_path_segment};
use uuid::Uuid;

use crate::{
    AcsChatBuilder, ChatApiVersion, SendChatMessageRequest,
    error::PLATFORM,
    models::{CLIENT_MESSAGE_ID, SendChatMessageResult},
};

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
        ChatThread {
            client: self.clone(),
            id: id.into(),
        }
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

    pub(crate) fn sender_display_name(&self) -> Option<&str> {
        self.0.sender_display_name.as_deref()
    }

    pub(crate) async fn post(
        &self,
        thread: &ConversationId,
        request: &SendChatMessageRequest,
        deadline: Deadline,
    ) -> Result<SentChatMessage> {
        let call = self.call(thread, request)?.with_deadline(deadline);
        let response = self.0.pipeline.call(call).await?;
        response.expect_status(201)?;
        let result: SendChatMessageResult = response.json()?;
        Ok(SentChatMessage {
            id: response.expect_message_id(result.id)?,
            location: response.header("location").map(str::to_owned),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    fn path(&self, thread: &ConversationId) -> String {
        format!(
            "/chat/threads/{}/messages?api-version={}",
            encode_path_segment(thread.as_str()),
            self.0.api_version
        )
    }

    /// Runs every check of a message to `thread`, and returns the call that sends it.
    pub(crate) fn call(
        &self,
        thread: &ConversationId,
        request: &SendChatMessageRequest,
    ) -> Result<Call> {
        let mut problems = Problems::for_platform(PLATFORM);
        check_id(thread.as_str(), "thread", &mut problems);
        let kind = request.find_problems(&self.0.api_version, &mut problems);
        problems.into_result(kind)?;
        let call = Call::post("send", self.path(thread));
        let call = if self.0.client_message_ids {
            let (request, id) = with_client_message_id(request)?;
            let mark = Mark::new(MarkKind::ClientMessageId, id.to_string());
            call.with_json(&request)?
                .with_client_request_id(id)
                .with_mark(mark)
        } else {
            call.with_json(request)?
        };
        let (bytes, limit) = (call.body().len(), self.0.max_message_bytes);
        if let Some(limit) = limit.filter(|limit| bytes > *limit) {
            let rule = format!("the message has {bytes} bytes of JSON, more than {limit}");
            return Err(Error::invalid("content", rule).with_platform(PLATFORM));
        }
        Ok(call)
    }
}

/// Adds an id to the metadata of the request, by which the message can be found again.
fn with_client_message_id(
    request: &SendChatMessageRequest,
) -> Result<(SendChatMessageRequest, Uuid)> {
    if request.metadata.contains_key(CLIENT_MESSAGE_ID) {
        let field = format!("metadata.{CLIENT_MESSAGE_ID}");
        let rule = "is set by the client, as it is set up";
        return Err(Error::invalid(field, rule).with_platform(PLATFORM));
    }
    let id = random_uuid();
    let request = request
        .clone()
        .with_metadata(CLIENT_MESSAGE_ID, id.to_string());
    Ok((request, id))
}

/// A handle to one thread, by id.
///
/// ```
/// use acs_chat::{AcsChatClient, SendChatMessageRequest};
/// use ms_messenger_core::{Delivery, StaticToken};
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.seed().acs;
/// let token = StaticToken::new(acs.users[0].token.as_str());
/// let thread = AcsChatClient::builder(&acs.endpoint, token).build()?.thread(acs.thread_id.as_str());
///
/// let message = SendChatMessageRequest::html("<b>build 7</b>").with_metadata("build", "7");
/// let error = thread.send(&message.with_metadata("", "x".repeat(30_000))).await.unwrap_err();
/// assert_eq!(error.delivery(), Delivery::NotSent);
/// assert!(emulator.messages().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ChatThread {
    client: AcsChatClient,
    id: ConversationId,
}

impl ChatThread {
    /// Returns the id of the thread.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Sends a message to the thread:
    /// `POST /chat/threads/{id}/messages`. Source: "Chat Thread - Send Chat Message".
    ///
    /// The service cannot remove duplicates, so a send is not retried when it is unknown whether
    /// it was executed.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `Unsupported` before any I/O (an empty id or content, a kind that
    /// only the service makes, attachments in a version without them, too many bytes);
    /// `Unauthenticated`, `PermissionDenied` (not a participant), `NotFound`, `RateLimited`
    /// from the service. [`Error::delivery`] reports whether the message was sent.
    pub async fn send(&self, request: &SendChatMessageRequest) -> Result<SentChatMessage> {
        self.client
            .post(&self.id, request, Deadline::default())
            .await
    }
}

/// A message that the service stored (201).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentChatMessage {
    /// The id of the message: Unix milliseconds, as text.
    pub id: MessageId,
    /// The address of the message, as the service wrote it. The service encodes it differently
    /// from this client: compare the last segment only.
    pub location: Option<String>,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
}
