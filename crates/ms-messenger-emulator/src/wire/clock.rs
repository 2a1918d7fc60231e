//! The services' clock, message ids and the two time formats of the services.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::Notify, time::sleep};

tokio::task_local! {
    /// The time at which the clocks stand still.
    static HELD: u64;
}

/// Does something while the clocks of the services show that time, epoch milliseconds.
pub(crate) fn hold<T>(ms: u64, action: impl FnOnce() -> T) -> T {
    HELD.sync_scope(ms, action)
}

/// The same for a task.
pub(crate) async fn hold_task<F: Future>(ms: u64, task: F) -> F::Output {
    HELD.scope(ms, task).await
}

/// The clock of the services, which may be wrong. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    offset_ms: Arc<AtomicI64>,
    /// Wakes the tasks that wait for a time, when the offset changes.
    moved: Arc<Notify>,
}

/// The largest offset of a clock either way, in milliseconds: ten years.
pub(crate) const MAX_OFFSET_MS: i64 = 10 * 365 * 86_400_000;

/// What an offset must be.
pub(crate) const OFFSET_RULE: &str = "must be at most ten years either way";

impl Clock {
    /// A clock that is `offset_ms` ahead of the system's; behind it when negative.
    pub(crate) fn with_offset(offset_ms: i64) -> Self {
        let clock = Self::default();
        clock.set_offset(offset_ms);
        clock
    }

    pub(crate) fn set_offset(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Release);
        self.moved.notify_waiters();
    }

    /// Waits until this clock shows `ms`, also when it is set meanwhile.
    pub(crate) async fn until(&self, ms: u64) {
        loop {
            // Made before the clock is read, so that no change in between is missed.
            let moved = self.moved.notified();
            let left = ms.saturating_sub(self.now_ms());
            if left == 0 {
                return;
            }
            tokio::select! {
                () = moved => {}
                () = sleep(Duration::from_millis(left)) => {}
            }
        }
    }

    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Acquire)
    }

    /// Milliseconds since the Unix epoch, by this clock.
    pub(crate) fn now_ms(&self) -> u64 {
        if let Ok(held) = HELD.try_with(|held| *held) {
            return held;
        }
        system_ms().saturating_add_signed(self.offset_ms())
    }
}

/// Milliseconds since the Unix epoch by the system's clock.
pub(crate) fn system_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| {
            u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
        })
}

/// The instant `ms` milliseconds after the Unix epoch.
pub(crate) fn at_ms(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

/// Source of the message ids of one thread: epoch milliseconds, never the same one twice.
#[derive(Debug, Default)]
pub(crate) struct IdClock {
    last: u64,
}

impl IdClock {
    /// The next id: `now`, or one more than the last id when that is later.
    pub(crate) fn next(&mut self, now: u64) -> u64 {
        self.last = now.max(self.last + 1);
        self.last
    }
}

/// `ms` as `2025-01-31T10:00:00Z` (whole seconds, as ACS Chat writes it).
pub(crate) fn rfc3339_seconds(ms: u64) -> String {
    let (date, seconds) = civil(ms);
    format!("{date}T{}Z", clock_face(seconds))
}

/// `ms` as `2025-01-31T10:00:00.1234567Z`, seven decimals as ACS Messages writes it.
pub(crate) fn rfc3339_ticks(ms: u64) -> String {
    let (date, seconds) = civil(ms);
    format!("{date}T{}.{:03}0000Z", clock_face(seconds), ms % 1000)
}

/// `ms` as Graph writes it: milliseconds, trailing zeros of the fraction dropped.
pub(crate) fn rfc3339_trimmed(ms: u64) -> String {
    let (date, seconds) = civil(ms);
    let fraction = format!("{:03}", ms % 1000);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{date}T{}{dot}{fraction}Z", clock_face(seconds))
}

/// `ms` as `2025-01-31T10:00:00.123Z`, the ledger's form.
pub(crate) fn rfc3339_millis(ms: u64) -> String {
    let (date, seconds) = civil(ms);
    format!("{date}T{}.{:03}Z", clock_face(seconds), ms % 1000)
}

/// Epoch milliseconds of an RFC 3339 text with any number of decimals, or `None`.
///
/// A blank before the offset is read as `+`, which a form-decoded query makes of it. Times before
/// 1970 count as 0.
pub(crate) fn parse_rfc3339(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !text.is_ascii() || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
        part.parse().ok()
    };
    let separators = bytes[4] == b'-' && bytes[7] == b'-' && bytes[13] == b':' && bytes[16] == b':';
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !separators || !in_range || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (millis, zone) = fraction(&text[19..])?;
    let offset = offset_minutes(zone)?;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(u64::try_from((seconds - offset * 60) * 1000 + millis).unwrap_or(0))
}

fn fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(decimals) = rest.strip_prefix('.') else {
        return Some((0, rest));
    };
    let end = decimals.find(|c: char| !c.is_ascii_digit())?;
    let (digits, zone) = decimals.split_at(end);
    let padded = format!("{digits:0<3}");
    (end > 0).then_some((padded.get(..3)?.parse().ok()?, zone))
}

fn offset_minutes(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' | b' ' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (i64::from(hours) * 60 + i64::from(minutes)))
}

fn clock_face(seconds: u64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Date of `ms` as `YYYY-MM-DD`, and the seconds since its midnight.
fn civil(ms: u64) -> (String, u64) {
    let seconds = ms / 1000;
    // Days to civil date after Howard Hinnant's public algorithm (years start in March).
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (format!("{year:04}-{month:02}-{day:02}"), seconds % 86_400)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_never_repeat_even_when_the_clock_stands_still_or_goes_back() {
        let mut clock = IdClock::default();
        let ids: Vec<u64> = [10, 10, 9, 50, 50].map(|now| clock.next(now)).to_vec();
        assert_eq!(ids, [10, 11, 12, 50, 51]);
    }

    #[test]
    fn times_are_written_in_the_form_of_each_service() {
        let ms = 1_616_990_032_150;
        assert_eq!(rfc3339_seconds(ms), "2021-03-29T03:53:52Z");
        assert_eq!(rfc3339_ticks(ms), "2021-03-29T03:53:52.1500000Z");
        assert_eq!(rfc3339_trimmed(ms), "2021-03-29T03:53:52.15Z");
        assert_eq!(rfc3339_trimmed(ms - 150), "2021-03-29T03:53:52Z");
        assert_eq!(rfc3339_millis(ms), "2021-03-29T03:53:52.150Z");
    }

    #[test]
    fn rfc3339_is_read_with_offsets_and_any_decimals() {
        assert_eq!(
            parse_rfc3339("2021-03-29T03:53:52.1500000Z"),
            Some(1_616_990_032_150)
        );
        assert_eq!(
            parse_rfc3339("2021-03-29T05:53:52+02:00"),
            Some(1_616_990_032_000)
        );
        assert_eq!(
            parse_rfc3339("2021-03-29T03:53:52 00:00"),
            Some(1_616_990_032_000)
        );
        for bad in [
            "",
            "yesterday",
            "2021-03-29",
            "2021-13-29T03:53:52Z",
            "2021-03-29T03:53:52.Z",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_times_do_not_panic(text in ".{0,40}") {
            let _ = parse_rfc3339(&text);
        }

        #[test]
        fn written_times_are_read_back(ms in 0_u64..4_102_444_800_000) {
            proptest::prop_assert_eq!(parse_rfc3339(&rfc3339_millis(ms)), Some(ms));
        }
    }
}
