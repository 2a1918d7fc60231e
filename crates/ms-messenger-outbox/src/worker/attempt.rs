//! One send of a message.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Capability, Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Journal, Messenger, Receipt,
    SendRequest, SharedMessenger,
};

use super::{context::Context, journal::AttemptJournal, session::Session};
use crate::{message::Head, time::after};

/// One send of a message, under a lease.
pub(super) struct Attempt<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) session: &'a Arc<Session>,
    pub(super) messenger: &'a SharedMessenger,
    pub(super) head: &'a Head,
    pub(super) request: &'a SendRequest,
    /// The key of an earlier attempt, under which the platform removes duplicates.
    pub(super) key: Option<IdempotencyKey>,
}

/// How a send ended.
pub(super) struct Ended {
    /// The message, as it was last stored.
    pub(super) head: Head,
    /// Whether it is on disk that the attempt began. Else nothing has left.
    pub(super) has_begun: bool,
    /// Whether the store could not note it.
    pub(super) is_unnoted: bool,
    pub(super) outcome: Result<Receipt, Error>,
}

impl Attempt<'_> {
    pub(super) async fn send(self) -> Ended {
        let timeout = self.context.attempt_timeout;
        let ends_by = after(SystemTime::now(), timeout);
        let journal = AttemptJournal::new(self.context, self.session, self.head, ends_by);
        let journal = Arc::new(journal);
        let capabilities = self.messenger.capabilities();
        let mut request = self.request.clone();
        if capabilities.supports(Capability::Idempotency) {
            request.idempotency = Some(self.key.unwrap_or_else(IdempotencyKey::random));
        }
        if capabilities.supports(Capability::Deadline) {
            let cancel = self.session.cancel().clone();
            request = request.with_timeout(timeout).with_cancel(cancel);
        }
        let outcome = if capabilities.supports(Capability::Journal) {
            let shared = Arc::clone(&journal);
            request.journal = Some(Journal::shared(shared));
            send_within(self.messenger, &request, timeout).await
        } else {
            self.send_noted(&journal, &request, timeout).await
        };
        let mut ended = Ended {
            head: journal.head(),
            has_begun: journal.has_begun(),
            is_unnoted: journal.has_failed(),
            outcome,
        };
        let is_sent = match &ended.outcome {
            Ok(_) => true,
            Err(error) => error.delivery() != Delivery::NotSent,
        };
        if is_sent && !ended.has_begun {
            // A messenger that promised to note its attempts and did not: noted now.
            let evidence = self.evidence(&request);
            ended.has_begun = journal.begin(&evidence).await.is_ok();
            ended.head = journal.head();
        }
        ended
    }

    /// Sends with a messenger that notes nothing itself.
    async fn send_noted(
        &self,
        journal: &AttemptJournal,
        request: &SendRequest,
        timeout: Duration,
    ) -> Result<Receipt, Error> {
        use ms_messenger_core::SendJournal as _;
        let capabilities = self.messenger.capabilities();
        // Before it is noted that the attempt begins: what is refused here has not begun.
        capabilities.check(self.messenger.platform(), request)?;
        journal.attempt_begins(&self.evidence(request)).await?;
        send_within(self.messenger, request, timeout).await
    }

    fn evidence(&self, request: &SendRequest) -> Evidence {
        let platform = self.messenger.platform().to_owned();
        let mut evidence = Evidence::new(SystemTime::now()).with_platform(platform);
        evidence.idempotency = request.idempotency;
        evidence
    }
}

/// Sends, and gives up a messenger that does not end in time.
async fn send_within(
    messenger: &SharedMessenger,
    request: &SendRequest,
    timeout: Duration,
) -> Result<Receipt, Error> {
    /// What a messenger that obeys a timeout takes to say what it knows.
    const EXTRA: Duration = Duration::from_secs(5);
    let began_at = SystemTime::now();
    let patience = if request.timeout.is_some() {
        timeout.saturating_add(EXTRA)
    } else {
        timeout
    };
    match tokio::time::timeout(patience, messenger.send(request)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let error = Error::new(ErrorKind::Timeout, "the messenger did not end in time");
            let error = error.with_delivery(Delivery::Unknown);
            Err(error
                .with_platform(messenger.platform().to_owned())
                .with_began_at(began_at))
        }
    }
}
