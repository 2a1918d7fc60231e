//! How long a service asks to wait, in all its spellings.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

/// How long `headers` ask to wait from now on, in all the spellings of the services; `None` when
/// they do not say it readably.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    read(headers, SystemTime::now())
}

/// The wait that `headers` ask for: `retry-after-ms`, then `x-ms-retry-after-ms`, then
/// `Retry-After` in seconds, fractions of a second, or as an HTTP date. A date that has passed
/// is no wait; what cannot be read counts as absent.
pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = |name: &str| {
        let value: f64 = text(name)?.parse().ok()?;
        Duration::try_from_secs_f64(value / 1000.0).ok()
    };
    milliseconds("retry-after-ms")
        .or_else(|| milliseconds("x-ms-retry-after-ms"))
        .or_else(|| text("retry-after").and_then(|value| seconds_or_date(value, now)))
}

fn seconds_or_date(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn wait(headers: &[(&'static str, &str)]) -> Option<Duration> {
        let now = httpdate::parse_http_date("Tue, 01 Apr 2025 12:34:56 GMT").unwrap();
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        read(&headers.collect(), now)
    }

    #[test]
    fn every_spelling_is_read() {
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(wait(&[("retry-after", "3")]), ms(3000));
        assert_eq!(wait(&[("retry-after", "2.128")]), ms(2128));
        assert_eq!(wait(&[("retry-after", " 0 ")]), ms(0));
        assert_eq!(
            wait(&[("retry-after", "Tue, 01 Apr 2025 12:35:06 GMT")]),
            ms(10_000)
        );
        assert_eq!(
            wait(&[("retry-after", "Tue, 01 Apr 2025 12:00:00 GMT")]),
            ms(0)
        );
        assert_eq!(wait(&[("retry-after-ms", "250")]), ms(250));
        assert_eq!(
            wait(&[("x-ms-retry-after-ms", "70.5")]),
            Some(Duration::from_micros(70_500))
        );
    }

    #[test]
    fn the_finer_spelling_wins() {
        let all = [
            ("retry-after", "3"),
            ("x-ms-retry-after-ms", "20"),
            ("retry-after-ms", "10"),
        ];
        assert_eq!(wait(&all), Some(Duration::from_millis(10)));
        assert_eq!(wait(&all[..2]), Some(Duration::from_millis(20)));
    }

    #[test]
    fn what_cannot_be_read_counts_as_absent() {
        for value in [
            "",
            "soon",
            "-1",
            "NaN",
            "inf",
            "1,2",
            "1e400",
            "99999999999999999999999",
        ] {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        }
        assert_eq!(wait(&[]), None);
        assert_eq!(
            wait(&[("retry-after-ms", "x"), ("retry-after", "1")]),
            Some(Duration::from_secs(1))
        );
    }

    proptest! {
        #[test]
        fn hostile_values_do_no_harm(bytes in proptest::collection::vec(32_u8..=255, 0..64)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.insert("retry-after", value.clone());
                headers.insert("retry-after-ms", value);
                let _ = read(&headers, SystemTime::now());
            }
        }
    }
}
