//! The `chatMessage` resource, for reading: every member optional, because they vary between
//! answers; members and values that this version does not know are kept.

mod event;
mod identity;
mod message;
mod parts;
mod scalar;

pub use event::{CallParticipantInfo, EventKind, EventMessageDetail};
pub use identity::{
    ApplicationIdentity, ApplicationIdentityType, ConversationIdentity, ConversationIdentityType,
    Identity, IdentitySet, MentionedIdentitySet, UserIdentity, UserIdentityType,
};
pub use message::{
    BodyType, ChannelIdentity, ChatMessage, ChatMessageType, ItemBody, MessageImportance,
};
pub use parts::{
    ChatMessageAttachment, ChatMessageMention, ChatMessageReaction, HostedContent,
    MessageHistoryItem, PolicyTip, PolicyViolation,
};
pub use scalar::{Flags, Timestamp};

use serde::{Deserialize, Deserializer};

/// A list that may be null.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}
