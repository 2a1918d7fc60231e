//! When Event Grid retries a delivery, and when it gives up.

use http::StatusCode;

use crate::{
    engine::push::{pending::Delivery, queue::Judged},
    services::acs::events::subscription::EventSubscription,
};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The waits after the first attempts; every later one is the last of these.
const WAITS: [u64; 10] = [
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
];

/// Why an event is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// The receiver refused it with a status after which nothing is retried.
    Refused,
    Attempts,
    TimeToLive,
}

impl GivenUp {
    /// `deadLetterReason`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "UndeliverableDueToClientError",
            Self::Attempts => "MaxDeliveryAttemptsExceeded",
            Self::TimeToLive => "TimeToLiveExceeded",
        }
    }
}

/// Whether the receiver took the delivery.
pub(crate) fn is_success(status: StatusCode) -> bool {
    (200..=204).contains(&status.as_u16())
}

/// The time of the next attempt after those of `delivery`, or why there is none.
pub(crate) fn next(
    subscription: &EventSubscription,
    judged: Judged,
    delivery: &Delivery,
    now: u64,
) -> Result<u64, GivenUp> {
    let attempts = delivery.attempts;
    if judged.is_ok_and(|status| [400, 401, 403, 413].contains(&status.as_u16())) {
        return Err(GivenUp::Refused);
    }
    if attempts >= subscription.max_attempts {
        return Err(GivenUp::Attempts);
    }
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = WAITS[index.min(WAITS.len() - 1)];
    let due = now + wait / subscription.time_factor;
    let life = subscription.ttl_minutes * MINUTE / subscription.time_factor;
    if due > delivery.first_due + life {
        return Err(GivenUp::TimeToLive);
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::push::call::NoReply;

    fn after_attempts(attempts: u32) -> Delivery {
        Delivery {
            attempts,
            ..Delivery::due(0)
        }
    }

    fn subscription() -> EventSubscription {
        EventSubscription::new("demo", "http://127.0.0.1/")
    }

    #[test]
    fn waits_follow_the_table_until_the_time_to_live() {
        let status = Ok(StatusCode::SERVICE_UNAVAILABLE);
        let (mut now, mut waits) = (0, Vec::new());
        let end = loop {
            let attempts = u32::try_from(waits.len()).unwrap() + 1;
            match next(&subscription(), status, &after_attempts(attempts), now) {
                Ok(due) => {
                    waits.push((due - now) / SECOND);
                    now = due;
                }
                Err(end) => break end,
            }
        };
        let table = [10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200];
        assert_eq!((waits.as_slice(), end), (&table[..], GivenUp::TimeToLive));
    }

    #[test]
    fn a_factor_shortens_waits_and_life() {
        let fast = subscription().with_time_factor(1000);
        assert_eq!(
            next(&fast, Err(NoReply::Connect), &after_attempts(1), 0),
            Ok(10)
        );
        let late = next(&fast, Err(NoReply::Connect), &after_attempts(1), 86_400);
        assert_eq!(late, Err(GivenUp::TimeToLive));
    }

    #[test]
    fn client_errors_and_the_last_attempt_end_it() {
        let after = |status, attempts| {
            let status = StatusCode::from_u16(status).unwrap();
            let twice = subscription().with_max_attempts(2);
            next(&twice, Ok(status), &after_attempts(attempts), 0)
        };
        for status in [400, 401, 403, 413] {
            assert_eq!(after(status, 1), Err(GivenUp::Refused));
        }
        for status in [301, 404, 408, 429, 500, 503] {
            assert!(after(status, 1).is_ok());
            assert_eq!(after(status, 2), Err(GivenUp::Attempts));
        }
        for status in [200, 201, 202, 203, 204] {
            assert!(is_success(StatusCode::from_u16(status).unwrap()));
        }
        assert!(!is_success(StatusCode::RESET_CONTENT));
    }
}
