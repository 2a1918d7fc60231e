//! The typed client.

use std::sync::Arc;

use ms_messenger_core::{
    ConversationId, Deadline, ErrorKind, Mark, MarkKind, MessageId, Problem, Problems, Result,
    TokenProvider, random_uuid,
};
use ms_messenger_http::{Call, Pipeline, check_id, encode_path_segment};
use uuid::Uuid;

use crate::{
    AcsChatBuilder, ChatApiVersion, SendChatMessageRequest,
    error::PLATFORM,
    models::{CLIENT_MESSAGE_ID, SendChatMessageResult},
};

/// A client for ACS Chat, speaking as one user. Clone it to share it: a clone is cheap.
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
    /// Sets up a client for the resource at `endpoint`, speaking as the user whose ACS user
    /// access tokens `token` hands out. (ACS Chat takes neither access keys nor Entra tokens.)
    /// Tokens are cached here; `token` need not do it.
    pub fn builder(endpoint: impl Into<String>, token: impl TokenProvider) -> AcsChatBuilder {
        AcsChatBuilder::new(endpoint, token)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The thread with the id `id`. Nothing is asked of the service.
    pub fn thread(&self, id: impl Into<ConversationId>) -> ChatThread {
        ChatThread {
            client: self.clone(),
            id: id.into(),
        }
    }

    /// The version of the API that this client speaks.
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
        let call = self.ready(thread, request)?.call.with_deadline(deadline);
        let response = self.0.pipeline.call(call).await?;
        if response.status() != 201 {
            return Err(response.unusable("a send is answered with 201, this was another success"));
        }
        let result: SendChatMessageResult = response.json()?;
        if result.id.is_empty() {
            return Err(response.unusable("the response names no message"));
        }
        Ok(SentChatMessage {
            id: MessageId::from(result.id),
            location: response.header("location").map(str::to_owned),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// Runs every check of a message to `thread`.
    pub(crate) fn ready(
        &self,
        thread: &ConversationId,
        request: &SendChatMessageRequest,
    ) -> Result<Ready> {
        let call = self.call(thread, request);
        Ok(Ready {
            call: call.map_err(|error| error.with_platform(PLATFORM))?,
            warnings: request.warnings(),
        })
    }

    fn call(&self, thread: &ConversationId, request: &SendChatMessageRequest) -> Result<Call> {
        let mut problems = Problems::new();
        check_id(thread.as_str(), "thread", &mut problems);
        let kind = request.find_problems(&self.0.api_version, &mut problems);
        problems.into_result(kind)?;
        let path = format!(
            "/chat/threads/{}/messages?api-version={}",
            encode_path_segment(thread.as_str()),
            self.0.api_version
        );
        let mut call = Call::post("send", path);
        call = if self.0.client_message_ids {
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
            let mut problems = Problems::new();
            problems.add("content", rule);
            problems.into_result(ErrorKind::InvalidRequest)?;
        }
        Ok(call)
    }
}

/// A send that passed every local check, and what a reader would miss in it.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) call: Call,
    pub(crate) warnings: Vec<Problem>,
}

/// The request with an id in its metadata, by which the message can be found again.
fn with_client_message_id(
    request: &SendChatMessageRequest,
) -> Result<(SendChatMessageRequest, Uuid)> {
    let mut problems = Problems::new();
    let taken = request.metadata.contains_key(CLIENT_MESSAGE_ID);
    let field = format!("metadata.{CLIENT_MESSAGE_ID}");
    problems.add_if(taken, &field, "is written by the client, as it is set up");
    problems.into_result(ErrorKind::InvalidRequest)?;
    let id = random_uuid();
    let request = request
        .clone()
        .with_metadata(CLIENT_MESSAGE_ID, id.to_string());
    Ok((request, id))
}

/// One thread, by id.
#[derive(Clone, Debug)]
pub struct ChatThread {
    client: AcsChatClient,
    id: ConversationId,
}

impl ChatThread {
    /// The id of the thread.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Sends a message to the thread:
    /// `POST /chat/threads/{id}/messages`. Source: "Chat Thread - Send Chat Message".
    ///
    /// The service has no way to remove duplicates, so a send of which it is unknown whether
    /// it was executed is not repeated.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `Unsupported` before any I/O (an empty id or content, a kind that
    /// only the service makes, attachments in a version without them, too many bytes);
    /// `Unauthenticated`, `PermissionDenied` (not a participant), `NotFound`, `RateLimited`
    /// from the service. [`Error::delivery`](ms_messenger_core::Error::delivery) says whether the message is out.
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
    /// Its id: Unix milliseconds, as a text.
    pub id: MessageId,
    /// Its address, as the service wrote it. The service encodes it otherwise than this client
    /// does: compare the last segment only.
    pub location: Option<String>,
    /// The id under which the service knows the request (`MS-CV`).
    pub request_id: Option<String>,
}
