//! The error of a string that is not a target.

use std::fmt;

use crate::error::Error;

/// Error returned when a string is not a valid [`Target`](crate::Target) or
/// [`Address`](crate::Address). It becomes an [`Error`] of kind `InvalidRequest` by `?`.
///
/// ```
/// use ms_messenger_core::{Message, Result, SendRequest, Target};
///
/// fn request(to: &str) -> Result<SendRequest> {
///     Ok(SendRequest::new(to.parse::<Target>()?, "hello"))
/// }
///
/// let error = request("+1 425 555 0123").unwrap_err();
/// assert_eq!(error.message(), "to: is not a target: did you mean tel:+14255550123?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTargetError {
    /// Almost a target: this is how it is written.
    Meant(String),
    /// An id is percent-encoded: this is the decoded id.
    Encoded(String),
    /// A web address, but not a Teams link to a channel, chat or message.
    Link,
    /// A Teams link to a message, which is a target and a message to reply to.
    #[non_exhaustive]
    Message {
        /// The channel or chat, as a target is written.
        target: String,
        /// The id of the message that a reply names.
        reply_to: String,
    },
    /// No scheme, or one that is not in the table of [`Target`](crate::Target).
    Scheme,
    /// A target that is not the address of a person.
    Address,
    /// An id is empty.
    Empty,
    /// A channel without a team, or a team without a channel.
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
            Self::Meant(target) => return write!(f, "is not a target: did you mean {target}?"),
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
                "the link is not a Teams link to a channel, a chat or a message, such as \
                 https://teams.microsoft.com/l/channel/…?groupId=…"
            }
            Self::Scheme => {
                "a target starts with conversation:, channel:, tel:, sip:, user: or whatsapp:"
            }
            Self::Address => "the address of a person starts with tel:, sip:, user: or whatsapp:",
            Self::Empty => "the id after the scheme must not be empty",
            Self::Channel => {
                "a channel is written channel:TEAM/CHANNEL by ids, channel:@TEAM/CHANNEL by names"
            }
            Self::Phone => "a telephone number is written in E.164 form: + and 7 to 15 digits",
            Self::WhatsApp => "a WhatsApp user is written whatsapp:CC.ID, e.g. whatsapp:US.1349",
            Self::Sip => "a SIP address is written sip:user@host",
        })
    }
}

impl std::error::Error for ParseTargetError {}

impl From<ParseTargetError> for Error {
    fn from(error: ParseTargetError) -> Self {
        Self::invalid("to", error.to_string())
    }
}
