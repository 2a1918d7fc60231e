//! The service's clock, as its responses show it.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use http::{HeaderMap, HeaderValue, header};
use ms_messenger_core::{ClockBasis, ClockOffset};

use crate::moment::{Moment, apart, clock_set_by, was_set};

/// How long a reading counts: within it, clocks drift apart by less than they are known to.
const READING_LIFE: Duration = Duration::from_secs(60 * 60);
/// How long a call may take that only reads the clock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two calls that only read the clock, of a service that does not show it.
const ASK_PAUSE: Duration = Duration::from_secs(10);

/// A reading that differs by no more than this from an older one is of the same clock, which gained or
/// lost a little since.
const DRIFT_MS: i64 = 5000;
/// Clocks do not drift apart by seconds in less time than this.
const DRIFT_TIME: Duration = Duration::from_secs(10 * 60);
/// The most readings that contradict each other; further ones widen the last.
const MOST_READINGS: usize = 8;
/// A `Date` further from the clock of this machine is that of a server without a clock: no
/// certificate would be valid at both times.
const ABSURD: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// A message shows the clock only if its send took no longer than this.
const LONGEST_SEND: Duration = Duration::from_secs(30);

/// How far the service's clock is ahead, as far as its responses showed it.
#[derive(Debug, Default)]
pub(crate) struct ServiceClock {
    known: Mutex<Known>,
    /// When the last call ended that was made to read the clock; locked while one is made.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Known {
    /// What the `Date`s of responses showed.
    dates: Readings,
    /// What messages showed that this client posted.
    messages: Readings,
    /// The last `Date`, as text and as time: all responses of one second have the same.
    date: Option<(Box<[u8]>, SystemTime)>,
}

/// Readings of the last hour, each of which contradicts the others.
#[derive(Debug, Default)]
struct Readings(Vec<Reading>);

#[derive(Debug)]
struct Reading {
    offset: ClockOffset,
    /// When a response showed it first.
    since: Instant,
    /// When a response showed it last.
    at: Moment,
}

impl ServiceClock {
    /// Notes what a response shows to a request that was sent at `sent`, unless the clock of this machine
    /// was set since then. It never waits: a reading that meets another one at the same moment is
    /// dropped.
    pub(crate) fn note(&self, headers: &HeaderMap, sent: Moment) {
        let now = (Instant::now(), SystemTime::now());
        let Some(date) = date(headers).filter(|_| !was_set(sent, now)) else {
            return;
        };
        let Ok(mut known) = self.known.try_lock() else {
            return;
        };
        match known.time(date) {
            Some(date) if apart(date, now.1) <= ABSURD => {
                let shown = ClockOffset::from_date(date, sent.1, now.1);
                known.dates.add(shown, now);
            }
            _ => {}
        }
    }

    /// Notes that a message whose send began at `sent` was `created` by the clock of the store, unless the
    /// clock of this machine was set since then.
    pub(crate) fn note_message(&self, created: SystemTime, sent: Moment) {
        let now = (Instant::now(), SystemTime::now());
        let took = now.0.saturating_duration_since(sent.0);
        if took <= LONGEST_SEND && !was_set(sent, now) {
            let shown = ClockOffset::from_message(created, sent.1, now.1);
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.messages.add(shown, now);
        }
    }

    /// Returns the offset; `None` if no response showed it within the last hour. The readings of the
    /// hour that contradict each other are all within its bounds, unless a message shows which of them
    /// is right. If the clock of this machine was set since the last response, the offset before and
    /// after that are.
    pub(crate) fn read(&self) -> Option<ClockOffset> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (Instant::now(), SystemTime::now());
        known.live(now).or_else(|| known.displaced(now))
    }

    /// Whether a response showed the offset within the last hour, and the clock of this machine was not
    /// set since then.
    pub(crate) fn is_known(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.live((Instant::now(), SystemTime::now())).is_some()
    }

    /// Awaits `call`, whose response shows the clock, if it is not known. All that ask at a time
    /// share one call.
    pub(crate) async fn ask(&self, call: impl Future<Output = ()>) {
        let mut asked = self.asked.lock().await;
        let is_due = asked.is_none_or(|at| at.elapsed() > ASK_PAUSE);
        if is_due && !self.is_known() {
            call.await;
            *asked = Some(Instant::now());
        }
    }
}

