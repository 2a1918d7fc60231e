//! Pauses that a service asked for: all calls for the same resource keep them, not only the call
//! that was throttled.
//!
//! Calls that wait are released one after the other in the order in which they came: the next one
//! begins when the one before has its response. As long as they succeed, more and more are let
//! through at once. When the service throttles again, its limit is known: how many calls it takes
//! in which time. From then on a pause follows each time that it is used up, without a request that
//! is rejected. A throttled call keeps its turn, so that it is the first after the pause.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ms_messenger_core::{Error, ErrorKind, random_uuid};
use tokio::{sync::Semaphore, time::Instant};

/// So many successes in a row double the number of calls that are let through at once.
const STREAK: usize = 8;

/// The most calls that are let through at once while others wait.
const WIDEST: usize = 64;

/// How many times in a row the limit is used up without being exceeded before a higher one is
/// attempted.
const PERIODS: usize = 8;

/// The longest time by which a pause is prolonged, so that the processes that share a limit do not
/// go on at the same moment. A tenth of the pause, if that is less.
pub(crate) const LONGEST_JITTER: Duration = Duration::from_secs(1);

/// The longest time for which a pause is remembered after its end.
const LONGEST_MEMORY: Duration = Duration::from_secs(60);

/// How often expired pauses are removed.
const SWEEP: Duration = Duration::from_secs(1);

/// The resources of one pipeline whose calls pause, by path.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    /// Whether `resources` has any: all that a call reads when none is paused.
    is_active: AtomicBool,
    resources: Mutex<Resources>,
}

#[derive(Debug, Default)]
struct Resources {
    by_path: HashMap<Box<str>, Arc<Resource>>,
    swept_at: Option<Instant>,
}

impl Resources {
    /// Forgets what is neither paused nor waited for.
    fn sweep(&mut self, now: Instant) {
        if self.swept_at.is_none_or(|at| now >= at + SWEEP) {
            self.by_path.retain(|_, resource| resource.is_in_use(now));
            self.swept_at = Some(now);
        }
    }
}

impl Throttle {
    /// Whether calls for any path pause. All that a call costs when none does is this load.
    pub(crate) fn is_active(&self) -> bool {
        self.is_active.load(Ordering::Relaxed)
    }

    /// The resource of `path`, if its calls pause or wait for each other.
    pub(crate) fn resource(&self, path: &str) -> Option<Arc<Resource>> {
        if !self.is_active() {
            return None;
        }
        let now = Instant::now();
        let mut resources = lock(&self.resources);
        resources.sweep(now);
        let resource = resources.by_path.get(path);
        if let Some(resource) = resource.filter(|it| it.is_in_use(now)) {
            return Some(Arc::clone(resource));
        }
        resources.by_path.remove(path);
        self.is_active
            .store(!resources.by_path.is_empty(), Ordering::Relaxed);
        None
    }

    /// Notes that the service asked the calls for `path` to pause for `wait`.
    pub(crate) fn pause(&self, path: &str, wait: Duration) {
        let now = Instant::now();
        let mut resources = lock(&self.resources);
        resources.sweep(now);
        if !resources.by_path.contains_key(path) {
            resources
                .by_path
                .insert(path.into(), Arc::new(Resource::new(now)));
        }
        if let Some(resource) = resources.by_path.get(path) {
            resource.pause(now, wait);
        }
        self.is_active.store(true, Ordering::Relaxed);
    }
}

/// What one path leads to, while its calls pause or wait for each other.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Hands out the turns, in the order in which calls came.
    turns: Semaphore,
    pace: Mutex<Pace>,
}

/// How fast calls go on.
#[derive(Debug)]
struct Pace {
    paused_until: Instant,
    /// How long the last pause was.
    pause: Duration,
    /// When the first call after the last pause began.
    resumed_at: Option<Instant>,
    /// Successes since then.
    successes: usize,
    /// How many calls are let through at once.
    width: usize,
    /// Turns that are taken back when they end, because there are more than `width`.
    excess: usize,
    limit: Option<Limit>,
    /// How many times in a row the limit was used up and not exceeded.
    periods: usize,
}

/// So many calls in that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    calls: usize,
    period: Duration,
}

