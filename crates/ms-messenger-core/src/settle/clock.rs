//! The clock of a service, as its responses show it.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// A `Date` header has whole seconds, and many servers update it only every second or two: the
/// service's clock is up to this much later.
const DATE_AGE_MS: i64 = 3000;
/// The server that writes the `Date` may not be the one that stores the message.
const SERVERS_DIFFER_MS: i64 = 1000;
/// What is lost where times become whole milliseconds.
const ROUNDING_MS: i64 = 2;

/// What a [`ClockOffset`] is known by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClockBasis {
    /// The `Date` of responses. A server other than the one that stores messages may have written it.
    #[default]
    Date,
    /// Readings that contradict each other: the bounds include all of them.
    Disputed,
    /// The time that the service gave to a message of this client: the clock of its store itself.
    Message,
}

impl ClockBasis {
    fn is_date(&self) -> bool {
        *self == Self::Date
    }
}

/// How far the clock of a service is ahead of the clock of this machine, in milliseconds.
/// Negative values mean that it is behind.
///
/// One response bounds the offset to some seconds; each further response can narrow it. One that
/// contradicts the others widens it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ms_messenger_core::ClockOffset;
///
/// let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
/// let date = sent + Duration::from_secs(300);
/// let offset = ClockOffset::from_date(date, sent, sent + Duration::from_millis(50));
/// assert_eq!((offset.at_least_ms, offset.at_most_ms), (298_950, 304_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClockOffset {
    /// The least that the service's clock is ahead, in milliseconds.
    pub at_least_ms: i64,
    /// The most that the service's clock is ahead, in milliseconds.
    pub at_most_ms: i64,
    /// What it is known by. Absent in JSON for [`Date`](ClockBasis::Date).
    #[serde(default, skip_serializing_if = "ClockBasis::is_date")]
    pub basis: ClockBasis,
}

impl ClockOffset {
    /// Creates an offset between two bounds, in either order.
    #[must_use]
    pub fn new(a_ms: i64, b_ms: i64) -> Self {
        Self {
            at_least_ms: a_ms.min(b_ms),
            at_most_ms: a_ms.max(b_ms),
            basis: ClockBasis::Date,
        }
    }

    /// Sets what the offset is known by.
    #[must_use]
    pub fn with_basis(mut self, basis: ClockBasis) -> Self {
        self.basis = basis;
        self
    }

    /// Creates the offset that one response shows: its `Date` header was written between `sent` and
    /// `received`, both by the clock of this machine.
    #[must_use]
    pub fn from_date(date: SystemTime, sent: SystemTime, received: SystemTime) -> Self {
        let earliest = difference_ms(date, received).saturating_sub(SERVERS_DIFFER_MS);
        let latest = difference_ms(date, sent)
            .saturating_add(DATE_AGE_MS)
            .saturating_add(SERVERS_DIFFER_MS);
        Self::new(earliest, latest)
    }

    /// Creates the offset that one stored message shows: the service created it between `sent` and
    /// `received`, both by the clock of this machine.
    #[must_use]
    pub fn from_message(created: SystemTime, sent: SystemTime, received: SystemTime) -> Self {
        let around = SERVERS_DIFFER_MS + ROUNDING_MS;
        let earliest = difference_ms(created, received).saturating_sub(around);
        let latest = difference_ms(created, sent).saturating_add(around);
        Self::new(earliest, latest).with_basis(ClockBasis::Message)
    }

    /// Returns the offset that this and another reading show together. If they contradict each
    /// other, one of them is wrong, and it is not known which: the bounds include both.
    #[must_use]
    pub fn narrowed_by(self, other: Self) -> Self {
        let is_disputed = self.is_disputed() || other.is_disputed();
        if is_disputed || !self.agrees_with(other) {
            return self.widened_by(other).with_basis(ClockBasis::Disputed);
        }
        let is_message = [self.basis, other.basis].contains(&ClockBasis::Message);
        let at_least_ms = self.at_least_ms.max(other.at_least_ms);
        let at_most_ms = self.at_most_ms.min(other.at_most_ms);
        Self {
            at_least_ms,
            at_most_ms,
            basis: if is_message {
                ClockBasis::Message
            } else {
                ClockBasis::Date
            },
        }
    }

