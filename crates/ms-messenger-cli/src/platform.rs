//! The platforms of this build.

use clap::ValueEnum;
use ms_messenger::{Address, Error, ErrorKind, Target};

use crate::text;

/// A platform of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    /// WhatsApp and conversations, through Azure Communication Services
    AcsMessages,
    /// Azure Communication Services Chat
    AcsChat,
    /// Teams through Microsoft Graph
    MsgraphChat,
    /// Skype for Business Server through UCWA
    Ucwa,
}

impl Platform {
    /// All platforms.
    pub(crate) const ALL: [Self; 4] = [
        Self::AcsMessages,
        Self::AcsChat,
        Self::MsgraphChat,
        Self::Ucwa,
    ];

    /// Returns the name that messengers and the ledger use.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AcsMessages => "acs-messages",
            Self::AcsChat => "acs-chat",
            Self::MsgraphChat => "msgraph-chat",
            Self::Ucwa => "ucwa",
        }
    }

    /// Returns the platform of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Returns whether it supports this kind of target. This only chooses the platform: what a
    /// client supports, the client checks itself.
    pub(crate) const fn supports(self, target: &Target) -> bool {
        match target {
            // A conversation of Skype for Business ends with the session.
            Target::Conversation(_) => !matches!(self, Self::Ucwa),
            Target::Person(Address::Sip(_)) => matches!(self, Self::Ucwa),
            Target::Channel { .. }
            | Target::ChannelName { .. }
            | Target::Person(Address::User(_)) => {
                matches!(self, Self::MsgraphChat)
            }
            Target::Person(Address::Phone(_) | Address::WhatsApp(_)) => {
                matches!(self, Self::AcsMessages)
            }
            _ => false,
        }
    }

    /// Returns which variables or commands configure it.
    pub(crate) const fn needs(self) -> &'static str {
        text::platform::settings_of(self)
    }

    /// Returns the error of a platform without credential.
    pub(crate) fn not_configured(self) -> Error {
        Error::new(ErrorKind::Config, text::platform::not_configured(self))
    }
}
