//! Messages, chats, teams, channels, members, users and files as the service returns them.
//!
//! Every member but the id of a chat, team, channel, member, user or drive is optional, because responses
//! differ in the members that they have. Members and values that this version does not know are
//! kept, so that nothing is lost when a message is read and stored again.
//!
//! ```
//! use msgraph_chat::models::ChatMessage;
//!
//! let json = r#"{"id":"1616990032035","subject":null,"newMember":7}"#;
//! let message: ChatMessage = serde_json::from_str(json)?;
//! assert_eq!(message.id.as_deref(), Some("1616990032035"));
//! assert_eq!(message.other["newMember"], 7);
//! # Ok::<_, serde_json::Error>(())
//! ```

pub(crate) mod attachment;
mod chat;
mod drive;
mod drive_info;
mod event;
mod identity;
mod member;
mod message;
pub(crate) mod nullable;
mod parts;
mod scalar;
mod subscription;
mod team;
mod user;

pub use attachment::ChatMessageAttachment;
pub use chat::{ChatInfo, ChatMessageInfo, ChatType, ChatViewpoint, MigrationMode, PinnedMessage};
pub use drive::{DriveItem, FileFacet, FileHashes, FolderFacet, ItemReference};
pub use drive_info::{DriveInfo, DriveQuota, DriveType, LinkKind, LinkScope, SharingLink};
pub use event::{CallParticipantInfo, EventKind, EventMessageDetail};
pub use identity::{
    ApplicationIdentity, ApplicationIdentityType, ConversationIdentity, ConversationIdentityType,
    Identity, IdentitySet, MentionedIdentitySet, UserIdentity, UserIdentityType,
};
pub use member::{ConversationMember, MemberRole};
pub use message::{
    BodyType, ChannelIdentity, ChatMessage, ChatMessageType, ItemBody, MessageImportance,
};
pub use parts::{
    ChatMessageMention, ChatMessageReaction, HostedContent, MessageHistoryItem, PolicyTip,
    PolicyViolation,
};
pub use scalar::{Flags, Timestamp};
pub use subscription::{ChangeType, Subscription};
pub use team::{ChannelInfo, LayoutType, MembershipType, TeamInfo, TeamworkTag};
pub use user::User;
