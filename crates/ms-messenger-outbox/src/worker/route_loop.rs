//! Claims the messages of one route, and delivers them.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::CancelHandle;
use tokio::{
    sync::Semaphore,
    time::{Instant, Sleep, sleep, timeout_at},
};

use super::{
    active::ActiveRoute,
    clock::Clock,
    context::{Context, STORE_PAUSE},
    crew::Crew,
    deliver::Delivery,
    route::Route,
    session::Session,
    stuck::stuck,
    waiting::Waiting,
};
use crate::{
    budget::Budget,
    change::Change,
    error::Result,
    message::{Head, StoredMessage},
    state::State,
    step::Step,
    store::{Claim, Claimed},
    time::whole,
};

/// After how many poll intervals in which nothing was claimed a worker that ends when nothing waits
/// looks whether what waits can be read.
const IDLE_POLLS: u32 = 10;

/// Claims the messages of one route, and delivers them, until it is stopped.
pub(super) struct RouteLoop {
    context: Arc<Context>,
    session: Arc<Session>,
    route: Arc<ActiveRoute>,
    budget: Budget,
    stop: CancelHandle,
    until_empty: bool,
    permits: Arc<Semaphore>,
    running: Crew,
    waiting: Waiting,
    /// Wakes the loop no later than when a message has waited for too long. It is one timer that may
    /// be early: each new one could wake the thread that keeps the time.
    alarm: Pin<Box<Sleep>>,
    /// The claim that is under way, or a rest after one.
    next: Option<Pin<Box<dyn Future<Output = Event> + Send>>>,
    is_claiming: bool,
    clock: Clock,
    /// When something was claimed last, or it was found that nothing is stuck.
    idle_since: Instant,
    /// How many messages without a key were met then.
    sealed: u64,
}

/// What the loop waits for.
enum Event {
    /// What was claimed, when the route had paused so often, and whether it is known that no message has
    /// a time of a clock that was ahead.
    Claimed(Result<Claimed>, u64, bool),
    Rested,
    /// A send has ended, or a message has waited for too long.
    Turn,
    Stopped,
}

impl RouteLoop {
    pub(super) fn new(
        context: &Arc<Context>,
        session: &Arc<Session>,
        name: &str,
        route: &Route,
        stop: &CancelHandle,
        until_empty: bool,
    ) -> Self {
        let budget = route.budget;
        let has_rates = budget.route.is_some() || budget.target.is_some();
        Self {
            context: Arc::clone(context),
            session: Arc::clone(session),
            route: Arc::new(ActiveRoute::new(name, Arc::clone(&route.messenger))),
            budget,
            stop: stop.clone(),
            until_empty,
            permits: Arc::new(Semaphore::new(route.concurrency as usize)),
            running: Crew::default(),
            waiting: Waiting::new(route.concurrency, has_rates),
            alarm: Box::pin(sleep(Duration::ZERO)),
            next: None,
            is_claiming: false,
            clock: Clock::new(),
            idle_since: Instant::now(),
            sealed: context.sealed.seen(),
        }
    }

    pub(super) async fn run(mut self) -> Result<()> {
        let outcome = self.work().await;
        self.end().await;
        outcome
    }

    async fn work(&mut self) -> Result<()> {
        // What nothing can be done about is left as it is.
        if self.until_empty
            && let Some(error) = Box::pin(stuck(&self.context, &self.route.name, false)).await
        {
            return Err(error);
        }
        loop {
            self.start();
            let stale = self.waiting.stale(self.route.pauses());
            self.give_back(stale).await;
            if self.next.is_none() && self.waiting.wants_more(self.free()) {
                self.claim();
            }
            match self.event().await {
                Event::Claimed(Ok(claimed), pauses, is_level) => {
                    if is_level {
                        self.clock.is_noted();
                    }
                    if claimed.messages.is_empty() && self.is_done(claimed.next_at).await? {
                        return Ok(());
                    }
                    if !claimed.messages.is_empty() {
                        self.idle_since = Instant::now();
                    }
                    self.take(claimed.messages, pauses);
                }
                Event::Claimed(Err(error), ..) if error.is_transient() => {
                    self.context.store_failed(&error);
                    self.rest(STORE_PAUSE);
                }
                Event::Claimed(Err(error), ..) => return Err(error),
                Event::Rested | Event::Turn => {}
                Event::Stopped => return Ok(()),
            }
        }
    }