impl Known {
    /// The offset at this moment by both clocks of this machine, if that of the time was not set.
    fn live(&self, now: Moment) -> Option<ClockOffset> {
        let together = ClockOffset::narrowed_by;
        let Some(proven) = self.messages.live(now).reduce(together) else {
            return self.dates.live(now).reduce(together);
        };
        // The store itself decides between the dates.
        let dates = self.dates.live(now);
        let counts = |all: ClockOffset, it| all.is_disputed() || all.agrees_with(it);
        Some(dates.fold(proven, |all, it| {
            if counts(all, it) {
                all.narrowed_by(it)
            } else {
                all
            }
        }))
    }

    /// The offset by readings from before the clock of the time was set. The other clock may have
    /// stood still instead, while the machine slept: the offset can be that of before, too.
    fn displaced(&self, now: Moment) -> Option<ClockOffset> {
        let all = self.messages.0.iter().chain(&self.dates.0);
        let all = all.filter_map(|it| it.displaced(now));
        all.reduce(ClockOffset::widened_by)
    }

    /// The time that `date` names, read once for all responses that have it.
    fn time(&mut self, date: &HeaderValue) -> Option<SystemTime> {
        match &self.date {
            Some((last, time)) if **last == *date.as_bytes() => Some(*time),
            _ => {
                let time = httpdate::parse_http_date(date.to_str().ok()?).ok()?;
                self.date = Some((date.as_bytes().into(), time));
                Some(time)
            }
        }
    }
}

impl Readings {
    fn live(&self, now: Moment) -> impl Iterator<Item = ClockOffset> {
        let live = self.0.iter().filter(move |it| it.is_live(now));
        live.map(|it| it.offset)
    }

    /// Adds what a response shows: it narrows the reading that it agrees with, and is one of its own if
    /// there is none.
    fn add(&mut self, shown: ClockOffset, now: Moment) {
        self.0.retain(|it| it.is_live(now));
        let agreeing = self.0.iter().position(|it| it.offset.agrees_with(shown));
        let drifted = || self.0.iter().position(|it| it.has_drifted_to(shown, now));
        if let Some(reading) = agreeing.or_else(drifted).and_then(|it| self.0.get_mut(it)) {
            reading.take(shown, now);
        } else if self.0.len() < MOST_READINGS {
            self.0.push(Reading {
                offset: shown,
                since: now.0,
                at: now,
            });
        } else if let Some(last) = self.0.last_mut() {
            last.offset = last.offset.narrowed_by(shown);
            last.at = now;
        }
    }
}

impl Reading {
    /// Takes another reading of the same clock.
    fn take(&mut self, shown: ClockOffset, now: Moment) {
        self.offset = if self.offset.agrees_with(shown) {
            self.offset.narrowed_by(shown)
        } else {
            self.since = now.0;
            self.offset.widened_by(shown)
        };
        self.at = now;
    }

    /// Whether the clocks can have drifted so far apart since the first response.
    fn has_drifted_to(&self, shown: ClockOffset, now: Moment) -> bool {
        let near = ClockOffset::new(
            shown.at_least_ms.saturating_sub(DRIFT_MS),
            shown.at_most_ms.saturating_add(DRIFT_MS),
        );
        let age = now.0.saturating_duration_since(self.since);
        age >= DRIFT_TIME && self.offset.agrees_with(near)
    }

    /// Whether it still counts at this moment by both clocks of this machine.
    fn is_live(&self, now: Moment) -> bool {
        now.0.saturating_duration_since(self.at.0) <= READING_LIFE && !was_set(self.at, now)
    }

    /// The offset before and after the clock of this machine was set, unless the reading is too old.
    fn displaced(&self, now: Moment) -> Option<ClockOffset> {
        let passed = now.0.saturating_duration_since(self.at.0);
        let after = self.offset.displaced_by(-clock_set_by(self.at, now));
        let all = self.offset.widened_by(after);
        (passed <= READING_LIFE).then_some(all.with_basis(ClockBasis::Disputed))
    }
}

