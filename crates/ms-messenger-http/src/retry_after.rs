//! How long a service asks to wait, in all its forms.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

/// Longer than any wait, and can still be added to a time: 100 years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// Services ask for no longer wait; a longer one, or a date that has passed, means that one of two
/// clocks is wrong.
const USUAL: Duration = Duration::from_secs(60 * 60);
/// A date counts whole seconds: one that has passed asks for a moment, not for no wait at all.
const MOMENT: Duration = Duration::from_secs(1);

/// Returns how long `headers` ask to wait from now on, in all the forms of the services; `None` when
/// they have none that can be read.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_http::{HeaderMap, HeaderValue, header, retry_after};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2.5"));
/// assert_eq!(retry_after(&headers), Some(Duration::from_millis(2500)));
/// ```
///
/// A date is read by the clock of the service, if `headers` have it (`Date`), else by the local
/// one; also by the local one if that makes it a wait of up to an hour and the other does not, because
/// `Date` may be that of another server. It asks to wait for a second at least. More than 100
/// years count as 100 years.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    read(headers, SystemTime::now())
}

/// The wait that `headers` ask for: `retry-after-ms`, then `x-ms-retry-after-ms`, then
/// `Retry-After` in seconds, fractions of a second, or as an HTTP date; what cannot be read counts as
/// absent. `now` is the local time.
pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let milliseconds = |name| Some(duration(number(text(headers, name)?)? / 1000.0));
    milliseconds("retry-after-ms")
        .or_else(|| milliseconds("x-ms-retry-after-ms"))
        .or_else(|| {
            let value = text(headers, "retry-after")?;
            number(value).map_or_else(|| until(value, headers, now), |it| Some(duration(it)))
        })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A number that is not negative, of any size: what is too large for a float is infinite.
fn number(text: &str) -> Option<f64> {
    let is_numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    let number = text.parse().ok().filter(|_| text.chars().all(is_numeric));
    number.filter(|number| *number >= 0.0)
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).map_or(LONGEST, |it| it.min(LONGEST))
}

fn until(date: &str, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    let clock = text(headers, header::DATE.as_str());
    let clock = clock.and_then(|date| httpdate::parse_http_date(date).ok());
    let wait = |clock| date.duration_since(clock).unwrap_or_default();
    let is_usual = |wait: &Duration| !wait.is_zero() && *wait <= USUAL;
    let by_own = wait(now);
    let wait = match clock.map(wait) {
        Some(by_service) if is_usual(&by_service) || !is_usual(&by_own) => by_service,
        _ => by_own,
    };
    Some(wait.clamp(MOMENT, LONGEST))
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
            ms(1000)
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
    fn a_date_is_read_by_the_clock_of_the_service() {
        let ten = Some(Duration::from_secs(10));
        // An hour behind and a day ahead of this machine.
        for (date, until) in [
            (
                "Tue, 01 Apr 2025 11:34:56 GMT",
                "Tue, 01 Apr 2025 11:35:06 GMT",
            ),
            (
                "Wed, 02 Apr 2025 12:34:56 GMT",
                "Wed, 02 Apr 2025 12:35:06 GMT",
            ),
        ] {
            assert_eq!(wait(&[("date", date), ("retry-after", until)]), ten);
        }
        let by_own = [
            ("date", "soon"),
            ("retry-after", "Tue, 01 Apr 2025 12:35:06 GMT"),
        ];
        assert_eq!(wait(&by_own), ten);
    }

    #[test]
    fn a_wrong_date_makes_no_wait_of_days_and_no_busy_loop() {
        let asked = "Tue, 01 Apr 2025 12:35:06 GMT";
        for date in [
            "Sun, 30 Mar 2025 12:34:56 GMT",
            "Tue, 01 Apr 2025 11:34:56 GMT",
            "Wed, 02 Apr 2025 08:34:56 GMT",
            "Thu, 03 Apr 2025 12:34:56 GMT",
        ] {
            let wait = wait(&[("date", date), ("retry-after", asked)]);
            assert_eq!(wait, Some(Duration::from_secs(10)), "{date}");
        }
        // By either clock it has passed, or is days away.
        let date = ("date", "Tue, 01 Apr 2025 12:34:56 GMT");
        let past = ("retry-after", "Mon, 31 Mar 2025 12:34:56 GMT");
        assert_eq!(wait(&[date, past]), Some(MOMENT));
        let far = ("retry-after", "Thu, 03 Apr 2025 12:34:56 GMT");
        assert_eq!(wait(&[date, far]), Some(Duration::from_secs(2 * 86_400)));
    }

    #[test]
    fn an_absurd_value_is_longer_than_any_wait() {
        for value in [
            "99999999999999999999",
            "99999999999999999999999",
            "18446744073709551616",
            "1e30",
            "1e400",
            "3153600001",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert_eq!(wait(&[("retry-after", value)]), Some(LONGEST), "{value}");
        }
        for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
            assert_eq!(wait(&[(name, "1e30")]), Some(LONGEST));
        }
        let first = ("date", "Thu, 01 Jan 1970 00:00:00 GMT");
        let last = ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(wait(&[first, last]), Some(LONGEST));
    }

    #[test]
    fn what_cannot_be_read_counts_as_absent() {
        for value in ["", "soon", "-1", "-1e30", "NaN", "inf", "infinity", "1,2"] {
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
                for name in ["date", "retry-after", "retry-after-ms"] {
                    headers.insert(name, value.clone());
                }
                let wait = read(&headers, SystemTime::now());
                prop_assert!(wait.is_none_or(|wait| wait <= LONGEST));
            }
        }

        #[test]
        fn no_number_of_any_size_counts_as_absent(number in "[0-9]{1,40}([.][0-9]{1,9})?(e[0-9]{1,3})?") {
            let wait = wait(&[("retry-after", &number)]).unwrap();
            prop_assert!(SystemTime::now().checked_add(wait).is_some());
        }

        #[test]
        fn a_date_is_the_difference_of_two_by_the_same_clock(
            clock in 0_u64..253_402_300_800,
            asked in 0_u64..253_402_300_800,
        ) {
            let date = |seconds| {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                httpdate::fmt_http_date(time)
            };
            // Those within an hour of `now` may be read by it.
            prop_assume!(!(1_743_510_896..=1_743_514_496).contains(&asked));
            let expected = Duration::from_secs(asked.saturating_sub(clock)).clamp(MOMENT, LONGEST);
            let headers = [("date", &*date(clock)), ("retry-after", &*date(asked))];
            prop_assert_eq!(wait(&headers), Some(expected));
        }
    }
}
