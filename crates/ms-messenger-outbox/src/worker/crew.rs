//! The messages of a route that are being sent or settled.

use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures_util::FutureExt as _;

/// How often in a row what was woken meanwhile is polled, before other tasks have their turn.
const ROUNDS: usize = 4;

/// The messages of a route that are being sent or settled, within the task of its loop: what a commit
/// sets going goes on without waking a task, and often a thread, for each message.
///
/// `FuturesUnordered` wakes its task again whenever it has polled everything once. After each commit,
/// that woke a second thread, which found nothing to do.
#[derive(Default)]
pub(super) struct Crew {
    places: Vec<Place>,
    free: Vec<usize>,
    due: Arc<Due>,
    /// The places that are polled in this round: kept for its memory.
    round: Vec<usize>,
}

/// The place of one delivery after the other.
struct Place {
    delivery: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    call: Arc<Call>,
    waker: Waker,
}

/// The places of deliveries that can go on.
#[derive(Default)]
struct Due(Mutex<Woken>);

#[derive(Default)]
struct Woken {
    places: Vec<usize>,
    /// The task to wake; none while it polls.
    task: Option<Waker>,
}

/// Wakes the delivery at a place.
struct Call {
    place: usize,
    is_due: AtomicBool,
    due: Arc<Due>,
}

impl Due {
    fn lock(&self) -> MutexGuard<'_, Woken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_due.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut woken = self.due.lock();
        woken.places.push(self.place);
        let task = woken.task.take();
        drop(woken);
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Crew {
    /// Adds a delivery, which begins when the crew is waited for. One that panics ends alone.
    pub(super) fn add(&mut self, delivery: impl Future<Output = ()> + Send + 'static) {
        let alone = AssertUnwindSafe(delivery).catch_unwind().map(drop);
        let place = self.free.pop().unwrap_or_else(|| self.new_place());
        let place = &mut self.places[place];
        place.delivery = Some(Box::pin(alone));
        place.waker.wake_by_ref();
    }

    fn new_place(&mut self) -> usize {
        let place = self.places.len();
        let call = Arc::new(Call {
            place,
            is_due: AtomicBool::new(false),
            due: Arc::clone(&self.due),
        });
        self.places.push(Place {
            delivery: None,
            waker: Waker::from(Arc::clone(&call)),
            call,
        });
        place
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.places.len()
    }

    /// Waits until at least one delivery has ended; for ever if there is none.
    pub(super) async fn some_ended(&mut self) {
        poll_fn(|context| self.poll(context)).await;
    }

    /// Polls the deliveries that were woken. Ready if one has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut has_ended = false;
        for _ in 0..ROUNDS {
            if !self.take_round(context, has_ended) {
                return if has_ended {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                };
            }
            for i in 0..self.round.len() {
                has_ended |= self.poll_one(self.round[i]);
            }
        }
        if has_ended {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what was woken. If there is nothing, the task is woken next, unless it goes on anyway.
    fn take_round(&mut self, context: &Context<'_>, has_ended: bool) -> bool {
        self.round.clear();
        let mut woken = self.due.lock();
        std::mem::swap(&mut woken.places, &mut self.round);
        woken.task = (self.round.is_empty() && !has_ended).then(|| context.waker().clone());
        !self.round.is_empty()
    }

    /// Polls the delivery at a place. Returns whether it has ended.
    fn poll_one(&mut self, place: usize) -> bool {
        let Some(taken) = self.places.get_mut(place) else {
            return false;
        };
        // Before it is polled: what wakes it from now on is news.
        taken.call.is_due.store(false, Ordering::Release);
        let Some(delivery) = &mut taken.delivery else {
            return false;
        };
        let ended = delivery
            .as_mut()
            .poll(&mut Context::from_waker(&taken.waker));
        if ended.is_pending() {
            return false;
        }
        taken.delivery = None;
        self.free.push(place);
        true
    }

    /// Waits until all deliveries have ended.
    pub(super) async fn all_ended(&mut self) {
        while !self.is_empty() {
            self.some_ended().await;
        }
    }

    /// Waits for something else, while the deliveries go on.
    pub(super) async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = std::pin::pin!(other);
        loop {
            tokio::select! {
                outcome = &mut other => return outcome,
                () = self.some_ended() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::{sync::oneshot, task::yield_now};

    use super::*;

    #[tokio::test]
    async fn deliveries_go_on_beside_something_else_and_one_that_panics_ends_alone() {
        let mut crew = Crew::default();
        let (first, second) = (oneshot::channel::<()>(), oneshot::channel());
        crew.add(async { panic!("a defect of an observer") });
        crew.add(async move {
            first.1.await.unwrap();
            second.0.send("went on").unwrap();
        });
        crew.some_ended().await;
        assert!(!crew.is_empty());
        first.0.send(()).unwrap();
        assert_eq!(crew.beside(second.1).await, Ok("went on"));
        crew.all_ended().await;
        assert!(crew.is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_delivery_ends_whoever_wakes_it_and_places_are_used_again() {
        let mut crew = Crew::default();
        let ended = Arc::new(AtomicUsize::new(0));
        for round in 0..50 {
            for i in 0..20 {
                let ended = Arc::clone(&ended);
                crew.add(async move {
                    for _ in 0..i {
                        yield_now().await;
                    }
                    // From another thread, perhaps before it is waited for.
                    tokio::spawn(yield_now()).await.unwrap();
                    ended.fetch_add(1, Ordering::Relaxed);
                });
            }
            crew.all_ended().await;
            assert_eq!(ended.load(Ordering::Relaxed), (round + 1) * 20);
        }
        assert_eq!(crew.places.len(), 20);
    }

    #[tokio::test]
    async fn a_delivery_that_always_wakes_itself_leaves_others_their_turn() {
        let mut crew = Crew::default();
        crew.add(poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::Pending
        }));
        let other = tokio::spawn(async { "ran" });
        assert_eq!(crew.beside(other).await.unwrap(), "ran");
    }
}
