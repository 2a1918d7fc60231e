//! How long a thread is kept.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

use super::{check::Check, version::ChatApiVersion};

/// How long the service keeps a thread.
///
/// ```
/// use acs_chat::{ChatRetentionPolicy, CreateChatThreadRequest};
///
/// let policy = ChatRetentionPolicy::delete_after_days(60);
/// let request = CreateChatThreadRequest::new("Incident 7").with_retention_policy(policy);
/// assert!(request.retention_policy.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatRetentionPolicy {
    /// For good. As a change, it removes the policy. Since 2025-03-15.
    None,
    /// It is deleted some days after its creation.
    #[non_exhaustive]
    ThreadCreationDate {
        /// After how many days, from 30 to 90.
        delete_thread_after_days: u32,
    },
    /// A policy that this version does not know, as it is on the wire.
    Other(Value),
}

impl ChatRetentionPolicy {
    /// The thread is deleted `days` days after its creation, from 30 to 90.
    #[must_use]
    pub fn delete_after_days(days: u32) -> Self {
        Self::ThreadCreationDate {
            delete_thread_after_days: days,
        }
    }

    pub(super) fn find_problems(&self, check: &mut Check<'_>) {
        const FIELD: &str = "retentionPolicy";
        let is_late = *self == Self::None && *check.version == ChatApiVersion::V2024_03_15Preview;
        if is_late || !check.version.supports_thread_metadata() {
            check.unsupported(FIELD);
        }
        if let Self::ThreadCreationDate {
            delete_thread_after_days: days,
        } = self
        {
            let field = format!("{FIELD}.deleteThreadAfterDays");
            let is_sound = (30..=90).contains(days);
            check
                .broken
                .add_if(!is_sound, &field, "must be from 30 to 90");
        }
    }
}

/// Writes `kind` first, without which some readers do not know what follows.
impl Serialize for ChatRetentionPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, days) = match self {
            Self::None => ("none", None),
            Self::ThreadCreationDate {
                delete_thread_after_days: days,
            } => ("threadCreationDate", Some(days)),
            Self::Other(value) => return value.serialize(serializer),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", kind)?;
        if let Some(days) = days {
            map.serialize_entry("deleteThreadAfterDays", days)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ChatRetentionPolicy {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(input)?;
        let days = value["deleteThreadAfterDays"].as_u64();
        let days = days.and_then(|days| u32::try_from(days).ok());
        Ok(match (value["kind"].as_str(), days) {
            (Some("none"), _) => Self::None,
            (Some("threadCreationDate"), Some(days)) => Self::delete_after_days(days),
            _ => Self::Other(value),
        })
    }
}