    /// Waits for what comes next.
    async fn event(&mut self) -> Event {
        let may_send = self.session.may_send();
        let waits_for_turn = may_send && (!self.waiting.is_empty() || self.next.is_none());
        let patience = self.waiting.patience();
        if let Some(patience) = patience {
            self.set_alarm(patience);
        }
        let next = async {
            match &mut self.next {
                Some(next) => next.await,
                None => pending().await,
            }
        };
        let event = tokio::select! {
            // First what goes on: sends that were committed together end together, and one claim
            // replaces all of them.
            biased;
            () = self.running.some_ended() => Event::Turn,
            event = next => {
                (self.next, self.is_claiming) = (None, false);
                event
            }
            _ = self.permits.acquire(), if waits_for_turn => Event::Turn,
            () = self.alarm.as_mut(), if patience.is_some() => Event::Turn,
            () = self.stop.cancelled() => Event::Stopped,
            () = self.session.cancel().cancelled() => Event::Stopped,
        };
        if self.stop.is_cancelled() || self.session.is_lost() {
            if let Event::Claimed(Ok(claimed), pauses, _) = event {
                self.waiting.add(claimed.messages, pauses);
            }
            return Event::Stopped;
        }
        event
    }

    fn set_alarm(&mut self, patience: Duration) {
        let at = Instant::now() + patience;
        if self.alarm.is_elapsed() || self.alarm.deadline() > at {
            self.alarm.as_mut().reset(at);
        }
    }

    /// How many messages can be sent at once.
    fn free(&self) -> usize {
        self.permits.available_permits()
    }

    /// Begins to claim. Without a fresh lease it is of no use.
    fn claim(&mut self) {
        if !self.session.may_send() {
            return self.rest(self.context.poll);
        }
        let limit = u32::try_from(self.waiting.next_claim(self.free())).unwrap_or(u32::MAX);
        if limit == 0 {
            return;
        }
        let worker = self.session.worker().clone();
        let now = whole(SystemTime::now());
        let claim = Claim::new(worker, &self.route.name, limit, now).with_budget(self.budget);
        let store = Arc::clone(self.context.outbox.store());
        let pauses = self.route.pauses();
        let recalls = self.clock.recalls();
        self.is_claiming = true;
        self.next = Some(Box::pin(async move {
            let mut is_level = false;
            if recalls {
                is_level = match store.recall(&claim.route, now).await {
                    Ok(recalled) => recalled == 0,
                    Err(error) => return Event::Claimed(Err(error), pauses, false),
                };
            }
            Event::Claimed(store.claim(&claim).await, pauses, is_level)
        }));
    }

    /// Queues what was claimed. What an earlier worker began to send is settled at once.
    fn take(&mut self, messages: Vec<StoredMessage>, pauses: u64) {
        let (queued, begun): (Vec<_>, Vec<_>) = messages
            .into_iter()
            .partition(|it| it.head.state == State::Queued);
        for message in begun {
            let delivery = self.delivery(message);
            self.running.add(delivery.run(None));
        }
        self.waiting.add(queued, pauses);
    }

