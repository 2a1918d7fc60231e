//! Where a message goes, and the one text form of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[non_exhaustive]
        pub struct $name(String);

        impl $name {
            /// Wraps an id as the platform gave it. No form is checked here: the platforms
            /// use several; an empty id is refused when a request is checked.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as the platform gave it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }
    };
}

id! {
    /// The id of a conversation that exists: an ACS conversation, an ACS chat thread, a Teams
    /// chat, an open UCWA conversation. E.g. `19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2`.
    ConversationId
}
id! {
    /// The id of a Teams team, a GUID.
    TeamId
}
id! {
    /// The id of a Teams channel, e.g. `19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2`.
    ChannelId
}
id! {
    /// The id that a platform gave a message. Unique within its conversation only.
    MessageId
}
id! {
    /// The id of a person in a directory, or the user principal name.
    UserId
}

/// A telephone number in E.164 form: `+` and 7 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number. Spaces, hyphens, dots and parentheses are dropped.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] unless `+` and 7 to 15 digits remain.
    pub fn parse(text: &str) -> Result<Self, ParseTargetError> {
        let number: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let digits = number.strip_prefix('+').unwrap_or("");
        if (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(number))
        } else {
            Err(ParseTargetError::Phone)
        }
    }

    /// The number, `+` included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SIP address of a person, e.g. `sip:lene@contoso.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct SipUri(String);

impl SipUri {
    /// Reads `sip:user@host`, or `user@host`, which means the same.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] unless one `@` parts two non-empty halves free of white space.
    pub fn parse(text: &str) -> Result<Self, ParseTargetError> {
        let address = text.strip_prefix("sip:").unwrap_or(text);
        // Once is enough: what is printed must be read as the same.
        if address.starts_with("sip:") {
            return Err(ParseTargetError::Sip);
        }
        let halves = address.split_once('@');
        let sound = halves.is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@')
        });
        if sound && !address.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Ok(Self(format!("sip:{address}")))
        } else {
            Err(ParseTargetError::Sip)
        }
    }

    /// The address, `sip:` included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Address {
    /// A telephone number (WhatsApp).
    Phone(PhoneNumber),
    /// A SIP address (Skype for Business).
    Sip(SipUri),
    /// A directory id or user principal name (Teams).
    User(UserId),
}

/// Where a message goes.
///
/// # Text form
///
/// `Display` writes it, `FromStr` reads it, and JSON holds it as a string:
///
/// | Target | Text |
/// |---|---|
/// | a conversation, thread or chat | `conversation:ID` |
/// | a channel of a team | `channel:TEAM/CHANNEL` |
/// | a telephone number | `tel:+14255550123` |
/// | a SIP address | `sip:lene@contoso.com` |
/// | a person of a directory | `user:ID-OR-UPN` |
///
/// Everything after the scheme is taken as it is; only in `TEAM` a `%` and a `/` are written
/// `%25` and `%2F`.
///
/// ```
/// use ms_messenger_core::Target;
///
/// let to: Target = "channel:fbe2bf47-16c8-47cf-b4a5-4b9b187c508b/19:4a95f7@thread.tacv2".parse()?;
/// assert_eq!(to, Target::channel("fbe2bf47-16c8-47cf-b4a5-4b9b187c508b", "19:4a95f7@thread.tacv2"));
/// # Ok::<(), ms_messenger_core::ParseTargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Target {
    /// A conversation that exists: ACS conversation, ACS chat thread, Teams chat, open UCWA
    /// conversation.
    Conversation(ConversationId),
    /// A channel of a Teams team.
    Channel {
        /// The team that holds the channel.
        team: TeamId,
        /// The channel.
        channel: ChannelId,
    },
    /// A person, reached by address.
    Person(Address),
}

impl Target {
    /// A conversation that exists.
    pub fn conversation(id: impl Into<ConversationId>) -> Self {
        Self::Conversation(id.into())
    }

    /// A channel of a team.
    pub fn channel(team: impl Into<TeamId>, channel: impl Into<ChannelId>) -> Self {
        Self::Channel {
            team: team.into(),
            channel: channel.into(),
        }
    }

    /// A telephone number.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] if it is not in E.164 form.
    pub fn phone(number: &str) -> Result<Self, ParseTargetError> {
        PhoneNumber::parse(number).map(|number| Self::Person(Address::Phone(number)))
    }

    /// A SIP address, with or without `sip:`.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] if it is not of the form `user@host`.
    pub fn sip(address: &str) -> Result<Self, ParseTargetError> {
        SipUri::parse(address).map(|address| Self::Person(Address::Sip(address)))
    }