/// The `Date` of a response that has just come in; `None` when a cache kept it.
pub(crate) fn date(headers: &HeaderMap) -> Option<&HeaderValue> {
    if headers.contains_key(header::AGE) {
        return None;
    }
    headers.get(header::DATE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use http::HeaderValue;

    fn headers(date: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, HeaderValue::from_str(date).unwrap());
        headers
    }

    /// So many seconds ago, by both clocks.
    fn ago(seconds: u64) -> Moment {
        let by = Duration::from_secs(seconds);
        (
            Instant::now().checked_sub(by).unwrap(),
            SystemTime::now() - by,
        )
    }

    fn dated(ahead: i64) -> HeaderMap {
        let by = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let date = if ahead < 0 { now - by } else { now + by };
        headers(&httpdate::fmt_http_date(date))
    }

    #[test]
    fn each_response_of_a_second_narrows_what_its_date_shows() {
        let clock = ServiceClock::default();
        let date = headers("Tue, 01 Apr 2025 12:34:56 GMT");
        clock.note(&date, ago(2));
        let wide = clock.read().unwrap();
        clock.note(&date, ago(1));
        let narrowed = clock.read().unwrap();
        assert_eq!(narrowed.at_least_ms, wide.at_least_ms);
        let earlier = wide.at_most_ms - narrowed.at_most_ms;
        assert!((900..=1100).contains(&earlier), "{earlier}");
    }

    #[test]
    fn dates_that_contradict_each_other_all_count_until_a_message_decides() {
        for order in [[0, 172_800, -72_000], [-72_000, 0, 172_800]] {
            let clock = ServiceClock::default();
            for ahead in order {
                clock.note(&dated(ahead), ago(0));
            }
            // The right one again: that the others are wrong is not known.
            clock.note(&dated(0), ago(0));
            let all = clock.read().unwrap();
            assert!(all.is_disputed());
            assert!(all.at_least_ms <= -72_000_000 && all.at_most_ms >= 172_800_000);
            let now = SystemTime::now();
            clock.note_message(now, ago(0));
            let proven = clock.read().unwrap();
            assert_eq!(proven.basis, ClockBasis::Message);
            assert!(proven.at_least_ms > -10_000 && proven.at_most_ms < 10_000);
            // Nor does a later wrong date move it.
            clock.note(&dated(3600), ago(0));
            assert_eq!(clock.read(), Some(proven));
            // Messages that contradict each other prove nothing.
            clock.note_message(now + Duration::from_secs(3600), ago(0));
            assert!(clock.read().unwrap().is_disputed());
        }
    }

    #[test]
    fn a_slow_send_shows_no_clock_and_an_absurd_date_is_none() {
        let clock = ServiceClock::default();
        let now = SystemTime::now();
        clock.note_message(now, ago(LONGEST_SEND.as_secs() + 1));
        clock.note(&headers("Thu, 01 Jan 1970 00:00:00 GMT"), ago(0));
        clock.note(&headers("Fri, 31 Dec 9999 23:59:59 GMT"), ago(0));
        assert_eq!(clock.read(), None);
    }

    #[test]
    fn many_contradictions_are_all_within_the_bounds() {
        let clock = ServiceClock::default();
        for hours in 0..20 {
            clock.note(&dated(hours * 3600), ago(0));
        }
        let all = clock.read().unwrap();
        assert!(all.is_disputed() && all.at_most_ms >= 19 * 3_600_000);
        assert!(all.at_least_ms <= 0);
        assert_eq!(clock.known.lock().unwrap().dates.0.len(), MOST_READINGS);
    }

    #[test]
    fn a_clock_that_drifts_is_one_and_an_old_contradiction_is_forgotten() {
        let mut readings = Readings::default();
        let (began, wall) = (Instant::now(), SystemTime::now());
        let after = |minutes: u64| {
            let passed = Duration::from_secs(60 * minutes);
            (began + passed, wall + passed)
        };
        let read = |readings: &Readings, now| {
            let live = readings.live(now);
            live.reduce(ClockOffset::narrowed_by).unwrap()
        };
        readings.add(ClockOffset::new(-1000, 1000), after(0));
        readings.add(ClockOffset::new(2000, 4000), after(10));
        assert_eq!(
            read(&readings, after(10)),
            ClockOffset::new(-1000, 4000),
            "drifted"
        );
        readings.add(ClockOffset::new(5000, 9000), after(11));
        assert!(read(&readings, after(11)).is_disputed(), "too soon");
        readings.add(ClockOffset::new(0, 1000), after(50));
        assert!(read(&readings, after(71)).is_disputed());
        assert_eq!(read(&readings, after(72)), ClockOffset::new(0, 1000));
    }

    #[test]
    fn a_reading_ends_after_an_hour_and_when_this_clock_is_set() {
        let clock = ServiceClock::default();
        clock.note(&headers("Tue, 01 Apr 2025 12:34:56 GMT"), ago(0));
        let known = clock.known.into_inner().unwrap();
        let (began, wall) = known.dates.0[0].at;
        let second = Duration::from_secs(1);
        let hour = 3600 * second;
        assert!(known.live((began + hour, wall + hour)).is_some());
        for (passed, by_the_wall) in [
            (hour + second, hour + second),
            (hour, hour - second),
            (hour, hour + second),
            (second, hour),
        ] {
            let offset = known.live((began + passed, wall + by_the_wall));
            assert_eq!(offset, None, "{passed:?} {by_the_wall:?}");
        }
        assert_eq!(known.live((began + second, wall - hour)), None);
    }

    #[test]
    fn what_began_before_this_clock_was_set_shows_nothing() {
        let hour = Duration::from_secs(3600);
        let now = SystemTime::now();
        for then in [now + hour, now - hour, now + 10 * Duration::from_secs(1)] {
            let clock = ServiceClock::default();
            clock.note(&dated(0), (Instant::now(), then));
            clock.note_message(now, (Instant::now(), then));
            assert_eq!(clock.read(), None);
        }
    }

    #[test]
    fn a_reading_from_before_this_clock_was_set_includes_the_offset_after_that() {
        let hour = Duration::from_secs(3600);
        let began = Instant::now();
        let wall = SystemTime::now();
        let mut known = Known::default();
        known.dates.add(ClockOffset::new(-10, 20), (began, wall));
        let passed = Duration::from_secs(1);
        for (now, ends) in [
            (wall + passed + hour, (-3_600_010, 20)),
            (wall + passed - 24 * hour, (-10, 86_400_020)),
        ] {
            let now = (began + passed, now);
            assert_eq!(known.live(now), None);
            let all = known.displaced(now).unwrap();
            assert!(all.is_disputed());
            assert_eq!((all.at_least_ms, all.at_most_ms), ends);
            // The first response after that decides.
            let mut known = Known::default();
            known.dates.add(ClockOffset::new(-10, 20), (began, wall));
            known.dates.add(ClockOffset::new(5, 6), now);
            assert_eq!(known.live(now), Some(ClockOffset::new(5, 6)));
        }
        let late = (began + hour + passed, wall);
        assert_eq!(known.displaced(late), None);
    }

    #[test]
    fn a_reading_after_the_clock_was_set_is_not_narrowed_by_those_before() {
        let clock = ServiceClock::default();
        let now = SystemTime::now();
        let date = headers(&httpdate::fmt_http_date(now));
        clock.note(&date, ago(0));
        // Two seconds later by the wall clock, at the same moment: within what the dates allow.
        let mut known = clock.known.lock().unwrap();
        known.dates.0[0].at.1 -= Duration::from_secs(2);
        let narrow = ClockOffset::new(0, 1);
        known.dates.0[0].offset = narrow;
        drop(known);
        assert!(!clock.is_known());
        clock.note(&date, ago(0));
        assert!(clock.read().is_some_and(|it| it != narrow));
    }

    #[tokio::test]
    async fn a_service_without_a_date_is_asked_once_in_a_while() {
        let clock = ServiceClock::default();
        let calls = std::cell::Cell::new(0);
        let call = || async { calls.set(calls.get() + 1) };
        tokio::join!(clock.ask(call()), clock.ask(call()), clock.ask(call()));
        assert_eq!(calls.get(), 1);
        let long_ago = Instant::now().checked_sub(ASK_PAUSE + Duration::from_millis(1));
        *clock.asked.lock().await = long_ago;
        clock.ask(call()).await;
        assert_eq!(calls.get(), 1 + i32::from(long_ago.is_some()));
        let now = SystemTime::now();
        clock.note(&headers(&httpdate::fmt_http_date(now)), ago(0));
        *clock.asked.lock().await = None;
        clock.ask(call()).await;
        assert_eq!(calls.get(), 1 + i32::from(long_ago.is_some()));
    }

    #[test]
    fn a_date_is_recorded_and_an_invalid_one_is_not() {
        let clock = ServiceClock::default();
        let now = SystemTime::now();
        for date in ["", "soon", "Tue, 99 Apr 2025 12:34:56 GMT"] {
            clock.note(&headers(date), ago(0));
        }
        let mut cached = headers("Tue, 01 Apr 2025 12:34:56 GMT");
        cached.insert(header::AGE, HeaderValue::from_static("7"));
        clock.note(&cached, ago(0));
        assert_eq!(clock.read(), None);
        let ahead = now + Duration::from_secs(300);
        clock.note(&headers(&httpdate::fmt_http_date(ahead)), ago(0));
        let offset = clock.read().unwrap();
        assert!(
            offset.at_least_ms > 297_000 && offset.at_most_ms <= 304_000,
            "{offset:?}"
        );
    }
}
