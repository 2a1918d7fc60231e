//! Messengers in memory, and the conformance subject over several of them.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use ms_messenger_core::{
    Capabilities, Delivery, Error, ErrorKind, Evidence, MemoryMessenger, Messenger, Receipt,
    Result, SendRequest, Settled, SharedMessenger, Target,
};
use ms_messenger_testkit::{Failure, Subject, async_trait};

/// A messenger and a second handle to it.
pub(crate) fn memory() -> Arc<MemoryMessenger> {
    Arc::new(MemoryMessenger::new())
}

pub(crate) fn named(platform: &str) -> Arc<MemoryMessenger> {
    Arc::new(MemoryMessenger::new().with_platform(platform))
}

pub(crate) fn request() -> SendRequest {
    SendRequest::new(Target::conversation("1"), "a message of the suite")
}

pub(crate) fn no_connection() -> Error {
    Error::new(ErrorKind::Connect, "no connection")
}

/// A composition over `stores`.
pub(crate) struct Composed {
    pub(crate) messenger: SharedMessenger,
    pub(crate) stores: Vec<Arc<MemoryMessenger>>,
    /// The stores that fail when the suite arranges a failure.
    pub(crate) failing: Vec<usize>,
    /// How many stores have each message.
    pub(crate) copies: usize,
    pub(crate) request: fn() -> SendRequest,
}

#[async_trait]
impl Subject for Composed {
    fn messenger(&self) -> SharedMessenger {
        Arc::clone(&self.messenger)
    }

    fn request(&self) -> SendRequest {
        (self.request)()
    }

    async fn stored(&self) -> usize {
        let stored: usize = self.stores.iter().map(|store| store.sent().len()).sum();
        // While a journal notes the second copy, the first is stored.
        stored / self.copies
    }

    async fn fail_next(&self, failure: Failure) -> bool {
        // A fallback ends at the first member that may have stored the message.
        let ends = self.copies == 1 && failure.is_stored();
        let failing = self.failing.iter().take(if ends { 1 } else { usize::MAX });
        failing
            .map(|store| &self.stores[*store])
            .all(|store| arrange(store, failure))
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

pub(crate) fn arrange(store: &MemoryMessenger, failure: Failure) -> bool {
    let kind = match failure {
        Failure::Refused => ErrorKind::Connect,
        Failure::Rejected => ErrorKind::InvalidRequest,
        Failure::RateLimited => ErrorKind::RateLimited,
        Failure::LostResponse => {
            store.lose_next_response();
            return true;
        }
        Failure::GarbledResponse => {
            let error = Error::new(ErrorKind::Protocol, "the response is not JSON");
            store.fail_next(error.with_delivery(Delivery::Sent));
            return true;
        }
        _ => return false,
    };
    store.fail_next(Error::new(kind, "as the suite asked"));
    true
}

/// Forwards to a store, writes the journal of a request as a client does, and keeps the requests
/// that it was sent and asked about.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) store: MemoryMessenger,
    pub(crate) sent: Mutex<Vec<SendRequest>>,
    pub(crate) settled: Mutex<Vec<SendRequest>>,
}

impl Probe {
    pub(crate) fn new(platform: &str) -> Arc<Self> {
        Arc::new(Self {
            store: MemoryMessenger::new().with_platform(platform),
            sent: Mutex::default(),
            settled: Mutex::default(),
        })
    }
}

#[async_trait]
impl Messenger for Probe {
    fn platform(&self) -> &str {
        self.store.platform()
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        self.sent.lock().unwrap().push(request.clone());
        if let Some(journal) = &request.journal {
            let evidence = Evidence::new(SystemTime::now())
                .with_platform(self.platform())
                .with_client_request_id("an attempt");
            journal.attempt_begins(&evidence).await?;
            if !journal.may_leave() {
                let error = Error::new(ErrorKind::Other, "it may not leave any more");
                return Err(error.with_delivery(Delivery::NotSent));
            }
        }
        let mut own = request.clone();
        own.journal = None;
        self.store.send(&own).await
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.settled.lock().unwrap().push(request.clone());
        self.store.settle(request, evidence).await
    }
}
