//! UCWA's clock: scaled durations and the deadlines of the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::desk::with_desk;
use crate::engine::resources::Shared;

/// The choices of the builder for UCWA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UcwaSettings {
    factor: f64,
    /// Whether events of medium priority are held back.
    pub(crate) aggregates: bool,
    pub(crate) topology: UcwaTopology,
}

/// How many hosts a client of Skype for Business meets on its way to its applications: the emulator
/// has two names, `localhost` and `127.0.0.1`, which are two hosts to a client and to a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UcwaTopology {
    /// Everything is at the host where discovery began.
    #[default]
    OneHost,
    /// Discovery redirects to the other host, where everything is.
    Redirect,
    /// The applications are in the pool at the other host, which refuses the tickets of the first with
    /// 500 and diagnostics 28032.
    TwoPools,
}

impl Default for UcwaSettings {
    fn default() -> Self {
        Self {
            factor: 1.0,
            aggregates: false,
            topology: UcwaTopology::OneHost,
        }
    }
}

impl UcwaSettings {
    pub(crate) fn set_time_scale(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// Whether a clock can run so many times faster.
    pub(crate) fn is_sound(&self) -> bool {
        self.factor.is_finite() && self.factor > 0.0
    }

    /// How long so many of UCWA's seconds really take.
    pub(super) fn seconds(&self, seconds: u64) -> Duration {
        // Bounded, so that no factor overflows a deadline.
        let real = (seconds as f64 / self.factor).clamp(0.000_001, 3.0e9);
        Duration::from_secs_f64(real)
    }
}

/// What falls due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Look whether the application still asks for events.
    Channel { application: String },
    /// Look whether its user is still active.
    Activity { application: String },
    /// An invitation was not answered.
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
    /// Notes a deadline; answers whether it is the nearest now.
    pub(super) fn add(&mut self, at: Instant, due: Due) -> bool {
        self.serial += 1;
        let key = (at, self.serial);
        self.due.insert(key, due);
        self.due.first_key_value().is_some_and(|(k, _)| *k == key)
    }

    /// Takes the first deadline that is over.
    pub(super) fn take(&mut self, now: Instant) -> Option<Due> {
        let entry = self.due.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }
}

/// Carries out what falls due, for as long as the emulator runs.
pub(crate) async fn keep_time(shared: Arc<Shared>) {
    loop {
        let changed = shared.ucwa_clock.notified();
        let next = with_desk(&shared, |desk| {
            let now = Instant::now();
            while let Some(due) = desk.store.deadlines.take(now) {
                desk.fall_due(due);
            }
            desk.store.deadlines.next()
        });
        match next {
            Some(at) => tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(at.into()) => {}
            },
            None => changed.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_and_not_before_their_time() {
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

    #[test]
    fn a_scale_that_makes_no_sense_counts_as_one() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut settings = UcwaSettings::default();
            settings.set_time_scale(factor);
            assert!(!settings.is_sound(), "{factor}");
        }
        let mut settings = UcwaSettings::default();
        settings.set_time_scale(1000.0);
        assert_eq!(settings.seconds(30), Duration::from_millis(30));
    }
}
