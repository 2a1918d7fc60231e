//! The permissions that each operation needs, as data: for diagnosis, and for a request to an
//! administrator.

mod delegated;

pub use self::delegated::delegated;

/// An operation of this client that needs permissions of its own.
///
/// The permissions are those of Microsoft's published data, the least privileged first.
///
/// ```
/// use msgraph_chat::permissions::Operation;
///
/// let needs = Operation::SendToChat.delegated();
/// assert_eq!(needs[0], "ChatMessage.Send");
/// assert!(Operation::SendToChat.is_granted_by(["User.Read", "Chat.ReadWrite"]));
/// assert!(!Operation::SendToChannel.is_granted_by(["ChatMessage.Send"]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Sends to a channel, or replies there: `POST /teams/{id}/channels/{id}/messages[/{id}/replies]`.
    SendToChannel,
    /// Sends to a chat, or quotes there: `POST /chats/{id}/messages`.
    SendToChat,
    /// Finds or creates a one-on-one chat: `POST /chats`.
    CreateChat,
    /// Reads a channel, as settling does: `GET /teams/{id}/channels/{id}/messages`.
    ReadChannel,
    /// Reads a chat, as settling does: `GET /chats/{id}/messages`.
    ReadChat,
}

impl Operation {
    /// Every operation.
    pub const ALL: &'static [Self] = &[
        Self::SendToChannel,
        Self::SendToChat,
        Self::CreateChat,
        Self::ReadChannel,
        Self::ReadChat,
    ];

    /// Returns what it does, e.g. `send to a channel`.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::SendToChannel => "send to a channel",
            Self::SendToChat => "send to a chat",
            Self::CreateChat => "find or create a one-on-one chat",
            Self::ReadChannel => "settle an unknown send in a channel",
            Self::ReadChat => "settle an unknown send in a chat",
        }
    }

    /// Returns the delegated permissions (`scp` of a token), any one of which allows it.
    pub const fn delegated(self) -> &'static [&'static str] {
        match self {
            Self::SendToChannel => &["ChannelMessage.Send", "Group.ReadWrite.All"],
            Self::SendToChat => &["ChatMessage.Send", "Chat.ReadWrite", "Group.ReadWrite.All"],
            Self::CreateChat => &["Chat.Create", "Chat.ReadWrite"],
            Self::ReadChannel => &[
                "ChannelMessage.Read.All",
                "Group.Read.All",
                "Group.ReadWrite.All",
            ],
            Self::ReadChat => &["Chat.Read", "Chat.ReadWrite"],
        }
    }

    /// Returns whether an application may do it without a user. It may not send, except for the
    /// [import](crate::ImportedMessage) of old messages with `Teamwork.Migrate.All`.
    pub const fn allows_applications(self) -> bool {
        matches!(self, Self::CreateChat | Self::ReadChannel | Self::ReadChat)
    }

    /// Returns whether an administrator must consent to the least privileged delegated permission.
    pub const fn needs_admin_consent(self) -> bool {
        matches!(self, Self::ReadChannel)
    }

    /// Returns whether one of the delegated permissions `granted` allows it. Names are compared
    /// without regard to case; a full name (`https://graph.microsoft.com/ChatMessage.Send`)
    /// counts too.
    pub fn is_granted_by<'a>(self, granted: impl IntoIterator<Item = &'a str>) -> bool {
        granted.into_iter().any(|granted| {
            let name = granted.rsplit('/').next().unwrap_or(granted);
            let is_it = |known: &str| known.eq_ignore_ascii_case(name);
            self.delegated().iter().any(|known| is_it(known))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_of_another_operation_does_not_count() {
        for operation in Operation::ALL {
            for permission in operation.delegated() {
                assert!(operation.is_granted_by([*permission]), "{operation:?}");
                let full = format!("https://graph.microsoft.com/{}", permission.to_lowercase());
                assert!(operation.is_granted_by([full.as_str()]), "{operation:?}");
            }
            assert!(!operation.is_granted_by(["User.Read", "openid", ""]));
        }
        assert!(!Operation::SendToChannel.is_granted_by(["ChannelMessage.Read.All"]));
        assert!(!Operation::SendToChat.is_granted_by(["Chat.Read"]));
    }

    #[test]
    fn no_message_is_sent_without_a_user() {
        assert!(!Operation::SendToChannel.allows_applications());
        assert!(!Operation::SendToChat.allows_applications());
    }
}
