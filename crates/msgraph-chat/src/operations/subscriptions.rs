//! The operations on subscriptions to change notifications.

use ms_messenger_http::{Method, Operation};

/// The least permission for channels; for chats it is Chat.Read.
const READ: &str = "ChannelMessage.Read.All";

pub(crate) static SUBSCRIPTION_CREATE: Operation = Operation::once(
    Method::POST,
    "subscription.create",
    "/subscriptions",
    "a second call is refused or creates a second subscription, which notifies of everything again",
)
.with_permission(READ)
.with_function("GraphChatClient::subscribe")
.with_doubt("list the subscriptions before the next attempt");

pub(crate) static SUBSCRIPTION_LIST: Operation =
    Operation::read("subscription.list", "/subscriptions")
        .with_permission(READ)
        .with_function("GraphChatClient::subscriptions");

pub(crate) static SUBSCRIPTION_GET: Operation =
    Operation::read("subscription.get", "/subscriptions/{subscription-id}")
        .with_permission(READ)
        .with_function("GraphChatClient::subscription");

pub(crate) static SUBSCRIPTION_UPDATE: Operation = Operation::repeatable(
    Method::PATCH,
    "subscription.update",
    "/subscriptions/{subscription-id}",
    "it sets when the subscription ends",
)
.with_permission(READ)
.with_function("GraphChatClient::renew_subscription");

pub(crate) static SUBSCRIPTION_REAUTHORIZE: Operation = Operation::repeatable(
    Method::POST,
    "subscription.reauthorize",
    "/subscriptions/{subscription-id}/reauthorize",
    "a subscription that is authorized stays so",
)
.with_permission(READ)
.with_function("GraphChatClient::reauthorize_subscription");

pub(crate) static SUBSCRIPTION_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "subscription.delete",
    "/subscriptions/{subscription-id}",
    "a subscription that is deleted stays so",
)
.with_permission(READ)
.with_function("GraphChatClient::unsubscribe");
