//! Times as the service takes them.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{ClockBasis, ClockOffset};

/// The last second that RFC 3339 can write.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// A time in RFC 3339 with milliseconds. One beyond it is before or after all messages.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let latest = SystemTime::UNIX_EPOCH + LATEST;
    let time = time.clamp(SystemTime::UNIX_EPOCH, latest);
    humantime::format_rfc3339_millis(time).to_string()
}

/// How far before a time of this machine its changes are read, beyond what is known of the clocks.
const OVERLAP: Duration = Duration::from_secs(2 * 60);

/// A time of the service's clock that is before `time` by the local one, whichever of the known clocks
/// is right; where none is known, unless this machine is more than two minutes ahead.
pub(crate) fn before(time: SystemTime, clock: Option<ClockOffset>) -> SystemTime {
    let time = earliest(time, clock);
    time.checked_sub(OVERLAP).unwrap_or(time)
}

/// The earliest time that the clock of the service may show at `time` by the local one.
pub(crate) fn earliest(time: SystemTime, clock: Option<ClockOffset>) -> SystemTime {
    clock.map_or(time, |clock| match clock.basis {
        ClockBasis::Message => clock.earliest(time),
        // The dates may be wrong: then the local clock is right.
        _ => clock.earliest(time).min(time),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_date_moves_no_start_past_what_is_to_be_read() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30);
        let hour = Duration::from_secs(3600);
        let start = |clock: ClockOffset| before(time, Some(clock));
        let ahead = ClockOffset::new(3_600_000, 3_604_000);
        assert_eq!(start(ahead), time - OVERLAP);
        let proven = ahead.with_basis(ClockBasis::Message);
        assert_eq!(start(proven), time + hour - OVERLAP);
        let behind = ClockOffset::new(-3_600_000, -3_596_000);
        assert_eq!(start(behind), time - hour - OVERLAP);
    }

    #[test]
    fn no_time_is_beyond_what_can_be_written() {
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(rfc3339(far), "9999-12-31T23:59:59.000Z");
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(rfc3339(before), "1970-01-01T00:00:00.000Z");
    }
}
