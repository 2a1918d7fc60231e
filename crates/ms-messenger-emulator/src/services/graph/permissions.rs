//! The permissions of each operation.

use crate::services::graph::{
    directory::permissions, messages::routes, permission::Permissions, routes::Op,
};

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
/// Single messages and their hosted contents.
const CHAT_READ_ONE: Permissions = Permissions {
    delegated: &[
        "Chat.Read",
        "Chat.ReadWrite",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
    application: &[
        "ChatMessage.Read.Chat",
        "Chat.Read.All",
        "Chat.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
};
const CHAT_QUOTE: Permissions = Permissions {
    delegated: &["ChatMessage.Send"],
    application: &[],
};
const CHANNEL_REACT: Permissions = Permissions {
    delegated: &["ChannelMessage.Send"],
    application: &[],
};
const CHAT_REACT: Permissions = Permissions {
    delegated: &["ChatMessage.Send", "Chat.ReadWrite"],
    application: &[],
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
    application: &[
        "ChannelMessage.UpdatePolicyViolation.All",
        "Group.ReadWrite.All",
        "Teamwork.Migrate.All",
    ],
};
const CHAT_UPDATE: Permissions = Permissions {
    delegated: &["Chat.ReadWrite", "Group.ReadWrite.All"],
    application: &[
        "Chat.UpdatePolicyViolation.All",
        "Chat.ReadWrite.All",
        "Group.ReadWrite.All",
        "Teamwork.Migrate.All",
    ],
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

/// The permissions of `op`, any one of which allows it.
pub(crate) fn of(op: &Op) -> Permissions {
    match op {
        Op::Messages(call) => of_messages(call),
        Op::Directory(call) => permissions::of(call),
        // The parts of a batch and the resources of subscriptions have their own, and drives look
        // at what a token reaches.
        Op::Batch | Op::Drives(_) | Op::Subscriptions(_) => Permissions {
            delegated: &[],
            application: &[],
        },
    }
}

fn of_messages(call: &routes::Call) -> Permissions {
    use routes::{AllOf, Call, Op};
    let call = match call {
        Call::In(call) => call,
        Call::Across(call) => {
            return match call.all_of {
                AllOf::UserChats(_) => ALL_OF_USER,
                AllOf::TeamChannels(_) => ALL_OF_TEAM,
            };
        }
        Call::Migrate(_) => return MIGRATE,
    };
    match (call.op, call.at.place.is_channel()) {
        (Op::Send, true) => CHANNEL_SEND_OR_IMPORT,
        (Op::Send, false) => CHAT_SEND_OR_IMPORT,
        (Op::Quote, _) => CHAT_QUOTE,
        (Op::SetReaction | Op::UnsetReaction, true) => CHANNEL_REACT,
        (Op::SetReaction | Op::UnsetReaction, false) => CHAT_REACT,
        (Op::Update, true) => CHANNEL_UPDATE,
        (Op::Update, false) => CHAT_UPDATE,
        (Op::SoftDelete | Op::UndoSoftDelete, true) => CHANNEL_DELETE,
        (Op::SoftDelete | Op::UndoSoftDelete, false) => CHAT_DELETE,
        (_, true) => CHANNEL_READ,
        (Op::Get | Op::HostedList | Op::HostedGet | Op::HostedValue, false) => CHAT_READ_ONE,
        (_, false) => CHAT_READ,
    }
}
