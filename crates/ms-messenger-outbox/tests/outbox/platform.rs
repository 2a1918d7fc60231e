//! A platform that fails as it is told, and knows what it stored.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{
    Acceptance, Body, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, Messenger,
    Receipt, Result, SendRequest, Settled, Target, async_trait, random_uuid,
};
use ms_messenger_outbox::{
    Attempt, Beat, Budget, Change, Claim, Envelope, Head, MemoryStore, Outbox, Route, State, Step,
    Worker, WorkerBuilder, WorkerId,
};
use tokio::sync::Notify;

pub(crate) const ROUTE: &str = "platform";

/// How the next send ends.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// It is stored, and the response is lost.
    LosesResponse,
    /// It is not stored, and the response is lost.
    LosesRequest,
    /// It is not stored.
    Fails(ErrorKind, Option<Duration>),
    /// The platform rejects it, once the attempt has begun.
    Rejects(ErrorKind, Option<Duration>),
    /// It hangs before the message leaves.
    HangsBefore,
    /// It is stored, and hangs.
    HangsAfter,
    /// It panics before the attempt begins.
    PanicsUnbegun,
    /// It panics before the message leaves.
    PanicsBefore,
    /// It is stored, and panics.
    PanicsAfter,
}

/// A platform, shared by all its clients.
#[derive(Clone, Debug)]
pub(crate) struct Platform {
    shared: Arc<Shared>,
    capabilities: Capabilities,
    can_be_asked: bool,
    finds_by_content: bool,
}

#[derive(Debug, Default)]
struct Shared {
    next: Mutex<VecDeque<Next>>,
    /// How the next questions fail.
    questions: Mutex<VecDeque<Error>>,
    asked: Mutex<Vec<Instant>>,
    stored: Mutex<Vec<Stored>>,
    hangs: Notify,
}

#[derive(Clone, Debug)]
struct Stored {
    call: String,
    text: String,
    key: Option<ms_messenger_core::Uuid>,
    receipt: Receipt,
}

impl Platform {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::default(),
            capabilities: Capabilities::new(&[
                Capability::ToConversation,
                Capability::Text,
                Capability::Deadline,
                Capability::Journal,
            ]),
            can_be_asked: true,
            finds_by_content: false,
        }
    }

    /// It recognises a message by what it says alone, unless another one has its id.
    pub(crate) fn finding_by_content(mut self) -> Self {
        self.finds_by_content = true;
        self
    }

    /// It removes duplicates by key, and cannot be asked.
    pub(crate) fn with_keys(mut self) -> Self {
        self.capabilities = self.capabilities.with(Capability::Idempotency);
        self.can_be_asked = false;
        self
    }

    /// It can neither be asked nor removes duplicates.
    pub(crate) fn mute(mut self) -> Self {
        self.can_be_asked = false;
        self
    }

    /// It can be asked after all.
    pub(crate) fn talkative(mut self) -> Self {
        self.can_be_asked = true;
        self
    }

    /// It notes nothing before a message leaves, and knows no timeout.
    pub(crate) fn simple(mut self) -> Self {
        self.capabilities = Capabilities::new(&[Capability::ToConversation, Capability::Text]);
        self
    }

    pub(crate) fn then(&self, next: Next) -> &Self {
        self.shared.next.lock().unwrap().push_back(next);
        self
    }

    /// The next time that it is asked about a message, it fails like this.
    pub(crate) fn then_question_fails(&self, error: Error) -> &Self {
        self.shared.questions.lock().unwrap().push_back(error);
        self
    }

    /// When it was asked about messages.
    pub(crate) fn asked(&self) -> Vec<Instant> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The texts that it stored, in order.
    pub(crate) fn texts(&self) -> Vec<String> {
        let stored = self.shared.stored.lock().unwrap();
        stored.iter().map(|it| it.text.clone()).collect()
    }

    /// Waits until a send hangs.
    pub(crate) async fn hangs(&self) {
        self.shared.hangs.notified().await;
    }

    fn store(&self, request: &SendRequest, call: &str) -> Receipt {
        let mut stored = self.shared.stored.lock().unwrap();
        let key = request.idempotency.map(|key| key.id);
        if let Some(same) = stored.iter().find(|it| key.is_some() && it.key == key) {
            return same.receipt.clone();
        }
        let number = stored.len() + 1;
        let receipt = Receipt::new(Acceptance::Posted).with_message_id(number.to_string());
        stored.push(Stored {
            call: call.to_owned(),
            text: text(&request.message.body),
            key,
            receipt: receipt.clone(),
        });
        receipt
    }
}

fn text(body: &Body) -> String {
    match body {
        Body::Text(text) => text.clone(),
        _ => String::new(),
    }
}

