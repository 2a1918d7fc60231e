//! Where a message goes, and the one text form of it.

mod link;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use link::Addressee;
pub use link::TeamsLink;

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
        if is_number(digits) {
            return Ok(Self(number));
        }
        // `00` is how many countries dial what `+` stands for.
        let meant = number.strip_prefix("00").unwrap_or(&number);
        if is_number(meant) && !meant.starts_with('0') {
            return Err(ParseTargetError::Meant(format!("tel:+{meant}")));
        }
        Err(ParseTargetError::Phone)
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

fn is_number(digits: &str) -> bool {
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
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
        let is_sip = |text: &str| {
            let head = text.get(..4);
            head.is_some_and(|head| head.eq_ignore_ascii_case("sip:"))
        };
        let text = text.trim();
        let address = if is_sip(text) {
            text[4..].trim_start()
        } else {
            text
        };
        // Once is enough: what is printed must be read as the same.
        if is_sip(address) {
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

/// The business-scoped id of a WhatsApp user: a country, a dot, and up to 128 letters and digits,
/// e.g. `US.13491208655302741918`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct WhatsAppUserId(String);

impl WhatsAppUserId {
    /// Reads an id.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] unless it is two capital letters, a dot, and 1 to 128 letters and
    /// digits of ASCII.
    pub fn parse(text: &str) -> Result<Self, ParseTargetError> {
        let (country, user) = text.split_once('.').ok_or(ParseTargetError::WhatsApp)?;
        let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let is_user = user.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_country && is_user && (1..=128).contains(&user.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err(ParseTargetError::WhatsApp)
    }

    /// The id, its country included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WhatsAppUserId {
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
    /// A WhatsApp user by the id that they have for one business.
    WhatsApp(WhatsAppUserId),
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
/// | a WhatsApp user, by business-scoped id | `whatsapp:US.13491208655302741918` |
///
/// A scheme may be written in any case, and white space around the target and around its id is
/// left out. The rest is taken as it is; only in `TEAM` a `%` and a `/` are written `%25` and
/// `%2F`. An id out of a link, whose `:` and `@` are still percent-encoded, is refused. A whole
/// link of Teams to a channel, a chat or a person is read as that; one to a message is refused,
/// because a target cannot hold the message that is replied to, see [`TeamsLink`].
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

    /// A WhatsApp user, by business-scoped id.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] if it is none.
    pub fn whatsapp(id: &str) -> Result<Self, ParseTargetError> {
        WhatsAppUserId::parse(id).map(|id| Self::Person(Address::WhatsApp(id)))
    }

    /// A person of a directory, by id or user principal name.
    pub fn user(id: impl Into<UserId>) -> Self {
        Self::Person(Address::User(id.into()))
    }
}

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTargetError {
    /// Almost a target: this is how it is written.
    Meant(String),
    /// An id is percent-encoded: this is how it is written.
    Encoded(String),
    /// An address of the web, but not a link of Teams to a channel, chat or message.
    Link,
    /// A link of Teams to a message, which is a target and a message to reply to: these.
    Message {
        /// The channel or chat, as a target is written.
        target: String,
        /// The id of the message that a reply names.
        reply_to: String,
    },
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
    /// Not the business-scoped id of a WhatsApp user.
    WhatsApp,
}

impl fmt::Display for ParseTargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Meant(target) => return write!(f, "did you mean {target}"),
            Self::Encoded(id) => {
                return write!(f, "the id is percent-encoded: write it as {id}");
            }
            Self::Message { target, reply_to } => {
                return write!(
                    f,
                    "the link is one to a message: write {target} and reply to {reply_to}"
                );
            }
            Self::Link => {
                "the link is not one of Teams to a channel, a chat or a message, such as \
                 https://teams.microsoft.com/l/channel/…?groupId=…"
            }
            Self::Scheme => {
                "a target starts with conversation:, channel:, tel:, sip:, user: or whatsapp:"
            }
            Self::Empty => "the id after the scheme must not be empty",
            Self::Channel => "a channel is written channel:TEAM/CHANNEL",
            Self::Phone => "a telephone number is written in E.164 form: + and 7 to 15 digits",
            Self::WhatsApp => "a WhatsApp user is written whatsapp:CC.ID, e.g. whatsapp:US.1349",
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
            Self::Person(Address::WhatsApp(id)) => write!(f, "whatsapp:{id}"),
        }
    }
}

impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if link::is_address(text) {
            return text.parse().and_then(TeamsLink::into_target);
        }
        let (scheme, rest) = text.split_once(':').ok_or_else(|| meant(text))?;
        let rest = rest.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "conversation" => plain(non_empty(rest)?).map(Self::conversation),
            "user" => plain(non_empty(rest)?).map(Self::user),
            "tel" => Self::phone(rest),
            "sip" => Self::sip(&format!("sip:{rest}")),
            "whatsapp" => Self::whatsapp(rest),
            "channel" => {
                let (team, channel) = rest.split_once('/').ok_or(ParseTargetError::Channel)?;
                let (team, channel) = (team.trim(), plain(channel.trim())?);
                if team.is_empty() || channel.is_empty() {
                    return Err(ParseTargetError::Channel);
                }
                let team = team.replace("%2F", "/").replace("%25", "%");
                Ok(Self::channel(team, channel))
            }
            _ => Err(meant(text)),
        }
    }
}

/// What a text without a scheme of ours may have been meant for.
fn meant(text: &str) -> ParseTargetError {
    let is_id = |text: &str| text.starts_with("19:") && text.contains('@');
    if let Ok(target) = Target::whatsapp(text)
        && text.len() > 10
    {
        return ParseTargetError::Meant(target.to_string());
    }
    match PhoneNumber::parse(text) {
        Ok(number) => return ParseTargetError::Meant(format!("tel:{number}")),
        Err(ParseTargetError::Meant(target)) => return ParseTargetError::Meant(target),
        Err(_) => {}
    }
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let (user, host) = text.split_once('@').unwrap_or_default();
    if is_plain && !text.contains(':') && !user.is_empty() && host.contains('.') {
        return ParseTargetError::Meant(format!("user:{text}"));
    }
    match encoded(text) {
        Some(id) => ParseTargetError::Encoded(id),
        None if is_plain && is_id(text) && text.ends_with("thread.v2") => {
            ParseTargetError::Meant(format!("conversation:{text}"))
        }
        None => ParseTargetError::Scheme,
    }
}

/// An id that is not percent-encoded.
fn plain(id: &str) -> Result<&str, ParseTargetError> {
    encoded(id).map_or(Ok(id), |id| Err(ParseTargetError::Encoded(id)))
}

/// The id that `text` is the percent-encoded form of: of a thread (`19:…`), a user (`8:…`) or a
/// principal name. Others may hold a `%` of their own.
pub(crate) fn encoded(text: &str) -> Option<String> {
    let decoded = text.contains('%').then(|| link::decoded(text))?;
    let has_number = || {
        let (number, rest) = decoded.split_once(':')?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        (digits && !rest.is_empty()).then_some(())
    };
    let gains = |c: char| decoded.contains(c) && !text.contains(c);
    let is_clean = !decoded.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_clean && ((gains(':') && has_number().is_some()) || gains('@'))).then_some(decoded)
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
mod tests;
