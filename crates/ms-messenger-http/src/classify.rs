//! What a response that is no success proves: the table of what may be repeated.
//!
//! | Status | The server may have executed it | Delivery |
//! |---|---|---|
//! | 400, 401, 403, 404, 405, 410, 412, 413, 415, 429 | no | `NotSent` |
//! | 503 with `Retry-After`, where the platform documents it as throttling | no | `NotSent` |
//! | 408, 409, other 5xx, anything else | maybe | `Unknown` |

use ms_messenger_core::{Delivery, ErrorKind};

/// The kind of a failure and what it proves, by status alone.
pub(crate) fn status(status: u16, throttled: bool) -> (ErrorKind, Delivery) {
    use Delivery::{NotSent, Unknown};
    match status {
        400 | 405 | 413 | 415 => (ErrorKind::InvalidRequest, NotSent),
        401 => (ErrorKind::Unauthenticated, NotSent),
        403 => (ErrorKind::PermissionDenied, NotSent),
        404 | 410 => (ErrorKind::NotFound, NotSent),
        412 => (ErrorKind::Conflict, NotSent),
        429 => (ErrorKind::RateLimited, NotSent),
        503 if throttled => (ErrorKind::RateLimited, NotSent),
        409 => (ErrorKind::Conflict, Unknown),
        408 | 500..=599 => (ErrorKind::Service, Unknown),
        _ => (ErrorKind::Protocol, Unknown),
    }
}

/// What is known after several tries: the least certain of them counts, because a later
/// refusal does not undo an earlier try that may have been executed.
pub(crate) fn combine(so_far: Delivery, new: Delivery) -> Delivery {
    match (so_far, new) {
        (Delivery::Sent, _) | (_, Delivery::Sent) => Delivery::Sent,
        (Delivery::NotSent, Delivery::NotSent) => Delivery::NotSent,
        _ => Delivery::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_proven_not_executed_counts_as_not_sent() {
        let proven = [400, 401, 403, 404, 405, 410, 412, 413, 415, 429];
        for code in 300..=599 {
            let expected = if proven.contains(&code) {
                Delivery::NotSent
            } else {
                Delivery::Unknown
            };
            assert_eq!(status(code, false).1, expected, "{code}");
        }
        assert_eq!(
            status(503, true),
            (ErrorKind::RateLimited, Delivery::NotSent)
        );
    }

    #[test]
    fn a_later_refusal_does_not_undo_an_earlier_doubt() {
        use Delivery::{NotSent, Sent, Unknown};
        assert_eq!(combine(NotSent, NotSent), NotSent);
        assert_eq!(combine(Unknown, NotSent), Unknown);
        assert_eq!(combine(NotSent, Unknown), Unknown);
        assert_eq!(combine(Sent, NotSent), Sent);
        assert_eq!(combine(Unknown, Sent), Sent);
    }
}
