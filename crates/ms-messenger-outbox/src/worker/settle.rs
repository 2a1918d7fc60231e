//! Settles a message whose outcome is unknown.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{
    Capability, Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Messenger as _, Receipt,
    SendRequest, Settled,
};
use serde::Deserialize as _;
use serde_json::Value;
use tokio::time::sleep;

use super::{
    active::ActiveRoute,
    attempt::{Attempt, Ended},
    context::{Context, STORE_PAUSE},
    guard::caught,
    outcome::doubt,
    patience::{Patience, Until},
    session::Session,
};
use crate::{
    message::Head,
    settling::AMBIGUOUS,
    step::{Step, error_json},
    time::after,
};

/// A platform knows a key for five minutes after its first use; a send under it takes its time.
const KEY_LIFE: Duration = Duration::from_secs(4 * 60);
/// The pauses between two questions.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Before its end, a key is used once more, even if the service asked to wait for longer.
const LAST_USE: Duration = Duration::from_secs(5);

/// Settles messages of one route, under a lease.
pub(super) struct Settling<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) session: &'a Arc<Session>,
    pub(super) route: &'a ActiveRoute,
    pub(super) request: &'a SendRequest,
}

/// What one question brought.
enum Verdict {
    Step(Box<Step>),
    /// Ask again, at this time at the latest: it may be known before.
    Wait(Option<SystemTime>),
    /// Nothing was asked, because the service wants no request for this long.
    Quiet(Duration),
    /// It was not known this time; ask again, after this time at the earliest, for as long as the
    /// worker has patience with such an error.
    Failed(Error, Duration, Until),
    /// The store could not be read.
    NoStore,
    /// The platform cannot be asked, or does not know.
    CannotTell(Error),
}