    /// Returns the bounds that include both readings, with the basis of this one.
    #[must_use]
    pub fn widened_by(self, other: Self) -> Self {
        Self {
            at_least_ms: self.at_least_ms.min(other.at_least_ms),
            at_most_ms: self.at_most_ms.max(other.at_most_ms),
            basis: self.basis,
        }
    }

    /// Returns the offset, so many milliseconds further ahead: that after the clock of this machine was
    /// set back by them.
    #[must_use]
    pub fn displaced_by(self, ms: i64) -> Self {
        Self {
            at_least_ms: self.at_least_ms.saturating_add(ms),
            at_most_ms: self.at_most_ms.saturating_add(ms),
            basis: self.basis,
        }
    }

    /// Whether readings contradicted each other.
    #[must_use]
    pub fn is_disputed(self) -> bool {
        self.basis == ClockBasis::Disputed
    }

    /// Whether one clock can have shown both.
    #[must_use]
    pub fn agrees_with(self, other: Self) -> bool {
        self.at_least_ms <= other.at_most_ms && other.at_least_ms <= self.at_most_ms
    }

    /// How far the bounds are from the clock of this machine: zero if it is between them.
    pub(super) fn distance_ms(self) -> u64 {
        self.estimate_ms().unsigned_abs()
    }

    /// Returns the smallest correction, in milliseconds, that the responses allow: zero, unless they
    /// contradict the clock of this machine.
    pub fn estimate_ms(self) -> i64 {
        0.clamp(self.at_least_ms, self.at_most_ms.max(self.at_least_ms))
    }

    /// The bounds without the tolerance for odd servers: zero, unless the responses contradict the
    /// clock of this machine.
    fn likely_ms(self) -> (i64, i64) {
        if self.at_least_ms <= 0 && self.at_most_ms >= 0 {
            return (0, 0);
        }
        let least = self.at_least_ms.saturating_add(SERVERS_DIFFER_MS);
        let age = match self.basis {
            ClockBasis::Message => SERVERS_DIFFER_MS,
            _ => DATE_AGE_MS,
        };
        let most = self.at_most_ms.saturating_sub(age);
        if least <= most {
            (least, most)
        } else {
            (self.at_least_ms, self.at_most_ms)
        }
    }

    /// The earliest and the latest that the service's clock shows at `local`, unless its servers
    /// are odd.
    pub(super) fn likely(self, local: SystemTime) -> (SystemTime, SystemTime) {
        let (least, most) = self.likely_ms();
        (shifted(local, least), shifted(local, most))
    }

    /// Returns the earliest time that the service's clock may show at `local`.
    pub fn earliest(self, local: SystemTime) -> SystemTime {
        shifted(local, self.at_least_ms)
    }

    /// Returns the latest time that the service's clock may show at `local`.
    pub fn latest(self, local: SystemTime) -> SystemTime {
        shifted(local, self.at_most_ms)
    }

    /// Returns what the service's clock shows at `local`, by [`estimate_ms`](Self::estimate_ms).
    pub fn estimate(self, local: SystemTime) -> SystemTime {
        shifted(local, self.estimate_ms())
    }
}

/// `a - b`, saturating.
fn difference_ms(a: SystemTime, b: SystemTime) -> i64 {
    let ms = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
    match a.duration_since(b) {
        Ok(ahead) => ms(ahead),
        Err(behind) => -ms(behind.duration()),
    }
}

