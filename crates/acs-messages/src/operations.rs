//! The operations of ACS Advanced Messaging: what each is, and whether it may be repeated.

use ms_messenger_http::{Method, Operation};

pub(crate) static NOTIFICATION_SEND: Operation = Operation::message(
    Method::POST,
    "notification.send",
    "/messages/notifications:send",
    "each call sends a message, except under the same key",
)
.with_key()
.with_function("Notifications::send");

pub(crate) static RECEIPT_SEND: Operation = Operation::repeatable(
    Method::POST,
    "receipt.send",
    "/messages/readreceipts:send",
    "a second receipt of a message changes nothing",
)
.with_key()
.with_function("Notifications::send_read_receipt");

pub(crate) static MEDIA_GET: Operation = Operation::read("media.get", "/messages/streams/{id}")
    .with_function("AcsMessagesClient::media");

pub(crate) static TEMPLATE_LIST: Operation =
    Operation::read("template.list", "/messages/channels/{channelId}/templates")
        .with_function("AcsMessagesClient::templates");

pub(crate) static CONVERSATION_CREATE: Operation = Operation::once(
    Method::POST,
    "conversation.create",
    "/messages/conversations",
    "each call creates a conversation, and its initial message",
)
.with_function("AcsMessagesClient::create_conversation")
.with_doubt(
    "the conversation may exist, with its initial message: look for it among those of its \
     participants (AcsMessagesClient::conversations_with) before creating another one",
);

pub(crate) static CONVERSATION_LIST: Operation =
    Operation::read("conversation.list", "/messages/conversations")
        .with_function("AcsMessagesClient::conversations");

pub(crate) static CONVERSATION_GET: Operation = Operation::read(
    "conversation.get",
    "/messages/conversations/{conversationId}",
)
.with_function("ConversationThread::get");

pub(crate) static CONVERSATION_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "conversation.delete",
    "/messages/conversations/{conversationId}",
    "a deleted conversation stays deleted",
)
.with_key()
.with_function("ConversationThread::delete");

pub(crate) static CONVERSATION_TERMINATE: Operation = Operation::repeatable(
    Method::POST,
    "conversation.terminate",
    "/messages/conversations/{conversationId}:terminate",
    "a terminated conversation stays terminated",
)
.with_key()
.with_function("ConversationThread::terminate");

pub(crate) static CONVERSATION_ANALYZE: Operation = Operation::repeatable(
    Method::POST,
    "conversation.analyze",
    "/messages/conversations/{conversationId}:analyze",
    "it changes nothing",
)
.with_key()
.with_function("ConversationThread::analyze");

pub(crate) static MESSAGE_SEND: Operation = Operation::message(
    Method::POST,
    "message.send",
    "/messages/conversations/{conversationId}/messages:send",
    "each call sends a message, except under the same key",
)
.with_key()
.with_function("ConversationThread::send");

pub(crate) static MESSAGE_LIST: Operation = Operation::read(
    "message.list",
    "/messages/conversations/{conversationId}/messages",
)
.with_function("ConversationThread::messages");

pub(crate) static PARTICIPANT_ADD: Operation = Operation::once(
    Method::POST,
    "participant.add",
    "/messages/conversations/{conversationId}/participants:add",
    "an external participant could be added twice, except under the same key",
)
.with_key()
.with_function("ConversationThread::add_participants")
.with_doubt(
    "the participants may have been added: look at the conversation (ConversationThread::get)",
);

pub(crate) static PARTICIPANT_REMOVE: Operation = Operation::once(
    Method::POST,
    "participant.remove",
    "/messages/conversations/{conversationId}/participants:remove",
    "a second call rejects the participants as absent, except under the same key",
)
.with_key()
.with_function("ConversationThread::remove_participants")
.with_doubt(
    "the participants may have been removed: look at the conversation (ConversationThread::get)",
);

/// Every operation of this client.
///
/// ```
/// use acs_messages::OPERATIONS;
///
/// let create = OPERATIONS.iter().find(|it| it.name() == "conversation.create");
/// assert!(create.is_some_and(|it| !it.is_repeatable() && it.doubt().is_some()));
/// ```
pub static OPERATIONS: &[&Operation] = &[
    &NOTIFICATION_SEND,
    &RECEIPT_SEND,
    &MEDIA_GET,
    &TEMPLATE_LIST,
    &CONVERSATION_CREATE,
    &CONVERSATION_LIST,
    &CONVERSATION_GET,
    &CONVERSATION_DELETE,
    &CONVERSATION_TERMINATE,
    &CONVERSATION_ANALYZE,
    &MESSAGE_SEND,
    &MESSAGE_LIST,
    &PARTICIPANT_ADD,
    &PARTICIPANT_REMOVE,
];
