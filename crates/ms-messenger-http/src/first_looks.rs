//! When this process first looked for the messages of unknown sends.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{Evidence, Mark};

/// The most sends that are remembered. One that is forgotten is waited for again.
const MOST: usize = 4096;

/// When this process first looked for each message whose absence the clocks leave open.
#[derive(Debug, Default)]
pub(crate) struct FirstLooks(Mutex<HashMap<Key, Instant>>);

/// What tells one send from the others, with its last moment: an attempt that is noted later can take
/// effect later.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    client_request_id: Option<String>,
    mark: Option<Mark>,
    began_at: SystemTime,
    pending_until: Option<SystemTime>,
}

impl FirstLooks {
    /// How long the send has been known at a look that began at `now`: zero at the first one.
    pub(crate) fn known_for(&self, evidence: &Evidence, now: Instant) -> Duration {
        let key = Key {
            client_request_id: evidence.client_request_id.clone(),
            mark: evidence.mark.clone(),
            began_at: evidence.began_at,
            pending_until: evidence.pending_until,
        };
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= MOST && !looks.contains_key(&key) {
            let oldest = looks.iter().min_by_key(|(_, at)| **at);
            let median = oldest.map(|(_, at)| *at + now.saturating_duration_since(*at) / 2);
            looks.retain(|_, at| median.is_some_and(|median| *at > median));
        }
        let first = *looks.entry(key).or_insert(now);
        now.saturating_duration_since(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(id: &str) -> Evidence {
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
        Evidence::new(began)
            .with_end(began, began)
            .with_client_request_id(id)
    }

    #[test]
    fn a_send_is_known_since_its_first_look_and_another_attempt_is_another() {
        let (looks, began) = (FirstLooks::default(), Instant::now());
        let second = Duration::from_secs(1);
        assert_eq!(looks.known_for(&evidence("a"), began), Duration::ZERO);
        assert_eq!(looks.known_for(&evidence("a"), began + second), second);
        assert_eq!(
            looks.known_for(&evidence("b"), began + second),
            Duration::ZERO
        );
        let mut later = evidence("a");
        later.pending_until = later.pending_until.map(|it| it + second);
        assert_eq!(looks.known_for(&later, began + second), Duration::ZERO);
    }

    #[test]
    fn the_oldest_sends_are_forgotten() {
        let (looks, began) = (FirstLooks::default(), Instant::now());
        let at = |number: usize| began + Duration::from_millis(number as u64);
        for number in 0..2 * MOST {
            let known = looks.known_for(&evidence(&number.to_string()), at(number));
            assert_eq!(known, Duration::ZERO);
            assert!(looks.0.lock().unwrap().len() <= MOST);
        }
        let last = evidence(&(2 * MOST - 1).to_string());
        assert_eq!(
            looks.known_for(&last, at(2 * MOST)),
            Duration::from_millis(1)
        );
    }
}
