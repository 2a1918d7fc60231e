//! Every call of this client, as data.

mod activity;
mod batch;
mod chats;
mod files;
mod message;
mod messages;
mod migration;
mod subscriptions;
mod teams;

pub(crate) use self::{
    activity::*, batch::*, chats::*, files::*, message::*, messages::*, migration::*,
    subscriptions::*, teams::*,
};
use ms_messenger_http::Operation;

/// Every operation of the client: its request, the least permission that it needs, whether it may
/// be repeated and why, and what the caller can do when it is unknown whether it was executed. The
/// calls of the client are made from this table.
///
/// ```
/// use msgraph_chat::OPERATIONS;
///
/// let get = OPERATIONS.iter().find(|it| it.name() == "chat.get").unwrap();
/// assert_eq!(get.to_string(), "chat.get: GET /chats/{chat-id}");
/// assert_eq!(get.permission(), Some("Chat.ReadBasic"));
/// assert!(get.is_repeatable());
/// ```
pub static OPERATIONS: &[&Operation] = &[
    &CHANNEL_MESSAGE_SEND,
    &REPLY_SEND,
    &CHAT_MESSAGE_SEND,
    &CHAT_MESSAGE_QUOTE,
    &CHANNEL_MESSAGE_LIST,
    &REPLY_LIST,
    &CHAT_MESSAGE_LIST,
    &CHANNEL_MESSAGE_CHANGES,
    &CHAT_MESSAGE_CHANGES,
    &CHANNEL_MESSAGE_GET,
    &REPLY_GET,
    &CHAT_MESSAGE_GET,
    &CHANNEL_MESSAGE_EDIT,
    &REPLY_EDIT,
    &CHAT_MESSAGE_EDIT,
    &CHANNEL_MESSAGE_MARK,
    &REPLY_MARK,
    &CHAT_MESSAGE_MARK,
    &CHANNEL_MESSAGE_DELETE,
    &CHANNEL_MESSAGE_UNDELETE,
    &REPLY_DELETE,
    &REPLY_UNDELETE,
    &CHAT_MESSAGE_DELETE,
    &CHAT_MESSAGE_UNDELETE,
    &CHANNEL_MESSAGE_REACT,
    &CHANNEL_MESSAGE_UNREACT,
    &REPLY_REACT,
    &REPLY_UNREACT,
    &CHAT_MESSAGE_REACT,
    &CHAT_MESSAGE_UNREACT,
    &CHANNEL_MESSAGE_HOSTED_LIST,
    &CHANNEL_MESSAGE_HOSTED_GET,
    &CHANNEL_MESSAGE_HOSTED_VALUE,
    &REPLY_HOSTED_LIST,
    &REPLY_HOSTED_GET,
    &REPLY_HOSTED_VALUE,
    &CHAT_MESSAGE_HOSTED_LIST,
    &CHAT_MESSAGE_HOSTED_GET,
    &CHAT_MESSAGE_HOSTED_VALUE,
    &CHAT_EXPORT,
    &CHAT_EXPORT_CHANGES,
    &CHANNEL_EXPORT,
    &CHANNEL_IMPORT,
    &REPLY_IMPORT,
    &CHAT_IMPORT,
    &CHANNEL_MIGRATION_START,
    &CHANNEL_MIGRATION_COMPLETE,
    &CHAT_MIGRATION_START,
    &CHAT_MIGRATION_COMPLETE,
    &TEAM_MIGRATION_COMPLETE,
    &CHAT_LIST,
    &CHAT_LIST_OF_USER,
    &CHAT_GET,
    &CHAT_CREATE_ONE_ON_ONE,
    &CHAT_CREATE,
    &CHAT_RENAME,
    &CHAT_MEMBER_LIST,
    &CHAT_MEMBER_GET,
    &CHAT_MEMBER_ADD,
    &CHAT_MEMBER_REMOVE,
    &PIN_LIST,
    &PIN_ADD,
    &PIN_REMOVE,
    &TEAM_LIST,
    &TEAM_LIST_OF_USER,
    &TEAM_GET,
    &TEAM_MEMBER_LIST,
    &TEAM_MEMBER_GET,
    &TEAM_MEMBER_ADD,
    &TEAM_MEMBER_REMOVE,
    &TAG_LIST,
    &CHANNEL_LIST,
    &CHANNEL_LIST_ALL,
    &CHANNEL_PRIMARY,
    &CHANNEL_GET,
    &CHANNEL_CREATE,
    &CHANNEL_UPDATE,
    &CHANNEL_DELETE,
    &CHANNEL_MEMBER_LIST,
    &CHANNEL_MEMBER_GET,
    &CHANNEL_MEMBER_ADD,
    &CHANNEL_MEMBER_REMOVE,
    &DRIVE_GET,
    &DRIVE_FOLDER,
    &DRIVE_FOLDER_CREATE,
    &DRIVE_ITEM,
    &DRIVE_LIST,
    &DRIVE_CONTENT,
    &DRIVE_DOWNLOAD,
    &DRIVE_LINK,
    &SHARE_GET,
    &SHARE_CONTENT,
    &DRIVE_UPLOAD,
    &DRIVE_SESSION_CREATE,
    &DRIVE_SESSION_PIECE,
    &DRIVE_SESSION_GET,
    &DRIVE_SESSION_CANCEL,
    &DRIVE_SESSION_COMMIT,
    &DRIVE_INVITE,
    &DRIVE_DELETE,
    &SUBSCRIPTION_CREATE,
    &SUBSCRIPTION_LIST,
    &SUBSCRIPTION_GET,
    &SUBSCRIPTION_UPDATE,
    &SUBSCRIPTION_REAUTHORIZE,
    &SUBSCRIPTION_DELETE,
    &USER_ME,
    &USER_GET,
    &USER_LIST,
    &NOTIFY_USER,
    &NOTIFY_CHAT,
    &NOTIFY_TEAM,
    &NOTIFY_RECIPIENTS,
    &BATCH,
    &BATCH_OF_READS,
];

/// The operation of that name.
pub(crate) fn of_name(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().copied().find(|it| it.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ms_messenger_http::RetryClass;

    use super::*;

    #[test]
    fn every_row_is_whole_and_has_a_name_of_its_own() {
        let mut names = HashSet::new();
        for operation in OPERATIONS {
            assert!(names.insert(operation.name()), "{operation}");
            assert!(!operation.function().is_empty(), "{operation}");
            assert!(operation.permission().is_some(), "{operation}");
            assert!(!operation.reason().is_empty(), "{operation}");
            assert!(operation.path().starts_with(['/', '{']), "{operation}");
            assert!(!operation.path().contains('?'), "{operation}");
            assert_eq!(of_name(operation.name()), Some(*operation));
        }
    }

    #[test]
    fn what_must_not_be_retried_says_what_to_do_if_unknown() {
        for operation in OPERATIONS {
            let is_once = operation.class() == RetryClass::NotRepeatable;
            assert_eq!(operation.doubt().is_some(), is_once, "{operation}");
        }
    }
}
