//! What happened: the events of ACS, by type.

mod advanced_message;
mod analysis;
mod chat_message;
mod chat_thread;
mod event_data;
mod identifier;
mod subscription;
mod tolerant;

pub use advanced_message::{
    AdvancedMessageChannel, AdvancedMessageDeliveryStatus, AdvancedMessageDeliveryStatusUpdated,
    AdvancedMessageReceived, Button, ChannelError, InteractiveReply, InteractiveReplyKind,
    ListReply, MessageContext, MessageMedia, Reaction,
};
pub use analysis::{AdvancedMessageAnalysisCompleted, LanguageDetection};
pub use chat_message::{ChatMessageEvent, ChatMessageKind, ChatTypingEvent};
pub use chat_thread::{
    ChatParticipant, ChatParticipantEvent, ChatThreadEvent, ChatThreadMember, ChatThreadProperties,
};
pub use event_data::EventData;
pub use identifier::{
    CommunicationIdentifier, PhoneNumberIdentifier, TeamsUserIdentifier, UserIdentifier,
};
pub use subscription::SubscriptionDeleted;
