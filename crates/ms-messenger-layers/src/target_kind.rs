//! The kinds of targets.

use std::{fmt, str::FromStr};

use ms_messenger_core::{Address, Capability, Error, Target};

/// The kind of a target, by which a [`Rule`](crate::Rule) chooses. `Display` and `FromStr` are the
/// scheme of its text form; ids and names of a channel are one kind.
///
/// ```
/// use ms_messenger_core::Target;
/// use ms_messenger_layers::TargetKind;
///
/// assert_eq!("tel".parse(), Ok(TargetKind::Phone));
/// assert_eq!(TargetKind::of(&Target::channel("t", "c")), Some(TargetKind::Channel));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TargetKind {
    /// An existing conversation: `conversation`.
    Conversation,
    /// A channel of a team, by ids or by names: `channel`.
    Channel,
    /// A telephone number: `tel`.
    Phone,
    /// A SIP address: `sip`.
    Sip,
    /// A user of a directory: `user`.
    User,
    /// A WhatsApp user, by business-scoped id: `whatsapp`.
    WhatsAppUser,
}

impl TargetKind {
    /// Every kind that this version knows.
    pub const ALL: &'static [Self] = &[
        Self::Conversation,
        Self::Channel,
        Self::Phone,
        Self::Sip,
        Self::User,
        Self::WhatsAppUser,
    ];

    /// Returns the kind of `target`; `None` for one that is newer than this crate.
    #[must_use]
    pub fn of(target: &Target) -> Option<Self> {
        Some(match target {
            Target::Conversation(_) => Self::Conversation,
            Target::Channel { .. } | Target::ChannelName { .. } => Self::Channel,
            Target::Person(Address::Phone(_)) => Self::Phone,
            Target::Person(Address::Sip(_)) => Self::Sip,
            Target::Person(Address::User(_)) => Self::User,
            Target::Person(Address::WhatsApp(_)) => Self::WhatsAppUser,
            _ => return None,
        })
    }

    /// Returns the scheme of such targets in their text form, e.g. `tel`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Channel => "channel",
            Self::Phone => "tel",
            Self::Sip => "sip",
            Self::User => "user",
            Self::WhatsAppUser => "whatsapp",
        }
    }

    /// In words, after "no route is for".
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Conversation => "a conversation",
            Self::Channel => "a channel",
            Self::Phone => "a telephone number",
            Self::Sip => "a SIP address",
            Self::User => "a user of a directory",
            Self::WhatsAppUser => "a WhatsApp user by id",
        }
    }

    pub(crate) const fn capabilities(self) -> &'static [Capability] {
        match self {
            Self::Conversation => &[Capability::ToConversation],
            Self::Channel => &[Capability::ToChannel, Capability::ToChannelName],
            Self::Phone => &[Capability::ToPhone],
            Self::Sip => &[Capability::ToSip],
            Self::User => &[Capability::ToUser],
            Self::WhatsAppUser => &[Capability::ToWhatsAppUser],
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error of a text that names no [`TargetKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseTargetKindError;

impl fmt::Display for ParseTargetKindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = TargetKind::ALL.iter().map(|it| it.as_str()).collect();
        write!(f, "must be one of {}", names.join(", "))
    }
}

impl std::error::Error for ParseTargetKindError {}

impl From<ParseTargetKindError> for Error {
    fn from(error: ParseTargetKindError) -> Self {
        Self::invalid("kind", error.to_string())
    }
}

impl FromStr for TargetKind {
    type Err = ParseTargetKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.as_str() == text)
            .ok_or(ParseTargetKindError)
    }
}
