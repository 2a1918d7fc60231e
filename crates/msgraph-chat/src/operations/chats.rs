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