impl Resource {
    fn new(now: Instant) -> Self {
        Self {
            turns: Semaphore::new(1),
            pace: Mutex::new(Pace {
                paused_until: now,
                pause: Duration::ZERO,
                resumed_at: None,
                successes: 0,
                width: 1,
                excess: 0,
                limit: None,
                periods: 0,
            }),
        }
    }

    /// How much of the pause is left.
    pub(crate) fn pause_left(&self) -> Duration {
        let until = lock(&self.pace).paused_until;
        until.saturating_duration_since(Instant::now())
    }

    /// A call that holds or waits for a turn holds the resource. It is also remembered for a while
    /// after its pause, so that one call after the other does not meet the limit each time.
    fn is_in_use(self: &Arc<Self>, now: Instant) -> bool {
        let pace = lock(&self.pace);
        let is_remembered = pace.paused_until + pace.pause.min(LONGEST_MEMORY) > now;
        Arc::strong_count(self) > 1 || is_remembered
    }

    fn pause(&self, now: Instant, wait: Duration) {
        let mut pace = lock(&self.pace);
        // The first rejection after a pause shows the limit, not each of them.
        if pace.paused_until <= now {
            let narrower = (pace.width / 2).max(1);
            let excess = pace.width - narrower;
            pace.excess += excess - self.turns.forget_permits(excess);
            pace.width = narrower;
            pace.has_met_its_limit(now, wait);
        }
        pace.pause(now, wait);
    }

    /// Waits for a turn. The pause can last longer: see [`Turn::pause_ends`].
    pub(crate) async fn turn(self: Arc<Self>) -> Turn {
        // Never closed, so that there is always a permit; the turn gives it back.
        if let Ok(permit) = self.turns.acquire().await {
            permit.forget();
        }
        Turn { resource: self }
    }
}

/// The turn of one call, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    resource: Arc<Resource>,
}

impl Turn {
    /// What the turn is for.
    pub(crate) fn resource(&self) -> &Arc<Resource> {
        &self.resource
    }

    /// Waits for the end of the pause, which others can prolong meanwhile.
    pub(crate) async fn pause_ends(&self) {
        loop {
            let until = {
                let mut pace = lock(&self.resource.pace);
                let now = Instant::now();
                if pace.paused_until <= now {
                    pace.resumed_at.get_or_insert(now);
                    return;
                }
                pace.paused_until
            };
            tokio::time::sleep_until(until).await;
        }
    }

    /// Ends the turn with a success: further calls can follow faster.
    pub(crate) fn succeeded(self) {
        let mut pace = lock(&self.resource.pace);
        let wider = pace.has_succeeded(Instant::now());
        self.resource.turns.add_permits(wider - pace.width);
        pace.width = wider;
    }
}

impl Pace {
    /// Pauses for `wait` from now on, and a little longer.
    fn pause(&mut self, now: Instant, wait: Duration) {
        let jitter = (wait / 10).min(LONGEST_JITTER).mul_f64(random_fraction());
        if let Some(until) = now.checked_add(wait.saturating_add(jitter)) {
            self.paused_until = self.paused_until.max(until);
        }
        self.pause = wait;
        self.resumed_at = None;
        self.successes = 0;
    }

    /// Notes that the service asks for a pause of `wait`, which it has not done since the last
    /// pause. If no call succeeded since then, that was only too short.
    fn has_met_its_limit(&mut self, now: Instant, wait: Duration) {
        if let (Some(resumed_at), 1..) = (self.resumed_at, self.successes) {
            self.limit = Some(Limit {
                calls: self.successes,
                period: (now - resumed_at).saturating_add(wait),
            });
        }
        self.periods = 0;
    }

