//! The destination of a message.

use std::{fmt, str::FromStr as _};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    address::{Address, PhoneNumber, SipUri, WhatsAppUserId},
    ids::{ChannelId, ConversationId, TeamId, UserId},
    json,
    parse_target_error::ParseTargetError,
};

/// The destination of a message.
///
/// # Text form
///
/// `Display` writes it, `FromStr` parses it, and JSON has it as a string:
///
/// | Target | Text |
/// |---|---|
/// | a conversation, thread or chat | `conversation:ID` |
/// | a channel of a team | `channel:TEAM/CHANNEL` |
/// | a channel by the names shown, or by one name and one id | `channel:@Contoso/General` |
/// | a telephone number | `tel:+14255550123` |
/// | a SIP address | `sip:lene@contoso.com` |
/// | a user of a directory | `user:ID`, `user:lene@contoso.com` (principal name or mail address) |
/// | a WhatsApp user, by business-scoped id | `whatsapp:US.13491208655302741918` |
///
/// A scheme may be written in any case, and white space around the target and around its id is
/// ignored. The rest is taken literally; only in `TEAM` a `%` and a `/` are written `%25` and
/// `%2F`, and so is a `@` at its start that is not the sign of a name, `%40`. An id copied from a link, whose `:` and `@` are still percent-encoded, is rejected. A
/// whole Teams link to a channel, a chat or a user is read as that target; one to a message is
/// rejected, because a target cannot hold the message to reply to, see
/// [`TeamsLink`](crate::TeamsLink).
///
/// ```
/// use ms_messenger_core::Target;
///
/// let to: Target = "channel:fbe2bf47-16c8-47cf-b4a5-4b9b187c508b/19:4a95f7@thread.tacv2".parse()?;
/// assert_eq!(to, Target::channel("fbe2bf47-16c8-47cf-b4a5-4b9b187c508b", "19:4a95f7@thread.tacv2"));
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Target {
    /// An existing conversation: ACS conversation, ACS chat thread, Teams chat or open UCWA
    /// conversation.
    Conversation(ConversationId),
    /// A channel of a Teams team.
    #[non_exhaustive]
    Channel {
        /// The team that has the channel.
        team: TeamId,
        /// The channel.
        channel: ChannelId,
    },
    /// A person, reached by address.
    Person(Address),
    /// A channel of a Teams team, by the names that are shown for both; one of them may be an id. They
    /// are looked up when a message is sent; several teams or channels of that name are an error.
    #[non_exhaustive]
    ChannelName {
        /// The name of the team.
        team: String,
        /// The name of the channel.
        channel: String,
    },
}

impl Target {
    /// Creates the target of an existing conversation.
    pub fn conversation(id: impl Into<ConversationId>) -> Self {
        Self::Conversation(id.into())
    }

    /// Creates the target of a channel of a team.
    pub fn channel(team: impl Into<TeamId>, channel: impl Into<ChannelId>) -> Self {
        Self::Channel {
            team: team.into(),
            channel: channel.into(),
        }
    }

    /// Creates the target of a channel by the names that are shown for it and for its team.
    ///
    /// ```
    /// use ms_messenger_core::Target;
    ///
    /// let to = Target::channel_name("Contoso", "General");
    /// assert_eq!(to.to_string(), "channel:@Contoso/General");
    /// assert_eq!("channel:@Contoso/General".parse(), Ok(to));
    /// ```
    pub fn channel_name(team: impl Into<String>, channel: impl Into<String>) -> Self {
        Self::ChannelName {
            team: team.into(),
            channel: channel.into(),
        }
    }

    /// Returns whether it is a channel, by id or by name.
    #[must_use]
    pub fn is_channel(&self) -> bool {
        matches!(self, Self::Channel { .. } | Self::ChannelName { .. })
    }

    /// Parses a telephone number, as [`PhoneNumber::parse`].
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] if it is not in E.164 form.
    pub fn phone(number: &str) -> Result<Self, ParseTargetError> {
        PhoneNumber::parse(number).map(Self::from)
    }

    /// Parses a SIP address, with or without `sip:`.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] if it is not of the form `user@host`.
    pub fn sip(address: &str) -> Result<Self, ParseTargetError> {
        SipUri::parse(address).map(Self::from)
    }

    /// Parses the business-scoped id of a WhatsApp user.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] if it is not such an id.
    pub fn whatsapp(id: &str) -> Result<Self, ParseTargetError> {
        WhatsAppUserId::parse(id).map(Self::from)
    }

    /// Creates the target of a user of a directory, by id or user principal name.
    pub fn user(id: impl Into<UserId>) -> Self {
        Self::Person(Address::User(id.into()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversation(id) => write!(f, "conversation:{id}"),
            Self::Channel { team, channel } => {
                let team = escaped(team.as_str());
                match team.strip_prefix('@') {
                    Some(rest) => write!(f, "channel:%40{rest}/{channel}"),
                    None => write!(f, "channel:{team}/{channel}"),
                }
            }
            Self::ChannelName { team, channel } => {
                write!(f, "channel:@{}/{channel}", escaped(team))
            }
            Self::Person(address) => address.fmt(f),
        }
    }
}

/// The team of a channel, with what would end it.
fn escaped(team: &str) -> String {
    team.replace('%', "%25").replace('/', "%2F")
}

impl TryFrom<&str> for Target {
    type Error = ParseTargetError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::from_str(text)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(json::broken)
    }
}

impl From<ConversationId> for Target {
    fn from(id: ConversationId) -> Self {
        Self::Conversation(id)
    }
}

impl From<(TeamId, ChannelId)> for Target {
    fn from((team, channel): (TeamId, ChannelId)) -> Self {
        Self::Channel { team, channel }
    }
}

impl From<Address> for Target {
    fn from(address: Address) -> Self {
        Self::Person(address)
    }
}

impl From<PhoneNumber> for Target {
    fn from(number: PhoneNumber) -> Self {
        Self::Person(number.into())
    }
}

impl From<SipUri> for Target {
    fn from(address: SipUri) -> Self {
        Self::Person(address.into())
    }
}

impl From<UserId> for Target {
    fn from(id: UserId) -> Self {
        Self::Person(id.into())
    }
}

impl From<WhatsAppUserId> for Target {
    fn from(id: WhatsAppUserId) -> Self {
        Self::Person(id.into())
    }
}
