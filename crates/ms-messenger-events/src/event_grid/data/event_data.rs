//! The data of an event, by the type of the event.

use serde::de::DeserializeOwned;

use super::{
    advanced_message::{AdvancedMessageDeliveryStatusUpdated, AdvancedMessageReceived},
    analysis::AdvancedMessageAnalysisCompleted,
    chat_message::{ChatMessageEvent, ChatTypingEvent},
    chat_thread::{ChatParticipantEvent, ChatThreadEvent},
    subscription::SubscriptionDeleted,
};
use crate::text::Text;

const COMMUNICATION: &str = "Microsoft.Communication.";
const DELETED: &str = "Microsoft.EventGrid.SubscriptionDeletedEvent";

/// The data of an event. Each variant has the name of its type without `Microsoft.Communication.`
///
/// Members that the service adds are not lost: [`Event::raw`](crate::event_grid::Event::raw) has them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventData {
    /// A user wrote to a channel.
    AdvancedMessageReceived(Box<AdvancedMessageReceived>),
    /// A message that was sent got further, or failed.
    AdvancedMessageDeliveryStatusUpdated(Box<AdvancedMessageDeliveryStatusUpdated>),
    /// The service analysed a message (preview).
    AdvancedMessageAnalysisCompleted(Box<AdvancedMessageAnalysisCompleted>),
    /// A message was received, for one participant.
    ChatMessageReceived(Box<ChatMessageEvent>),
    /// A message was edited, for one participant.
    ChatMessageEdited(Box<ChatMessageEvent>),
    /// A message was deleted, for one participant.
    ChatMessageDeleted(Box<ChatMessageEvent>),
    /// A message was received in a thread.
    ChatMessageReceivedInThread(Box<ChatMessageEvent>),
    /// A message was edited in a thread.
    ChatMessageEditedInThread(Box<ChatMessageEvent>),
    /// A message was deleted in a thread.
    ChatMessageDeletedInThread(Box<ChatMessageEvent>),
    /// A command for a bot was received in a thread.
    ChatAzureBotCommandReceivedInThread(Box<ChatMessageEvent>),
    /// A participant is typing in a thread.
    ChatTypingIndicatorReceivedInThread(Box<ChatTypingEvent>),
    /// A thread was created.
    ChatThreadCreated(Box<ChatThreadEvent>),
    /// The properties of a thread changed.
    ChatThreadPropertiesUpdated(Box<ChatThreadEvent>),
    /// A thread was deleted.
    ChatThreadDeleted(Box<ChatThreadEvent>),
    /// A thread was created, for one participant.
    ChatThreadCreatedWithUser(Box<ChatThreadEvent>),
    /// The properties of a thread changed, for one participant.
    ChatThreadPropertiesUpdatedPerUser(Box<ChatThreadEvent>),
    /// A thread was deleted, for one participant.
    ChatThreadWithUserDeleted(Box<ChatThreadEvent>),
    /// A participant was added to a thread.
    ChatThreadParticipantAdded(Box<ChatParticipantEvent>),
    /// A participant was removed from a thread.
    ChatThreadParticipantRemoved(Box<ChatParticipantEvent>),
    /// A participant was added to a thread, for one participant.
    ChatParticipantAddedToThreadWithUser(Box<ChatParticipantEvent>),
    /// A participant was removed from a thread, for one participant.
    ChatParticipantRemovedFromThreadWithUser(Box<ChatParticipantEvent>),
    /// The subscription was deleted: no more events will follow.
    SubscriptionDeleted(SubscriptionDeleted),
    /// A type that this version does not know, or data of another shape than documented.
    #[non_exhaustive]
    Unknown {
        /// The type of the event.
        event_type: String,
        /// The data, as JSON.
        data: Text,
    },
}

impl EventData {
    /// Reads the data of an event of type `event_type`. What is missing in the data of a delivery
    /// status is taken from `subject`. Data that cannot be read is [`Unknown`](Self::Unknown).
    pub fn read(event_type: &str, subject: &str, json: &str) -> Self {
        let typed = match event_type.strip_prefix(COMMUNICATION) {
            Some(name) => communication(name, subject, json),
            None if event_type == DELETED => read(Self::SubscriptionDeleted, json),
            None => None,
        };
        typed.unwrap_or_else(|| Self::Unknown {
            event_type: event_type.to_owned(),
            data: json.into(),
        })
    }
}

fn communication(name: &str, subject: &str, json: &str) -> Option<EventData> {
    use EventData as Data;
    match name {
        "AdvancedMessageReceived" => read(Data::AdvancedMessageReceived, json),
        "AdvancedMessageDeliveryStatusUpdated" => {
            let update: AdvancedMessageDeliveryStatusUpdated = serde_json::from_str(json).ok()?;
            let update = Box::new(update.complete(subject));
            Some(Data::AdvancedMessageDeliveryStatusUpdated(update))
        }
        "AdvancedMessageAnalysisCompleted" => read(Data::AdvancedMessageAnalysisCompleted, json),
        "ChatMessageReceived" => read(Data::ChatMessageReceived, json),
        "ChatMessageEdited" => read(Data::ChatMessageEdited, json),
        "ChatMessageDeleted" => read(Data::ChatMessageDeleted, json),
        "ChatMessageReceivedInThread" => read(Data::ChatMessageReceivedInThread, json),
        "ChatMessageEditedInThread" => read(Data::ChatMessageEditedInThread, json),
        "ChatMessageDeletedInThread" => read(Data::ChatMessageDeletedInThread, json),
        "ChatAzureBotCommandReceivedInThread" => {
            read(Data::ChatAzureBotCommandReceivedInThread, json)
        }
        "ChatTypingIndicatorReceivedInThread" => {
            read(Data::ChatTypingIndicatorReceivedInThread, json)
        }
        "ChatThreadCreated" => read(Data::ChatThreadCreated, json),
        "ChatThreadPropertiesUpdated" => read(Data::ChatThreadPropertiesUpdated, json),
        "ChatThreadDeleted" => read(Data::ChatThreadDeleted, json),
        "ChatThreadCreatedWithUser" => read(Data::ChatThreadCreatedWithUser, json),
        "ChatThreadPropertiesUpdatedPerUser" => {
            read(Data::ChatThreadPropertiesUpdatedPerUser, json)
        }
        "ChatThreadWithUserDeleted" => read(Data::ChatThreadWithUserDeleted, json),
        "ChatThreadParticipantAdded" => read(Data::ChatThreadParticipantAdded, json),
        "ChatThreadParticipantRemoved" => read(Data::ChatThreadParticipantRemoved, json),
        "ChatParticipantAddedToThreadWithUser" => {
            read(Data::ChatParticipantAddedToThreadWithUser, json)
        }
        "ChatParticipantRemovedFromThreadWithUser" => {
            read(Data::ChatParticipantRemovedFromThreadWithUser, json)
        }
        _ => None,
    }
}

fn read<T: DeserializeOwned>(
    variant: impl FnOnce(T) -> EventData,
    json: &str,
) -> Option<EventData> {
    serde_json::from_str(json).ok().map(variant)
}
