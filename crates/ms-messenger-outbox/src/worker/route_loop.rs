//! Claims the messages of one route, and delivers them.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::CancelHandle;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    context::{Context, STORE_PAUSE},
    deliver::Delivery,
    route::Route,
    session::Session,
};
use crate::{
    error::Result,
    state::State,
    store::{Claim, Claimed},
    time::whole,
};

/// Claims the messages of one route, and delivers them, until it is stopped.
pub(super) struct RouteLoop {
    context: Arc<Context>,
    session: Arc<Session>,
    name: String,
    route: Route,
    stop: CancelHandle,
    until_empty: bool,
    permits: Arc<Semaphore>,
    running: JoinSet<()>,
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
        Self {
            context: Arc::clone(context),
            session: Arc::clone(session),
            name: name.to_owned(),
            route: route.clone(),
            stop: stop.clone(),
            until_empty,
            permits: Arc::new(Semaphore::new(route.concurrency as usize)),
            running: JoinSet::new(),
        }
    }

    pub(super) async fn run(mut self) -> Result<()> {
        let outcome = self.work().await;
        self.end().await;
        outcome
    }

    async fn work(&mut self) -> Result<()> {
        while let Some(permit) = self.permit().await {
            // Sends that were committed together end together: one claim replaces all of them.
            tokio::task::yield_now().await;
            while self.running.try_join_next().is_some() {}
            let claimed = match self.claim().await {
                Ok(claimed) => claimed,
                Err(error) if error.is_transient() => {
                    drop(permit);
                    self.rest(STORE_PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_idle = claimed.messages.is_empty();
            let next_at = claimed.next_at;
            self.deliver(claimed, permit);
            if !is_idle {
                continue;
            }
            let poll = self.context.poll;
            let wait = next_at.map_or(poll, |at| {
                at.duration_since(std::time::SystemTime::now())
                    .unwrap_or_default()
                    .clamp(Duration::from_millis(1), poll)
            });
            // Counting a million messages takes longer than waiting for the next one.
            if self.until_empty && wait >= poll && self.is_empty().await {
                return Ok(());
            }
            self.rest(wait).await;
        }
        Ok(())
    }

    /// Waits until another message may be sent; `None` when there will be none.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        let permit = tokio::select! {
            permit = Arc::clone(&self.permits).acquire_owned() => permit.ok(),
            () = self.stop.cancelled() => None,
            () = self.session.cancel().cancelled() => None,
        };
        permit.filter(|_| !self.stop.is_cancelled() && !self.session.is_lost())
    }

    async fn claim(&self) -> Result<Claimed> {
        if !self.session.may_send() {
            return Ok(Claimed::default());
        }
        let limit = self.permits.available_permits() + 1;
        let worker = self.session.worker().clone();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let now = whole(std::time::SystemTime::now());
        let claim = Claim::new(worker, &self.name, limit, now).with_budget(self.route.budget);
        self.context.outbox.store().claim(&claim).await
    }

    fn deliver(&mut self, claimed: Claimed, permit: OwnedSemaphorePermit) {
        let mut first = Some(permit);
        for message in claimed.messages {
            let next = || Arc::clone(&self.permits).try_acquire_owned().ok();
            let Some(permit) = first.take().or_else(next) else {
                // More than were asked for: their lease ends with the session.
                return;
            };
            let delivery = Delivery {
                context: Arc::clone(&self.context),
                session: Arc::clone(&self.session),
                route: self.name.clone(),
                messenger: Arc::clone(&self.route.messenger),
                message,
            };
            self.running.spawn(delivery.run(permit));
        }
    }

    /// Waits until something may be due.
    async fn rest(&self, longest: Duration) {
        tokio::select! {
            () = self.context.outbox.store().changed(longest) => {}
            () = sleep(longest) => {}
            () = self.stop.cancelled() => {}
            () = self.session.cancel().cancelled() => {}
        }
    }

    /// Whether no message of the route is queued or being sent.
    async fn is_empty(&mut self) -> bool {
        while self.running.try_join_next().is_some() {}
        if !self.running.is_empty() {
            return false;
        }
        let counts = self.context.outbox.counts().await;
        counts.is_ok_and(|counts| {
            let open = [State::Queued, State::Sending];
            let mut own = counts.iter().filter(|it| it.route == self.name);
            !own.any(|it| open.contains(&it.state) && it.messages > 0)
        })
    }

    /// Lets the running sends end for the grace time, then ends them: each says what it knows.
    async fn end(&mut self) {
        let grace = Instant::now() + self.context.grace;
        loop {
            let left = grace.saturating_duration_since(Instant::now());
            match timeout(left, self.running.join_next()).await {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => break,
            }
        }
        self.session.cancel().cancel();
        while self.running.join_next().await.is_some() {}
    }
}
