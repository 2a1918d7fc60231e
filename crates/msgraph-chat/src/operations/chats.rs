//! The operations on chats.

use ms_messenger_http::{Method, Operation};

use crate::permissions::Operation as Needs;

pub(crate) static CHAT_LIST: Operation = Operation::read("chat.list", "/me/chats")
    .with_permission("Chat.ReadBasic")
    .with_function("GraphChatClient::chats");

pub(crate) static CHAT_LIST_OF_USER: Operation =
    Operation::read("chat.list_of_user", "/users/{user-id}/chats")
        .with_permission("Chat.ReadBasic")
        .with_function("GraphChatClient::chats_of");

pub(crate) static CHAT_GET: Operation = Operation::read("chat.get", "/chats/{chat-id}")
    .with_permission("Chat.ReadBasic")
    .with_function("Chat::get");

pub(crate) static CHAT_CREATE_ONE_ON_ONE: Operation = Operation::repeatable(
    Method::POST,
    "chat.create_one_on_one",
    "/chats",
    "two users have one one-on-one chat, and a second call returns it",
)
.with_permission(Needs::CreateChat.delegated()[0])
.with_function("GraphChatClient::one_on_one_chat");

pub(crate) static CHAT_MEMBER_LIST: Operation =
    Operation::read("chat.members.list", "/chats/{chat-id}/members")
        .with_permission("Chat.ReadBasic")
        .with_function("Chat::members");

pub(crate) static CHAT_MEMBER_GET: Operation = Operation::read(
    "chat.members.get",
    "/chats/{chat-id}/members/{membership-id}",
)
.with_permission("Chat.ReadBasic")
.with_function("Chat::member");

pub(crate) static PIN_LIST: Operation =
    Operation::read("pins.list", "/chats/{chat-id}/pinnedMessages")
        .with_permission("Chat.Read")
        .with_function("Chat::pins");

pub(crate) static CHAT_CREATE: Operation = Operation::once(
    Method::POST,
    "chat.create",
    "/chats",
    "a second call creates a second chat",
)
.with_permission(Needs::CreateChat.delegated()[0])
.with_function("GraphChatClient::create_group_chat")
.with_doubt("the chat may exist: list the chats before the next attempt");

pub(crate) static CHAT_RENAME: Operation = Operation::repeatable(
    Method::PATCH,
    "chat.rename",
    "/chats/{chat-id}",
    "it sets a value: a second call sets the same",
)
.with_permission("Chat.ReadWrite")
.with_function("Chat::rename");

pub(crate) static CHAT_MEMBER_ADD: Operation = Operation::once(
    Method::POST,
    "chat.members.add",
    "/chats/{chat-id}/members",
    "a second call fails, because the user is a member already",
)
.with_permission("ChatMember.ReadWrite")
.with_function("Chat::add_member")
.with_doubt("the user may be a member: list the members before the next attempt");

pub(crate) static CHAT_MEMBER_REMOVE: Operation = Operation::repeatable(
    Method::DELETE,
    "chat.members.remove",
    "/chats/{chat-id}/members/{membership-id}",
    "a member that was removed stays removed",
)
.with_permission("ChatMember.ReadWrite")
.with_function("Chat::remove_member");

pub(crate) static PIN_ADD: Operation = Operation::once(
    Method::POST,
    "pins.add",
    "/chats/{chat-id}/pinnedMessages",
    "a second call may pin the message twice",
)
.with_permission("ChatMessage.Send")
.with_function("Chat::pin")
.with_doubt("the message may be pinned: list the pinned messages before the next attempt");

pub(crate) static PIN_REMOVE: Operation = Operation::repeatable(
    Method::DELETE,
    "pins.remove",
    "/chats/{chat-id}/pinnedMessages/{pinned-message-id}",
    "a message that was unpinned stays unpinned",
)
.with_permission("Chat.ReadWrite")
.with_function("Chat::unpin");