    /// Notes a success, and returns how many calls may be let through at once.
    fn has_succeeded(&mut self, now: Instant) -> usize {
        let Some(resumed_at) = self.resumed_at else {
            return self.width;
        };
        self.successes += 1;
        match &mut self.limit {
            None if self.successes.is_multiple_of(STREAK) => (self.width * 2).min(WIDEST),
            Some(limit) if self.successes >= limit.calls => {
                let period = limit.period;
                self.periods += 1;
                if self.periods == PERIODS {
                    self.periods = 0;
                    limit.calls += 1;
                }
                self.pause(now, (resumed_at + period).saturating_duration_since(now));
                self.width
            }
            _ => self.width,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut pace = lock(&self.resource.pace);
        if pace.excess > 0 {
            pace.excess -= 1;
        } else {
            self.resource.turns.add_permits(1);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random_fraction() -> f64 {
    // The last bits of a random id are all random.
    let bits = random_uuid().as_u128() & u128::from(u32::MAX);
    bits as f64 / f64::from(u32::MAX)
}

/// The error of a call that waited in vain for the service's pause to end.
pub(crate) fn throttled(left: Duration) -> Error {
    let message = "the service asked earlier calls to slow down, and this one waited in vain for \
                   its turn";
    Error::new(ErrorKind::RateLimited, message).with_retry_after(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(10);

    /// A pause and its jitter.
    fn is_one_pause(time: Duration) -> bool {
        (WAIT..=WAIT + LONGEST_JITTER).contains(&time)
    }

    async fn turn(throttle: &Throttle) -> Option<Turn> {
        let turn = throttle.resource("/a")?.turn().await;
        turn.pause_ends().await;
        Some(turn)
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_every_call_for_its_path_and_no_other() {
        let throttle = Throttle::default();
        assert!(turn(&throttle).await.is_none());
        throttle.pause("/a", WAIT);
        assert!(throttle.resource("/b").is_none());
        let began = Instant::now();
        let turn = turn(&throttle).await;
        assert!(turn.is_some() && is_one_pause(began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_go_on_one_after_the_other_in_their_order() {
        let throttle = Throttle::default();
        throttle.pause("/a", WAIT);
        let began = Instant::now();
        let (ended, mut ends) = tokio::sync::mpsc::unbounded_channel();
        let call = async |number: u64| {
            let turn = turn(&throttle).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            turn.succeeded();
            ended.send((number, began.elapsed().as_secs())).unwrap();
        };
        tokio::join!(call(0), call(1), call(2), call(3));
        for number in 0..4 {
            let (ended, after) = ends.recv().await.unwrap();
            assert_eq!(ended, number);
            assert!((11 + number..=12 + number).contains(&after), "{after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn successes_let_more_through_until_the_service_throttles_again() {
        let throttle = Throttle::default();
        throttle.pause("/a", WAIT);
        let resource = throttle.resource("/a").unwrap();
        for _ in 0..2 * STREAK {
            turn(&throttle).await.unwrap().succeeded();
        }
        assert_eq!(resource.turns.available_permits(), 4);
        let held = [
            turn(&throttle).await,
            turn(&throttle).await,
            turn(&throttle).await,
        ];
        throttle.pause("/a", WAIT);
        throttle.pause("/a", WAIT);
        drop(held);
        assert_eq!(resource.turns.available_permits(), 2);
        let limit = lock(&resource.pace).limit.unwrap();
        assert_eq!((limit.calls, limit.period), (2 * STREAK, WAIT));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_once_known_is_kept_without_a_rejection() {
        let throttle = Throttle::default();
        throttle.pause("/a", WAIT);
        for _ in 0..2 {
            turn(&throttle).await.unwrap().succeeded();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let throttled = turn(&throttle).await.unwrap();
        throttle.pause("/a", WAIT);
        let began = Instant::now();
        throttled.pause_ends().await;
        throttled.succeeded();
        for _ in 1..2 * PERIODS {
            turn(&throttle).await.unwrap().succeeded();
        }
        let resource = throttle.resource("/a").unwrap();
        let limit = lock(&resource.pace).limit.unwrap();
        assert_eq!((limit.calls, limit.period), (3, Duration::from_secs(11)));
        let periods = began.elapsed().as_secs_f64() / limit.period.as_secs_f64();
        let expected = PERIODS as f64;
        assert!(
            (expected - 1.0..expected * 1.1).contains(&periods),
            "{periods}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_resource_is_forgotten_when_nothing_waits_and_its_pause_has_ended() {
        let throttle = Throttle::default();
        throttle.pause("/a", WAIT);
        throttle.pause("/b", WAIT);
        let held = turn(&throttle).await;
        tokio::time::sleep(WAIT * 2).await;
        assert!(throttle.resource("/a").is_some());
        drop(held);
        assert!(throttle.resource("/a").is_none());
        assert!(lock(&throttle.resources).by_path.is_empty());
        assert!(!throttle.is_active.load(Ordering::Relaxed));
    }
}
