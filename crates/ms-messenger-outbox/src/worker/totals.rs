//! How many messages a worker brought to each state, and how fast.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::{message::Head, state::State};

const SECONDS: usize = 60;

/// How often messages of a route reached a state by one worker.
///
/// ```
/// use ms_messenger_core::MemoryMessenger;
/// use ms_messenger_outbox::{MemoryStore, Outbox, Route, Worker};
///
/// let worker = Worker::builder(Outbox::new(MemoryStore::new()).into_dyn())
///     .with_route("memory", Route::new(MemoryMessenger::new()))
///     .build();
/// assert!(worker.totals().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Total {
    /// The route.
    pub route: String,
    /// The state that was reached.
    pub state: State,
    /// How often since the worker was built.
    pub changes: u64,
    /// How often within the last 60 seconds.
    pub last_minute: u64,
}

/// The counters of a worker.
#[derive(Debug)]
pub(super) struct Totals {
    began: Instant,
    routes: Mutex<BTreeMap<String, BTreeMap<State, Counter>>>,
}

#[derive(Debug)]
struct Counter {
    changes: u64,
    /// By second, in a ring; each with the second that it counts.
    recent: [(u64, u32); SECONDS],
}

impl Totals {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            routes: Mutex::default(),
        }
    }

    pub(super) fn count(&self, head: &Head) {
        let second = self.began.elapsed().as_secs();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if !routes.contains_key(&head.route) {
            routes.insert(head.route.clone(), BTreeMap::new());
        }
        if let Some(states) = routes.get_mut(&head.route) {
            let counter = states.entry(head.state).or_insert(Counter {
                changes: 0,
                recent: [(0, 0); SECONDS],
            });
            counter.count(second);
        }
    }

    pub(super) fn read(&self) -> Vec<Total> {
        let second = self.began.elapsed().as_secs();
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let each = routes.iter().flat_map(|(route, states)| {
            states.iter().map(move |(state, counter)| Total {
                route: route.clone(),
                state: *state,
                changes: counter.changes,
                last_minute: counter.since(second.saturating_sub(SECONDS as u64 - 1)),
            })
        });
        each.collect()
    }
}

impl Counter {
    fn count(&mut self, second: u64) {
        self.changes += 1;
        // Below 60, it fits.
        let slot = &mut self.recent[(second % SECONDS as u64) as usize];
        if slot.0 != second {
            *slot = (second, 0);
        }
        slot.1 += 1;
    }

    fn since(&self, second: u64) -> u64 {
        let recent = self.recent.iter().filter(|slot| slot.0 >= second);
        recent.map(|slot| u64::from(slot.1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_minute_is_recent() {
        let mut counter = Counter {
            changes: 0,
            recent: [(0, 0); SECONDS],
        };
        for second in [0, 0, 1, 59, 60, 119] {
            counter.count(second);
        }
        assert_eq!(counter.changes, 6);
        assert_eq!(counter.since(60), 2);
        // The ring has forgotten what is older.
        assert_eq!(counter.since(0), 3);
    }
}