impl Settling<'_> {
    /// Asks until there is a verdict. When the worker stops, the message is given back, still being
    /// sent, for the next worker to settle.
    pub(super) async fn run(&self, mut head: Arc<Head>) {
        let mut patience = Patience::new(self.context, &head);
        let began_at = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut last = (None, Until::Passed);
        let step = loop {
            let rest = match self.turn(&mut head, began_at).await {
                Verdict::Step(step) => break *step,
                Verdict::CannotTell(error) => break park(&error),
                Verdict::Failed(error, least, until) => {
                    patience.extend(error.retry_after());
                    last = (Some(error), until);
                    pause.max(least)
                }
                Verdict::Quiet(left) => {
                    patience.extend(Some(left));
                    left
                }
                Verdict::NoStore => {
                    patience = Patience::new(self.context, &head);
                    pause.max(STORE_PAUSE)
                }
                Verdict::Wait(until) => {
                    last = (None, Until::Passed);
                    let left = until.and_then(|it| it.duration_since(SystemTime::now()).ok());
                    left.map_or(pause, |left| pause.min(left).max(SHORTEST_PAUSE))
                }
            };
            let left = patience.left(last.1);
            if left.is_zero() {
                let no_verdict =
                    || Error::new(ErrorKind::Other, "the platform had no verdict in time");
                break park(&last.0.unwrap_or_else(no_verdict));
            }
            if !self.rest(rest.min(left)).await {
                let due_at = SystemTime::now();
                break Step::Release { due_at };
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        self.session.finish(self.context, &head, step).await;
    }

    /// Asks the platform, and sends again under the same key where that is the only way to know.
    async fn turn(&self, head: &mut Arc<Head>, since: Instant) -> Verdict {
        let verdict = self.ask(head).await;
        let is_unknown = matches!(
            verdict,
            Verdict::CannotTell(_) | Verdict::Failed(_, _, Until::Rejected)
        );
        match self.key(head, since).filter(|_| is_unknown) {
            Some((key, left)) => {
                let quiet = self.route.sends.left();
                let quiet = quiet.min(left.saturating_sub(LAST_USE));
                if quiet.is_zero() {
                    self.send_again(head, key).await
                } else {
                    Verdict::Quiet(quiet)
                }
            }
            None => verdict,
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
            Err(error) if error.is_transient() => {
                self.context.store_failed(&error);
                return Verdict::NoStore;
            }
            Err(error) => {
                let message = "the outbox cannot be read";
                let error = Error::new(ErrorKind::Other, message).with_source(error);
                return Verdict::CannotTell(error);
            }
        };
        let Ok(_permit) = self.context.settling.acquire().await else {
            return Verdict::Wait(None);
        };
        let quiet = self.route.questions.left();
        if !quiet.is_zero() {
            return Verdict::Quiet(quiet);
        }
        let settled = caught(self.route.messenger.settle(self.request, &evidence)).await;
        match settled.unwrap_or_else(Settled::CannotTell) {
            Settled::Found(receipt) => self.one_of_equals(head, &evidence, receipt).await,
            Settled::NotFound => Verdict::Step(Box::new(self.absent(head))),
            Settled::NotYet(when) => Verdict::Wait(Some(when)),
            Settled::CannotTell(error) => self.cannot_tell(head, &evidence, error).await,
            _ => Verdict::Step(Box::new(park_text("the verdict is of an unknown kind"))),
        }
    }

    /// The verdict on a message that was found. If it can be an equal one, that one may be settled before
    /// long.
    async fn one_of_equals(&self, head: &Head, evidence: &Evidence, receipt: Receipt) -> Verdict {
        let outbox = &self.context.outbox;
        match outbox.is_ambiguous(head, evidence, &receipt).await {
            Ok(false) => Verdict::Step(Box::new(self.found(receipt))),
            Ok(true) => {
                let error = Error::new(ErrorKind::Other, AMBIGUOUS).with_platform(self.platform());
                Verdict::Failed(error, Duration::ZERO, Until::TwinsEnded)
            }
            Err(_) => Verdict::NoStore,
        }
    }

    /// What follows when the platform did not tell.
    async fn cannot_tell(
        &self,
        head: &mut Arc<Head>,
        evidence: &Evidence,
        error: Error,
    ) -> Verdict {
        if error.kind() == ErrorKind::RateLimited {
            // To this worker alone: the limits of reads and sends are different ones.
            let wait = error.retry_after().unwrap_or_default();
            self.route.questions.extend(wait);
        }
        if let Some(wait) = self.wait_after(&error) {
            return self.not_asked(head, error, wait).await;
        }
        let is_response = error.status().is_some() || error.kind() == ErrorKind::Protocol;
        if is_response {
            // It is about the question and not about the message, and the next one may succeed.
            return Verdict::Failed(error, Duration::ZERO, Until::Rejected);
        }
        if evidence.mark.is_none() && evidence.has_twins {
            return Verdict::Failed(error, Duration::ZERO, Until::TwinsEnded);
        }
        Verdict::CannotTell(error)
    }

    fn platform(&self) -> String {
        self.route.messenger.platform().to_owned()
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
            // Why it could not be asked about is past.
            error: head.error.clone().filter(|it| !is_of_sign_in(it)),
            attempts: 0,
            is_failure: true,
        }
    }

    /// The key under which the platform still removes duplicates, and for how long. No other platform knows it: the
    /// messenger of the route can have been replaced since the attempt.
    fn key(&self, head: &Head, since: Instant) -> Option<(IdempotencyKey, Duration)> {
        let capabilities = self.route.messenger.capabilities();
        let evidence = head.evidence.as_ref();
        let evidence = evidence.or(head.attempt.as_ref().map(|it| &it.evidence))?;
        let key = evidence.idempotency?;
        evidence
            .check_platform(self.route.messenger.platform())
            .ok()?;
        // A clock that was set back does not make a key younger.
        let age = key.first_sent.elapsed().ok()?.max(since.elapsed());
        let left = KEY_LIFE.checked_sub(age).filter(|left| !left.is_zero())?;
        capabilities
            .supports(Capability::Idempotency)
            .then_some((key, left))
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
        Verdict::Failed(error, wait, Until::Passed)
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
            messenger: &self.route.messenger,
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
        if error.kind() == ErrorKind::RateLimited
            && let Some(wait) = error.retry_after()
        {
            self.route.pause_for(self.context, wait).await;
        }
        if !has_begun || is_unnoted || error.kind() == ErrorKind::Cancelled {
            // Nothing has left this time: what was known before still counts.
            return match self.wait_after(&error) {
                Some(wait) => self.not_asked(head, error, wait).await,
                None => Verdict::Wait(None),
            };
        }
        if error.delivery() == Delivery::Sent {
            return Verdict::Step(Box::new(Step::Sent {
                receipt: None,
                erase: self.context.erases_content,
                attempts: error.attempts().max(1),
            }));
        }
        // Whatever rejected this attempt may not reject the next one, and nothing else can tell.
        let wait = self.wait_after(&error).unwrap_or_default();
        self.note(head, keep_key(doubt(&error, head), key)).await;
        Verdict::Failed(error, wait, Until::Passed)
    }
}

/// Whether an error that is stored says that the platform could not be asked without a sign-in.
fn is_of_sign_in(error: &Value) -> bool {
    let kind = error.get("kind").map(ErrorKind::deserialize);
    matches!(
        kind,
        Some(Ok(ErrorKind::Unauthenticated | ErrorKind::Config))
    )
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