    /// A person of a directory, by id or user principal name.
    pub fn user(id: impl Into<UserId>) -> Self {
        Self::Person(Address::User(id.into()))
    }
}

/// Why a text is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTargetError {
    /// No scheme, or one that is not in the table of [`Target`].
    Scheme,
    /// An id is empty.
    Empty,
    /// A channel without a team, or the other way round.
    Channel,
    /// Not a telephone number.
    Phone,
    /// Not a SIP address.
    Sip,
}

impl fmt::Display for ParseTargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "a target starts with conversation:, channel:, tel:, sip: or user:",
            Self::Empty => "the id after the scheme must not be empty",
            Self::Channel => "a channel is written channel:TEAM/CHANNEL",
            Self::Phone => "a telephone number is written in E.164 form: + and 7 to 15 digits",
            Self::Sip => "a SIP address is written sip:user@host",
        })
    }
}

impl std::error::Error for ParseTargetError {}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversation(id) => write!(f, "conversation:{id}"),
            Self::Channel { team, channel } => {
                let team = team.as_str().replace('%', "%25").replace('/', "%2F");
                write!(f, "channel:{team}/{channel}")
            }
            Self::Person(Address::Phone(number)) => write!(f, "tel:{number}"),
            Self::Person(Address::Sip(address)) => address.fmt(f),
            Self::Person(Address::User(id)) => write!(f, "user:{id}"),
        }
    }
}

impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once(':').ok_or(ParseTargetError::Scheme)?;
        match scheme {
            "conversation" => non_empty(rest).map(Self::conversation),
            "user" => non_empty(rest).map(Self::user),
            "tel" => Self::phone(rest),
            "sip" => Self::sip(text),
            "channel" => {
                let (team, channel) = rest.split_once('/').ok_or(ParseTargetError::Channel)?;
                if team.is_empty() || channel.is_empty() {
                    return Err(ParseTargetError::Channel);
                }
                let team = team.replace("%2F", "/").replace("%25", "%");
                Ok(Self::channel(team, channel))
            }
            _ => Err(ParseTargetError::Scheme),
        }
    }
}

fn non_empty(id: &str) -> Result<&str, ParseTargetError> {
    if id.is_empty() {
        return Err(ParseTargetError::Empty);
    }
    Ok(id)
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(crate::json::expected)
    }
}

impl From<ConversationId> for Target {
    fn from(id: ConversationId) -> Self {
        Self::Conversation(id)
    }
}

impl From<Address> for Target {
    fn from(address: Address) -> Self {
        Self::Person(address)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn targets() -> impl Strategy<Value = Target> {
        prop_oneof![
            ".+".prop_map(Target::conversation),
            (".+", ".+").prop_map(|(team, channel)| Target::channel(team, channel)),
            ".+".prop_map(Target::user),
            "[+][0-9]{7,15}".prop_map(|number| Target::phone(&number).unwrap()),
            "[a-z.:%/]{1,9}@[a-z.:]{1,9}"
                .prop_map(|address| Target::sip(&format!("sip:{address}")).unwrap()),
        ]
    }

    proptest! {
        #[test]
        fn the_text_form_round_trips(target in targets()) {
            prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        }

        #[test]
        fn any_text_is_read_or_refused_and_never_changes_its_meaning(text in ".*") {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
            }
        }
    }

    #[test]
    fn broken_forms_say_what_is_wrong() {
        for (text, error) in [
            ("", ParseTargetError::Scheme),
            ("19:abc@thread.v2", ParseTargetError::Scheme),
            ("conversation:", ParseTargetError::Empty),
            ("user:", ParseTargetError::Empty),
            ("sip:sip:a@b", ParseTargetError::Sip),
            ("channel:team", ParseTargetError::Channel),
            ("channel:/c", ParseTargetError::Channel),
            ("channel:t/", ParseTargetError::Channel),
            ("tel:4255550123", ParseTargetError::Phone),
            ("tel:+1", ParseTargetError::Phone),
            ("tel:+142555501x", ParseTargetError::Phone),
            ("sip:lene", ParseTargetError::Sip),
            ("sip:le ne@contoso.com", ParseTargetError::Sip),
        ] {
            assert_eq!(text.parse::<Target>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_number_with_separators_is_normalised() {
        assert_eq!(
            Target::phone("+1 (425) 555-0123").unwrap().to_string(),
            "tel:+14255550123"
        );
    }
}
