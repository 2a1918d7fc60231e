//! Events of Azure Event Grid, in both of its schemas.
//!
//! ```
//! use http::Request;
//! use ms_messenger_events::{EventGrid, Incoming, Outcome, event_grid::EventData};
//!
//! let events = EventGrid::builder().with_secret("key", "hunter2").build()?;
//! let request = Request::post("/events?key=hunter2").body(r#"[{
//!     "id": "1", "topic": "/subscriptions/0000/…/communicationservices/contoso",
//!     "subject": "advancedMessage/4a5b/status/Failed", "dataVersion": "1.0",
//!     "eventType": "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated",
//!     "eventTime": "2026-01-02T03:04:05Z",
//!     "data": {"status": "Failed", "error": {"channelCode": "131026"}}
//! }]"#)?;
//!
//! let Outcome::Events(batch) = events.receive(&Incoming::of(&request)) else { panic!() };
//! if let EventData::AdvancedMessageDeliveryStatusUpdated(update) = &batch.events()[0].data {
//!     assert_eq!(update.message_id.as_ref().map(|id| id.as_str()), Some("4a5b"));
//! }
//! // Keep the events here; only then:
//! assert_eq!(batch.kept().status, 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod data;
mod event;
mod handshake;
mod receiver;
mod wire;

pub use builder::EventGridBuilder;
pub use data::{
    AdvancedMessageAnalysisCompleted, AdvancedMessageChannel, AdvancedMessageDeliveryStatus,
    AdvancedMessageDeliveryStatusUpdated, AdvancedMessageReceived, Button, ChannelError,
    ChatMessageEvent, ChatMessageKind, ChatParticipant, ChatParticipantEvent, ChatThreadEvent,
    ChatThreadMember, ChatThreadProperties, ChatTypingEvent, CommunicationIdentifier, EventData,
    InteractiveReply, InteractiveReplyKind, LanguageDetection, ListReply, MessageContext,
    MessageMedia, PhoneNumberIdentifier, Reaction, SubscriptionDeleted, TeamsUserIdentifier,
    UserIdentifier,
};
pub use event::{Event, Schema};
pub use receiver::EventGrid;
