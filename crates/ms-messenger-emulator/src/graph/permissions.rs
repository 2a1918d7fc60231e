//! The permissions of each operation.

use crate::graph::directory;
use crate::graph::messages;
use crate::graph::routes::Op;

/// The permissions of an operation, least privilege first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permissions {
    /// Empty: not supported for users.
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
        "ChannelMessage.Read.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
};
const CHAT_READ: Permissions = Permissions {
    delegated: &["Chat.Read", "Chat.ReadWrite"],
    application: &["Chat.Read.All", "Chat.ReadWrite.All"],
};
const MIGRATE: Permissions = Permissions {
    delegated: &[],
    application: &["Teamwork.Migrate.All"],
};
const CHANNEL_SEND_OR_IMPORT: Permissions = Permissions {
    application: MIGRATE.application,
    ..CHANNEL_SEND
};
const CHAT_SEND_OR_IMPORT: Permissions = Permissions {
    application: MIGRATE.application,
    ..CHAT_SEND
};
const CHANNEL_UPDATE: Permissions = Permissions {
    delegated: &["ChannelMessage.ReadWrite", "Group.ReadWrite.All"],
    application: &["ChannelMessage.UpdatePolicyViolation.All"],
};
const CHAT_UPDATE: Permissions = Permissions {
    delegated: &["Chat.ReadWrite", "Group.ReadWrite.All"],
    application: &["Chat.UpdatePolicyViolation.All"],
};
const CHANNEL_DELETE: Permissions = Permissions {
    delegated: &["ChannelMessage.ReadWrite"],
    application: &[],
};
const CHAT_DELETE: Permissions = Permissions {
    delegated: &["Chat.ReadWrite"],
    application: &[],
};
const ALL_OF_USER: Permissions = Permissions {
    delegated: &[],
    application: &["Chat.Read.All", "Chat.ReadWrite.All"],
};
const ALL_OF_TEAM: Permissions = Permissions {
    delegated: &[],
    application: &["ChannelMessage.Read.All"],
};
const CHAT_CREATE: Permissions = Permissions {
    delegated: &["Chat.Create", "Chat.ReadWrite"],
    application: &["Chat.Create"],
};

/// The permissions of `op`, any one of which allows it.
pub(crate) fn of(op: &Op) -> Permissions {
    match op {
        Op::Messages(call) => of_messages(call),
        Op::Directory(call) => of_directory(call),
    }
}

fn of_messages(call: &messages::Call) -> Permissions {
    use messages::{Call, Op, Whose};
    let call = match call {
        Call::In(call) => call,
        Call::Across(call) => {
            return match call.whose {
                Whose::ChatsOf(_) => ALL_OF_USER,
                Whose::ChannelsOf(_) => ALL_OF_TEAM,
            };
        }
        Call::Migrate(_) => return MIGRATE,
    };
    match (call.op, call.at.place.is_channel()) {
        (Op::Send, true) => CHANNEL_SEND_OR_IMPORT,
        (Op::Send, false) => CHAT_SEND_OR_IMPORT,
        (Op::Quote | Op::SetReaction | Op::UnsetReaction, true) => CHANNEL_SEND,
        (Op::Quote | Op::SetReaction | Op::UnsetReaction, false) => CHAT_SEND,
        (Op::Update, true) => CHANNEL_UPDATE,
        (Op::Update, false) => CHAT_UPDATE,
        (Op::SoftDelete | Op::UndoSoftDelete, true) => CHANNEL_DELETE,
        (Op::SoftDelete | Op::UndoSoftDelete, false) => CHAT_DELETE,
        (_, true) => CHANNEL_READ,
        (_, false) => CHAT_READ,
    }
}

fn of_directory(call: &directory::Call) -> Permissions {
    match call {
        directory::Call::ChatCreate => CHAT_CREATE,
    }
}