#[async_trait]
impl Messenger for Platform {
    fn platform(&self) -> &str {
        ROUTE
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        self.capabilities.check(ROUTE, request)?;
        let next = self.shared.next.lock().unwrap().pop_front();
        if let Some(Next::Fails(kind, retry_after)) = next {
            let error = Error::new(kind, "the platform refuses").with_platform(ROUTE);
            let error = error.with_delivery(Delivery::NotSent).with_attempts(1);
            return Err(match retry_after {
                Some(wait) => error.with_retry_after(wait),
                None => error,
            });
        }
        assert!(!matches!(next, Some(Next::PanicsUnbegun)), "as told");
        let call = random_uuid().to_string();
        let mut evidence = Evidence::new(SystemTime::now()).with_platform(ROUTE);
        evidence = evidence.with_client_request_id(call.clone());
        evidence.idempotency = request.idempotency;
        if let Some(journal) = &request.journal {
            journal.attempt_begins(&evidence).await?;
            assert!(journal.may_leave());
        }
        let deadline = request.deadline();
        let unknown = |kind| {
            let now = SystemTime::now();
            let error = Error::new(kind, "the response is lost").with_attempts(1);
            let evidence = evidence.clone().with_end(now, now);
            error
                .with_delivery(Delivery::Unknown)
                .with_evidence(evidence)
        };
        match next {
            None => Ok(self.store(request, &call)),
            Some(Next::Rejects(kind, retry_after)) => {
                let error = Error::new(kind, "the platform rejects it").with_platform(ROUTE);
                let error = error.with_delivery(Delivery::NotSent).with_attempts(1);
                Err(match retry_after {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                })
            }
            Some(Next::LosesRequest) => Err(unknown(ErrorKind::Transport)),
            Some(Next::LosesResponse) => {
                self.store(request, &call);
                Err(unknown(ErrorKind::Transport))
            }
            Some(Next::PanicsBefore) => panic!("as told"),
            Some(Next::PanicsAfter) => {
                self.store(request, &call);
                panic!("as told");
            }
            Some(hang) => {
                if matches!(hang, Next::HangsAfter) {
                    self.store(request, &call);
                }
                self.shared.hangs.notify_one();
                let _ = deadline.limit(std::future::pending::<()>()).await;
                Err(unknown(ErrorKind::Timeout))
            }
        }
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.shared.asked.lock().unwrap().push(Instant::now());
        if let Some(error) = self.shared.questions.lock().unwrap().pop_front() {
            return Settled::CannotTell(error);
        }
        if !self.can_be_asked {
            return Settled::cannot_tell(ROUTE, "it cannot be asked");
        }
        let stored = self.shared.stored.lock().unwrap();
        let call = evidence.client_request_id.as_deref();
        let text = text(&request.message.body);
        let is_claimed = |it: &Stored| {
            let id = it.receipt.message_id.as_ref();
            id.is_some_and(|id| evidence.claimed.contains(id))
        };
        let is_it = |it: &&Stored| match self.finds_by_content {
            true => it.text == text && !is_claimed(it),
            false => Some(it.call.as_str()) == call,
        };
        if let Some(found) = stored.iter().find(is_it) {
            return Settled::Found(found.receipt.clone());
        }
        match evidence.pending_until {
            Some(until) if until <= SystemTime::now() => Settled::NotFound,
            Some(until) => Settled::NotYet(until),
            None => Settled::cannot_tell(ROUTE, "the evidence has no end"),
        }
    }
}

/// An outbox in memory.
pub(crate) fn outbox() -> Outbox {
    let backoff = ms_messenger_outbox::Backoff::default()
        .with_pauses(Duration::from_millis(2), Duration::from_millis(10));
    Outbox::new(MemoryStore::new())
        .with_backoff(backoff)
        .into_dyn()
}

/// A worker with short times.
pub(crate) fn worker(outbox: &Outbox, platform: &Platform) -> WorkerBuilder {
    let route = Route::new(platform.clone()).with_budget(Budget::default());
    Worker::builder(outbox.clone())
        .with_route(ROUTE, route)
        .with_lease(Duration::from_millis(400))
        .with_attempt_timeout(Duration::from_millis(300))
        .with_settling_margin(Duration::from_millis(50))
        .with_sign_in_pause(Duration::from_millis(20))
        .with_grace(Duration::from_millis(50))
        .with_poll_interval(Duration::from_millis(5))
}

pub(crate) fn envelope(id: &str, text: &str) -> Envelope {
    Envelope::new(id, ROUTE, SendRequest::new(Target::conversation("1"), text))
}

/// The message, as it is stored.
pub(crate) async fn head(outbox: &Outbox, id: &str) -> Head {
    outbox.get(&id.into()).await.unwrap().unwrap().head
}

/// Waits until a message is in a state.
pub(crate) async fn until(outbox: &Outbox, id: &str, state: State) -> Head {
    loop {
        let head = head(outbox, id).await;
        if head.state == state {
            return head;
        }
        outbox.store().changed(Duration::from_millis(5)).await;
    }
}

/// Leaves a message as a worker that died in the middle of its attempt, at this time.
pub(crate) async fn leave_begun(outbox: &Outbox, id: &str, evidence: Evidence, at: SystemTime) {
    let (store, first) = (outbox.store(), WorkerId::random());
    let beat = Beat::new(first.clone(), Duration::from_millis(1), true);
    store.beat(&beat).await.unwrap();
    let route = head(outbox, id).await.route;
    let claim = Claim::new(first.clone(), route, 1, SystemTime::now());
    let claimed = store.claim(&claim).await.unwrap();
    let begin = Step::Begin(Attempt::new(evidence, at, at));
    let begin = Change::by_worker(&claimed.messages[0].head, &first, begin);
    store.apply(vec![begin]).await.unwrap()[0].as_ref().unwrap();
}
