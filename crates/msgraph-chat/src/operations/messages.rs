//! The operations on messages.

use ms_messenger_http::{Method, Operation};

use crate::permissions::Operation as Needs;

const NO_DUPLICATES: &str =
    "the service does not remove duplicates: a second call posts a second message";

pub(crate) static CHANNEL_MESSAGE_SEND: Operation = Operation::message(
    Method::POST,
    "channel_message.send",
    "/teams/{team-id}/channels/{channel-id}/messages",
    NO_DUPLICATES,
)
.with_permission(Needs::SendToChannel.delegated()[0])
.with_function("Channel::send");

pub(crate) static REPLY_SEND: Operation = Operation::message(
    Method::POST,
    "reply.send",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies",
    NO_DUPLICATES,
)
.with_permission(Needs::SendToChannel.delegated()[0])
.with_function("Channel::reply");

pub(crate) static CHAT_MESSAGE_SEND: Operation = Operation::message(
    Method::POST,
    "chat_message.send",
    "/chats/{chat-id}/messages",
    NO_DUPLICATES,
)
.with_permission(Needs::SendToChat.delegated()[0])
.with_function("Chat::send");

pub(crate) static CHAT_MESSAGE_QUOTE: Operation = Operation::message(
    Method::POST,
    "chat_message.quote",
    "/chats/{chat-id}/messages/replyWithQuote",
    NO_DUPLICATES,
)
.with_permission(Needs::SendToChat.delegated()[0])
.with_function("Chat::quote");

pub(crate) static CHANNEL_MESSAGE_LIST: Operation = Operation::read(
    "channel_message.list",
    "/teams/{team-id}/channels/{channel-id}/messages",
)
.with_permission(Needs::ReadChannel.delegated()[0])
.with_function("Channel::messages");

pub(crate) static REPLY_LIST: Operation = Operation::read(
    "reply.list",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies",
)
.with_permission(Needs::ReadChannel.delegated()[0])
.with_function("Channel::replies");

pub(crate) static CHAT_MESSAGE_LIST: Operation =
    Operation::read("chat_message.list", "/chats/{chat-id}/messages")
        .with_permission(Needs::ReadChat.delegated()[0])
        .with_function("Chat::messages");

pub(crate) static CHANNEL_MESSAGE_CHANGES: Operation = Operation::read(
    "channel_message.changes",
    "/teams/{team-id}/channels/{channel-id}/messages/delta",
)
.with_permission(Needs::ReadChannel.delegated()[0])
.with_function("Channel::changes");

pub(crate) static CHAT_MESSAGE_CHANGES: Operation =
    Operation::read("chat_message.changes", "/chats/{chat-id}/messages/delta")
        .with_permission(Needs::ReadChat.delegated()[0])
        .with_function("Chat::changes");
