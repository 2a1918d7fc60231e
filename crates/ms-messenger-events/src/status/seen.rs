//! Recognises duplicates.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::event_grid::Event;

/// Recognises events that were seen before, by source and id, within bounds of number and age.
///
/// Mark an event as seen only after it was kept: an event that was marked and not kept would be
/// taken for a duplicate when Event Grid sends it again, and be lost.
///
/// ```
/// use std::time::SystemTime;
/// use ms_messenger_events::{SeenEvents, event_grid::Event};
///
/// let event = Event::parse(r#"{"id": "1", "source": "/contoso", "type": "paged"}"#)?;
/// let (mut seen, now) = (SeenEvents::new(), SystemTime::now());
/// assert!(!seen.contains(&event, now));
/// // Keep the event here.
/// assert!(seen.insert(&event, now));
/// assert!(seen.contains(&event, now) && !seen.insert(&event, now));
/// # Ok::<(), ms_messenger_events::Rejection>(())
/// ```
#[derive(Clone)]
pub struct SeenEvents {
    seen_at: HashMap<Arc<str>, SystemTime>,
    order: VecDeque<Arc<str>>,
    most: usize,
    longest: Duration,
}

impl SeenEvents {
    /// Creates an empty set of at most 100,000 events of the last 25 hours: Event Grid repeats an
    /// event for up to 24.
    #[must_use]
    pub fn new() -> Self {
        Self::with_bounds(100_000, Duration::from_secs(25 * 3600))
    }

    /// Creates an empty set of at most `most` events that are not older than `longest`.
    #[must_use]
    pub fn with_bounds(most: usize, longest: Duration) -> Self {
        Self {
            seen_at: HashMap::new(),
            order: VecDeque::new(),
            most,
            longest,
        }
    }

    /// Returns whether the event was seen.
    pub fn contains(&self, event: &Event, now: SystemTime) -> bool {
        let seen_at = self.seen_at.get(key(event).as_str());
        seen_at.is_some_and(|at| !self.is_old(*at, now))
    }

    /// Marks the event as seen. Returns whether it was not before.
    pub fn insert(&mut self, event: &Event, now: SystemTime) -> bool {
        while self.is_oldest_old(now) {
            self.drop_oldest();
        }
        let key: Arc<str> = key(event).into();
        if self.seen_at.contains_key(&key) {
            return false;
        }
        self.seen_at.insert(Arc::clone(&key), now);
        self.order.push_back(key);
        if self.order.len() > self.most {
            self.drop_oldest();
        }
        true
    }

    /// Returns how many events are remembered.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns whether no event is remembered.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn is_oldest_old(&self, now: SystemTime) -> bool {
        let oldest = self.order.front().and_then(|key| self.seen_at.get(key));
        oldest.is_some_and(|at| self.is_old(*at, now))
    }

    fn drop_oldest(&mut self) {
        if let Some(key) = self.order.pop_front() {
            self.seen_at.remove(&key);
        }
    }

    /// A time after `now` is of a clock that was set since; it is not old.
    fn is_old(&self, at: SystemTime, now: SystemTime) -> bool {
        now.duration_since(at).is_ok_and(|age| age > self.longest)
    }
}

impl Default for SeenEvents {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SeenEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenEvents")
            .field("len", &self.len())
            .field("most", &self.most)
            .field("longest", &self.longest)
            .finish()
    }
}

/// The source is written in several cases. Its length separates it from the id.
fn key(event: &Event) -> String {
    let source = event.source.to_ascii_lowercase();
    format!("{}:{source}{}", source.len(), event.id)
}
