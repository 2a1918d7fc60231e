//! A service that responds to each request as it is told, and keeps the requests.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use acs_chat::{AcsChatBuilder, AcsChatClient, ChatThread};
use ms_messenger_core::{RetryPolicy, StaticToken};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use serde_json::Value;

pub(crate) const THREAD: &str = "19:f2167429acf6482880c6b7790a9086c1@thread.v2";
/// The path of the thread.
pub(crate) const PATH: &str = "/chat/threads/19%3Af2167429acf6482880c6b7790a9086c1%40thread.v2";
pub(crate) const VERSION: &str = "api-version=2025-03-15";

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

    pub(crate) fn builder(&self) -> AcsChatBuilder {
        let retry = RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO);
        AcsChatClient::builder(self.0.url(), StaticToken::new("t")).with_retry_policy(retry)
    }

    pub(crate) fn client(&self) -> AcsChatClient {
        self.builder().build().unwrap()
    }

    pub(crate) fn thread(&self) -> ChatThread {
        self.client().thread(THREAD)
    }

    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.0.requests()
    }

    /// Method and target of every request.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |it: &ReceivedRequest| format!("{} {}", it.method, it.target);
        self.requests().iter().map(line).collect()
    }

    /// The only request, as its method, target, media type and body.
    #[track_caller]
    pub(crate) fn assert_one(&self, line: &str, media_type: Option<&str>, body: &str) {
        assert_eq!(self.lines(), [line]);
        let request = &self.requests()[0];
        assert_eq!(request.header("authorization"), Some("Bearer t"));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("content-type"), media_type, "{line}");
        assert_eq!(std::str::from_utf8(&request.body), Ok(body), "{line}");
    }
}

pub(crate) fn json(status: u16, body: Value) -> Reply {
    Reply::json(status, &body).with_header("ms-cv", "cv.7")
}

pub(crate) fn empty(status: u16) -> Reply {
    Reply::new(status, "")
}
