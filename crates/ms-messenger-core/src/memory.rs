//! A messenger that keeps what it is given; for tests and examples.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;

use crate::{
    Acceptance, Capabilities, Delivery, Error, Messenger, Receipt, Result, SendRequest, Target,
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
    sent: Vec<SendRequest>,
    failures: VecDeque<Error>,
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
        let mut capabilities = Capabilities::none();
        for feature in Capabilities::all_features() {
            if *feature != crate::Feature::Idempotency {
                capabilities = capabilities.with(*feature);
            }
        }
        Self {
            platform: "memory".to_owned(),
            capabilities,
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
        self.state().failures.push_back(error);
    }

    /// The messages that went out, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<SendRequest> {
        self.state().sent.clone()
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
        let mut state = self.state();
        let failure = state.failures.pop_front();
        if failure
            .as_ref()
            .is_none_or(|error| error.delivery() == Delivery::Sent)
        {
            state.sent.push(request.clone());
        }
        if let Some(error) = failure {
            return Err(error);
        }
        let mut receipt = Receipt::new(Acceptance::Posted)
            .with_message_id(state.sent.len().to_string())
            .with_accepted_at(SystemTime::now());
        if let Target::Conversation(id) = &request.to {
            receipt = receipt.with_conversation(id.clone());
        }
        Ok(receipt)
    }
}
