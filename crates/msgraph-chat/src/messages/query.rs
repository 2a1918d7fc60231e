//! What a list of messages returns.

use std::time::SystemTime;

use crate::{paths::CheckedPath, times::rfc3339};

/// The largest page of messages, which is also the default.
const MAX_PAGE: u32 = 50;

/// What a list of messages returns: by default pages of 50, all messages, without replies.
///
/// The service supports some options on some lists only; one that it does not support is the error
/// of the first page.
///
/// | Option | Chat | Channel | Replies | Changes | Export |
/// |---|---|---|---|---|---|
/// | `with_page_size` | yes | yes | yes | yes | yes |
/// | `with_replies` | | yes | | in channels | |
/// | `with_changed_after` | yes | | | yes | yes |
/// | `with_changed_before` | yes | | | | yes |
/// | `with_created_before` | yes | | | | |
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use msgraph_chat::MessageQuery;
///
/// let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
/// let query = MessageQuery::new().with_page_size(10).with_changed_after(yesterday);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a query does nothing until a list is read with it"]
pub struct MessageQuery {
    /// The number of messages on a page, 1 to 50.
    pub page_size: Option<u32>,
    /// Whether the messages have their [replies](crate::models::ChatMessage::replies).
    pub has_replies: bool,
    /// Only messages that changed after this time; reactions count as changes.
    pub changed_after: Option<SystemTime>,
    /// Only messages that did not change since this time.
    pub changed_before: Option<SystemTime>,
    /// Only messages that were created before this time.
    pub created_before: Option<SystemTime>,
}

/// The list that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Chat,
    Channel,
    Replies,
    ChannelChanges,
    ChatChanges,
    /// Of all chats of a user, or all channels of a team.
    Export,
    ExportChanges,
}

impl MessageQuery {
    /// Returns the default query.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of messages on a page, 1 to 50.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = Some(size);
        self
    }

    /// Sets whether the messages have their [replies](crate::models::ChatMessage::replies), up to
    /// 1,000 of them.
    pub fn with_replies(mut self, has_replies: bool) -> Self {
        self.has_replies = has_replies;
        self
    }

    /// Returns only messages that changed after `time`; reactions count as changes.
    pub fn with_changed_after(mut self, time: SystemTime) -> Self {
        self.changed_after = Some(time);
        self
    }

    /// Returns only messages whose last change was before `time`.
    pub fn with_changed_before(mut self, time: SystemTime) -> Self {
        self.changed_before = Some(time);
        self
    }

    /// Returns only messages that were created before `time`, the newest of them first. It cannot
    /// be combined with the times of changes.
    pub fn with_created_before(mut self, time: SystemTime) -> Self {
        self.created_before = Some(time);
        self
    }

    /// Adds the query of `list` to its path.
    pub(crate) fn add_to(&self, list: List, path: CheckedPath) -> CheckedPath {
        let size = self.page_size.unwrap_or(MAX_PAGE);
        let is_sound = (1..=MAX_PAGE).contains(&size);
        let mut path = self
            .refuse(list, path)
            .refuse_if(!is_sound, "query.page_size", "must be 1 to 50")
            .query("$top", size);
        if self.has_replies {
            path = path.query("$expand", "replies");
        }
        let mut terms: Vec<String> = Vec::new();
        let mut add = |term: &str, time: Option<SystemTime>| {
            terms.extend(time.map(|time| format!("{term} {}", rfc3339(time))));
        };
        add("createdDateTime lt", self.created_before);
        add("lastModifiedDateTime gt", self.changed_after);
        add("lastModifiedDateTime lt", self.changed_before);
        if terms.is_empty() {
            return path;
        }
        // The service ignores a filter of a chat that is not on the property of the order.
        let order = match self.created_before {
            _ if list != List::Chat => None,
            Some(_) => Some("createdDateTime desc"),
            None => Some("lastModifiedDateTime desc"),
        };
        if let Some(order) = order {
            path = path.query("$orderby", order);
        }
        path.query("$filter", terms.join(" and "))
    }

    /// Notes the options that `list` does not support.
    fn refuse(&self, list: List, path: CheckedPath) -> CheckedPath {
        use List::{Channel, ChannelChanges, Chat, Export, Replies};
        let rule = "is not supported by this list";
        let no_replies = self.has_replies && !matches!(list, Channel | ChannelChanges);
        let no_after = self.changed_after.is_some() && matches!(list, Channel | Replies);
        let no_before = self.changed_before.is_some() && !matches!(list, Chat | Export);
        let no_created = self.created_before.is_some() && list != Chat;
        let is_mixed = self.created_before.is_some()
            && (self.changed_after.is_some() || self.changed_before.is_some());
        let mixed = "cannot be combined with the times of changes";
        path.refuse_if(no_replies, "query.replies", rule)
            .refuse_if(no_after, "query.changed_after", rule)
            .refuse_if(no_before, "query.changed_before", rule)
            .refuse_if(no_created, "query.created_before", rule)
            .refuse_if(is_mixed, "query.created_before", mixed)
    }
}
