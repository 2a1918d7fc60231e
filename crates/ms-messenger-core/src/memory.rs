//! A messenger that keeps what it is given; for tests and examples.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;

use crate::{
    Acceptance, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, Messenger, Receipt,
    Result, SendRequest, Settled, Target, random_uuid,
};

/// Records every message instead of sending it, and fails as it is told.
///
/// ```
/// use ms_messenger_core::{Error, ErrorKind, MemoryMessenger, MessengerExt, Target};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let messenger = MemoryMessenger::new();
/// messenger.fail_next(Error::new(ErrorKind::RateLimited, "slow down"));
///
/// let to = Target::conversation("1");
/// assert!(messenger.send_text(to.clone(), "lost").await.is_err());
/// assert_eq!(messenger.send_text(to, "kept").await?.message_id.unwrap().as_str(), "1");
/// assert_eq!(messenger.sent().len(), 1);
/// # Ok::<(), Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct MemoryMessenger {
    platform: String,
    capabilities: Capabilities,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: Vec<Stored>,
    /// The ids of the sends that failed without being recorded.
    lost: Vec<String>,
    failures: VecDeque<Failure>,
}

struct Stored {
    request: SendRequest,
    receipt: Receipt,
    client_request_id: String,
}

struct Failure {
    error: Error,
    is_stored: bool,
}

/// Counts only: what a message says is not for logs.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("sent", &self.sent.len())
            .field("failures", &self.failures.len())
            .finish()
    }
}

impl Default for MemoryMessenger {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryMessenger {
    /// A messenger named `memory` that carries everything but answers to idempotency keys.
    #[must_use]
    pub fn new() -> Self {
        let all: Capabilities = Capability::ALL.iter().copied().collect();
        Self {
            platform: "memory".to_owned(),
            capabilities: all.without(Capability::Idempotency),
            state: Mutex::default(),
        }
    }

    /// Gives it another name.
    #[must_use]
    pub fn with_platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = platform.into();
        self
    }

    /// Limits what it carries.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Lets the next send that passes the check fail with `error`; several calls queue up.
    /// The message is recorded only when the error says that it was sent.
    pub fn fail_next(&self, error: Error) {
        let is_stored = error.delivery() == Delivery::Sent;
        let failure = Failure { error, is_stored };
        self.state().failures.push_back(failure);
    }

    /// Lets the next send that passes the check record the message and lose the response: it
    /// fails with `Unknown`, and settling finds the message.
    ///
    /// ```
    /// use ms_messenger_core::{Delivery, MemoryMessenger, MessengerExt, SendRequest, Message, Target};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let messenger = MemoryMessenger::new();
    /// let request = SendRequest::new(Target::conversation("1"), Message::text("hi"));
    /// messenger.lose_next_response();
    /// assert!(messenger.send_settled(&request).await.is_ok());
    /// assert_eq!(messenger.sent().len(), 1);
    /// # });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lose_next_response(&self) {
        let error = Error::new(ErrorKind::Timeout, "no response in time");
        let failure = Failure {
            error,
            is_stored: true,
        };
        self.state().failures.push_back(failure);
    }

    /// The messages that went out, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<SendRequest> {
        let state = self.state();
        state.sent.iter().map(|it| it.request.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Messenger for MemoryMessenger {
    fn platform(&self) -> &str {
        &self.platform
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        self.capabilities.check(&self.platform, request)?;
        if let Some(reached) = request.deadline().reached() {
            let error = reached.into_error().with_delivery(Delivery::NotSent);
            return Err(error.with_platform(self.platform.clone()));
        }
        let began_at = SystemTime::now();
        let id = random_uuid().to_string();
        let mut state = self.state();
        let failure = state.failures.pop_front();
        let receipt = self.receipt(request, state.sent.len() + 1);
        if failure.as_ref().is_none_or(|failure| failure.is_stored) {
            state.sent.push(Stored {
                request: request.clone(),
                receipt: receipt.clone(),
                client_request_id: id.clone(),
            });
        } else {
            state.lost.push(id.clone());
        }
        let Some(Failure { error, .. }) = failure else {
            return Ok(receipt);
        };
        let ended_at = SystemTime::now();
        let evidence = Evidence::new(began_at)
            .with_platform(self.platform.clone())
            .with_end(ended_at, ended_at)
            .with_client_request_id(id);
        Err(error.with_evidence(evidence))
    }

    /// Knows every message that it recorded, so it always has a verdict for its own sends.
    async fn settle(&self, _: &SendRequest, evidence: &Evidence) -> Settled {
        if let Err(error) = evidence.check_platform(&self.platform) {
            return Settled::CannotTell(error);
        }
        let Some(id) = &evidence.client_request_id else {
            let why = "the evidence does not say which send it is of";
            return Settled::cannot_tell(self.platform.clone(), why);
        };
        let state = self.state();
        let stored = state.sent.iter().find(|it| it.client_request_id == *id);
        match stored {
            Some(stored) => Settled::Found(stored.receipt.clone()),
            None if state.lost.contains(id) => Settled::NotFound,
            None => Settled::cannot_tell(
                self.platform.clone(),
                "the evidence is of a send through another messenger",
            ),
        }
    }
}

impl MemoryMessenger {
    fn receipt(&self, request: &SendRequest, number: usize) -> Receipt {
        let receipt = Receipt::new(Acceptance::Posted)
            .with_message_id(number.to_string())
            .with_accepted_at(SystemTime::now());
        match &request.to {
            Target::Conversation(id) => receipt.with_conversation(id.clone()),
            _ => receipt,
        }
    }
}
