//! One thread.

use ms_messenger_core::{ConversationId, MessageId, Problems, Result};
use ms_messenger_http::{Call, HeaderValue, Operation, Pages, check_id, encode_path_segment};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    AcsChatClient, ChatThreadProperties, ListOptions, UpdateChatThreadRequest,
    list_options::Start,
    models::check::Check,
    operations::{THREAD_DELETE, THREAD_GET, THREAD_UPDATE},
};

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
    pub(crate) fn new(client: AcsChatClient, id: ConversationId) -> Self {
        Self { client, id }
    }

    /// Returns the id of the thread.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    pub(crate) fn client(&self) -> &AcsChatClient {
        &self.client
    }

    /// Returns the properties of the thread: `GET /chat/threads/{id}`. Source: "Chat Thread - Get
    /// Chat Thread Properties".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that no thread has; `PermissionDenied` (the
    /// caller does not take part), `NotFound`, and the other errors of the service.
    pub async fn get(&self) -> Result<ChatThreadProperties> {
        let check = Check::new(self.client.api_version());
        let call = self.call(&THREAD_GET, "", check)?;
        self.client.call(call, 200).await?.json()
    }

    /// Changes topic, metadata or retention of the thread: `PATCH /chat/threads/{id}`. Source:
    /// "Chat Thread - Update Chat Thread Properties".
    ///
    /// The call is retried like a read. A new topic is announced in the thread; after a lost
    /// response that can happen twice.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, UpdateChatThreadRequest};
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
    /// thread.update(&UpdateChatThreadRequest::default().with_topic("Incident 7")).await?;
    /// assert_eq!(thread.get().await?.topic, "Incident 7");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `Unsupported` before any I/O (a blank topic, more than 1 KB of
    /// metadata, a retention outside 30 to 90 days, what the version does not have); then as
    /// [`get`](Self::get).
    pub async fn update(&self, change: &UpdateChatThreadRequest) -> Result<()> {
        let mut check = Check::new(self.client.api_version());
        change.find_problems(&mut check);
        let call = self.call(&THREAD_UPDATE, "", check)?;
        let call = with_merge_patch(call, change)?;
        self.client.call(call, 204).await.map(drop)
    }

    /// Deletes the thread for all participants: `DELETE /chat/threads/{id}`. Source: "Chat -
    /// Delete Chat Thread". It cannot be undone.
    ///
    /// The call is retried like a read. `NotFound` after more than one attempt
    /// ([`Error::attempts`](ms_messenger_core::Error::attempts)) can mean that an earlier one
    /// deleted the thread.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn delete(&self) -> Result<()> {
        let check = Check::new(self.client.api_version());
        let call = self.call(&THREAD_DELETE, "", check)?;
        self.client.call(call, 204).await.map(drop)
    }

    /// Returns the call of `operation` below this thread; `check` holds what else is wrong.
    pub(crate) fn call(
        &self,
        operation: &'static Operation,
        rest: &str,
        mut check: Check<'_>,
    ) -> Result<Call> {
        self.check_thread(&mut check.broken);
        check.into_result()?;
        Ok(Call::of(operation, self.path(rest, "")))
    }

    /// Returns the call of `operation` on one message.
    pub(crate) fn message_call(
        &self,
        operation: &'static Operation,
        message: &MessageId,
        mut check: Check<'_>,
    ) -> Result<Call> {
        check_id(message.as_str(), "message", &mut check.broken);
        let rest = format!("/messages/{}", encode_path_segment(message.as_str()));
        self.call(operation, &rest, check)
    }

    /// Returns the list that `operation` reads.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        rest: &str,
        start: Start,
        options: &ListOptions,
    ) -> Pages<T> {
        let mut check = Check::new(self.client.api_version());
        self.check_thread(&mut check.broken);
        let query = options.query(start, &mut check.broken);
        let first = check.into_result();
        let first = first.map(|()| Call::of(operation, self.path(rest, &format!("{query}&"))));
        Pages::new(self.client.pipeline(), first)
    }

    fn check_thread(&self, problems: &mut Problems) {
        check_id(self.id.as_str(), "thread", problems);
    }

    fn path(&self, rest: &str, query: &str) -> String {
        format!(
            "/chat/threads/{}{rest}?{query}api-version={}",
            encode_path_segment(self.id.as_str()),
            self.client.api_version()
        )
    }
}

/// The call with a body that changes the members that it has.
pub(crate) fn with_merge_patch<T: Serialize>(call: Call, body: &T) -> Result<Call> {
    let json = call.with_json(body)?;
    let bytes = json.body().clone();
    Ok(json.with_body(
        HeaderValue::from_static("application/merge-patch+json"),
        bytes,
    ))
}
