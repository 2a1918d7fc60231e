//! The JSON form of an error.

use std::error::Error as _;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    error::{Delivery, Error, ErrorKind},
    problem::Problem,
    settle::Evidence,
};

/// The most characters of one cause.
const LONGEST_CAUSE: usize = 300;

#[derive(Serialize)]
#[serde(rename = "Error")]
struct Form<'a> {
    delivery: Delivery,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    kind: ErrorKind,
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [Problem],
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Value>,
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        // A key or evidence whose time RFC 3339 cannot write is left out: the rest still counts.
        let form = Form {
            delivery: self.delivery(),
            operation: self.operation(),
            platform: self.platform(),
            kind: self.kind(),
            message: self.message(),
            causes: causes(self),
            problems: self.problems(),
            http_status: self.status(),
            code: self.code(),
            attempts: self.attempts(),
            request_id: self.request_id(),
            client_request_id: self.client_request_id(),
            retry_after_seconds: self.retry_after().map(|wait| wait.as_secs_f64()),
            idempotency: self
                .idempotency()
                .and_then(|key| serde_json::to_value(key).ok()),
            evidence: Evidence::of(self).and_then(|it| serde_json::to_value(it).ok()),
        };
        form.serialize(out)
    }
}

/// The texts of the sources, from the nearest to the innermost, without immediate repetitions.
fn causes(error: &Error) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text: String = error
            .to_string()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(LONGEST_CAUSE)
            .collect();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        cause = error.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::json;

    use super::*;
    use crate::IdempotencyKey;

    #[test]
    fn an_error_has_the_members_that_are_known() {
        let error = Error::new(ErrorKind::RateLimited, "slow down")
            .with_platform("msgraph-chat")
            .with_status(429)
            .with_code("TooManyRequests")
            .with_request_id("r")
            .with_client_request_id("c")
            .with_retry_after(Duration::from_millis(1500))
            .with_attempts(4)
            .with_source(std::io::Error::other("two\nlines"));
        assert_eq!(
            serde_json::to_value(&error).unwrap(),
            json!({
                "delivery": "not_sent", "platform": "msgraph-chat", "kind": "rate_limited",
                "message": "slow down", "causes": ["two lines"], "http_status": 429,
                "code": "TooManyRequests", "attempts": 4, "request_id": "r",
                "client_request_id": "c", "retry_after_seconds": 1.5,
            })
        );
        let error = Error::invalid("to", "must not be empty");
        assert_eq!(
            serde_json::to_value(&error).unwrap(),
            json!({
                "delivery": "not_sent", "kind": "invalid_request", "attempts": 0,
                "message": "to: must not be empty",
                "problems": [{"field": "to", "rule": "must not be empty"}],
            })
        );
    }

    #[test]
    fn an_unknown_delivery_comes_with_its_evidence() {
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let error = Error::new(ErrorKind::Timeout, "no response").with_began_at(began);
        let json = serde_json::to_value(&error).unwrap();
        let evidence = Evidence::from_json(&json["evidence"].to_string()).unwrap();
        assert_eq!(Some(evidence), Evidence::of(&error));
    }

    #[test]
    fn a_time_that_cannot_be_written_takes_nothing_else_with_it() {
        let long_ago = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let key = IdempotencyKey::new(crate::random_uuid(), long_ago);
        let error = Error::new(ErrorKind::Timeout, "x")
            .with_idempotency(key)
            .with_began_at(long_ago);
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(
            json,
            json!({"delivery": "unknown", "kind": "timeout", "message": "x", "attempts": 0})
        );
    }

    #[test]
    fn a_long_cause_is_cut() {
        let error =
            Error::new(ErrorKind::Other, "x").with_source(std::io::Error::other("y".repeat(1000)));
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(json["causes"][0].as_str().unwrap().len(), LONGEST_CAUSE);
    }
}
