//! The delegated permissions of the operations of the table.

use ms_messenger_http::Operation;

/// Returns the delegated permissions (`scp` of a token), any one of which allows `operation`, the
/// least privileged first. For subscriptions it depends on what is subscribed to which of them
/// does. Empty for what only an application may do, and for a batch, whose parts have their own.
///
/// ```
/// use msgraph_chat::{OPERATIONS, permissions};
///
/// let of = |name| OPERATIONS.iter().find(|it| it.name() == name).expect("it is there");
/// assert_eq!(permissions::delegated(of("pins.add")), ["ChatMessage.Send", "Chat.ReadWrite"]);
/// assert!(permissions::delegated(of("chat_message.import")).is_empty());
/// ```
#[must_use]
pub fn delegated(operation: &Operation) -> &'static [&'static str] {
    let name = operation.name();
    match name {
        "channel_message.send" | "reply.send" => super::Operation::SendToChannel.delegated(),
        "chat_message.send" => super::Operation::SendToChat.delegated(),
        "chat_message.quote" => &["ChatMessage.Send"],
        _ if is_of_applications(name) => &[],
        _ if name.starts_with("subscription.") => {
            &["ChannelMessage.Read.All", "Chat.Read", "Chat.ReadWrite"]
        }
        _ => operation.permission().map_or(&[], including),
    }
}

/// Whether only an application may do it.
fn is_of_applications(name: &str) -> bool {
    let verb = name.rsplit('.').next().unwrap_or(name);
    let verbs = [
        "mark",
        "import",
        "export",
        "export_changes",
        "start_migration",
        "complete_migration",
    ];
    verbs.contains(&verb)
}

/// The permissions that include `least`, itself first.
fn including(least: &str) -> &'static [&'static str] {
    match least {
        "Chat.Read" => super::Operation::ReadChat.delegated(),
        "Chat.Create" => super::Operation::CreateChat.delegated(),
        "ChannelMessage.Read.All" => super::Operation::ReadChannel.delegated(),
        "Chat.ReadBasic" => &["Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite"],
        "Chat.ReadWrite" => &["Chat.ReadWrite"],
        "ChatMember.ReadWrite" => &["ChatMember.ReadWrite", "Chat.ReadWrite"],
        "ChatMessage.Send" => &["ChatMessage.Send", "Chat.ReadWrite"],
        "ChannelMessage.Send" => &["ChannelMessage.Send"],
        "ChannelMessage.ReadWrite" => &["ChannelMessage.ReadWrite"],
        "TeamsActivity.Send" => &["TeamsActivity.Send"],
        "TeamworkTag.Read" => &["TeamworkTag.Read", "TeamworkTag.ReadWrite"],
        other => of_directory(other),
    }
}

fn of_directory(least: &str) -> &'static [&'static str] {
    match least {
        "Team.ReadBasic.All" => &[
            "Team.ReadBasic.All",
            "TeamSettings.Read.All",
            "TeamSettings.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ],
        "TeamMember.Read.All" => &["TeamMember.Read.All", "TeamMember.ReadWrite.All"],
        "TeamMember.ReadWriteNonOwnerRole.All" => &[
            "TeamMember.ReadWriteNonOwnerRole.All",
            "TeamMember.ReadWrite.All",
        ],
        "Channel.ReadBasic.All" => &[
            "Channel.ReadBasic.All",
            "ChannelSettings.Read.All",
            "ChannelSettings.ReadWrite.All",
        ],
        "Channel.Create" => &[
            "Channel.Create",
            "Directory.ReadWrite.All",
            "Group.ReadWrite.All",
        ],
        "Channel.Delete.All" => &[
            "Channel.Delete.All",
            "Directory.ReadWrite.All",
            "Group.ReadWrite.All",
        ],
        "ChannelSettings.ReadWrite.All" => &[
            "ChannelSettings.ReadWrite.All",
            "Directory.ReadWrite.All",
            "Group.ReadWrite.All",
        ],
        "ChannelMember.Read.All" => &["ChannelMember.Read.All", "ChannelMember.ReadWrite.All"],
        "ChannelMember.ReadWrite.All" => &["ChannelMember.ReadWrite.All"],
        "User.Read" => &[
            "User.Read",
            "User.ReadWrite",
            "User.Read.All",
            "User.ReadWrite.All",
        ],
        "User.ReadBasic.All" => &["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All"],
        "Files.Read" => &[
            "Files.Read",
            "Files.ReadWrite",
            "Files.Read.All",
            "Files.ReadWrite.All",
            "Sites.Read.All",
            "Sites.ReadWrite.All",
        ],
        "Files.Read.All" => &["Files.Read.All", "Files.ReadWrite.All"],
        "Files.ReadWrite" => &["Files.ReadWrite", "Files.ReadWrite.All"],
        "Files.ReadWrite.All" => &["Files.ReadWrite.All"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OPERATIONS;

    #[test]
    fn the_least_permission_of_every_operation_of_a_user_is_the_first() {
        for operation in OPERATIONS {
            let name = operation.name();
            let delegated = delegated(operation);
            if is_of_applications(name) || name.starts_with("batch.") {
                assert!(delegated.is_empty(), "{operation}");
            } else {
                assert_eq!(
                    delegated.first().copied(),
                    operation.permission(),
                    "{operation}"
                );
            }
        }
    }
}
