//! Subscriptions to change notifications. Source: Graph `subscription`.

use std::{fmt, time::SystemTime};

use ms_messenger_core::open_enum;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::scalar::{Flags, Timestamp};

open_enum! {
    /// A change that is notified.
    pub enum ChangeType {
        /// A message was posted.
        Created = "created",
        /// A message was edited, or got a reaction.
        Updated = "updated",
        /// A message was deleted.
        Deleted = "deleted",
    }
}

/// A subscription. `Debug` does not print the addresses, which may hold a secret; the `clientState`
/// is not kept.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Subscription {
    /// The id.
    pub id: String,
    /// What is subscribed to, e.g. `/chats/19:…/messages`.
    #[serde(default)]
    pub resource: String,
    /// The changes that are notified.
    #[serde(default)]
    pub change_type: Flags,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date_time: Option<Timestamp>,
    /// The address that is notified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_url: Option<String>,
    /// The address that is notified of what happens to the subscription itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_notification_url: Option<String>,
    /// Whether notifications hold the messages, encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_resource_data: Option<bool>,
    /// The name of the certificate that they are encrypted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_certificate_id: Option<String>,
    /// The application that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(default, skip_serializing, rename = "clientState")]
    client_state: IgnoredAny,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Subscription {
    /// Returns when it ends, if that can be read.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expiration_date_time.as_ref()?.to_system_time()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("id", &self.id)
            .field("resource", &self.resource)
            .field("change_type", &self.change_type)
            .field("expiration_date_time", &self.expiration_date_time)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_kept_or_printed() {
        let json = r#"{"id":"1","clientState":"hunter2","notificationUrl":"https://x/?k=hunter3","new":1}"#;
        let subscription: Subscription = serde_json::from_str(json).unwrap();
        assert!(!format!("{subscription:?}").contains("hunter"));
        let written = serde_json::to_string(&subscription).unwrap();
        assert!(!written.contains("hunter2"), "{written}");
        assert_eq!(subscription.other["new"], 1);
        assert_eq!(subscription.expires_at(), None);
    }
}