    /// Sends the messages that wait, as many as can be sent at a time.
    fn start(&mut self) {
        while self.session.may_send() && !self.waiting.is_empty() {
            let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
                return;
            };
            let Some(message) = self.waiting.next(self.route.pauses()) else {
                return;
            };
            let delivery = self.delivery(message);
            self.running.add(delivery.run(Some(permit)));
        }
    }

    fn delivery(&self, message: StoredMessage) -> Delivery {
        Delivery {
            context: Arc::clone(&self.context),
            session: Arc::clone(&self.session),
            route: Arc::clone(&self.route),
            message: Box::new(message),
        }
    }

    /// Gives messages back as they were, due already by a clock that was set back since, too. What cannot
    /// be given back waits on.
    async fn give_back(&mut self, messages: Vec<StoredMessage>) {
        if messages.is_empty() {
            return;
        }
        let now = SystemTime::now();
        let release = |it: &StoredMessage| {
            let due_at = it.head.due_at.min(now);
            Change::by_worker(&it.head, self.session.worker(), Step::Release { due_at })
        };
        let released = messages.iter().map(release).collect();
        let store = Arc::clone(self.context.outbox.store());
        let released = self.running.beside(store.apply(released)).await;
        let kept = still_leased(messages, released);
        if kept.is_empty() {
            return;
        }
        self.waiting.put_back(kept);
        let pause = async {
            tokio::select! {
                () = sleep(STORE_PAUSE) => {}
                () = self.stop.cancelled() => {}
                () = self.session.cancel().cancelled() => {}
            }
        };
        self.running.beside(pause).await;
    }

    /// After a claim that brought nothing: rests until something may be due. Returns whether
    /// nothing will be.
    ///
    /// # Errors
    ///
    /// What waits, and why nothing of it can be sent.
    async fn is_done(&mut self, next_at: Option<SystemTime>) -> Result<bool> {
        let poll = self.context.poll;
        let wait = next_at.map_or(poll, |at| {
            at.duration_since(SystemTime::now())
                .unwrap_or_default()
                .clamp(Duration::from_millis(1), poll)
        });
        if self.until_empty && wait >= poll && self.is_empty().await? {
            return Ok(true);
        }
        self.rest(wait);
        Ok(false)
    }

    /// Begins to wait until something may be due.
    fn rest(&mut self, longest: Duration) {
        let store = Arc::clone(self.context.outbox.store());
        self.next = Some(Box::pin(async move {
            tokio::select! {
                () = store.changed(longest) => {}
                () = sleep(longest) => {}
            }
            Event::Rested
        }));
    }

    /// Whether no message of the route is queued or being sent.
    async fn is_empty(&mut self) -> Result<bool> {
        if !self.running.is_empty() || !self.waiting.is_empty() {
            return Ok(false);
        }
        let pending = self.context.outbox.store().has_pending(&self.route.name);
        match pending.await {
            Ok(true) if self.is_idle() => {
                let stuck = Box::pin(stuck(&self.context, &self.route.name, true)).await;
                stuck.map_or(Ok(false), Err)
            }
            Ok(has_pending) => Ok(!has_pending),
            Err(_) => Ok(false),
        }
    }

    /// Whether nothing was claimed for a while, or a message without a key, from one time to the next.
    fn is_idle(&mut self) -> bool {
        let sealed = self.context.sealed.seen();
        let is_idle = self.idle_since.elapsed() > self.context.poll.saturating_mul(IDLE_POLLS);
        let is_idle = is_idle || sealed != self.sealed;
        if is_idle {
            (self.idle_since, self.sealed) = (Instant::now(), sealed);
        }
        is_idle
    }

    /// Gives back what waits, and lets the running sends end for the grace time, then ends them:
    /// each says what it knows.
    async fn end(&mut self) {
        let grace = Instant::now() + self.context.grace;
        if !self.session.is_lost() {
            if let Some(Event::Claimed(Ok(claimed), pauses, _)) = self.last_claim(grace).await {
                self.waiting.add(claimed.messages, pauses);
            }
            let waiting = self.waiting.take();
            let given_back = self.give_back(waiting);
            // Else they are given back with the session.
            let _ = timeout_at(grace, given_back).await;
        }
        if timeout_at(grace, self.running.all_ended()).await.is_err() {
            self.session.cancel().cancel();
            self.running.all_ended().await;
        }
    }

    /// What the claim brings that is under way.
    async fn last_claim(&mut self, until: Instant) -> Option<Event> {
        let next = self.next.take().filter(|_| self.is_claiming)?;
        self.running.beside(timeout_at(until, next)).await.ok()
    }
}

/// The messages of which the store does not say that they were given back, or are another worker's.
fn still_leased(
    messages: Vec<StoredMessage>,
    released: Result<Vec<Result<Head>>>,
) -> Vec<StoredMessage> {
    let mut released = match released {
        Ok(released) => released.into_iter(),
        Err(error) if error.is_transient() => return messages,
        Err(_) => return Vec::new(),
    };
    // A store answers for each message; of one that it leaves out nothing is known.
    let is_kept = |_: &StoredMessage| match released.next() {
        Some(Err(error)) => error.is_transient(),
        Some(Ok(_)) => false,
        None => true,
    };
    messages.into_iter().filter(is_kept).collect()
}
