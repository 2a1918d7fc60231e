//! The operations of ACS Chat: what each is, and whether it may be repeated.

use ms_messenger_http::{Method, Operation};

/// The scopes of a token, the weakest that an operation needs.
const ANY: &str = "chat.join.limited";
const JOIN: &str = "chat.join";
const CHAT: &str = "chat";

pub(crate) static THREAD_CREATE: Operation = Operation::once(
    Method::POST,
    "thread.create",
    "/chat/threads",
    "each call creates a thread, except under the same key",
)
.with_key()
.with_permission(CHAT)
.with_function("AcsChatClient::create_thread")
.with_doubt(
    "the thread may exist: create it again under the key of this error, or look for it among the \
     threads of the caller (AcsChatClient::threads)",
);

pub(crate) static THREAD_LIST: Operation = Operation::read("thread.list", "/chat/threads")
    .with_permission(ANY)
    .with_function("AcsChatClient::threads");

pub(crate) static THREAD_GET: Operation =
    Operation::read("thread.get", "/chat/threads/{chatThreadId}")
        .with_permission(ANY)
        .with_function("ChatThread::get");

pub(crate) static THREAD_UPDATE: Operation = Operation::repeatable(
    Method::PATCH,
    "thread.update",
    "/chat/threads/{chatThreadId}",
    "it sets values; a topic that is set twice is announced twice",
)
.with_permission(CHAT)
.with_function("ChatThread::update");

pub(crate) static THREAD_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "thread.delete",
    "/chat/threads/{chatThreadId}",
    "a deleted thread stays deleted",
)
.with_permission(CHAT)
.with_function("ChatThread::delete");

pub(crate) static PARTICIPANT_LIST: Operation = Operation::read(
    "participant.list",
    "/chat/threads/{chatThreadId}/participants",
)
.with_permission(ANY)
.with_function("ChatThread::participants");

pub(crate) static PARTICIPANT_ADD: Operation = Operation::repeatable(
    Method::POST,
    "participant.add",
    "/chat/threads/{chatThreadId}/participants/:add",
    "adding a participant again changes nothing",
)
.with_permission(JOIN)
.with_function("ChatThread::add_participants");

pub(crate) static PARTICIPANT_REMOVE: Operation = Operation::repeatable(
    Method::POST,
    "participant.remove",
    "/chat/threads/{chatThreadId}/participants/:remove",
    "removing a participant again changes nothing",
)
.with_permission(JOIN)
.with_function("ChatThread::remove_participant");

pub(crate) static MESSAGE_SEND: Operation = Operation::message(
    Method::POST,
    "message.send",
    "/chat/threads/{chatThreadId}/messages",
    "each call sends a message",
)
.with_permission(ANY)
.with_function("ChatThread::send")
.with_doubt("settle it (Messenger::settle), with client message ids");

pub(crate) static MESSAGE_LIST: Operation =
    Operation::read("message.list", "/chat/threads/{chatThreadId}/messages")
        .with_permission(ANY)
        .with_function("ChatThread::messages");

pub(crate) static MESSAGE_GET: Operation = Operation::read(
    "message.get",
    "/chat/threads/{chatThreadId}/messages/{chatMessageId}",
)
.with_permission(ANY)
.with_function("ChatThread::message");

pub(crate) static MESSAGE_UPDATE: Operation = Operation::repeatable(
    Method::PATCH,
    "message.update",
    "/chat/threads/{chatThreadId}/messages/{chatMessageId}",
    "it sets values; each edit gives the message a new version",
)
.with_permission(ANY)
.with_function("ChatThread::update_message");

pub(crate) static MESSAGE_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "message.delete",
    "/chat/threads/{chatThreadId}/messages/{chatMessageId}",
    "a deleted message stays deleted",
)
.with_permission(ANY)
.with_function("ChatThread::delete_message");

pub(crate) static RECEIPT_LIST: Operation =
    Operation::read("receipt.list", "/chat/threads/{chatThreadId}/readReceipts")
        .with_permission(ANY)
        .with_function("ChatThread::read_receipts");

pub(crate) static RECEIPT_SEND: Operation = Operation::repeatable(
    Method::POST,
    "receipt.send",
    "/chat/threads/{chatThreadId}/readReceipts",
    "a second receipt of a message changes nothing",
)
.with_permission(ANY)
.with_function("ChatThread::send_read_receipt");

pub(crate) static TYPING_SEND: Operation = Operation::once(
    Method::POST,
    "typing.send",
    "/chat/threads/{chatThreadId}/typing",
    "a late notification would show typing that has ended",
)
.with_permission(ANY)
.with_function("ChatThread::send_typing")
.with_doubt("it may have been shown; it is not worth another attempt");

pub(crate) static ATTACHMENT_GET: Operation = Operation::read(
    "attachment.get",
    "/chat/threads/{chatThreadId}/images/{imageId}/views/{imageViewType}",
)
.with_permission(ANY)
.with_function("AcsChatClient::download");

pub(crate) static IMAGE_UPLOAD: Operation = Operation::once(
    Method::POST,
    "image.upload",
    "/chat/threads/{chatThreadId}/images",
    "each call stores an image",
)
.with_permission(ANY)
.with_function("ChatThread::upload_image")
.with_doubt("the image may be stored: no message shows it until one refers to it");

pub(crate) static IMAGE_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "image.delete",
    "/chat/threads/{chatThreadId}/images/{imageId}",
    "a deleted image stays deleted",
)
.with_permission(ANY)
.with_function("ChatThread::delete_image");

/// Every operation of this client.
///
/// ```
/// use acs_chat::OPERATIONS;
///
/// let create = OPERATIONS.iter().find(|it| it.name() == "thread.create").expect("it is there");
/// assert!(create.is_keyed() && create.is_repeatable());
/// ```
pub static OPERATIONS: &[&Operation] = &[
    &THREAD_CREATE,
    &THREAD_LIST,
    &THREAD_GET,
    &THREAD_UPDATE,
    &THREAD_DELETE,
    &PARTICIPANT_LIST,
    &PARTICIPANT_ADD,
    &PARTICIPANT_REMOVE,
    &MESSAGE_SEND,
    &MESSAGE_LIST,
    &MESSAGE_GET,
    &MESSAGE_UPDATE,
    &MESSAGE_DELETE,
    &RECEIPT_LIST,
    &RECEIPT_SEND,
    &TYPING_SEND,
    &ATTACHMENT_GET,
    &IMAGE_UPLOAD,
    &IMAGE_DELETE,
];
