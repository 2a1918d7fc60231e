//! The conformance suite against a double.

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use ms_messenger_core::{SendRequest, SharedMessenger};
use serde_json::{Value, json};

use super::{
    double::HttpDouble,
    exchange::{ReceivedRequest, Reply},
};
use crate::subject::{Failure, Subject};

/// The HTTP API of a platform, as far as the conformance suite needs it: sending with any method
/// but `GET`, and listing with `GET`.
///
/// ```
/// use ms_messenger_testkit::{HttpPlatform, ReceivedRequest, Reply, StoredMessage};
/// use serde_json::{Value, json};
///
/// /// Confirms a message with its id, and lists the newest message first.
/// struct Chat;
///
/// impl HttpPlatform for Chat {
///     fn store(&self, number: usize, request: &ReceivedRequest) -> StoredMessage {
///         let id = number.to_string();
///         StoredMessage::new(Reply::json(201, &json!({ "id": id })))
///             .with_listed(json!({"id": id, "content": request.json()["content"]}))
///     }
///     fn list(&self, messages: &[Value]) -> Reply {
///         let messages: Vec<&Value> = messages.iter().rev().collect();
///         Reply::json(200, &json!({ "messages": messages }))
///     }
/// }
/// ```
pub trait HttpPlatform: Send + Sync + 'static {
    /// Accepts a message as the platform does. `number` counts the stored messages from 1.
    fn store(&self, number: usize, request: &ReceivedRequest) -> StoredMessage;

    /// Replies to a `GET` with the stored messages, oldest first. By default
    /// `{"value": [messages]}` with status 200.
    fn list(&self, messages: &[Value]) -> Reply {
        Reply::json(200, &json!({ "value": messages }))
    }

    /// Rejects a message as invalid. By default status 400 with
    /// `{"error": {"code": "BadRequest", "message": "no"}}`.
    fn reject(&self) -> Reply {
        let error = json!({"code": "BadRequest", "message": "no"});
        Reply::json(400, &json!({ "error": error }))
    }
}

/// A message that an [`HttpPlatform`] accepted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredMessage {
    /// The response to its send.
    pub reply: Reply,
    /// The message in a list; `null` if the platform has no list.
    pub listed: Value,
}

impl StoredMessage {
    /// Creates a message whose send was confirmed with `reply`, and that no list shows.
    #[must_use]
    pub fn new(reply: Reply) -> Self {
        Self {
            reply,
            listed: Value::Null,
        }
    }

    /// Sets the message as a list shows it.
    #[must_use]
    pub fn with_listed(mut self, message: Value) -> Self {
        self.listed = message;
        self
    }
}

/// A [`Subject`] whose platform is an [`HttpDouble`]: it counts what was stored, and arranges every
/// failure but a refused connection.
///
/// ```no_run
/// use ms_messenger_core::{Message, SendRequest, SharedMessenger, Target};
/// use ms_messenger_testkit::{
///     HttpPlatform, HttpSubject, ReceivedRequest, Reply, StoredMessage, assert_conformance,
/// };
/// use serde_json::json;
///
/// struct Pager;
///
/// impl HttpPlatform for Pager {
///     fn store(&self, number: usize, _request: &ReceivedRequest) -> StoredMessage {
///         StoredMessage::new(Reply::json(201, &json!({"id": number.to_string()})))
///     }
/// }
///
/// # async fn run(client: impl FnOnce(&str) -> SharedMessenger) -> std::io::Result<()> {
/// let subject = HttpSubject::start(Pager, client).await?
///     .with_request(|| SendRequest::new(Target::conversation("1"), "a message of the suite"))
///     .with_secret("very-secret-token");
/// assert_conformance(&subject).await;
/// # Ok(())
/// # }
/// ```
pub struct HttpSubject {
    double: HttpDouble,
    state: Arc<State>,
    messenger: SharedMessenger,
    request: Box<dyn Fn() -> SendRequest + Send + Sync>,
    secrets: Vec<String>,
}

#[derive(Default)]
struct State {
    messages: Mutex<Vec<Value>>,
    failure: Mutex<Option<Failure>>,
}

impl HttpSubject {
    /// Starts a double of `platform`, and tests the messenger that `client` builds for its URL.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn start(
        platform: impl HttpPlatform,
        client: impl FnOnce(&str) -> SharedMessenger,
    ) -> io::Result<Self> {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let double = HttpDouble::start(move |request| shared.reply(&platform, request)).await?;
        Ok(Self {
            messenger: client(double.url()),
            double,
            state,
            request: Box::new(|| {
                let to = ms_messenger_core::Target::conversation("1");
                SendRequest::new(to, "a message of the suite")
            }),
            secrets: Vec::new(),
        })
    }

    /// Sets how a valid request is made, a new one at every call. Default: a text to the
    /// conversation `1`.
    #[must_use]
    pub fn with_request(
        mut self,
        request: impl Fn() -> SendRequest + Send + Sync + 'static,
    ) -> Self {
        self.request = Box::new(request);
        self
    }

    /// Adds a text that must never be printed.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// Returns the double.
    pub fn double(&self) -> &HttpDouble {
        &self.double
    }
}

impl State {
    fn reply(&self, platform: &impl HttpPlatform, request: &ReceivedRequest) -> Reply {
        if request.method == "GET" {
            return platform.list(&lock(&self.messages));
        }
        let failure = lock(&self.failure).take();
        let reply = failure
            .is_none_or(Failure::is_stored)
            .then(|| self.store(platform, request));
        match (failure, reply) {
            (None, Some(reply)) => reply,
            (Some(Failure::GarbledResponse), Some(reply)) => reply.with_body(r#"{"id":"#),
            (Some(Failure::RateLimited), _) => Reply::new(429, ""),
            (Some(Failure::Rejected), _) => platform.reject(),
            _ => Reply::close(),
        }
    }

    fn store(&self, platform: &impl HttpPlatform, request: &ReceivedRequest) -> Reply {
        let mut messages = lock(&self.messages);
        let stored = platform.store(messages.len() + 1, request);
        messages.push(stored.listed);
        stored.reply
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Subject for HttpSubject {
    fn messenger(&self) -> SharedMessenger {
        Arc::clone(&self.messenger)
    }

    fn request(&self) -> SendRequest {
        (self.request)()
    }

    async fn stored(&self) -> usize {
        lock(&self.state.messages).len()
    }

    async fn fail_next(&self, failure: Failure) -> bool {
        if failure == Failure::Refused {
            return false;
        }
        *lock(&self.state.failure) = Some(failure);
        true
    }

    fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }
}

impl fmt::Debug for HttpSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSubject")
            .field("double", &self.double)
            .field("messenger", &self.messenger)
            .finish_non_exhaustive()
    }
}
