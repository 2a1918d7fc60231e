//! A message and when it last changed, as it is kept.

use std::time::SystemTime;

use ms_messenger_core::rfc3339;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

use super::message_status::MessageStatus;
use crate::timestamp::Timestamp;

/// A message and when it last changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) message: MessageStatus,
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub(super) changed_at: SystemTime,
}

impl Entry {
    pub(super) fn new(message: MessageStatus, changed_at: SystemTime) -> Self {
        Self {
            message,
            changed_at,
        }
    }
}

fn write<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
    let text = rfc3339(*time).ok_or_else(|| S::Error::custom("a time outside 1970 to 9999"))?;
    out.serialize_str(&text)
}

fn read<'de, D: Deserializer<'de>>(input: D) -> Result<SystemTime, D::Error> {
    let time = Timestamp::deserialize(input)?.to_system_time();
    time.ok_or_else(|| D::Error::custom("expected a time in RFC 3339"))
}
