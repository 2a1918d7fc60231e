//! The operations on one message.

use ms_messenger_http::{Method, Operation};

use crate::permissions::Operation as Needs;

const SETS: &str = "it sets values: a second call sets the same";
const STATE: &str = "a message that is deleted or restored already stays so";
const REACTION: &str = "a user has each reaction once: a second call sets or removes the same";

pub(crate) static CHANNEL_MESSAGE_GET: Operation = Operation::read(
    "channel_message.get",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}",
)
.with_permission(Needs::ReadChannel.delegated()[0])
.with_function("MessageHandle::get");

pub(crate) static REPLY_GET: Operation = Operation::read(
    "reply.get",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}",
)
.with_permission(Needs::ReadChannel.delegated()[0])
.with_function("MessageHandle::get");

pub(crate) static CHAT_MESSAGE_GET: Operation =
    Operation::read("chat_message.get", "/chats/{chat-id}/messages/{message-id}")
        .with_permission(Needs::ReadChat.delegated()[0])
        .with_function("MessageHandle::get");

pub(crate) static CHANNEL_MESSAGE_EDIT: Operation = Operation::repeatable(
    Method::PATCH,
    "channel_message.edit",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}",
    SETS,
)
.with_permission("ChannelMessage.ReadWrite")
.with_function("MessageHandle::edit");

pub(crate) static REPLY_EDIT: Operation = Operation::repeatable(
    Method::PATCH,
    "reply.edit",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}",
    SETS,
)
.with_permission("ChannelMessage.ReadWrite")
.with_function("MessageHandle::edit");

pub(crate) static CHAT_MESSAGE_EDIT: Operation = Operation::repeatable(
    Method::PATCH,
    "chat_message.edit",
    "/chats/{chat-id}/messages/{message-id}",
    SETS,
)
.with_permission("Chat.ReadWrite")
.with_function("MessageHandle::edit");

pub(crate) static CHANNEL_MESSAGE_MARK: Operation = Operation::repeatable(
    Method::PATCH,
    "channel_message.mark",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}",
    SETS,
)
.with_permission("ChannelMessage.UpdatePolicyViolation.All")
.with_function("MessageHandle::mark_violation");

pub(crate) static REPLY_MARK: Operation = Operation::repeatable(
    Method::PATCH,
    "reply.mark",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}",
    SETS,
)
.with_permission("ChannelMessage.UpdatePolicyViolation.All")
.with_function("MessageHandle::mark_violation");

pub(crate) static CHAT_MESSAGE_MARK: Operation = Operation::repeatable(
    Method::PATCH,
    "chat_message.mark",
    "/chats/{chat-id}/messages/{message-id}",
    SETS,
)
.with_permission("Chat.UpdatePolicyViolation.All")
.with_function("MessageHandle::mark_violation");

pub(crate) static CHANNEL_MESSAGE_DELETE: Operation = Operation::repeatable(
    Method::POST,
    "channel_message.delete",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/softDelete",
    STATE,
)
.with_permission("ChannelMessage.ReadWrite")
.with_function("MessageHandle::delete");

pub(crate) static CHANNEL_MESSAGE_UNDELETE: Operation = Operation::repeatable(
    Method::POST,
    "channel_message.undo_delete",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/undoSoftDelete",
    STATE,
)
.with_permission("ChannelMessage.ReadWrite")
.with_function("MessageHandle::undo_delete");

pub(crate) static REPLY_DELETE: Operation = Operation::repeatable(
    Method::POST,
    "reply.delete",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}/softDelete",
    STATE,
)
.with_permission("ChannelMessage.ReadWrite")
.with_function("MessageHandle::delete");

pub(crate) static REPLY_UNDELETE: Operation = Operation::repeatable(Method::POST, "reply.undo_delete", "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}/undoSoftDelete", STATE).with_permission("ChannelMessage.ReadWrite").with_function("MessageHandle::undo_delete");

pub(crate) static CHAT_MESSAGE_DELETE: Operation = Operation::repeatable(
    Method::POST,
    "chat_message.delete",
    "/users/{user-id}/chats/{chat-id}/messages/{message-id}/softDelete",
    STATE,
)
.with_permission("Chat.ReadWrite")
.with_function("MessageHandle::delete");

pub(crate) static CHAT_MESSAGE_UNDELETE: Operation = Operation::repeatable(
    Method::POST,
    "chat_message.undo_delete",
    "/users/{user-id}/chats/{chat-id}/messages/{message-id}/undoSoftDelete",
    STATE,
)
.with_permission("Chat.ReadWrite")
.with_function("MessageHandle::undo_delete");