/// `time + ms`; unchanged where this machine cannot express the result.
pub(super) fn shifted(time: SystemTime, ms: i64) -> SystemTime {
    let by = Duration::from_millis(ms.unsigned_abs());
    let shifted = if ms < 0 {
        time.checked_sub(by)
    } else {
        time.checked_add(by)
    };
    shifted.unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
    }

    #[test]
    fn readings_narrow_the_offset_and_a_contradiction_widens_it() {
        let first = ClockOffset::new(0, 1000);
        let narrowed = first.narrowed_by(ClockOffset::new(-400, 600));
        assert_eq!(narrowed, ClockOffset::new(0, 600));
        let wrong = ClockOffset::new(60_000, 61_000);
        let both = ClockOffset::new(0, 61_000).with_basis(ClockBasis::Disputed);
        assert_eq!(narrowed.narrowed_by(wrong), both);
        assert_eq!(wrong.narrowed_by(narrowed), both);
        // What is disputed is narrowed by nothing.
        assert_eq!(both.narrowed_by(first), both);
        assert_eq!(first.narrowed_by(both), both);
    }

    #[test]
    fn a_stored_message_shows_the_clock_of_the_store() {
        let seen = ClockOffset::from_message(at(400_000), at(100_000), at(100_200));
        assert_eq!((seen.at_least_ms, seen.at_most_ms), (298_798, 301_002));
        let date = ClockOffset::new(300_500, 304_000);
        let both = ClockOffset::new(300_500, 301_002).with_basis(ClockBasis::Message);
        assert_eq!(seen.narrowed_by(date), both);
    }

    #[test]
    fn the_json_form_names_no_basis_but_an_unusual_one() {
        let json = |it: ClockOffset| serde_json::to_string(&it).unwrap();
        let plain = ClockOffset::new(-40, 960);
        assert_eq!(json(plain), r#"{"at_least_ms":-40,"at_most_ms":960}"#);
        let disputed = plain.with_basis(ClockBasis::Disputed);
        let text = r#"{"at_least_ms":-40,"at_most_ms":960,"basis":"disputed"}"#;
        assert_eq!(json(disputed), text);
        for it in [plain, disputed, plain.with_basis(ClockBasis::Message)] {
            assert_eq!(serde_json::from_str::<ClockOffset>(&json(it)).unwrap(), it);
        }
    }

    #[test]
    fn the_own_clock_counts_unless_the_responses_contradict_it() {
        assert_eq!(ClockOffset::new(-20, 1000).estimate_ms(), 0);
        assert_eq!(ClockOffset::new(300, 1300).estimate_ms(), 300);
        assert_eq!(ClockOffset::new(-1300, -300).estimate_ms(), -300);
    }

    #[test]
    fn a_wrong_clock_is_known_to_the_second_of_a_date() {
        let seen = |sent: u64, date: u64| ClockOffset::from_date(at(date), at(sent), at(sent + 10));
        // Five minutes slow, and as much fast, both read at the half of a second.
        let (least, most) = seen(1_000_500, 1_300_000).likely(at(1_000_500));
        assert_eq!((least, most), (at(1_299_990), at(1_301_000)));
        let (least, most) = seen(1_300_500, 1_000_000).likely(at(1_300_500));
        assert_eq!((least, most), (at(999_990), at(1_001_000)));
        assert_eq!(seen(500, 0).likely(at(500)), (at(500), at(500)));
    }

    proptest! {
        /// Whatever the clocks show, the bounds hold the true offset.
        #[test]
        fn the_bounds_hold_the_truth(
            offset in -10_000_000_i64..10_000_000,
            sent in 20_000_000_u64..1_000_000_000,
            there in 0_u64..5_000,
            back in 0_u64..5_000,
        ) {
            let written = shifted(at(sent + there), offset);
            let whole = written.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(whole);
            let seen = ClockOffset::from_date(date, at(sent), at(sent + there + back));
            prop_assert!(seen.at_least_ms <= offset && offset <= seen.at_most_ms, "{seen:?}");
        }

        #[test]
        fn no_value_does_harm(a: i64, b: i64, c: i64, d: i64, time: u64) {
            let offset = ClockOffset::new(a, b).narrowed_by(ClockOffset { at_least_ms: c, at_most_ms: d, basis: ClockBasis::Date });
            for time in [at(time / 1_000_000), SystemTime::UNIX_EPOCH] {
                let _ = (offset.likely(time), offset.agrees_with(ClockOffset::new(c, d)));
                let _ = (offset.earliest(time), offset.latest(time), offset.estimate(time));
            }
        }
    }
}
