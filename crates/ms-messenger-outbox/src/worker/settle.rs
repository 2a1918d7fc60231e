//! Settles a message whose outcome is unknown.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{
    Capability, Delivery, Error, ErrorKind, IdempotencyKey, Messenger as _, Receipt, SendRequest,
    Settled, SharedMessenger,
};
use tokio::time::sleep;

use super::{
    attempt::{Attempt, Ended},
    context::Context,
    guard::caught,
    outcome::doubt,
    session::Session,
};
use crate::{
    message::Head,
    step::{Step, error_json},
    time::after,
};

/// A platform knows a key for five minutes after its first use; a send under it takes its time.
const KEY_LIFE: Duration = Duration::from_secs(4 * 60);
/// The pauses between two questions.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Settles messages of one route, under a lease.
pub(super) struct Settling<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) session: &'a Arc<Session>,
    pub(super) messenger: &'a SharedMessenger,
    pub(super) request: &'a SendRequest,
}

/// What one question brought.
enum Verdict {
    Step(Box<Step>),
    /// Ask again, at this time at the latest: it may be known before.
    Wait(Option<SystemTime>),
    /// The platform could not be asked this time; ask again after this time at the earliest.
    Failed(Error, Duration),
    /// The platform cannot be asked, or does not know.
    CannotTell(Error),
}

