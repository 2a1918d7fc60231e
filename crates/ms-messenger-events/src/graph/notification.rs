//! What Graph notifies of. Source: Microsoft Graph, `changeNotification` resource and "Reduce
//! missing change notifications and removed subscriptions", v1.0.

use ms_messenger_core::open_enum;
use serde::{Deserialize, Serialize};

use super::{content::ResourceContent, resource::Resource};
use crate::timestamp::Timestamp;

open_enum! {
    /// What happened to a resource.
    pub enum ChangeType {
        /// It was created.
        Created = "created",
        /// It was changed.
        Updated = "updated",
        /// It was deleted.
        Deleted = "deleted",
    }
}

open_enum! {
    /// What happens to a subscription.
    pub enum LifecycleEvent {
        /// It must be authorised again, or renewed, which does both. Until then notifications
        /// are lost.
        ReauthorizationRequired = "reauthorizationRequired",
        /// It was removed. Create it again, then read by delta what was missed.
        SubscriptionRemoved = "subscriptionRemoved",
        /// Notifications were missed: read them by delta. Documented for Outlook alone.
        Missed = "missed",
    }
}

/// What Graph notifies of. It has a JSON form, without `clientState`, by which it can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Notification {
    /// Something happened to a subscription.
    Lifecycle(LifecycleNotification),
    /// Something happened to a resource.
    Change(Box<ChangeNotification>),
}

impl Notification {
    /// Returns the id of the subscription.
    pub fn subscription_id(&self) -> &str {
        match self {
            Self::Lifecycle(it) => &it.subscription_id,
            Self::Change(it) => &it.subscription_id,
        }
    }
}

/// Something happened to a resource.
///
/// Notifications are delivered at least once and in any order. They include the messages that the
/// own application sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChangeNotification {
    /// The id of the notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The subscription.
    pub subscription_id: String,
    /// When the subscription ends.
    #[serde(
        default,
        rename = "subscriptionExpirationDateTime",
        skip_serializing_if = "Option::is_none"
    )]
    pub subscription_expiration: Option<Timestamp>,
    /// What happened.
    pub change_type: ChangeType,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The path of the resource as it was written; see [`resource`](Self::resource).
    #[serde(rename = "resource")]
    pub resource_path: String,
    /// What is known of the resource without decryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_data: Option<ResourceData>,
    /// The resource itself, decrypted, if the subscription includes resource data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ResourceContent>,
}

impl ChangeNotification {
    /// Returns the message that the notification is about, read from its path.
    pub fn resource(&self) -> Resource {
        Resource::parse(&self.resource_path)
    }
}

/// What is known of a resource without decryption.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ResourceData {
    /// The type, e.g. `#Microsoft.Graph.chatMessage`; its case varies.
    #[serde(
        rename = "@odata.type",
        alias = "@Odata.Type",
        skip_serializing_if = "Option::is_none"
    )]
    pub odata_type: Option<String>,
    /// The path.
    #[serde(
        rename = "@odata.id",
        alias = "@Odata.Id",
        skip_serializing_if = "Option::is_none"
    )]
    pub odata_id: Option<String>,
    /// The id, unique below its path only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Something happened to a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LifecycleNotification {
    /// What happened.
    pub lifecycle_event: LifecycleEvent,
    /// The subscription.
    pub subscription_id: String,
    /// When the subscription ends.
    #[serde(
        default,
        rename = "subscriptionExpirationDateTime",
        skip_serializing_if = "Option::is_none"
    )]
    pub subscription_expiration: Option<Timestamp>,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The resource of the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}
