//! The service's clock, as its responses show it.

use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use http::{HeaderMap, HeaderValue, header};
use ms_messenger_core::ClockOffset;

/// How far the service's clock is ahead, as far as its responses showed it.
#[derive(Debug, Default)]
pub(crate) struct ServiceClock(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    offset: Option<ClockOffset>,
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
        let Ok(mut known) = self.0.try_lock() else {
            return;
        };
        if let Some(date) = known.time(date) {
            let shown = ClockOffset::from_date(date, sent, SystemTime::now());
            known.offset = Some(known.offset.map_or(shown, |it| it.narrowed_by(shown)));
        }
    }

    pub(crate) fn read(&self) -> Option<ClockOffset> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.offset
    }
}

impl Known {
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
