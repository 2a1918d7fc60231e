//! The notifications of activity feeds.

use ms_messenger_http::{Method, Operation};

const TWICE: &str = "a second call notifies the users twice";
const NOTIFIED: &str = "users may have been notified: a notification with a chain id can be sent again, \
    and replaces the one before";

pub(crate) static NOTIFY_USER: Operation = Operation::once(
    Method::POST,
    "activity.notify_user",
    "/users/{user-id}/teamwork/sendActivityNotification",
    TWICE,
)
.with_permission("TeamsActivity.Send")
.with_function("GraphChatClient::notify_user")
.with_doubt(NOTIFIED);

pub(crate) static NOTIFY_CHAT: Operation = Operation::once(
    Method::POST,
    "activity.notify_chat",
    "/chats/{chat-id}/sendActivityNotification",
    TWICE,
)
.with_permission("TeamsActivity.Send")
.with_function("Chat::notify")
.with_doubt(NOTIFIED);

pub(crate) static NOTIFY_TEAM: Operation = Operation::once(
    Method::POST,
    "activity.notify_team",
    "/teams/{team-id}/sendActivityNotification",
    TWICE,
)
.with_permission("TeamsActivity.Send")
.with_function("Team::notify")
.with_doubt(NOTIFIED);

pub(crate) static NOTIFY_RECIPIENTS: Operation = Operation::once(
    Method::POST,
    "activity.notify_recipients",
    "/teamwork/sendActivityNotificationToRecipients",
    TWICE,
)
.with_permission("TeamsActivity.Send")
.with_function("GraphChatClient::notify_recipients")
.with_doubt(NOTIFIED);