impl Settling<'_> {
    /// Asks until there is a verdict. When the worker stops, the message is given back, still being
    /// sent, for the next worker to settle.
    pub(super) async fn run(&self, mut head: Arc<Head>) {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        let step = loop {
            let (rest, why) = match self.turn(&mut head).await {
                Verdict::Step(step) => break *step,
                Verdict::CannotTell(error) => break park(&error),
                Verdict::Failed(error, least) => (pause.max(least), Some(error)),
                Verdict::Wait(until) => {
                    let left = until.and_then(|it| it.duration_since(SystemTime::now()).ok());
                    let rest = left.map_or(pause, |left| pause.min(left).max(SHORTEST_PAUSE));
                    (rest, None)
                }
            };
            let patience = self.context.settle_patience;
            let patience = patience.saturating_sub(started.elapsed());
            if patience.is_zero() {
                let no_verdict =
                    || Error::new(ErrorKind::Other, "the platform had no verdict in time");
                break park(&why.unwrap_or_else(no_verdict));
            }
            if !self.rest(rest.min(patience)).await {
                let due_at = SystemTime::now();
                break Step::Release { due_at };
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        self.session.finish(self.context, &head, step).await;
    }

    /// Asks the platform, and sends again under the same key where that is the only way to know.
    async fn turn(&self, head: &mut Arc<Head>) -> Verdict {
        let verdict = self.ask(head).await;
        match (&verdict, self.key(head)) {
            (Verdict::CannotTell(_), Some(key)) => self.send_again(head, key).await,
            _ => verdict,
        }
    }

    /// Waits, unless the worker stops. Returns whether it may go on.
    async fn rest(&self, pause: Duration) -> bool {
        tokio::select! {
            () = sleep(pause) => !self.session.is_lost(),
            () = self.session.stopped() => false,
        }
    }

    /// Asks the platform once.
    async fn ask(&self, head: &mut Arc<Head>) -> Verdict {
        let evidence = match self.context.outbox.evidence(head).await {
            Ok(Some(evidence)) => evidence,
            // Being sent, it has an attempt; without one, nobody can be asked.
            Ok(None) => {
                return Verdict::Step(Box::new(park_text("nothing is known of the attempt")));
            }
            Err(_) => return Verdict::Wait(None),
        };
        let Ok(_permit) = self.context.settling.acquire().await else {
            return Verdict::Wait(None);
        };
        let settled = caught(self.messenger.settle(self.request, &evidence)).await;
        match settled.unwrap_or_else(Settled::CannotTell) {
            // Recognised by what it says alone: an equal message may have appeared meanwhile.
            Settled::Found(receipt)
                if evidence.mark.is_none() && self.may_be_of_a_twin(head, &receipt).await =>
            {
                Verdict::Wait(None)
            }
            Settled::Found(receipt) => Verdict::Step(Box::new(self.found(receipt))),
            Settled::NotFound => Verdict::Step(Box::new(self.absent(head))),
            Settled::NotYet(when) => Verdict::Wait(Some(when)),
            Settled::CannotTell(error) => match self.wait_after(&error) {
                Some(wait) => self.not_asked(head, error, wait).await,
                None => Verdict::CannotTell(error),
            },
            _ => Verdict::Step(Box::new(park_text("the verdict is of an unknown kind"))),
        }
    }

    /// Whether the receipt can be that of an equal message.
    async fn may_be_of_a_twin(&self, head: &Head, receipt: &Receipt) -> bool {
        match self
            .context
            .outbox
            .store()
            .twins(&head.twin, &head.id)
            .await
        {
            Ok(twins) => {
                let id = receipt.message_id.as_ref();
                twins.in_doubt > 0 || id.is_some_and(|id| twins.sent.contains(id))
            }
            Err(_) => true,
        }
    }

    fn found(&self, receipt: Receipt) -> Step {
        Step::Sent {
            receipt: Some(receipt),
            erase: self.context.erases_content,
            attempts: 0,
        }
    }

    /// It is proven absent: it is due again.
    fn absent(&self, head: &Head) -> Step {
        let pause = self.context.outbox.backoff(head).pause(head.failures + 1);
        Step::Requeue {
            due_at: after(SystemTime::now(), pause),
            error: head.error.clone(),
            attempts: 0,
            is_failure: true,
        }
    }

    /// The key under which the platform still removes duplicates. No other platform knows it: the
    /// messenger of the route can have been replaced since the attempt.
    fn key(&self, head: &Head) -> Option<IdempotencyKey> {
        let capabilities = self.messenger.capabilities();
        let evidence = head.evidence.as_ref();
        let evidence = evidence.or(head.attempt.as_ref().map(|it| &it.evidence))?;
        let key = evidence.idempotency?;
        evidence.check_platform(self.messenger.platform()).ok()?;
        // A clock that was set back does not make a key younger.
        let age = key.first_sent.elapsed().ok()?;
        (capabilities.supports(Capability::Idempotency) && age < KEY_LIFE).then_some(key)
    }

    /// How long to wait at least before the platform is asked again, if the error can pass: a sign-in
    /// too can work again.
    fn wait_after(&self, error: &Error) -> Option<Duration> {
        match error.kind() {
            ErrorKind::Unauthenticated | ErrorKind::Config => Some(self.context.sign_in_pause),
            _ if error.is_transient() => Some(error.retry_after().unwrap_or_default()),
            _ => None,
        }
    }

    /// The platform could not be asked. Without a sign-in that is noted, for somebody has to act.
    async fn not_asked(&self, head: &mut Arc<Head>, error: Error, wait: Duration) -> Verdict {
        if !error.is_transient()
            && let Some(evidence) = head.attempt.as_ref().map(|it| it.evidence.clone())
        {
            let evidence = head.evidence.clone().unwrap_or(evidence);
            let step = Step::Doubt {
                evidence,
                error: error_json(&error),
                attempts: 0,
            };
            self.note(head, step).await;
        }
        Verdict::Failed(error, wait)
    }

    async fn note(&self, head: &mut Arc<Head>, step: Step) {
        if let Ok(noted) = self.session.write(self.context, head, step).await {
            *head = noted;
        }
    }

    /// Sends again under the same key. Only success, or the end of the key, brings a step: whatever
    /// this send says of itself, the first one may have been executed.
    async fn send_again(&self, head: &mut Arc<Head>, key: IdempotencyKey) -> Verdict {
        let attempt = Attempt {
            context: self.context,
            session: self.session,
            messenger: self.messenger,
            head,
            request: Box::new(self.request.clone()),
            key: Some(key),
        };
        let Ended {
            head: last,
            has_begun,
            is_unnoted,
            outcome,
            ..
        } = attempt.send().await;
        *head = last;
        let error = match outcome {
            Ok(receipt) => {
                return Verdict::Step(Box::new(Step::Sent {
                    receipt: Some(receipt),
                    erase: self.context.erases_content,
                    attempts: 1,
                }));
            }
            Err(error) => error,
        };
        if !has_begun || is_unnoted || error.kind() == ErrorKind::Cancelled {
            // Nothing has left this time: what was known before still counts.
            return match self.wait_after(&error) {
                Some(wait) => self.not_asked(head, error, wait).await,
                None => Verdict::Wait(None),
            };
        }
        let wait = match error.delivery() {
            Delivery::Sent => {
                return Verdict::Step(Box::new(Step::Sent {
                    receipt: None,
                    erase: self.context.erases_content,
                    attempts: error.attempts().max(1),
                }));
            }
            Delivery::Unknown => self.wait_after(&error).unwrap_or_default(),
            _ => match self.wait_after(&error) {
                Some(wait) => wait,
                None => return Verdict::CannotTell(error),
            },
        };
        self.note(head, keep_key(doubt(&error, head), key)).await;
        Verdict::Failed(error, wait)
    }
}

/// Evidence of a retry is evidence of the first send under its key.
fn keep_key(step: Step, key: IdempotencyKey) -> Step {
    match step {
        Step::Doubt {
            mut evidence,
            error,
            attempts,
        } => {
            evidence.began_at = evidence.began_at.min(key.first_sent);
            evidence.idempotency = Some(key);
            Step::Doubt {
                evidence,
                error,
                attempts,
            }
        }
        step => step,
    }
}

fn park(error: &Error) -> Step {
    Step::Park {
        error: error_json(error).unwrap_or_default(),
    }
}

fn park_text(why: &'static str) -> Step {
    park(&Error::new(ErrorKind::Other, why))
}
