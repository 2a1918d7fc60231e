//! The key of one logical send.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::random::random_uuid;

/// The key of one logical send, by which the platform recognises a repetition.
///
/// It belongs to the request: one key per message, kept over all attempts, with the time of its
/// first use, because ACS needs both (`Repeatability-Request-ID` and `Repeatability-First-Sent`).
/// ACS honours a key for five minutes after its first use, so create it when the send starts and
/// not when the message is queued.
///
/// A key whose first use is more than a second ago says that there was an earlier call, so a
/// failure under it leaves the delivery unknown even if this call was rejected.
///
/// ```
/// use ms_messenger_core::{IdempotencyKey, SendRequest, Target};
///
/// let request = SendRequest::new(Target::phone("+14255550123")?, "Your code is 1234")
///     .with_idempotency(IdempotencyKey::random());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IdempotencyKey {
    /// The key.
    #[serde(with = "crate::json::text::uuid")]
    pub id: Uuid,
    /// The time of its first use. Writing a time outside the years 1970 to 9999 as JSON fails.
    #[serde(with = "crate::timestamp")]
    pub first_sent: SystemTime,
}

impl IdempotencyKey {
    /// Creates a random key, first used now.
    #[must_use]
    pub fn random() -> Self {
        Self::new(random_uuid(), SystemTime::now())
    }

    /// Creates the key `id`, first used at `first_sent`.
    #[must_use]
    pub fn new(id: Uuid, first_sent: SystemTime) -> Self {
        Self { id, first_sent }
    }
}