pub(crate) static CHANNEL_MESSAGE_REACT: Operation = Operation::repeatable(
    Method::POST,
    "channel_message.react",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/setReaction",
    REACTION,
)
.with_permission(Needs::SendToChannel.delegated()[0])
.with_function("MessageHandle::react");

pub(crate) static CHANNEL_MESSAGE_UNREACT: Operation = Operation::repeatable(
    Method::POST,
    "channel_message.unreact",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/unsetReaction",
    REACTION,
)
.with_permission(Needs::SendToChannel.delegated()[0])
.with_function("MessageHandle::unreact");

pub(crate) static REPLY_REACT: Operation = Operation::repeatable(
    Method::POST,
    "reply.react",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}/setReaction",
    REACTION,
)
.with_permission(Needs::SendToChannel.delegated()[0])
.with_function("MessageHandle::react");

pub(crate) static REPLY_UNREACT: Operation = Operation::repeatable(
    Method::POST,
    "reply.unreact",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}/unsetReaction",
    REACTION,
)
.with_permission(Needs::SendToChannel.delegated()[0])
.with_function("MessageHandle::unreact");

pub(crate) static CHAT_MESSAGE_REACT: Operation = Operation::repeatable(
    Method::POST,
    "chat_message.react",
    "/chats/{chat-id}/messages/{message-id}/setReaction",
    REACTION,
)
.with_permission(Needs::SendToChat.delegated()[0])
.with_function("MessageHandle::react");

pub(crate) static CHAT_MESSAGE_UNREACT: Operation = Operation::repeatable(
    Method::POST,
    "chat_message.unreact",
    "/chats/{chat-id}/messages/{message-id}/unsetReaction",
    REACTION,
)
.with_permission(Needs::SendToChat.delegated()[0])
.with_function("MessageHandle::unreact");

pub(crate) static CHANNEL_MESSAGE_HOSTED_LIST: Operation = Operation::read(
    "channel_message.hosted_contents.list",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/hostedContents",
)
.with_permission(Needs::ReadChannel.delegated()[0])
.with_function("MessageHandle::hosted_contents");

pub(crate) static CHANNEL_MESSAGE_HOSTED_GET: Operation = Operation::read("channel_message.hosted_contents.get", "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/hostedContents/{hosted-content-id}").with_permission(Needs::ReadChannel.delegated()[0]).with_function("MessageHandle::hosted_content");

pub(crate) static CHANNEL_MESSAGE_HOSTED_VALUE: Operation = Operation::read("channel_message.hosted_contents.download", "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/hostedContents/{hosted-content-id}/$value").with_permission(Needs::ReadChannel.delegated()[0]).with_function("MessageHandle::download");

pub(crate) static REPLY_HOSTED_LIST: Operation = Operation::read("reply.hosted_contents.list", "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}/hostedContents").with_permission(Needs::ReadChannel.delegated()[0]).with_function("MessageHandle::hosted_contents");

pub(crate) static REPLY_HOSTED_GET: Operation = Operation::read("reply.hosted_contents.get", "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}/hostedContents/{hosted-content-id}").with_permission(Needs::ReadChannel.delegated()[0]).with_function("MessageHandle::hosted_content");

pub(crate) static REPLY_HOSTED_VALUE: Operation = Operation::read("reply.hosted_contents.download", "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies/{reply-id}/hostedContents/{hosted-content-id}/$value").with_permission(Needs::ReadChannel.delegated()[0]).with_function("MessageHandle::download");

pub(crate) static CHAT_MESSAGE_HOSTED_LIST: Operation = Operation::read(
    "chat_message.hosted_contents.list",
    "/chats/{chat-id}/messages/{message-id}/hostedContents",
)
.with_permission(Needs::ReadChat.delegated()[0])
.with_function("MessageHandle::hosted_contents");

pub(crate) static CHAT_MESSAGE_HOSTED_GET: Operation = Operation::read(
    "chat_message.hosted_contents.get",
    "/chats/{chat-id}/messages/{message-id}/hostedContents/{hosted-content-id}",
)
.with_permission(Needs::ReadChat.delegated()[0])
.with_function("MessageHandle::hosted_content");

pub(crate) static CHAT_MESSAGE_HOSTED_VALUE: Operation = Operation::read(
    "chat_message.hosted_contents.download",
    "/chats/{chat-id}/messages/{message-id}/hostedContents/{hosted-content-id}/$value",
)
.with_permission(Needs::ReadChat.delegated()[0])
.with_function("MessageHandle::download");
