//! The deadlines of UCWA's store.

use std::{collections::BTreeMap, time::Instant};

/// What falls due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Look whether the application still asks for events.
    Channel { application: String },
    /// Look whether its user is still active.
    Activity { application: String },
    /// An invitation was neither accepted nor declined.
    Ring { session: u64, ring: u64 },
    /// A message was not fetched.
    Delivery { id: u64 },
    /// Somebody has stopped typing.
    Typing {
        session: u64,
        sip: String,
        stamp: u64,
    },
}

/// The deadlines, in order.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    due: BTreeMap<(Instant, u64), Due>,
    serial: u64,
}

impl Deadlines {
    /// Notes a deadline; returns whether it is the nearest now.
    pub(super) fn add(&mut self, at: Instant, due: Due) -> bool {
        self.serial += 1;
        let key = (at, self.serial);
        self.due.insert(key, due);
        self.due.first_key_value().is_some_and(|(k, _)| *k == key)
    }

    /// Takes the first deadline that has passed.
    pub(super) fn take(&mut self, now: Instant) -> Option<Due> {
        let entry = self.due.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn deadlines_are_due_in_order_and_not_early() {
        let now = Instant::now();
        let mut deadlines = Deadlines::default();
        let later = now + Duration::from_secs(5);
        assert!(deadlines.add(later, Due::Delivery { id: 2 }));
        assert!(deadlines.add(now, Due::Delivery { id: 1 }));
        assert!(!deadlines.add(now, Due::Delivery { id: 3 }));
        assert_eq!(deadlines.take(now), Some(Due::Delivery { id: 1 }));
        assert_eq!(deadlines.take(now), Some(Due::Delivery { id: 3 }));
        assert_eq!(deadlines.take(now), None);
        assert_eq!(deadlines.next(), Some(later));
    }
}
