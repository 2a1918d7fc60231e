//! The idempotency key of a send, and what its rejection means for an earlier send under it.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Delivery, Error, ErrorKind, IdempotencyKey, Problems, Result};
use ms_messenger_http::{Call, HeaderName, HeaderValue, header::InvalidHeaderValue};

use crate::{SendOptions, error::PLATFORM};

const REQUEST_ID: HeaderName = HeaderName::from_static("repeatability-request-id");
const FIRST_SENT: HeaderName = HeaderName::from_static("repeatability-first-sent");

/// How long the service knows a key after its first use; later it responds with 412.
const LIFE: Duration = Duration::from_secs(300);

const AGED: &str = "was first used more than five minutes ago, so the service does not recognise \
    it any more; that first send may be out: check whether the message arrived before it is sent \
    under a new key";

const AHEAD: &str = "lies more than five minutes in the future, so the service does not accept it; \
    an earlier send under the key may be out: check whether the message arrived, and set the clock \
    of this machine right";

/// The key of one send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    key: IdempotencyKey,
    /// Whether the caller set it, so that it may have been used before this send.
    is_callers: bool,
}

impl Key {
    /// The key of the caller, or a new one for this send alone.
    pub(crate) fn of(options: &SendOptions) -> Self {
        Self {
            key: options.idempotency.unwrap_or_else(IdempotencyKey::random),
            is_callers: options.idempotency.is_some(),
        }
    }

    /// A new key.
    pub(crate) fn random() -> Self {
        Self {
            key: IdempotencyKey::random(),
            is_callers: false,
        }
    }

    /// Returns the error of all `problems` and of an unusable key; it keeps the key for settling.
    /// A key that is too old proves nothing about the send that used it first.
    pub(crate) fn check(&self, mut problems: Problems) -> Result<()> {
        let mut own = Problems::new();
        let (first_sent, now) = (self.key.first_sent, SystemTime::now());
        let field = "idempotency.first_sent";
        let age = now.duration_since(first_sent).unwrap_or_default();
        own.add_if(age >= LIFE, field, AGED);
        let ahead = first_sent.duration_since(now).unwrap_or_default();
        own.add_if(ahead >= LIFE, field, AHEAD);
        let is_in_doubt = self.is_callers && !own.is_empty();
        problems.append(own);
        let kind = if is_in_doubt {
            ErrorKind::Conflict
        } else {
            ErrorKind::InvalidRequest
        };
        problems.into_result(kind).map_err(|error| {
            let error = error.with_platform(PLATFORM).with_idempotency(self.key);
            if is_in_doubt {
                error
                    .with_delivery(Delivery::Unknown)
                    .with_began_at(first_sent.min(now))
            } else {
                error
            }
        })
    }

    /// Returns the call under this key.
    pub(crate) fn sign(&self, call: Call) -> Result<Call> {
        let mut id = [0; uuid::fmt::Hyphenated::LENGTH];
        let id = self.key.id.hyphenated().encode_lower(&mut id);
        let date = httpdate::fmt_http_date(self.key.first_sent);
        Ok(call
            .with_idempotency(self.key)
            .with_header(REQUEST_ID, header(HeaderValue::from_str(id))?)
            .with_header(FIRST_SENT, header(HeaderValue::try_from(date))?))
    }

    /// Corrects the delivery of an error of the call. Where the service rejects the key itself (400
    /// or 412), this send was not executed, but one before it under the same key may have been.
    pub(crate) fn judge(&self, error: Error) -> Error {
        let rejects_key =
            error.kind() == ErrorKind::Conflict && matches!(error.status(), Some(400 | 412));
        if self.is_callers && rejects_key && error.delivery() == Delivery::NotSent {
            error.with_delivery(Delivery::Unknown)
        } else {
            error
        }
    }
}

/// Marks a value that no other call has, so that HTTP/2 keeps it out of its table.
fn header(value: Result<HeaderValue, InvalidHeaderValue>) -> Result<HeaderValue> {
    let mut value =
        value.map_err(|e| Error::new(ErrorKind::Other, "no header value").with_source(e))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(first_sent: SystemTime) -> Result<()> {
        let key = IdempotencyKey::new(IdempotencyKey::random().id, first_sent);
        let key = Key::of(&SendOptions::default().with_idempotency(key));
        key.check(Problems::new())?;
        key.sign(Call::post("send", "/")).map(drop)
    }

    proptest! {
        #[test]
        fn any_time_of_a_first_use_is_handled(seconds in any::<i64>(), nanos in 0_u32..1_000_000_000) {
            let distance = Duration::new(seconds.unsigned_abs(), nanos);
            let time = if seconds < 0 {
                SystemTime::UNIX_EPOCH.checked_sub(distance)
            } else {
                SystemTime::UNIX_EPOCH.checked_add(distance)
            };
            if let Some(Err(error)) = time.map(check) {
                prop_assert_eq!(error.delivery(), Delivery::Unknown);
                let _ = format!("{error} {error:?}");
            }
        }
    }

    #[test]
    fn a_key_is_valid_for_five_minutes() {
        let ago = |seconds| SystemTime::now() - Duration::from_secs(seconds);
        for (time, is_good) in [(ago(0), true), (ago(298), true), (ago(300), false)] {
            assert_eq!(check(time).is_ok(), is_good);
        }
        let ahead = SystemTime::now() + Duration::from_secs(302);
        assert!(check(ahead).is_err());
    }
}
