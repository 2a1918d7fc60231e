//! One span per call, when the feature `tracing` is on; nothing when it is off.

use std::time::Duration;

use ms_messenger_core::Error;

use crate::HttpRequest;
#[cfg(feature = "tracing")]
use crate::{Call, Response, RetryClass, ServiceProfile, redact::one_line};

#[cfg(feature = "tracing")]
pub(crate) fn span(service: &ServiceProfile, call: &Call) -> tracing::Span {
    tracing::info_span!(
        target: "ms_messenger",
        "call",
        platform = service.name,
        operation = call.operation,
        status = tracing::field::Empty,
        attempts = tracing::field::Empty,
        delivery = tracing::field::Empty,
        request_id = tracing::field::Empty,
    )
}

/// Records the outcome of a call in its span: facts only, never a body or a secret.
#[cfg(feature = "tracing")]
pub(crate) fn record(span: &tracing::Span, class: RetryClass, outcome: Result<&Response, &Error>) {
    if span.is_disabled() {
        return;
    }
    let facts = match outcome {
        Ok(response) => (
            Some(response.status),
            response.context.attempts,
            if class == RetryClass::Repeatable {
                "not_sent"
            } else {
                "sent"
            },
            response.request_id().map(one_line),
        ),
        Err(error) => (
            error.status(),
            error.attempts(),
            error.delivery().as_str(),
            error.request_id().map(str::to_owned),
        ),
    };
    let (status, attempts, delivery, request_id) = facts;
    span.record("attempts", attempts);
    span.record("delivery", delivery);
    if let Some(status) = status {
        span.record("status", status);
    }
    if let Some(request_id) = request_id {
        span.record("request_id", request_id.as_str());
    }
}

/// Reports that an attempt begins: where it goes, without the query.
#[allow(unused_variables, reason = "used by the feature `tracing` only")]
pub(crate) fn attempting(request: &HttpRequest, attempt: u32) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "ms_messenger",
        attempt,
        method = request.method.as_str(),
        host = request.url.host_str(),
        port = request.url.port_or_known_default(),
        path = request.url.path(),
        "attempt"
    );
}

/// Reports that an attempt failed and another follows.
#[allow(unused_variables, reason = "used by the feature `tracing` only")]
pub(crate) fn retrying(error: &Error, attempt: u32, wait: Duration) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "ms_messenger",
        attempt,
        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        kind = error.kind().as_str(),
        status = error.status(),
        "retrying"
    );
}
