//! A service that responds to each request as it is told, and keeps the requests.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use acs_messages::{AcsMessagesBuilder, AcsMessagesClient, ConversationThread, Credential};
use ms_messenger_core::RetryPolicy;
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use serde_json::Value;

pub(crate) const CONVERSATION: &str = "19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2";
/// The path of the conversation.
pub(crate) const PATH: &str =
    "/messages/conversations/19%3A34adfa4f-cedf-4dc0-ba29-b6d1a69ab345%40thread.v2";
pub(crate) const VERSION: &str = "api-version=2025-04-01-preview";
pub(crate) const CHANNEL: &str = "0f0eb78e-a576-1dfc-b414-0f0756de3338";

pub(crate) struct Recorder(HttpDouble);

impl Recorder {
    /// Responds to the first request with the first of `replies`, and so on.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = Mutex::new(replies.into_iter().collect::<VecDeque<Reply>>());
        let next = move |_: &ReceivedRequest| {
            let reply = replies.lock().unwrap().pop_front();
            reply.expect("no more request is expected")
        };
        Self(HttpDouble::start(next).await.unwrap())
    }

    pub(crate) fn builder(&self) -> AcsMessagesBuilder {
        let retry = RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO);
        let credential = Credential::access_key("c2VjcmV0LWtleQ==").unwrap();
        AcsMessagesClient::builder(self.0.url(), credential).with_retry_policy(retry)
    }

    pub(crate) fn client(&self) -> AcsMessagesClient {
        self.builder().build().unwrap()
    }

    pub(crate) fn conversation(&self) -> ConversationThread {
        self.client().conversation(CONVERSATION)
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.0.requests()
    }

    /// Method and target of every request.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |it: &ReceivedRequest| format!("{} {}", it.method, it.target);
        self.requests().iter().map(line).collect()
    }

    /// The only request: its method and target, its body, and whether it has a key.
    #[track_caller]
    pub(crate) fn assert_one(&self, line: &str, body: &str, is_keyed: bool) {
        assert_eq!(self.lines(), [line]);
        let request = &self.requests()[0];
        let signed = request.header("authorization").unwrap();
        assert!(signed.starts_with("HMAC-SHA256 SignedHeaders="), "{signed}");
        let media_type = (!body.is_empty()).then_some("application/json");
        assert_eq!(request.header("content-type"), media_type, "{line}");
        assert_eq!(std::str::from_utf8(&request.body), Ok(body), "{line}");
        let key = request.header("repeatability-request-id").map(str::len);
        assert_eq!(key, is_keyed.then_some(36), "{line}");
        let first = request.header("repeatability-first-sent");
        assert_eq!(
            first.map(|it| it.ends_with(" GMT")),
            is_keyed.then_some(true)
        );
    }
}

pub(crate) fn json(status: u16, body: Value) -> Reply {
    Reply::json(status, &body).with_header("ms-cv", "cv.7")
}

pub(crate) fn empty(status: u16) -> Reply {
    Reply::new(status, "")
}
