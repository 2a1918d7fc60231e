//! The emulated platforms and the names of their operations.

use std::fmt;

use serde::{Serialize, Serializer};

/// A messaging platform that the emulator speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// Azure Communication Services Advanced Messaging (WhatsApp and conversations).
    AcsMessages,
    /// Azure Communication Services Chat, and Identity, which issues its tokens.
    AcsChat,
    /// Microsoft Teams through Microsoft Graph.
    MsgraphChat,
    /// Skype for Business Server through UCWA 2.0.
    Ucwa,
    /// Entra ID, which issues the tokens of Graph and of ACS; no messages go over it.
    Entra,
}

impl Platform {
    /// All platforms, in the order of [`Platform::index`].
    pub(crate) const ALL: [Self; 5] = [
        Self::AcsMessages,
        Self::AcsChat,
        Self::MsgraphChat,
        Self::Ucwa,
        Self::Entra,
    ];

    /// The platform's name in the ledger, in fault rules and in statistics.
    ///
    /// ```
    /// assert_eq!(ms_messenger_emulator::Platform::AcsChat.as_str(), "acs-chat");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AcsMessages => "acs-messages",
            Self::AcsChat => "acs-chat",
            Self::MsgraphChat => "msgraph-chat",
            Self::Ucwa => "ucwa",
            Self::Entra => "entra",
        }
    }

    /// The platform of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }

    /// Whether its lists come in pages.
    pub(crate) const fn has_pages(self) -> bool {
        !matches!(self, Self::Ucwa | Self::Entra)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The names of this platform's operations.
    pub(crate) const fn operations(self) -> &'static [&'static str] {
        match self {
            Self::AcsMessages => &crate::services::acs::messages::OPERATIONS,
            Self::AcsChat => &crate::services::acs::chat::OPERATIONS,
            Self::MsgraphChat => &crate::services::graph::OPERATIONS,
            Self::Ucwa => &crate::services::ucwa::OPERATIONS,
            Self::Entra => &crate::services::entra::OPERATIONS,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Platform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Whether `pattern` names `operation`: the whole name, or its part before the first dot.
pub(crate) fn names_operation(pattern: &str, operation: &str) -> bool {
    pattern == operation
        || operation
            .split_once('.')
            .is_some_and(|(head, _)| head == pattern)
}
