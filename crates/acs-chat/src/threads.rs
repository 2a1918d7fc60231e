//! The threads of the caller.

use ms_messenger_core::{IdempotencyKey, Result};
use ms_messenger_http::{Call, HeaderName, HeaderValue, Pages};

use crate::{
    AcsChatClient, ChatThreadItem, ChatThreadProperties, CreateChatThreadRequest, ListOptions,
    RejectedParticipant,
    list_options::Start,
    models::{check::Check, thread::CreateChatThreadResult},
    operations::{THREAD_CREATE, THREAD_LIST},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("repeatability-request-id");

impl AcsChatClient {
    /// Creates a thread in which the caller takes part: `POST /chat/threads`. Source: "Chat -
    /// Create Chat Thread".
    ///
    /// The call has a key by which the service recognises a repetition, so it is retried after a
    /// failure that leaves it unknown whether the thread was created. A success can leave some
    /// participants out: the result names them.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, ChatParticipant, CreateChatThreadRequest, SendChatMessageRequest};
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
    /// let other = ChatParticipant::new(acs.users[1].id.as_str());
    /// let request = CreateChatThreadRequest::new("Incident 7").with_participant(other);
    /// let created = client.create_thread(&request).await?;
    /// assert!(created.rejected.is_empty());
    /// let thread = client.thread(created.thread.id);
    /// thread.send(&SendChatMessageRequest::text("disk full")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `Unsupported` before any I/O (a blank topic, more than 200
    /// participants, an empty id, more than 1 KB of metadata, a retention outside 30 to 90 days,
    /// what the version does not have); the errors of the service.
    /// [`Error::delivery`](ms_messenger_core::Error::delivery) reports whether the thread was
    /// created. When that is unknown, create it again under the key of the error.
    pub async fn create_thread(
        &self,
        request: &CreateChatThreadRequest,
    ) -> Result<CreatedChatThread> {
        let mut check = Check::new(self.api_version());
        request.find_problems(&mut check);
        check.into_result()?;
        let key = request.idempotency.unwrap_or_else(IdempotencyKey::random);
        let path = format!("/chat/threads?api-version={}", self.api_version());
        let call = Call::of(&THREAD_CREATE, path)
            .with_idempotency(key)
            .with_header(REQUEST_ID, header_value(key))
            .with_json(request)?;
        let response = self.call(call, 201).await?;
        let result: CreateChatThreadResult = response.json()?;
        if result.chat_thread.id.as_str().is_empty() {
            return Err(response.unusable("the response names no thread"));
        }
        Ok(CreatedChatThread {
            thread: result.chat_thread,
            rejected: result.invalid_participants.unwrap_or_default(),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// Lists all threads of the caller: [`threads_with`](Self::threads_with) without options.
    pub fn threads(&self) -> Pages<ChatThreadItem> {
        self.threads_with(&ListOptions::default())
    }

    /// Lists threads of the caller, the one with the newest message first: `GET /chat/threads`.
    /// Source: "Chat - List Chat Threads". Deleted threads stay listed for a while.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, ListOptions};
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
    /// let mut pages = client.threads_with(&ListOptions::default().with_page_size(10));
    /// while let Some(threads) = pages.next_page().await? {
    ///     for thread in threads {
    ///         println!("{} {}", thread.id, thread.topic);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn threads_with(&self, options: &ListOptions) -> Pages<ChatThreadItem> {
        let mut check = Check::new(self.api_version());
        let query = options.query(Start::Time, &mut check.broken);
        let first = check.into_result().map(|()| {
            let path = format!("/chat/threads?{query}&api-version={}", self.api_version());
            Call::of(&THREAD_LIST, path)
        });
        Pages::new(self.pipeline(), first)
    }
}

fn header_value(key: IdempotencyKey) -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let id = key.id.hyphenated().encode_lower(&mut text);
    // Hexadecimal digits and hyphens.
    HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

/// A thread that the service created (201).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the service can have left participants out"]
#[non_exhaustive]
pub struct CreatedChatThread {
    /// The thread.
    pub thread: ChatThreadProperties,
    /// The participants that the service did not add; all others take part.
    pub rejected: Vec<RejectedParticipant>,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
}
