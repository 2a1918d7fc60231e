//! Addresses of users.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ids::UserId, json, parse_target_error::ParseTargetError, string_type::string_type};

macro_rules! parsed_string {
    ($name:ident) => {
        string_type!($name);

        impl FromStr for $name {
            type Err = ParseTargetError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = ParseTargetError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(input)?).map_err(json::broken)
            }
        }
    };
}

/// A telephone number in E.164 form: `+` and 7 to 15 digits.
///
/// ```
/// use ms_messenger_core::PhoneNumber;
///
/// assert_eq!("+1 (425) 555-0123".parse::<PhoneNumber>()?, "+14255550123");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(String);

parsed_string!(PhoneNumber);

impl PhoneNumber {
    /// Parses a number. Spaces, hyphens, dots and parentheses are removed.
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
        // Many countries dial `00` for the `+`.
        let meant = number.strip_prefix("00").unwrap_or(&number);
        if is_number(meant) && !meant.starts_with('0') {
            return Err(ParseTargetError::Meant(format!("tel:+{meant}")));
        }
        Err(ParseTargetError::Phone)
    }
}

fn is_number(digits: &str) -> bool {
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The SIP address of a user, e.g. `sip:lene@contoso.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SipUri(String);

parsed_string!(SipUri);

impl SipUri {
    /// Parses `sip:user@host`, or `user@host`, which means the same.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] unless one `@` separates two non-empty parts without white space.
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
        // The prefix is removed once only: the text form must read back as the same address.
        if is_sip(address) {
            return Err(ParseTargetError::Sip);
        }
        let parts = address.split_once('@');
        let sound = parts.is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@')
        });
        if sound && !address.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Ok(Self(format!("sip:{address}")))
        } else {
            Err(ParseTargetError::Sip)
        }
    }
}

/// The business-scoped id of a WhatsApp user: a country, a dot, and up to 128 letters and digits,
/// e.g. `US.13491208655302741918`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WhatsAppUserId(String);

parsed_string!(WhatsAppUserId);

impl WhatsAppUserId {
    /// Parses an id.
    ///
    /// # Errors
    ///
    /// [`ParseTargetError`] unless it is two capital letters, a dot, and 1 to 128 ASCII letters
    /// and digits.
    pub fn parse(text: &str) -> Result<Self, ParseTargetError> {
        let (country, user) = text.split_once('.').ok_or(ParseTargetError::WhatsApp)?;
        let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let is_user = user.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_country && is_user && (1..=128).contains(&user.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err(ParseTargetError::WhatsApp)
    }
}

/// The address of a person, written as in a [`Target`](crate::Target): `tel:+14255550123`,
/// `sip:lene@contoso.com`, `user:lene@contoso.com`, `whatsapp:US.13491208655302741918`. JSON has
/// it as that string.
///
/// ```
/// use ms_messenger_core::{Address, SipUri};
///
/// let address: Address = "sip:lene@contoso.com".parse()?;
/// assert_eq!(address, Address::from(SipUri::parse("lene@contoso.com")?));
/// assert!("conversation:1".parse::<Address>().is_err());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Address {
    /// A telephone number (WhatsApp).
    Phone(PhoneNumber),
    /// A SIP address (Skype for Business).
    Sip(SipUri),
    /// A directory id or user principal name (Teams).
    User(UserId),
    /// A WhatsApp user, by the id that the user has for one business.
    WhatsApp(WhatsAppUserId),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(number) => write!(f, "tel:{number}"),
            Self::Sip(address) => address.fmt(f),
            Self::User(id) => write!(f, "user:{id}"),
            Self::WhatsApp(id) => write!(f, "whatsapp:{id}"),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(json::broken)
    }
}

impl From<PhoneNumber> for Address {
    fn from(number: PhoneNumber) -> Self {
        Self::Phone(number)
    }
}

impl From<SipUri> for Address {
    fn from(address: SipUri) -> Self {
        Self::Sip(address)
    }
}

impl From<UserId> for Address {
    fn from(id: UserId) -> Self {
        Self::User(id)
    }
}

impl From<WhatsAppUserId> for Address {
    fn from(id: WhatsAppUserId) -> Self {
        Self::WhatsApp(id)
    }
}
