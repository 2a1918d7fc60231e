//! Brings one claimed message to its end.

use std::{sync::Arc, time::SystemTime};

use ms_messenger_core::{Error, ErrorKind, SendRequest, SharedMessenger};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    attempt::Attempt,
    context::Context,
    outcome::{Next, after_send},
    session::Session,
    settle::Settling,
};
use crate::{
    error::{OutboxError, OutboxErrorKind},
    message::{Head, StoredMessage},
    state::State,
    step::{Step, error_json},
    time::after,
};

/// A message that a worker has claimed.
pub(super) struct Delivery {
    pub(super) context: Arc<Context>,
    pub(super) session: Arc<Session>,
    pub(super) route: String,
    pub(super) messenger: SharedMessenger,
    pub(super) message: StoredMessage,
}

impl Delivery {
    /// Sends the message, or settles it if an earlier worker began to send it. The permit is given
    /// back before a message is settled, which can take minutes.
    pub(super) async fn run(self, permit: OwnedSemaphorePermit) {
        let head = &self.message.head;
        if head.state == State::Queued && head.expires_at <= SystemTime::now() {
            return self.session.finish(&self.context, head, Step::Expire).await;
        }
        let request = match self.context.outbox.request(&self.message) {
            Ok(Some(request)) => request,
            Ok(None) => {
                return self
                    .unreadable("the content of the message was erased", None)
                    .await;
            }
            Err(error) => {
                return self
                    .unreadable("the stored message cannot be read", Some(error))
                    .await;
            }
        };
        if head.state == State::Queued {
            self.send(head, &request, permit).await;
        } else {
            drop(permit);
            self.settle(head.clone(), &request).await;
        }
    }

    async fn send(&self, head: &Head, request: &SendRequest, permit: OwnedSemaphorePermit) {
        let attempt = Attempt {
            context: &self.context,
            session: &self.session,
            messenger: &self.messenger,
            head,
            request,
            key: None,
        };
        let ended = attempt.send().await;
        match after_send(&self.context, &ended) {
            Next::Finish(step) => self.session.finish(&self.context, &ended.head, step).await,
            Next::Pause(step, until) => {
                // First the pause: the message may be claimed again as soon as it is given back.
                let store = self.context.outbox.store();
                let _ = store.pause(&self.route, until).await;
                self.session.finish(&self.context, &ended.head, step).await;
            }
            Next::Doubt(step) => {
                drop(permit);
                let written = self.session.write(&self.context, &ended.head, step).await;
                if let Ok(head) = written {
                    self.settle(head, request).await;
                }
            }
        }
    }

    async fn settle(&self, head: Head, request: &SendRequest) {
        let settling = Settling {
            context: &self.context,
            session: &self.session,
            messenger: &self.messenger,
            request,
        };
        settling.run(head).await;
    }

    /// A message whose content cannot be read is kept: nothing can be sent, and nothing is known of
    /// what was. One that is sealed waits for a worker that has the key.
    async fn unreadable(&self, message: &'static str, source: Option<OutboxError>) {
        let head = &self.message.head;
        let is_sealed = source
            .as_ref()
            .is_some_and(|it| it.kind() == OutboxErrorKind::Sealed);
        let mut error = Error::new(ErrorKind::Other, message);
        if let Some(source) = source {
            error = error.with_source(source);
        }
        let error = error_json(&error).unwrap_or_default();
        let pause = self.context.outbox.backoff(head).pause(head.failures + 1);
        let due_at = after(SystemTime::now(), pause);
        let step = match (head.state, is_sealed) {
            (State::Queued, true) => Step::Requeue {
                due_at,
                error: Some(error),
                attempts: 0,
                is_failure: true,
            },
            (_, true) => Step::Release { due_at },
            (State::Queued, false) => Step::Refuse { error, attempts: 0 },
            _ => Step::Park { error },
        };
        self.session.finish(&self.context, head, step).await;
    }
}
