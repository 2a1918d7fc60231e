//! The permissions of each operation.

use crate::graph::directory;
use crate::graph::messages;
use crate::graph::routes::Op;

/// The permissions of an operation, least privilege first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permissions {
    pub(crate) delegated: &'static [&'static str],
    /// Empty: not supported for app-only callers.
    pub(crate) application: &'static [&'static str],
}

const CHANNEL_SEND: Permissions = Permissions {
    delegated: &["ChannelMessage.Send", "Group.ReadWrite.All"],
    application: &[],
};
const CHAT_SEND: Permissions = Permissions {
    delegated: &["ChatMessage.Send", "Chat.ReadWrite", "Group.ReadWrite.All"],
    application: &[],
};
const CHANNEL_READ: Permissions = Permissions {
    delegated: &[
        "ChannelMessage.Read.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
    application: &[
        "ChannelMessage.Read.Group",
        "ChannelMessage.Read.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
};
const CHAT_READ: Permissions = Permissions {
    delegated: &["Chat.Read", "Chat.ReadWrite"],
    application: &[
        "ChatMessage.Read.Chat",
        "Chat.Read.All",
        "Chat.ReadWrite.All",
    ],
};

/// The permissions of `op`, any one of which allows it.
pub(crate) fn of(op: &Op) -> Permissions {
    match op {
        Op::Messages(call) => of_messages(call),
        Op::Directory(call) => directory::permissions_of(call),
        // Its parts have their own.
        Op::Batch => Permissions {
            delegated: &[],
            application: &[],
        },
    }
}

fn of_messages(call: &messages::Call) -> Permissions {
    use messages::Op;
    match (&call.op, call.place.is_channel()) {
        (Op::List | Op::Get, true) => CHANNEL_READ,
        (Op::List | Op::Get, false) => CHAT_READ,
        (Op::Send, true) => CHANNEL_SEND,
        (Op::Send | Op::Quote | Op::SendUnderMe, _) => CHAT_SEND,
    }
}
