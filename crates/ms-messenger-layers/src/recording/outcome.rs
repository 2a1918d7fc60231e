//! An outcome in a recording.

use std::time::Duration;

use ms_messenger_core::{
    Delivery, Error, ErrorKind, Evidence, Problem, Problems, Receipt, Result, Settled, rfc3339,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The receipt or the error of a send.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Receipt(Receipt),
    Error(Box<RecordedError>),
}

impl Outcome {
    pub(super) fn of(result: &Result<Receipt>) -> Self {
        match result {
            Ok(receipt) => Self::Receipt(receipt.clone()),
            Err(error) => Self::Error(RecordedError::of(error)),
        }
    }

    pub(super) fn into_result(self) -> Result<Receipt> {
        match self {
            Self::Receipt(receipt) => Ok(receipt),
            Self::Error(error) => Err(error.into_error()),
        }
    }
}

/// The verdict of a settling.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Found(Receipt),
    NotFound,
    /// The wait until then, because the time itself is over when it is replayed.
    NotYetMs(u64),
    CannotTell(Box<RecordedError>),
}

impl Verdict {
    pub(super) fn of(settled: &Settled) -> Self {
        match settled {
            Settled::Found(receipt) => Self::Found(receipt.clone()),
            Settled::NotFound => Self::NotFound,
            Settled::NotYet(when) => {
                let wait = when.duration_since(std::time::SystemTime::now());
                let wait = wait.unwrap_or_default().as_millis();
                Self::NotYetMs(u64::try_from(wait).unwrap_or(u64::MAX))
            }
            Settled::CannotTell(error) => Self::CannotTell(RecordedError::of(error)),
            _ => {
                let text = "a verdict that is newer than the recording";
                Self::CannotTell(RecordedError::of(&Error::new(ErrorKind::Other, text)))
            }
        }
    }

    pub(super) fn into_settled(self) -> Settled {
        match self {
            Self::Found(receipt) => Settled::Found(receipt),
            Self::NotFound => Settled::NotFound,
            Self::NotYetMs(wait) => {
                let now = std::time::SystemTime::now();
                let when = now.checked_add(Duration::from_millis(wait));
                Settled::NotYet(when.filter(|it| rfc3339(*it).is_some()).unwrap_or(now))
            }
            Self::CannotTell(error) => Settled::CannotTell(error.into_error()),
        }
    }
}

/// What is read of the JSON form of an error, which has more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RecordedError {
    delivery: Delivery,
    kind: ErrorKind,
    message: String,
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
}

impl RecordedError {
    fn of(error: &Error) -> Box<Self> {
        let wait = error.retry_after().map(|wait| wait.as_millis());
        // Evidence whose time RFC 3339 cannot write is left out, as an error does.
        let writable = |it: &Evidence| serde_json::to_value(it).is_ok_and(|it| it != Value::Null);
        Box::new(Self {
            delivery: error.delivery(),
            kind: error.kind(),
            message: error.message().to_owned(),
            attempts: error.attempts(),
            platform: error.platform().map(str::to_owned),
            problems: error.problems().to_vec(),
            http_status: error.status(),
            code: error.code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            client_request_id: error.client_request_id().map(str::to_owned),
            retry_after_ms: wait.map(|wait| u64::try_from(wait).unwrap_or(u64::MAX)),
            evidence: Evidence::of(error)
                .or_else(|| error.evidence().cloned())
                .filter(writable),
        })
    }

    fn into_error(self) -> Error {
        let mut problems = Problems::new();
        for problem in self.problems {
            problems.push(problem);
        }
        let error = problems.into_error(self.kind);
        let error = error.unwrap_or_else(|| Error::new(self.kind, String::new()));
        let mut error = error
            .with_message(self.message)
            .with_delivery(self.delivery)
            .with_attempts(self.attempts);
        if let Some(platform) = self.platform {
            error = error.with_platform(platform);
        }
        if let Some(status) = self.http_status {
            error = error.with_status(status);
        }
        if let Some(code) = self.code {
            error = error.with_code(code);
        }
        if let Some(id) = self.request_id {
            error = error.with_request_id(id);
        }
        if let Some(id) = self.client_request_id {
            error = error.with_client_request_id(id);
        }
        if let Some(wait) = self.retry_after_ms {
            error = error.with_retry_after(Duration::from_millis(wait));
        }
        if let Some(evidence) = self.evidence {
            error = error
                .with_began_at(evidence.began_at)
                .with_evidence(evidence);
        }
        error
    }
}
