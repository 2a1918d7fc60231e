//! Brings one claimed message to its end.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Error, ErrorKind, SendRequest};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    active::ActiveRoute,
    attempt::{Attempt, Ended},
    context::Context,
    doubts::Doubt,
    outcome::{Next, after_send},
    session::Session,
    settle::Settling,
};
use crate::{
    error::{OutboxError, OutboxErrorKind},
    message::{Head, StoredMessage},
    settling,
    state::State,
    step::{Step, error_json},
    time::after,
};

/// The longest pause of a message whose key the outbox lacks.
const LONGEST_SEALED_PAUSE: Duration = Duration::from_secs(5 * 60);
/// The code of its error.
const SEALED: &str = "sealed";

/// A message that a worker has claimed.
pub(super) struct Delivery {
    pub(super) context: Arc<Context>,
    pub(super) session: Arc<Session>,
    pub(super) route: Arc<ActiveRoute>,
    pub(super) message: Box<StoredMessage>,
}

impl Delivery {
    /// Sends the message, or settles it if an earlier worker began to send it. The permit, which a
    /// message that is settled does not have, is given back when the send has ended: what became of
    /// it is written together with the beginning of the next one.
    pub(super) async fn run(self, permit: Option<OwnedSemaphorePermit>) {
        let request = self.context.outbox.request(&self.message);
        let Self {
            context,
            session,
            route,
            message,
        } = self;
        let head = Arc::new(message.head);
        let now = SystemTime::now();
        let step = match (head.state, request) {
            (State::Queued, _) if head.expires_at <= now => Step::Expire,
            // The clock was set back since it was claimed.
            (State::Queued, _) if head.no_earlier(now) > now => Step::Release {
                due_at: head.no_earlier(now),
            },
            (state, Err(error)) if error.kind() == OutboxErrorKind::Sealed => {
                let step = sealed(&context, &head, state, &error);
                if context.sealed.is_news() {
                    context.store_failed(&error);
                }
                step
            }
            (_, Ok(None)) => {
                let erased = "the content of the message was erased";
                unreadable(&head, erased, None)
            }
            (_, Err(error)) => {
                let damaged = "the stored message cannot be read";
                unreadable(&head, damaged, Some(error))
            }
            (state, Ok(Some(request))) => {
                // It is handed on from one future to the next.
                let request = Box::new(request);
                let work = Work {
                    context: &context,
                    session: &session,
                    route: &route,
                };
                return match state {
                    State::Queued => work.send(&head, request, permit).await,
                    _ => {
                        let evidence = settling::evidence(&head);
                        let _open = evidence.and_then(|it| Doubt::begin(&context, &head, &it));
                        Box::pin(work.settle(head, &request)).await;
                    }
                };
            }
        };
        Box::pin(session.finish(&context, &head, step)).await;
    }
}

/// Where a message is sent or settled.
struct Work<'a> {
    context: &'a Arc<Context>,
    session: &'a Arc<Session>,
    route: &'a ActiveRoute,
}

impl Work<'_> {
    async fn send(
        &self,
        head: &Arc<Head>,
        request: Box<SendRequest>,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        let attempt = Attempt {
            context: self.context,
            session: self.session,
            messenger: &self.route.messenger,
            head,
            request,
            key: None,
        };
        let ended = attempt.send().await;
        match after_send(self.context, &ended) {
            Next::Finish(step) => {
                // While the store cannot be reached, nothing more begins.
                let _kept = permit.filter(|_| ended.is_unnoted);
                self.session.finish(self.context, &ended.head, step).await;
            }
            Next::Pause(step, until) => Box::pin(self.pause(&ended.head, step, until)).await,
            Next::Doubt(step) => {
                drop(permit);
                Box::pin(self.doubt(ended, step)).await;
            }
        }
    }

    /// Pauses the route, and gives the message back.
    async fn pause(&self, head: &Arc<Head>, step: Step, until: SystemTime) {
        // First the pause: the message may be claimed again as soon as it is given back.
        self.route.pause_until(self.context, until).await;
        self.session.finish(self.context, head, step).await;
    }

    async fn doubt(&self, ended: Ended, step: Step) {
        // First of all: no equal message begins meanwhile.
        let _open = match &step {
            Step::Doubt { evidence, .. } => Doubt::begin(self.context, &ended.head, evidence),
            _ => None,
        };
        let written = self.session.write(self.context, &ended.head, step).await;
        if let Ok(head) = written {
            self.settle(head, &ended.request).await;
        }
    }

    async fn settle(&self, head: Arc<Head>, request: &SendRequest) {
        let settling = Settling {
            context: self.context,
            session: self.session,
            route: self.route,
            request,
        };
        settling.run(head).await;
    }
}

/// The step for a message whose content cannot be read. It is kept: nothing can be sent, and nothing
/// is known of what was.
fn unreadable(head: &Head, message: &'static str, source: Option<OutboxError>) -> Step {
    let mut error = Error::new(ErrorKind::Other, message);
    if let Some(source) = source {
        error = error.with_source(source);
    }
    let error = error_json(&error).unwrap_or_default();
    match head.state {
        State::Queued => Step::Refuse { error, attempts: 0 },
        _ => Step::Park { error },
    }
}

/// The step for a message whose key the outbox lacks: it waits for a worker that has it, and not for
/// long when that comes.
fn sealed(context: &Context, head: &Head, state: State, error: &OutboxError) -> Step {
    let pause = context.outbox.backoff(head).pause(head.failures + 1);
    let due_at = after(SystemTime::now(), pause.min(LONGEST_SEALED_PAUSE));
    if state != State::Queued {
        return Step::Release { due_at };
    }
    let error = Error::new(ErrorKind::Other, error.to_string()).with_code(SEALED);
    Step::Requeue {
        due_at,
        error: error_json(&error),
        attempts: 0,
        is_failure: true,
    }
}
