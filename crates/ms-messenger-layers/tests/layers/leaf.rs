//! A messenger that fails as it is told, ends at each of its steps, and knows what it stored.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Acceptance, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, Messenger, Receipt,
    Result, SendRequest, Settled, async_trait,
};

/// How a send ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Accepts,
    Refuses(ErrorKind),
    /// Nothing is stored, and there is no response.
    LosesRequest,
    LosesResponse,
    /// It is stored, and the response cannot be read.
    GarblesResponse,
}

/// What it says when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    True,
    NotYet,
    CannotTell,
}

#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) number: usize,
    pub(crate) act: Act,
    pub(crate) verdict: Verdict,
    pub(crate) capabilities: Capabilities,
    /// How often it was called.
    pub(crate) calls: AtomicUsize,
    /// The ids of what it stored.
    stored: Mutex<Vec<String>>,
}

impl Leaf {
    pub(crate) fn new(number: usize, act: Act, verdict: Verdict) -> Self {
        Self {
            number,
            act,
            verdict,
            capabilities: Capability::ALL.iter().copied().collect(),
            calls: AtomicUsize::new(0),
            stored: Mutex::default(),
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn stored(&self) -> usize {
        self.stored.lock().unwrap().len()
    }

    fn receipt(id: &str) -> Receipt {
        Receipt::new(Acceptance::Posted).with_message_id(id)
    }
}

/// Lets the caller end the send here.
async fn step() {
    let mut was_polled = false;
    std::future::poll_fn(|context| {
        if was_polled {
            return Poll::Ready(());
        }
        was_polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl Messenger for Leaf {
    fn platform(&self) -> &str {
        "leaf"
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        self.capabilities.check("leaf", request)?;
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let deadline = request.deadline();
        let id = format!("{}/{call}", self.number);
        let began_at = SystemTime::now();
        let evidence = Evidence::new(began_at)
            .with_platform("leaf")
            .with_client_request_id(id.as_str());
        step().await;
        let not_sent = |error: Error| error.with_delivery(Delivery::NotSent).with_platform("leaf");
        if let Some(reached) = deadline.reached() {
            return Err(not_sent(reached.into_error()));
        }
        if let Some(journal) = &request.journal {
            let noted = journal.attempt_begins(&evidence).await;
            noted
                .and_then(|()| journal.check_may_leave())
                .map_err(not_sent)?;
        }
        step().await;
        if let Act::Refuses(kind) = self.act {
            return Err(not_sent(Error::new(kind, "refused")));
        }
        if self.act != Act::LosesRequest {
            self.stored.lock().unwrap().push(id.clone());
        }
        step().await;
        let ended_at = SystemTime::now();
        let evidence = evidence.with_end(ended_at, ended_at);
        let unknown = |error: Error| error.with_platform("leaf").with_evidence(evidence);
        if let Some(reached) = deadline.reached() {
            return Err(unknown(reached.into_error()));
        }
        match self.act {
            Act::Accepts | Act::Refuses(_) => Ok(Self::receipt(&id)),
            Act::LosesRequest | Act::LosesResponse => {
                Err(unknown(Error::new(ErrorKind::Timeout, "no response")))
            }
            Act::GarblesResponse => {
                let error = Error::new(ErrorKind::Protocol, "the response is not JSON");
                Err(error.with_delivery(Delivery::Sent).with_platform("leaf"))
            }
        }
    }

    async fn settle(&self, _: &SendRequest, evidence: &Evidence) -> Settled {
        let id = evidence.client_request_id.as_deref().unwrap();
        let own = format!("{}/", self.number);
        assert!(id.starts_with(&own), "the evidence of {id} went to {own}");
        step().await;
        match self.verdict {
            Verdict::CannotTell => Settled::cannot_tell("leaf", "it cannot be asked"),
            Verdict::NotYet => Settled::NotYet(SystemTime::now() + Duration::from_secs(3600)),
            Verdict::True => {
                let stored = self.stored.lock().unwrap();
                if stored.iter().any(|it| it == id) {
                    Settled::Found(Self::receipt(id))
                } else {
                    Settled::NotFound
                }
            }
        }
    }
}
