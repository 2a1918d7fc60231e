//! One send of a message.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Journal,
    Messenger, Receipt, SendRequest, SharedMessenger,
};

use super::{context::Context, guard::caught, journal::AttemptJournal, session::Session};
use crate::{message::Head, time::after};

/// One send of a message, under a lease.
pub(super) struct Attempt<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) session: &'a Arc<Session>,
    pub(super) messenger: &'a SharedMessenger,
    pub(super) head: &'a Arc<Head>,
    pub(super) request: Box<SendRequest>,
    /// The key of an earlier attempt, under which the platform removes duplicates.
    pub(super) key: Option<IdempotencyKey>,
}

/// How a send ended.
pub(super) struct Ended {
    /// The message, as it was last stored.
    pub(super) head: Arc<Head>,
    /// What was to be sent.
    pub(super) request: Box<SendRequest>,
    /// Whether it is on disk that the attempt began. Else nothing has left.
    pub(super) has_begun: bool,
    /// Whether the store could not note it.
    pub(super) is_unnoted: bool,
    /// Whether it waits until an equal message is settled.
    pub(super) is_held_up: bool,
    pub(super) outcome: Result<Receipt, Error>,
}

impl Attempt<'_> {
    pub(super) async fn send(self) -> Ended {
        let Self {
            context,
            session,
            messenger,
            head,
            mut request,
            key,
        } = self;
        let timeout = context.attempt_timeout;
        let ends_by = after(SystemTime::now(), timeout);
        let journal = Arc::new(AttemptJournal::new(context, session, head, ends_by));
        let mut added = Added::new(&messenger.capabilities(), key);
        let outcome = loop {
            let cancel = added.has_deadline.then(|| session.cancel().clone());
            let shared = Arc::clone(&journal);
            request.idempotency = added.key;
            request.timeout = added.has_deadline.then_some(timeout);
            request.cancel = cancel;
            request.journal = added.has_journal.then(|| Journal::shared(shared));
            let outcome = if added.has_journal {
                let outcome = send_within(messenger, &request, timeout).await;
                outcome.or_else(|ended| ended.with_begun(|| journal.close()))
            } else {
                send_noted(messenger, &journal, &request, timeout).await
            };
            match &outcome {
                Err(error) if added.remove_refused(error) => {}
                _ => break outcome,
            }
        };
        let is_sent = match &outcome {
            Ok(_) => true,
            Err(error) => error.delivery() != Delivery::NotSent,
        };
        let mut has_begun = journal.has_begun();
        if is_sent && !has_begun {
            // A messenger that promised to note its attempts and did not: noted now.
            has_begun = journal.begin(&evidence(messenger, &request)).await.is_ok();
        }
        Ended {
            head: journal.head(),
            request: as_stored(request),
            has_begun,
            is_unnoted: journal.has_failed(),
            is_held_up: journal.is_held_up(),
            outcome,
        }
    }
}

/// What the worker adds to a request, as far as the messenger supports it.
struct Added {
    key: Option<IdempotencyKey>,
    /// Whether the key is that of an earlier attempt, without which nothing may be sent.
    has_earlier_key: bool,
    has_deadline: bool,
    has_journal: bool,
}

impl Added {
    fn new(capabilities: &Capabilities, key: Option<IdempotencyKey>) -> Self {
        let supports_keys = capabilities.supports(Capability::Idempotency);
        Self {
            key: key.or_else(|| supports_keys.then(IdempotencyKey::random)),
            has_earlier_key: key.is_some(),
            has_deadline: capabilities.supports(Capability::Deadline),
            has_journal: capabilities.supports(Capability::Journal),
        }
    }

    /// Removes what `error` refuses, because a messenger can support less for one request than for
    /// others: a router supports what any of its routes does. Returns whether anything was removed,
    /// so that the request can be sent without it. Without the key of an earlier attempt it cannot.
    fn remove_refused(&mut self, error: &Error) -> bool {
        if error.delivery() != Delivery::NotSent {
            return false;
        }
        let refused = |field| error.problems().iter().any(|it| it.field == field);
        let no_journal = self.has_journal && refused("journal");
        let no_deadline = self.has_deadline && (refused("timeout_ms") || refused("cancel"));
        // What is noted without the messenger does not name the member that has used the key.
        let no_key = self.key.is_some() && (refused("idempotency") || no_journal);
        if no_key && self.has_earlier_key {
            return false;
        }
        self.has_journal &= !no_journal;
        self.has_deadline &= !no_deadline;
        if no_key {
            self.key = None;
        }
        no_journal || no_deadline || no_key
    }
}

/// The request without what belongs to one attempt.
fn as_stored(mut request: Box<SendRequest>) -> Box<SendRequest> {
    request.idempotency = None;
    request.timeout = None;
    request.cancel = None;
    request.journal = None;
    request
}

/// Sends with a messenger that notes nothing itself.
async fn send_noted(
    messenger: &SharedMessenger,
    journal: &AttemptJournal,
    request: &SendRequest,
    timeout: Duration,
) -> Result<Receipt, Error> {
    use ms_messenger_core::SendJournal as _;
    // Before it is noted that the attempt begins: what is refused here has not begun.
    messenger
        .capabilities()
        .check(messenger.platform(), request)?;
    journal
        .attempt_begins(&evidence(messenger, request))
        .await?;
    let outcome = send_within(messenger, request, timeout).await;
    outcome.or_else(|ended| ended.with_begun(|| true))
}

fn evidence(messenger: &SharedMessenger, request: &SendRequest) -> Evidence {
    let platform = messenger.platform().to_owned();
    let mut evidence = Evidence::new(SystemTime::now()).with_platform(platform);
    evidence.idempotency = request.idempotency;
    evidence
}

/// A send that ended without the outcome of its messenger, or with an error.
enum Failure {
    /// What the messenger says.
    Said(Error),
    /// It was given up.
    GivenUp(Error),
}

impl Failure {
    /// The outcome. A messenger that notes its attempts and was given up before it began one has sent
    /// nothing.
    fn with_begun(self, has_begun: impl FnOnce() -> bool) -> Result<Receipt, Error> {
        Err(match self {
            Self::Said(error) => error,
            Self::GivenUp(error) if has_begun() => error,
            Self::GivenUp(error) => error.with_delivery(Delivery::NotSent),
        })
    }
}

/// Sends, and gives up a messenger that does not end in time, or panics.
async fn send_within(
    messenger: &SharedMessenger,
    request: &SendRequest,
    timeout: Duration,
) -> Result<Receipt, Failure> {
    /// What a messenger that obeys a timeout takes to say what it knows.
    const EXTRA: Duration = Duration::from_secs(5);
    let patience = if request.timeout.is_some() {
        timeout.saturating_add(EXTRA)
    } else {
        timeout
    };
    let sent = caught(messenger.send(request));
    let given_up = match tokio::time::timeout(patience, sent).await {
        Ok(Ok(outcome)) => return outcome.map_err(Failure::Said),
        Ok(Err(panicked)) => panicked,
        Err(_) => Error::new(ErrorKind::Timeout, "the messenger did not end in time"),
    };
    let platform = messenger.platform().to_owned();
    let given_up = given_up.with_delivery(Delivery::Unknown);
    Err(Failure::GivenUp(given_up.with_platform(platform)))
}
