//! A message and what the outbox needs to know about it.

use std::{fmt, time::SystemTime};

use ms_messenger_core::{ErrorKind, Problems, SendRequest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    backoff::Backoff,
    error::{OutboxError, OutboxErrorKind, Result},
    id::{EnvelopeId, check_name},
    time,
};

/// A message to send, with what the outbox needs to know about it.
///
/// # JSON form
///
/// Members that are not set are absent; unknown members are rejected.
///
/// ```json
/// {"id": "order-4711", "route": "teams",
///  "request": {"to": "conversation:19:abc@thread.v2", "message": {"body": {"text": "shipped"}}},
///  "not_before": "2026-12-01T08:00:00Z", "expires_at": "2026-12-02T08:00:00Z",
///  "order_key": "customer-17"}
/// ```
///
/// ```
/// use ms_messenger_core::{SendRequest, Target};
/// use ms_messenger_outbox::Envelope;
///
/// let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "shipped");
/// let envelope = Envelope::new("order-4711", "teams", request).with_order_key("customer-17");
/// envelope.check()?;
/// # Ok::<(), ms_messenger_outbox::OutboxError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Envelope {
    /// The caller's own id. The same id and content is one message; the same id with other content
    /// is refused.
    pub id: EnvelopeId,
    /// The name of the route: which messenger of the workers sends it. 1 to 200 bytes.
    pub route: String,
    /// The request. It has no idempotency key, timeout, cancel handle or journal: the outbox sets
    /// them for each attempt.
    pub request: SendRequest,
    /// The time before which it is not sent.
    #[serde(
        default,
        with = "time::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_before: Option<SystemTime>,
    /// The time after which no attempt begins; the message then expires.
    #[serde(
        default,
        with = "time::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<SystemTime>,
    /// Messages of one route with the same key are sent one after the other, in the order in which
    /// they were enqueued. 1 to 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_key: Option<String>,
    /// The pauses between its attempts; `None` for those of the outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
}

impl Envelope {
    /// Creates an envelope.
    pub fn new(id: impl Into<EnvelopeId>, route: impl Into<String>, request: SendRequest) -> Self {
        Self {
            id: id.into(),
            route: route.into(),
            request,
            not_before: None,
            expires_at: None,
            order_key: None,
            backoff: None,
        }
    }

    /// Sets the time before which it is not sent.
    #[must_use]
    pub fn with_not_before(mut self, time: SystemTime) -> Self {
        self.not_before = Some(time);
        self
    }

    /// Sets the time after which no attempt begins.
    #[must_use]
    pub fn with_expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// Sets the key of the messages that are sent one after the other.
    #[must_use]
    pub fn with_order_key(mut self, key: impl Into<String>) -> Self {
        self.order_key = Some(key.into());
        self
    }

    /// Sets the pauses between its attempts.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// Checks everything that [`Outbox::enqueue`](crate::Outbox::enqueue) refuses without I/O.
    ///
    /// # Errors
    ///
    /// [`Invalid`](OutboxErrorKind::Invalid) with every problem.
    pub fn check(&self) -> Result<()> {
        let mut problems = Problems::new();
        check_name("id", self.id.as_str(), &mut problems);
        check_name("route", &self.route, &mut problems);
        if let Some(key) = &self.order_key {
            check_name("order_key", key, &mut problems);
        }
        let request = &self.request;
        let own = "is set by the outbox for each attempt";
        let has_key = request.idempotency.is_some();
        problems.add_if(has_key, "request.idempotency", own);
        problems.add_if(request.timeout.is_some(), "request.timeout_ms", own);
        problems.add_if(request.cancel.is_some(), "request.cancel", own);
        problems.add_if(request.journal.is_some(), "request.journal", own);
        request.message.find_nested(&mut problems);
        for (field, time) in [
            ("not_before", self.not_before),
            ("expires_at", self.expires_at),
        ] {
            let is_odd = time.is_some_and(|it| ms_messenger_core::rfc3339(it).is_none());
            problems.add_if(is_odd, field, "must be in the years 1970 to 9999");
        }
        if let (Some(from), Some(until)) = (self.not_before, self.expires_at) {
            let rule = "must be later than `not_before`";
            problems.add_if(until <= from, "expires_at", rule);
        }
        if let Some(backoff) = &self.backoff {
            backoff.check(&mut problems);
        }
        let checked = problems.into_result(ErrorKind::InvalidRequest);
        checked.map_err(|error| OutboxError::invalid(&error))
    }

    /// Reads the JSON form and checks it.
    ///
    /// # Errors
    ///
    /// [`Invalid`](OutboxErrorKind::Invalid) with the path of what is unknown, missing or unusable.
    pub fn from_json(text: &str) -> Result<Self> {
        let read = ms_messenger_core::json::from_str::<Self>(text).map_err(|error| {
            let error = error.into_problem("envelope");
            OutboxError::invalid(&error.into_error(ErrorKind::InvalidRequest))
        })?;
        read.check()?;
        Ok(read)
    }

    /// The bytes that are stored, and what recognises them.
    pub(crate) fn content(&self) -> Result<Content> {
        let unwritable = |error: serde_json::Error| {
            OutboxError::new(
                OutboxErrorKind::Invalid,
                "the request cannot be written as JSON",
            )
            .with_id(&self.id)
            .with_source(error)
        };
        let request = serde_json::to_vec(&self.request).map_err(unwritable)?;
        let options = serde_json::to_vec(&(
            self.not_before.map(time::to_millis),
            self.expires_at.map(time::to_millis),
            &self.order_key,
            &self.backoff,
        ));
        let options = options.map_err(unwritable)?;
        let route = self.route.as_bytes();
        Ok(Content {
            hash: Hash::of(&[route, &request, &options]),
            twin: Hash::of(&[route, &request]),
            lane: Hash::of(&[route, self.request.to.to_string().as_bytes()]),
            request,
        })
    }
}

/// The stored form of an envelope's content.
pub(crate) struct Content {
    pub(crate) request: Vec<u8>,
    /// Of everything but the id.
    pub(crate) hash: Hash,
    /// Of the route and the request: equal messages.
    pub(crate) twin: Hash,
    /// Of the route and the target.
    pub(crate) lane: Hash,
}

/// A SHA-256 hash. As text and in JSON: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Hashes the parts, with their lengths.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    #[cfg(feature = "encryption")]
    pub(crate) const fn from_array(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the hash with these bytes, as a store wrote them; `None` unless there are 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hex digits"))
    }
}
