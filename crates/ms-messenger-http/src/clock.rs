//! The service's clock, as its responses show it.

use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use http::{HeaderMap, header};
use ms_messenger_core::ClockOffset;

/// How far the service's clock is ahead, as far as its responses showed it.
#[derive(Debug, Default)]
pub(crate) struct ServiceClock(Mutex<Option<ClockOffset>>);

impl ServiceClock {
    /// Notes what a response shows to a request that was sent at `sent`. It never waits: a
    /// reading that meets another one at the same moment is dropped.
    pub(crate) fn note(&self, headers: &HeaderMap, sent: SystemTime) {
        let Some(shown) = shown(headers, sent) else {
            return;
        };
        if let Ok(mut known) = self.0.try_lock() {
            *known = Some(known.map_or(shown, |known| known.narrowed_by(shown)));
        }
    }

    pub(crate) fn read(&self) -> Option<ClockOffset> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the `Date` of a response shows that has just come in; nothing when a cache kept it.
fn shown(headers: &HeaderMap, sent: SystemTime) -> Option<ClockOffset> {
    if headers.contains_key(header::AGE) {
        return None;
    }
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    Some(ClockOffset::from_date(date, sent, SystemTime::now()))
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
