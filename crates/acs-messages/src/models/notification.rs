//! Notifications: messages to a person over a channel, without a conversation.

use ms_messenger_core::{Problem, Problems, WhatsAppUserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{
    InteractiveMessage, MessageTemplate, check_text, check_url,
    open::{self, Open},
    text_warning,
};

const KINDS: &[&str] = &[
    "text",
    "image",
    "image_v0",
    "document",
    "video",
    "audio",
    "template",
    "sticker",
    "reaction",
    "interactive",
];

/// The body of a notification: the channel, the recipient, and what it holds.
///
/// `to` is an array on the wire, and the service takes exactly one recipient today; so does the
/// check, unless the client is told otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotificationContent {
    /// The registration of the channel that sends.
    pub channel_registration_id: Uuid,
    /// The recipients.
    pub to: Vec<String>,
    /// What it holds.
    #[serde(flatten)]
    pub content: NotificationKind,
}

impl NotificationContent {
    /// `content` from the channel `channel_registration_id` to one recipient.
    pub fn new(
        channel_registration_id: Uuid,
        to: impl Into<String>,
        content: NotificationKind,
    ) -> Self {
        Self {
            channel_registration_id,
            to: vec![to.into()],
            content,
        }
    }
}

/// What a notification holds. A kind that this version does not know survives a round trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "kind",
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum NotificationKind {
    /// Text, at most 4096 characters.
    Text {
        /// The text.
        content: String,
    },
    /// A picture.
    Image {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    /// A picture as versions before 2024-08-30 knew it; use [`NotificationKind::Image`].
    #[serde(rename = "image_v0")]
    ImageV0 {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// A document.
    Document {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// The name that it gets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
    },
    /// A video.
    Video {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    /// A sound.
    Audio {
        /// Where the service fetches it.
        media_uri: Url,
    },
    /// A template, filled. The only kind that may open a conversation.
    Template {
        /// The template.
        template: MessageTemplate,
    },
    /// A sticker (2025-01-15-preview).
    Sticker {
        /// Where the service fetches it.
        media_uri: Url,
    },
    /// A reaction to a message (2025-01-15-preview).
    Reaction {
        /// The emoji.
        emoji: String,
        /// The message.
        message_id: String,
    },
    /// A message that asks for a response (2025-01-15-preview).
    Interactive {
        /// The message.
        interactive_message: Box<InteractiveMessage>,
    },
    /// A kind that this version does not know, as it stands on the wire.
    #[serde(skip)]
    Other(Value),
}

impl NotificationKind {
    /// Text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::Text {
            content: content.into(),
        }
    }

    /// Whether only 2025-01-15-preview and later know it.
    pub(crate) fn needs_preview(&self) -> bool {
        matches!(
            self,
            Self::Sticker { .. }
                | Self::Reaction { .. }
                | Self::Interactive { .. }
                | Self::Other(_)
        )
    }

    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        match self {
            Self::Text { content } => check_text(content, "content", problems),
            Self::Image { media_uri, .. }
            | Self::ImageV0 { media_uri, .. }
            | Self::Document { media_uri, .. }
            | Self::Video { media_uri, .. }
            | Self::Audio { media_uri }
            | Self::Sticker { media_uri } => check_url(media_uri, "mediaUri", problems),
            Self::Template { template } => template.find_problems("template", problems),
            // Whether an empty emoji takes a reaction back is not confirmed, so it may be empty.
            Self::Reaction { message_id, .. } => {
                problems.add_if(message_id.is_empty(), "messageId", "must not be empty");
            }
            Self::Interactive {
                interactive_message,
            } => {
                interactive_message.find_problems("interactiveMessage", problems);
            }
            Self::Other(_) => {}
        }
    }

    /// What the service may take but a recipient would miss.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        let warning = match self {
            Self::Text { content } => text_warning(content, "content"),
            Self::Image { caption, .. }
            | Self::Document { caption, .. }
            | Self::Video { caption, .. } => {
                text_warning(caption.as_deref().unwrap_or_default(), "caption")
            }
            Self::Interactive {
                interactive_message,
            } => interactive_message.warning("interactiveMessage"),
            _ => None,
        };
        warning.into_iter().collect()
    }
}

impl Serialize for NotificationKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(value) => value.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NotificationKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        open::read(deserializer)
    }
}

impl Open for NotificationKind {
    const KINDS: &'static [&'static str] = KINDS;

    fn strict<'de, D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::deserialize(input)
    }

    fn other(value: Value) -> Self {
        Self::Other(value)
    }
}

/// What is wrong with a recipient, if anything: the live service takes digits with separators, with
/// or without `+`, or a business-scoped user id, `CC.` and up to 128 alphanumerics.
pub(crate) fn recipient_problem(to: &str) -> Option<String> {
    const RULE: &str =
        "must be a number in E.164 form, e.g. +14255550123, or a business-scoped user id";
    if to.contains(|c: char| c.is_ascii_alphabetic()) {
        let is_scoped = WhatsAppUserId::parse(to).is_ok();
        return (!is_scoped).then(|| RULE.to_owned());
    }
    let number = to.replace(['-', '(', ')', ' '], "");
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = |digits: &str| {
        (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    // No country code begins with a zero; `00` is how many countries dial what `+` stands for.
    match digits.strip_prefix("00") {
        Some(meant) if is_number(meant) && !meant.starts_with('0') => Some(format!(
            "must be a number in E.164 form: write it as +{meant}"
        )),
        _ if is_number(digits) && !digits.starts_with('0') => None,
        _ => Some(RULE.to_owned()),
    }
}

/// What the service says of one recipient: that it took the message, not that it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotificationReceipt {
    /// The id of the message, a GUID.
    pub message_id: String,
    /// The recipient, as it was sent.
    pub to: String,
}

/// The body of a success.
#[derive(Debug, Deserialize)]
pub(crate) struct SendMessageResult {
    pub(crate) receipts: Vec<NotificationReceipt>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_a_number_of_e_164_or_a_business_scoped_id() {
        for to in [
            "+14255550123",
            "14255550123",
            "+1 (425) 555-0123",
            "US.13491208655302741918",
        ] {
            assert_eq!(recipient_problem(to), None, "{to}");
        }
        for to in [
            "",
            "+",
            " ",
            "0255550123",
            "+0255550123",
            "1+4255550123",
            "++14255550123",
            "+1234567890123456",
            "+1425555012x",
            "alice@contoso.com",
            "us.1349",
            "US.",
            "+१४२५",
        ] {
            let problem = recipient_problem(to).unwrap();
            assert!(problem.contains("E.164"), "{to}: {problem}");
            assert!(to.is_empty() || !problem.contains(&format!("`{to}`")));
        }
    }

    #[test]
    fn a_number_dialled_with_00_is_refused_with_the_one_to_write() {
        for to in ["0049 30 901820", "+00 49-30-901820"] {
            let problem = recipient_problem(to).unwrap();
            assert!(problem.ends_with("write it as +4930901820"), "{problem}");
        }
    }
}
