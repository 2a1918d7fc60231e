//! Operations that the server accepts with 201 at once and completes by an event later.
//!
//! An operation is posted with an id of the client, which the events repeat as `operationId`:
//!
//! 1. `POST startMessaging {"operationId": "…", "to": "sip:lene@contoso.com"}`: 201 with the
//!    address of the invitation.
//! 2. Event `started`: names the conversation.
//! 3. Event `completed` with `Success`, or with `Failure` and a reason such as
//!    `RemoteFailure/Declined`.
//!
//! The events may come before the 201. Some servers leave out an event between; the state of the
//! conversation then shows the progress.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ms_messenger_core::{Deadline, Delivery, Error, Journal, Mark, MarkKind, Result, random_uuid};
use ms_messenger_http::{Call, Operation as HttpOperation};
use serde_json::Value;

use crate::{
    application::{Application, READ},
    error::UcwaErrorExt as _,
    inner::Inner,
    operations::{INVITATION_CANCEL, MESSAGING_ADD, MESSAGING_GET},
    reason::Reason,
    state::{Done, Operation, key},
    verdict::{AwaitedVerdict, Part},
};

/// How long the events of an operation are still recognised after the caller has stopped waiting.
/// An invitation rings for half a minute.
const LEFT: Duration = Duration::from_secs(180);

/// An operation that a caller waits for. It is registered before it is posted, because its events
/// can overtake the response.
pub(crate) struct PendingOperation<'a> {
    session: &'a Inner,
    application: &'a Arc<Application>,
    deadline: &'a Deadline,
    /// Of the message that the operation carries.
    journal: Option<Journal>,
    pub(crate) id: String,
}

/// How far an operation is.
pub(crate) enum Progress {
    /// The conversation is ready for messages.
    Ready(String),
    /// It did not fail, but the conversation is not known to be ready.
    Done(Operation),
    /// It failed.
    Failed(Option<Reason>),
    /// The server will report nothing more.
    Lost(&'static str),
}

impl<'a> PendingOperation<'a> {
    /// Registers an operation; `peer` is the one that it invites.
    pub(crate) fn begin(
        session: &'a Inner,
        application: &'a Arc<Application>,
        deadline: &'a Deadline,
        peer: Option<&str>,
    ) -> Self {
        let id = random_uuid().to_string();
        let operation = Operation {
            peer: peer.map(str::to_owned),
            ..Operation::default()
        };
        let mut state = session.conversations.state();
        let is_of_use = |it: &Operation| it.left_at.is_none_or(|left_at| left_at.elapsed() < LEFT);
        state.operations.retain(|_, operation| is_of_use(operation));
        state.operations.insert(id.clone(), operation);
        drop(state);
        Self {
            session,
            application,
            deadline,
            journal: None,
            id,
        }
    }

    /// Registers the message in the invitation. It shares the id of the operation.
    pub(crate) fn carry_message(&mut self, journal: Option<&Journal>) -> AwaitedVerdict {
        self.journal = journal.cloned();
        let mut state = self.session.conversations.state();
        if let Some(operation) = state.operations.get_mut(&self.id) {
            operation.carries = true;
        }
        state.verdicts.register("", &self.id, Part::INVITATION)
    }

    /// Posts the operation. A lost response is not a failure yet, because the events report the
    /// end: its error is returned as `Some`. The operation is posted again only if the server
    /// says that it did not start the first, or if two are as good as one, as for messaging that
    /// is added.
    pub(crate) async fn post(
        &self,
        operation: &'static HttpOperation,
        href: &str,
        body: &Value,
    ) -> Result<Option<Error>> {
        let path = self.application.path(href)?;
        let mut changes = self.session.conversations.changes();
        let mut may_retry = true;
        loop {
            let mut call = Call::of(operation, path.clone()).with_json(body)?;
            if let Some(journal) = self.journal.clone() {
                let mark = Mark::new(MarkKind::OperationId, self.id.as_str());
                call = call.with_mark(mark).with_journal(Some(journal));
            }
            let error = match self.application.carry(call, self.deadline).await {
                Ok(response) => {
                    let mut state = self.session.conversations.state();
                    if let Some(operation) = state.operations.get_mut(&self.id) {
                        let location = response.header("location");
                        operation.href = location.map(|href| key(href).to_owned());
                    }
                    return Ok(None);
                }
                Err(error) => error,
            };
            let current = &self.session.application;
            current.observe_error(self.application, &error);
            let in_the_way = error.is_in_the_way();
            let is_early = operation == &MESSAGING_ADD && error.is_vague_conflict();
            if (in_the_way || is_early) && std::mem::take(&mut may_retry) {
                let next = self.deadline.limit(changes.changed()).await;
                if matches!(next, Ok(Ok(()))) {
                    continue;
                }
            }
            if in_the_way || error.delivery() == Delivery::NotSent {
                self.reject();
                return Err(error.with_delivery(Delivery::NotSent));
            }
            return Ok(Some(error));
        }
    }

