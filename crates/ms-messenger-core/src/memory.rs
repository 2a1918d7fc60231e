//! A messenger that stores messages in memory, for tests and examples.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;

use crate::{
    Acceptance, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, Messenger, Receipt,
    Result, SendRequest, Settled, Target, random_uuid,
};

/// The longest delay of a late message: ten years.
const LATEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Stores every message instead of sending it, fails as a test scripts it, and settles its own
/// sends.
///
/// It supports everything, and removes duplicates by the idempotency key of a request.
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
/// assert_eq!(messenger.send_text(to, "kept").await?.message_id.unwrap(), "1");
/// assert_eq!(messenger.sent().len(), 1);
/// # Ok::<(), Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MemoryMessenger {
    platform: String,
    capabilities: Capabilities,
    can_settle: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stored: Vec<Stored>,
    /// The client request ids of the sends that failed and stored nothing.
    lost: Vec<String>,
    failures: VecDeque<Failure>,
}

struct Stored {
    request: SendRequest,
    receipt: Receipt,
    /// Of each send with the key of the message.
    client_request_ids: Vec<String>,
    /// From when on settling sees it.
    visible_at: SystemTime,
}

struct Failure {
    error: Error,
    /// How long after the send the message is stored; `None` if it is not.
    stores_after: Option<Duration>,
}

/// Prints counts only: the content of messages does not belong into logs.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("stored", &self.stored.len())
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
    /// Creates a messenger named `memory`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            platform: "memory".to_owned(),
            capabilities: Capability::ALL.iter().copied().collect(),
            can_settle: true,
            state: Mutex::default(),
        }
    }

    /// Sets its platform name.
    #[must_use]
    pub fn with_platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = platform.into();
        self
    }

    /// Limits what it supports.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Sets whether it can be asked what it stored. If not, every verdict is
    /// [`Settled::CannotTell`], as on a platform without a list of messages. Default `true`.
    #[must_use]
    pub fn with_settling(mut self, can_settle: bool) -> Self {
        self.can_settle = can_settle;
        self
    }

    /// Lets the next send that passes the check fail with `error`; several calls queue up. The
    /// message is stored only if the error says that it was sent, so an error with an unknown
    /// delivery settles as [`Settled::NotFound`]. An error without a platform gets the messenger's.
    pub fn fail_next(&self, error: Error) {
        let is_stored = error.delivery() == Delivery::Sent;
        let stores_after = is_stored.then_some(Duration::ZERO);
        self.script(Failure {
            error,
            stores_after,
        });
    }

    /// Lets the next send that passes the check store the message and lose the response: it fails
    /// with an unknown delivery, and settling finds the message.
    ///
    /// ```
    /// use ms_messenger_core::{MemoryMessenger, MessengerExt, SendRequest, Target};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let messenger = MemoryMessenger::new();
    /// let request = SendRequest::new(Target::conversation("1"), "hi");
    /// messenger.lose_next_response();
    /// assert!(messenger.send_settled(&request).await.is_ok());
    /// assert_eq!(messenger.sent().len(), 1);
    /// # });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lose_next_response(&self) {
        self.store_next_late(Duration::ZERO);
    }

    /// Lets the next send that passes the check fail with an unknown delivery, and stores its
    /// message `after` that: until then settling says [`Settled::NotYet`], and
    /// [`sent`](Self::sent) does not list it. Time is that of the system clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ms_messenger_core::{Evidence, MemoryMessenger, Messenger, SendRequest, Settled, Target};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let messenger = MemoryMessenger::new();
    /// let request = SendRequest::new(Target::conversation("1"), "hi");
    /// messenger.store_next_late(Duration::from_secs(60));
    /// let error = messenger.send(&request).await.unwrap_err();
    /// assert_eq!(error.platform(), Some("memory"));
    /// let evidence = Evidence::of(&error).unwrap();
    /// let settled = messenger.settle(&request, &evidence).await;
    /// assert!(matches!(settled, Settled::NotYet(_)));
    /// # });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn store_next_late(&self, after: Duration) {
        self.script(Failure {
            error: Error::new(ErrorKind::Timeout, "no response in time"),
            stores_after: Some(after.min(LATEST)),
        });
    }

    /// Returns the stored messages, oldest first.
    pub fn sent(&self) -> Vec<SendRequest> {
        let now = SystemTime::now();
        let state = self.state();
        let stored = state.stored.iter().filter(|it| it.visible_at <= now);
        stored.map(|it| it.request.clone()).collect()
    }

    fn script(&self, failure: Failure) {
        self.state().failures.push_back(failure);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The receipt of the message, and whether that is stored. A message with the key of an
    /// earlier one is that one.
    fn store(&mut self, request: &SendRequest, id: &str, after: Option<Duration>) -> Receipt {
        let mut earlier = self.stored.iter_mut();
        let key = request.idempotency.map(|key| key.id);
        let same = |it: &&mut Stored| key.is_some() && it.request.idempotency.map(|k| k.id) == key;
        let now = SystemTime::now();
        let receipt = match earlier.find(same) {
            Some(stored) => {
                stored.client_request_ids.push(id.to_owned());
                return stored.receipt.clone();
            }
            None => receipt(request, self.stored.len() + 1),
        };
        match after {
            Some(after) => self.stored.push(Stored {
                request: request.clone(),
                receipt: receipt.clone(),
                client_request_ids: vec![id.to_owned()],
                visible_at: now + after,
            }),
            None => self.lost.push(id.to_owned()),
        }
        receipt
    }
}

