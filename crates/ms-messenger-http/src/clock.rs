//! The service's clock, as its responses show it.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use http::{HeaderMap, HeaderValue, header};
use ms_messenger_core::ClockOffset;

/// How long a reading counts: within it, clocks drift apart by less than they are known to.
const READING_LIFE: Duration = Duration::from_secs(60 * 60);
/// The most that the wall clock gains or loses without having been set.
pub(crate) const UNSET: Duration = Duration::from_millis(500);
/// How long a call may take that only reads the clock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two calls that only read the clock, of a service that does not show it.
const ASK_PAUSE: Duration = Duration::from_secs(10);

/// How far the service's clock is ahead, as far as its responses showed it.
#[derive(Debug, Default)]
pub(crate) struct ServiceClock {
    known: Mutex<Known>,
    /// When the last call ended that was made to read the clock; locked while one is made.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Known {
    offset: Option<ClockOffset>,
    /// When a response showed it last, by the clock that only goes on and by that of this machine.
    at: Option<(Instant, SystemTime)>,
    /// The last `Date`, as text and as time: all responses of one second have the same.
    date: Option<(Box<[u8]>, SystemTime)>,
}

impl ServiceClock {
    /// Notes what a response shows to a request that was sent at `sent`. It never waits: a
    /// reading that meets another one at the same moment is dropped.
    pub(crate) fn note(&self, headers: &HeaderMap, sent: SystemTime) {
        let Some(date) = date(headers) else {
            return;
        };
        let Ok(mut known) = self.known.try_lock() else {
            return;
        };
        if let Some(date) = known.time(date) {
            let now = (Instant::now(), SystemTime::now());
            let shown = ClockOffset::from_date(date, sent, now.1);
            let before = known.offset_at(now);
            known.offset = Some(before.map_or(shown, |it| it.narrowed_by(shown)));
            known.at = Some(now);
        }
    }

    /// Returns the offset; `None` if no response showed it within the last hour, or if the clock of
    /// this machine was set since then.
    pub(crate) fn read(&self) -> Option<ClockOffset> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.offset_at((Instant::now(), SystemTime::now()))
    }

    /// Awaits `call`, whose response shows the clock, if it is not known. All that ask at a time
    /// share one call.
    pub(crate) async fn ask(&self, call: impl Future<Output = ()>) {
        let mut asked = self.asked.lock().await;
        let is_due = asked.is_none_or(|at| at.elapsed() > ASK_PAUSE);
        if is_due && self.read().is_none() {
            call.await;
            *asked = Some(Instant::now());
        }
    }
}

impl Known {
    /// The offset at this moment by both clocks of this machine.
    fn offset_at(&self, now: (Instant, SystemTime)) -> Option<ClockOffset> {
        let before = self.at?;
        let passed = now.0.saturating_duration_since(before.0);
        let expected = before.1.checked_add(passed)?;
        let apart = match now.1.duration_since(expected) {
            Ok(ahead) => ahead,
            Err(behind) => behind.duration(),
        };
        self.offset
            .filter(|_| passed <= READING_LIFE && apart <= UNSET)
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

/// The `Date` of a response that has just come in; `None` when a cache kept it.
fn date(headers: &HeaderMap) -> Option<&HeaderValue> {
    if headers.contains_key(header::AGE) {
        return None;
    }
    headers.get(header::DATE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;

    fn headers(date: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, HeaderValue::from_str(date).unwrap());
        headers
    }

    #[test]
    fn each_response_of_a_second_narrows_what_its_date_shows() {
        let clock = ServiceClock::default();
        let date = headers("Tue, 01 Apr 2025 12:34:56 GMT");
        let first = SystemTime::now() - Duration::from_secs(2);
        clock.note(&date, first);
        let wide = clock.read().unwrap();
        clock.note(&date, first + Duration::from_secs(1));
        let narrowed = clock.read().unwrap();
        assert_eq!(narrowed.at_least_ms, wide.at_least_ms);
        assert_eq!(narrowed.at_most_ms, wide.at_most_ms - 1000);
        clock.note(&headers("Tue, 01 Apr 2025 13:34:56 GMT"), first);
        assert!(clock.read().unwrap().at_least_ms > wide.at_most_ms);
    }

    #[test]
    fn a_reading_ends_after_an_hour_and_when_this_clock_is_set() {
        let clock = ServiceClock::default();
        clock.note(&headers("Tue, 01 Apr 2025 12:34:56 GMT"), SystemTime::now());
        let mut known = clock.known.into_inner().unwrap();
        let (began, wall) = known.at.unwrap();
        let second = Duration::from_secs(1);
        let hour = 3600 * second;
        assert_eq!(known.offset_at((began + hour, wall + hour)), known.offset);
        for (passed, by_the_wall) in [
            (hour + second, hour + second),
            (hour, hour - second),
            (hour, hour + second),
            (second, hour),
        ] {
            let offset = known.offset_at((began + passed, wall + by_the_wall));
            assert_eq!(offset, None, "{passed:?} {by_the_wall:?}");
        }
        assert_eq!(known.offset_at((began + second, wall - hour)), None);
        known.at = None;
        assert_eq!(known.offset_at((began, wall)), None);
    }

    #[test]
    fn a_reading_after_the_clock_was_set_is_not_narrowed_by_those_before() {
        let clock = ServiceClock::default();
        let now = SystemTime::now();
        let date = headers(&httpdate::fmt_http_date(now));
        clock.note(&date, now);
        // Two seconds later by the wall clock, at the same moment: within what the dates allow.
        let mut known = clock.known.lock().unwrap();
        let (began, wall) = known.at.unwrap();
        known.at = Some((began, wall - Duration::from_secs(2)));
        let narrow = ClockOffset::new(0, 1);
        known.offset = Some(narrow);
        drop(known);
        assert_eq!(clock.read(), None);
        clock.note(&date, now);
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
        clock.note(&headers(&httpdate::fmt_http_date(now)), now);
        *clock.asked.lock().await = None;
        clock.ask(call()).await;
        assert_eq!(calls.get(), 1 + i32::from(long_ago.is_some()));
    }

    #[test]
    fn a_date_is_recorded_and_an_invalid_one_is_not() {
        let clock = ServiceClock::default();
        let now = SystemTime::now();
        for date in ["", "soon", "Tue, 99 Apr 2025 12:34:56 GMT"] {
            clock.note(&headers(date), now);
        }
        let mut cached = headers("Tue, 01 Apr 2025 12:34:56 GMT");
        cached.insert(header::AGE, HeaderValue::from_static("7"));
        clock.note(&cached, now);
        assert_eq!(clock.read(), None);
        let ahead = now + Duration::from_secs(300);
        clock.note(&headers(&httpdate::fmt_http_date(ahead)), now);
        let offset = clock.read().unwrap();
        assert!(
            offset.at_least_ms > 297_000 && offset.at_most_ms <= 304_000,
            "{offset:?}"
        );
    }
}