    /// The server did not start it: no event will report it.
    fn reject(&self) {
        let mut state = self.session.conversations.state();
        state.operations.remove(&self.id);
    }

    /// Waits until the operation has succeeded, failed, or made its conversation ready. `None` at
    /// the deadline and at the end of the session.
    pub(crate) async fn progress(&self) -> Option<Progress> {
        let conversations = &self.session.conversations;
        let progress = conversations.wait_for(self.deadline, |state| {
            let operation = state.operations.get(&self.id)?;
            match &operation.done {
                Some(Done::Failure(reason)) => return Some(Progress::Failed(reason.clone())),
                Some(Done::Lost(why)) => return Some(Progress::Lost(why)),
                _ => {}
            }
            let conversation = operation.conversation.as_ref();
            let known = conversation.and_then(|key| state.conversations.get(key));
            if known.is_some_and(|c| c.ready().is_some()) {
                return conversation.cloned().map(Progress::Ready);
            }
            let has_ended = operation.done.is_some();
            has_ended.then(|| Progress::Done(operation.clone()))
        });
        progress.await
    }

    /// Waits until the conversation of the completed operation is ready for messages. Its
    /// messaging is read once, in case the event was swallowed.
    pub(crate) async fn ready(&self, done: &Operation) -> Option<String> {
        let conversation = done.conversation.clone()?;
        let conversations = &self.session.conversations;
        if let Some(href) = &done.messaging
            && let Some(messaging) = self.application.read(&MESSAGING_GET, href).await
        {
            conversations
                .state()
                .take_messaging(&conversation, &messaging);
        }
        let ready = conversations.wait_for(self.deadline, |state| {
            let known = state.conversations.get(&conversation)?;
            known.ready().map(|_| conversation.clone())
        });
        ready.await
    }

    /// Waits until the operation has ended. `None` at the deadline and at the end of the session.
    pub(crate) async fn done(&self) -> Option<Done> {
        let conversations = &self.session.conversations;
        let done = conversations.wait_for(self.deadline, |state| {
            state.operations.get(&self.id)?.done.clone()
        });
        done.await
    }

    /// Withdraws an invitation in the background, so that it does not ring any longer. If it has
    /// ended meanwhile, there is nothing to do.
    pub(crate) fn withdraw(&self) {
        let stop = {
            let state = self.session.conversations.state();
            let operation = state.operations.get(&self.id);
            let key = operation.and_then(|operation| operation.conversation.as_ref());
            let conversation = key.and_then(|key| state.conversations.get(key));
            conversation.and_then(|c| c.messaging.stop.clone())
        };
        if let Some(href) = stop {
            let application = Arc::clone(self.application);
            tokio::spawn(async move {
                let cancelling = application.post(&INVITATION_CANCEL, &href, Value::Null);
                let _ = tokio::time::timeout(READ, cancelling).await;
            });
        }
    }
}

impl Drop for PendingOperation<'_> {
    /// The caller stops waiting. The events that still come need the entry for a while.
    fn drop(&mut self) {
        let mut state = self.session.conversations.state();
        let operation = state.operations.get_mut(&self.id);
        let has_ended = operation.is_some_and(|operation| {
            operation.left_at = Some(Instant::now());
            operation.done.is_some()
        });
        if has_ended {
            state.operations.remove(&self.id);
        }
        // The message in the invitation, if any.
        state.verdicts.give_up(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{BOB, Double, Reply, body, located, sip, soon, status};

    #[tokio::test(flavor = "multi_thread")]
    async fn an_operation_that_was_rejected_or_has_ended_leaves_nothing_behind() {
        let pending = serde_json::json!({"code": "Conflict", "subcode": "AnotherOperationPending"});
        let double = Double::start().await;
        let alice = double.user().with_send_timeout(Duration::from_millis(200));
        let alice = alice.sign_in().await.unwrap();
        let inner = alice.inner();
        let state = || inner.conversations.state();
        for refusal in [status(400), status(403), status(429), body(409, pending)] {
            double.always("POST", "/apps/1/invitations", refusal);
            for _ in 0..3 {
                assert!(!soon(alice.send(sip(BOB), "x")).await.is_delivered());
            }
            assert!(state().operations.is_empty());
        }
        // What may still ring is known for a while, and no longer.
        double.always("POST", "/apps/1/invitations", Reply::Close);
        double.once(
            "POST",
            "/apps/1/invitations",
            located("/apps/1/invitations/1"),
        );
        for _ in 0..3 {
            assert!(!soon(alice.send(sip(BOB), "x")).await.is_delivered());
        }
        assert_eq!(state().operations.len(), 3);
        for operation in state().operations.values_mut() {
            operation.left_at = Instant::now().checked_sub(LEFT);
        }
        let (application, deadline) = (inner.application.get(), inner.deadline());
        let operation = PendingOperation::begin(inner, &application, &deadline, None);
        drop(operation);
        assert_eq!(state().operations.len(), 1);
    }
}
