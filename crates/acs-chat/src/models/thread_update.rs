//! A change of a thread.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{check::Check, metadata, retention::ChatRetentionPolicy};

/// A change of a thread: what is not set stays as it is.
///
/// ```
/// use acs_chat::UpdateChatThreadRequest;
///
/// let change = UpdateChatThreadRequest::default()
///     .with_topic("Incident 7, resolved")
///     .with_metadata("state", "resolved")
///     .without_metadata("owner");
/// assert_eq!(
///     serde_json::to_string(&change)?,
///     r#"{"topic":"Incident 7, resolved","metadata":{"owner":null,"state":"resolved"}}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateChatThreadRequest {
    /// The new topic; never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Properties that are set, or removed where they have no value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Option<String>>,
    /// How long the service keeps the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_policy: Option<ChatRetentionPolicy>,
}

impl UpdateChatThreadRequest {
    /// Sets the topic.
    #[must_use]
    pub fn with_topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Sets a property.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), Some(value.into()));
        self
    }

    /// Removes a property.
    #[must_use]
    pub fn without_metadata(mut self, key: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), None);
        self
    }

    /// Sets how long the service keeps the thread.
    #[must_use]
    pub fn with_retention_policy(mut self, policy: ChatRetentionPolicy) -> Self {
        self.retention_policy = Some(policy);
        self
    }

    pub(crate) fn find_problems(&self, check: &mut Check<'_>) {
        let is_blank = |topic: &String| topic.trim().is_empty();
        let is_blank = self.topic.as_ref().is_some_and(is_blank);
        check
            .broken
            .add_if(is_blank, "topic", "must not be empty or blank");
        let parts = self
            .metadata
            .iter()
            .map(|(name, value)| (name, value.as_ref()));
        metadata::find_problems(parts, "metadata", check);
        if let Some(policy) = &self.retention_policy {
            policy.find_problems(check);
        }
        let is_empty = *self == Self::default();
        check
            .broken
            .add_if(is_empty, "update", "must change something");
    }
}