fn receipt(request: &SendRequest, number: usize) -> Receipt {
    let receipt = Receipt::new(Acceptance::Posted)
        .with_message_id(number.to_string())
        .with_accepted_at(SystemTime::now());
    match &request.to {
        Target::Conversation(id) => receipt.with_conversation(id.clone()),
        _ => receipt,
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
        let not_sent = |error: Error| {
            let error = error.with_delivery(Delivery::NotSent);
            error.with_platform(self.platform.clone())
        };
        let deadline = request.deadline();
        if let Some(reached) = deadline.reached() {
            return Err(not_sent(reached.into_error()));
        }
        let began_at = SystemTime::now();
        let id = random_uuid().to_string();
        let mut evidence = Evidence::new(began_at)
            .with_platform(self.platform.clone())
            .with_client_request_id(id.as_str());
        evidence.idempotency = request.idempotency;
        if let Some(journal) = &request.journal {
            let noted = deadline.limit(journal.attempt_begins(&evidence)).await;
            let noted = noted.unwrap_or_else(|reached| Err(reached.into_error()));
            noted
                .and_then(|()| journal.check_may_leave())
                .map_err(not_sent)?;
        }
        let mut state = self.state();
        let Some(failure) = state.failures.pop_front() else {
            return Ok(state.store(request, &id, Some(Duration::ZERO)));
        };
        state.store(request, &id, failure.stores_after);
        let ended_at = SystemTime::now();
        let pending_until = ended_at + failure.stores_after.unwrap_or_default();
        let evidence = evidence.with_end(ended_at, pending_until);
        let mut error = failure.error;
        if error.platform().is_none() {
            error = error.with_platform(self.platform.clone());
        }
        Err(error.with_evidence(evidence))
    }

    /// Knows every message that it stored, so it has a verdict on each of its own sends.
    async fn settle(&self, _: &SendRequest, evidence: &Evidence) -> Settled {
        let cannot_tell = |why| Settled::cannot_tell(self.platform.clone(), why);
        if let Err(error) = evidence.check_platform(&self.platform) {
            return Settled::CannotTell(error);
        }
        if !self.can_settle {
            return cannot_tell("the messenger was configured not to settle");
        }
        let Some(id) = &evidence.client_request_id else {
            return cannot_tell("the evidence does not name its send");
        };
        let state = self.state();
        match state
            .stored
            .iter()
            .find(|it| it.client_request_ids.contains(id))
        {
            Some(stored) if stored.visible_at > SystemTime::now() => {
                Settled::NotYet(stored.visible_at)
            }
            Some(stored) => Settled::Found(stored.receipt.clone()),
            None if state.lost.contains(id) => Settled::NotFound,
            None => cannot_tell("the evidence is of a send through another messenger"),
        }
    }
}
