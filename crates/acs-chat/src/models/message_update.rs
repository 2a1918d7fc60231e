//! A change of a message.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{attachment::ChatAttachment, check::Check};

/// A change of a message: what is not set stays as it is. `Debug` does not show the content.
///
/// ```
/// use acs_chat::UpdateChatMessageRequest;
///
/// let change = UpdateChatMessageRequest::content("disk full, again").with_metadata("build", "7");
/// assert_eq!(
///     serde_json::to_string(&change)?,
///     r#"{"content":"disk full, again","metadata":{"build":"7"}}"#
/// );
/// assert!(!format!("{change:?}").contains("disk"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateChatMessageRequest {
    /// The new text or markup, of the kind that the message has; never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Properties that are set, or removed where the value is empty.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The new attachments, in
    /// [`ChatApiVersion::V2024_03_15Preview`](crate::ChatApiVersion::V2024_03_15Preview) only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<ChatAttachment>>,
}

impl UpdateChatMessageRequest {
    /// Changes the text or markup.
    pub fn content(content: impl Into<String>) -> Self {
        Self {
            content: Some(content.into()),
            ..Self::default()
        }
    }

    /// Sets a property.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Removes a property.
    #[must_use]
    pub fn without_metadata(self, key: impl Into<String>) -> Self {
        self.with_metadata(key, "")
    }

    /// Replaces the attachments.
    #[must_use]
    pub fn with_attachments(
        mut self,
        attachments: impl IntoIterator<Item = ChatAttachment>,
    ) -> Self {
        self.attachments = Some(attachments.into_iter().collect());
        self
    }

    pub(crate) fn find_problems(&self, check: &mut Check<'_>) {
        let is_blank = |content: &String| content.trim().is_empty();
        let is_blank = self.content.as_ref().is_some_and(is_blank);
        check
            .broken
            .add_if(is_blank, "content", "must not be empty or blank");
        for (i, attachment) in self.attachments.iter().flatten().enumerate() {
            let is_empty = attachment.id.is_empty();
            let field = format!("attachments[{i}].id");
            check.broken.add_if(is_empty, &field, "must not be empty");
        }
        if self.attachments.is_some() && !check.version.supports_attachments() {
            check.unsupported("attachments");
        }
        let is_nothing = *self == Self::default();
        check
            .broken
            .add_if(is_nothing, "update", "must change something");
    }
}

impl fmt::Debug for UpdateChatMessageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateChatMessageRequest")
            .field("content", &self.content.as_ref().map(|_| "…"))
            .field(
                "metadata",
                &format_args!("<{} values>", self.metadata.len()),
            )
            .finish_non_exhaustive()
    }
}
