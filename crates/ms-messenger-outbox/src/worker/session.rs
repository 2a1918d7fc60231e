//! The session of a worker: its lease on everything that it has claimed.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::CancelHandle;
use tokio::time::sleep;

use super::context::{Context, STORE_PAUSE};
use crate::{
    change::Change,
    error::{OutboxError, Result},
    id::WorkerId,
    message::Head,
    step::Step,
    store::{Beat, Session as Stored},
};

/// The session of a worker.
///
/// Others bury it after they have seen it silent for a whole lease, by their own clocks. It counts
/// as over for itself a quarter earlier, by either of its own clocks: the one that goes on while the
/// process is stopped, and the one that goes on while the machine sleeps.
#[derive(Debug)]
pub(super) struct Session {
    worker: WorkerId,
    lease: Duration,
    alive_at: Mutex<(Instant, SystemTime)>,
    is_lost: AtomicBool,
    /// Whether other workers use the store.
    has_company: AtomicBool,
    cancel: CancelHandle,
    stop: CancelHandle,
    /// Why an outcome was not noted before the worker ended.
    unnoted: Mutex<Option<OutboxError>>,
}

impl Session {
    /// Opens a session; `None` if the worker is stopped before the store can be reached.
    pub(super) async fn open(context: &Context, stop: &CancelHandle) -> Result<Option<Arc<Self>>> {
        let session = Self {
            worker: WorkerId::random(),
            lease: context.lease,
            alive_at: Mutex::new((Instant::now(), SystemTime::now())),
            is_lost: AtomicBool::new(false),
            has_company: AtomicBool::new(false),
            cancel: CancelHandle::new(),
            stop: stop.clone(),
            unnoted: Mutex::default(),
        };
        loop {
            match session.begin(context).await {
                Ok(()) => return Ok(Some(Arc::new(session))),
                Err(error) if !error.is_transient() => return Err(error),
                Err(_) if stop.is_cancelled() => return Ok(None),
                Err(error) => {
                    context.store_failed(&error);
                    sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    pub(super) fn worker(&self) -> &WorkerId {
        &self.worker
    }

    /// Ends the sends of this session.
    pub(super) fn cancel(&self) -> &CancelHandle {
        &self.cancel
    }

    /// Waits until the worker is stopped, or the sends of this session are ended.
    pub(super) async fn stopped(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.cancel.cancelled() => {}
        }
    }

    /// Whether another worker has buried it.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// Whether other workers used the store when it was looked at last.
    pub(super) fn has_company(&self) -> bool {
        self.has_company.load(Ordering::Relaxed)
    }

    fn meets(&self, sessions: &[Stored]) {
        let has_company = sessions.iter().any(|it| it.worker != self.worker);
        self.has_company.store(has_company, Ordering::Relaxed);
    }

    /// Whether a message may leave: nobody can have buried the session yet.
    pub(super) fn may_send(&self) -> bool {
        let limit = self.lease - self.lease / 4;
        let (instant, wall) = *self.alive_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back says nothing; the other one counts.
        let is_fresh = wall.elapsed().is_ok_and(|it| it < limit) || wall > SystemTime::now();
        !self.is_lost() && is_fresh && instant.elapsed() < limit
    }

    /// Opens the session. A sole owner ends the sessions that others left behind.
    async fn begin(&self, context: &Context) -> Result<()> {
        self.beat(context, true).await?;
        let store = context.outbox.store();
        let sessions = store.sessions().await?;
        if !context.is_sole_owner {
            self.meets(&sessions);
            return Ok(());
        }
        for left in sessions.iter().filter(|it| it.worker != self.worker) {
            store.bury(left, SystemTime::now()).await?;
        }
        Ok(())
    }

    async fn beat(&self, context: &Context, is_first: bool) -> Result<()> {
        // Taken before the call: others count from after it.
        let now = (Instant::now(), SystemTime::now());
        let beat = Beat::new(self.worker.clone(), self.lease, is_first);
        if context.outbox.store().beat(&beat).await? {
            *self.alive_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
        } else {
            self.is_lost.store(true, Ordering::Release);
            self.cancel.cancel();
        }
        Ok(())
    }

    /// Why the outcome of a message was not noted, if that is so: the store could not be written to
    /// until the sends of this session were ended.
    pub(super) fn unnoted(&self) -> Option<OutboxError> {
        let mut unnoted = self.unnoted.lock().unwrap_or_else(PoisonError::into_inner);
        unnoted.take()
    }

    /// Writes a change, and again while the store cannot be reached and the session lasts: once more
    /// after its sends were ended.
    ///
    /// # Errors
    ///
    /// `LeaseLost` if another worker may have the message, or that of the store; nothing was written.
    pub(super) async fn write(
        &self,
        context: &Context,
        head: &Arc<Head>,
        step: Step,
    ) -> Result<Arc<Head>> {
        let change = Change::of_known(head, self.worker(), step);
        let written = context.outbox.apply(change.clone()).await;
        // Large futures are copied: what is rare is apart, and what is returned small.
        let mut written = written.map(Arc::new);
        if let Err(error) = &written
            && error.is_transient()
            && !self.is_lost()
        {
            context.store_failed(error);
            let again = Box::pin(self.write_again(context, head, &change)).await;
            written = again.map(Arc::new);
        }
        written.inspect(|it| context.observe(it))
    }

    /// Writes a change that may be made already.
    async fn write_again(&self, context: &Context, head: &Head, change: &Change) -> Result<Head> {
        loop {
            let is_last = self.cancel.is_cancelled();
            tokio::select! {
                () = sleep(STORE_PAUSE) => {}
                () = self.cancel.cancelled(), if !is_last => {}
            }
            match context.outbox.apply(change.clone()).await {
                Err(error) if error.is_transient() && !self.is_lost() => {
                    context.store_failed(&error);
                    if is_last {
                        let known = self.unnoted.lock();
                        *known.unwrap_or_else(PoisonError::into_inner) = Some(error.again());
                        return Err(error);
                    }
                }
                Err(error) => return made(context, head, change).await.ok_or(error),
                Ok(written) => return Ok(written),
            }
        }
    }

    /// Writes the last change of a message under this lease. If the lease has ended, the message is
    /// another worker's, who settles it.
    pub(super) async fn finish(&self, context: &Context, head: &Arc<Head>, step: Step) {
        let _ = self.write(context, head, step).await;
    }

    /// Ends the session, so that others need not wait for it.
    pub(super) async fn close(&self, context: &Context) {
        let store = context.outbox.store();
        let Ok(sessions) = store.sessions().await else {
            return;
        };
        let own = sessions.iter().find(|it| it.worker == self.worker);
        if let Some(own) = own {
            // Whatever goes wrong, the others find it silent.
            let _ = store.bury(own, SystemTime::now()).await;
        }
    }
}

/// The message, if a change whose response was lost is stored: it ended the lease, and only this
/// worker could make it.
async fn made(context: &Context, before: &Head, change: &Change) -> Option<Head> {
    let mut after = before.clone();
    change.apply(&mut after, SystemTime::now()).ok()?;
    let stored = context.outbox.get(&change.id).await.ok()??.head;
    let is_made = stored.state == after.state && stored.state != before.state;
    (is_made && stored.fence == before.fence).then_some(stored)
}

/// Keeps a session alive, and buries others that are silent, until it is lost.
pub(super) async fn keep(context: Arc<Context>, session: Arc<Session>) {
    let mut seen = HashMap::new();
    while !session.is_lost() {
        sleep(session.lease / 4).await;
        if let Err(error) = session.beat(&context, false).await {
            context.store_failed(&error);
        }
        if let Ok(sessions) = context.outbox.store().sessions().await {
            session.meets(&sessions);
            let silent = silent(&mut seen, &sessions, session.worker());
            for other in silent {
                let _ = context.outbox.store().bury(&other, SystemTime::now()).await;
            }
        }
    }
}

/// The other sessions that were seen with the same number of beats for a whole lease of theirs.
fn silent(
    seen: &mut HashMap<WorkerId, (u64, Instant)>,
    sessions: &[Stored],
    own: &WorkerId,
) -> Vec<Stored> {
    let now = Instant::now();
    seen.retain(|worker, _| sessions.iter().any(|it| it.worker == *worker));
    let mut silent = Vec::new();
    for session in sessions.iter().filter(|it| it.worker != *own) {
        let last = seen.entry(session.worker.clone());
        let (beats, since) = last.or_insert((session.beats, now));
        if *beats != session.beats {
            (*beats, *since) = (session.beats, now);
        } else if now.duration_since(*since) >= session.lease {
            silent.push(session.clone());
        }
    }
    silent
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session whose last beat was at these times.
    fn session(alive_at: (Instant, SystemTime)) -> Session {
        Session {
            worker: WorkerId::random(),
            lease: Duration::from_secs(60),
            alive_at: Mutex::new(alive_at),
            is_lost: AtomicBool::new(false),
            has_company: AtomicBool::new(false),
            cancel: CancelHandle::new(),
            stop: CancelHandle::new(),
            unnoted: Mutex::default(),
        }
    }

    #[test]
    fn a_clock_that_was_set_never_prolongs_a_lease() {
        let hour = Duration::from_secs(3600);
        let (now, wall) = (Instant::now(), SystemTime::now());
        assert!(session((now, wall)).may_send());
        // Set back: the other clock counts. Set forward, or the machine slept: not before a beat.
        assert!(session((now, wall + hour)).may_send());
        assert!(!session((now, wall - hour)).may_send());
        let long_ago = now.checked_sub(Duration::from_secs(50));
        for wall in [wall - hour, wall, wall + hour] {
            assert!(long_ago.is_none_or(|it| !session((it, wall)).may_send()));
        }
    }
}
