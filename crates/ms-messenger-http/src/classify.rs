//! What a response that is no success proves.
//!
//! | Status | The server may have executed it | Delivery |
//! |---|---|---|
//! | 400, 401, 403, 404, 405, 410, 412, 413, 415, 429 | no | `NotSent` |
//! | 503 with `Retry-After`, where the platform documents it as throttling | no | `NotSent` |
//! | 408, 409, other 5xx, anything else | maybe | `Unknown` |

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use ms_messenger_core::{Delivery, Error, ErrorKind};

use crate::{Response, clock, redact::one_line, retry_after};

/// Clocks that differ by less explain no rejected credential: services allow for minutes.
const LEAST_APART: Duration = Duration::from_secs(60);

/// The error of a response that is no success.
pub(crate) fn error_of(response: &Response) -> Error {
    let service = response.service;
    let wait = retry_after::read(&response.headers, SystemTime::now());
    let throttled = service.throttles_with_503 && wait.is_some();
    let (kind, delivery) =
        (service.classify)(response).unwrap_or_else(|| status(response.status, throttled));
    let said = (service.read_error)(response);
    let message = match said.message.as_deref().map(one_line) {
        Some(message) if !message.is_empty() => message,
        _ => format!("the service responded with {}", describe(response.status)),
    };
    let wrong_clock = match kind {
        ErrorKind::Unauthenticated => clocks_apart(&response.headers, SystemTime::now()),
        _ => None,
    };
    let message = match wrong_clock {
        Some(wrong_clock) => format!("{message}; {wrong_clock}"),
        None => message,
    };
    let mut error = Error::new(kind, message)
        .with_delivery(delivery)
        .with_status(response.status);
    if let Some(code) = said.code {
        error = error.with_code(one_line(&code));
    }
    if let Some(wait) = wait {
        error = error.with_retry_after(wait);
    }
    with_request_id(error, response)
}

/// Says that the clocks differ, if they do: services reject signatures and tokens for that.
fn clocks_apart(headers: &HeaderMap, received: SystemTime) -> Option<String> {
    let date = clock::date(headers)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    let (apart, side) = match received.duration_since(date) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let seconds = apart.as_secs();
    let is_told = apart >= LEAST_APART;
    is_told.then(|| format!("the clock of this machine is {seconds} s {side} that of the service"))
}

/// The error of a response by its status alone.
pub(crate) fn by_status(code: u16) -> Error {
    let (kind, delivery) = status(code, false);
    Error::new(
        kind,
        format!("the service responded with {}", describe(code)),
    )
    .with_delivery(delivery)
    .with_status(code)
}

pub(crate) fn with_request_id(error: Error, response: &Response) -> Error {
    match response.request_id() {
        Some(id) => error.with_request_id(one_line(id)),
        None => error,
    }
}

fn describe(status: u16) -> String {
    let known = StatusCode::from_u16(status).ok();
    match known.and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// Whether the service rejected the token and so did not execute the request.
pub(crate) fn rejects_token(error: &Error) -> bool {
    error.kind() == ErrorKind::Unauthenticated && error.delivery() == Delivery::NotSent
}

/// The kind of a failure and what it proves, by status alone.
fn status(status: u16, throttled: bool) -> (ErrorKind, Delivery) {
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

/// What is known after several attempts. The least certain of them counts, because a later
/// rejection does not undo an earlier attempt that may have been executed.
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
    fn a_clock_that_is_wrong_is_told_of() {
        let received = SystemTime::now();
        let says = |date: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("date", date.parse().unwrap());
            clocks_apart(&headers, received)
        };
        let at = |time| says(&httpdate::fmt_http_date(time));
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        let ahead = at(received - hour).unwrap();
        assert!(ahead.starts_with("the clock of this machine is 3600 s ahead of"));
        let behind = at(received + hour + second).unwrap();
        assert!(behind.starts_with("the clock of this machine is 3600 s behind"));
        assert_eq!(at(received + LEAST_APART - second), None);
        assert_eq!(at(received - LEAST_APART + 2 * second), None);
        assert_eq!(says("attack at dawn"), None);
        assert_eq!(clocks_apart(&HeaderMap::new(), received), None);
    }

    #[test]
    fn a_later_rejection_does_not_hide_an_earlier_uncertainty() {
        use Delivery::{NotSent, Sent, Unknown};
        assert_eq!(combine(NotSent, NotSent), NotSent);
        assert_eq!(combine(Unknown, NotSent), Unknown);
        assert_eq!(combine(NotSent, Unknown), Unknown);
        assert_eq!(combine(Sent, NotSent), Sent);
        assert_eq!(combine(Unknown, Sent), Sent);
    }
}
