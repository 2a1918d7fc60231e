//! Sends messages.

use ms_messenger_core::{
    ConversationId, Deadline, Error, Journal, Mark, MarkKind, MessageId, Problems, Result,
    random_uuid,
};
use ms_messenger_http::{Call, check_id, encode_path_segment};
use uuid::Uuid;

use crate::{
    AcsChatClient, CLIENT_MESSAGE_ID, SendChatMessageRequest,
    error::PLATFORM,
    models::send::SendChatMessageResult,
    operations::{MESSAGE_LIST, MESSAGE_SEND},
};

impl AcsChatClient {
    pub(crate) async fn post(
        &self,
        thread: &ConversationId,
        request: &SendChatMessageRequest,
        deadline: Deadline,
        journal: Option<Journal>,
    ) -> Result<SentChatMessage> {
        let call = self.send_call(thread, request)?;
        let is_settled = journal.is_some() && self.writes_client_message_ids();
        if is_settled && !self.pipeline().knows_service_clock() {
            // After a crash, another process would have to look through the messages of two days.
            let newest = self.newest(thread).with_deadline(deadline.clone());
            Box::pin(self.pipeline().read_clock(newest)).await;
        }
        let call = call.with_deadline(deadline).with_journal(journal);
        let response = self.call(call, 201).await?;
        let result: SendChatMessageResult = response.json()?;
        Ok(SentChatMessage {
            id: response.expect_message_id(result.id)?,
            location: response.header("location").map(str::to_owned),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// The call that reads the newest message of `thread`.
    fn newest(&self, thread: &ConversationId) -> Call {
        let thread = encode_path_segment(thread.as_str());
        let version = self.api_version();
        let path = format!("/chat/threads/{thread}/messages?maxPageSize=1&api-version={version}");
        Call::of(&MESSAGE_LIST, path)
    }

    /// Runs every check of a message to `thread`, and returns the call that sends it.
    pub(crate) fn send_call(
        &self,
        thread: &ConversationId,
        request: &SendChatMessageRequest,
    ) -> Result<Call> {
        let mut problems = Problems::for_platform(PLATFORM);
        check_id(thread.as_str(), "thread", &mut problems);
        let kind = request.find_problems(self.api_version(), &mut problems);
        problems.into_result(kind)?;
        let path = format!(
            "/chat/threads/{}/messages?api-version={}",
            encode_path_segment(thread.as_str()),
            self.api_version()
        );
        let call = Call::of(&MESSAGE_SEND, path);
        let call = if self.writes_client_message_ids() {
            let (request, id) = with_client_message_id(request)?;
            let mark = Mark::new(MarkKind::ClientMessageId, id.to_string());
            call.with_json(&request)?
                .with_client_request_id(id)
                .with_mark(mark)
        } else {
            call.with_json(request)?
        };
        self.check_size(&call)?;
        Ok(call)
    }

    /// Refuses a message that is too large.
    pub(crate) fn check_size(&self, call: &Call) -> Result<()> {
        let (bytes, limit) = (call.body().len(), self.max_message_bytes());
        match limit.filter(|limit| bytes > *limit) {
            Some(limit) => {
                let rule = format!("the message has {bytes} bytes of JSON, more than {limit}");
                Err(Error::invalid("content", rule).with_platform(PLATFORM))
            }
            None => Ok(()),
        }
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
