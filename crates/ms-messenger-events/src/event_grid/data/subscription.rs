//! Events about the subscription itself.

use serde::{Deserialize, Serialize};

/// `Microsoft.EventGrid.SubscriptionDeletedEvent`: no more events will follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SubscriptionDeleted {
    /// The id of the subscription of Event Grid that was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_subscription_id: Option<String>,
}
