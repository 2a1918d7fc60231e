//! One report of the status of a message.

use ms_messenger_core::{DeliveryStatus, MessageId};

use super::message_status::DeliveryFailure;
use crate::{
    event_grid::{
        AdvancedMessageDeliveryStatus as Reached, AdvancedMessageDeliveryStatusUpdated as Updated,
        Event, EventData,
    },
    timestamp::Timestamp,
};

/// One report of the status of a message: what a [`StatusBook`](crate::StatusBook) reads from an
/// event, or what another source knows.
///
/// ```
/// use ms_messenger_events::{DeliveryStatus, StatusReport, event_grid::Event};
///
/// let event = Event::parse(r#"{"id": "1", "specversion": "1.0", "source": "/contoso",
///     "type": "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated",
///     "data": {"messageId": "4a5b", "status": "Delivered"}}"#)?;
/// let report = StatusReport::of(&event).unwrap();
/// assert_eq!(report.status, DeliveryStatus::Delivered);
/// assert_eq!(report.message_id, "4a5b");
/// # Ok::<(), ms_messenger_events::Rejection>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusReport {
    /// The id of the message, as in its receipt.
    pub message_id: MessageId,
    /// How far it got.
    pub status: DeliveryStatus,
    /// When, by the service's clock.
    pub at: Option<Timestamp>,
    /// Why it failed.
    pub failure: Option<DeliveryFailure>,
}

impl StatusReport {
    /// Creates a report without time and failure.
    pub fn new(message_id: impl Into<MessageId>, status: DeliveryStatus) -> Self {
        Self {
            message_id: message_id.into(),
            status,
            at: None,
            failure: None,
        }
    }

    /// Sets when the message got so far, by the service's clock.
    #[must_use]
    pub fn with_at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// Sets why it failed.
    #[must_use]
    pub fn with_failure(mut self, failure: DeliveryFailure) -> Self {
        self.failure = Some(failure);
        self
    }

    /// Reads the report of an event. Returns `None` if it is not about the status of a message, has
    /// no id of a message, or a status that this version does not know.
    pub fn of(event: &Event) -> Option<Self> {
        let EventData::AdvancedMessageDeliveryStatusUpdated(update) = &event.data else {
            return None;
        };
        let status = match update.status.as_ref()? {
            Reached::Sent => DeliveryStatus::Sent,
            Reached::Delivered => DeliveryStatus::Delivered,
            Reached::Read => DeliveryStatus::Read,
            Reached::Failed => DeliveryStatus::Failed,
            _ => return None,
        };
        let at = update.received_timestamp.as_ref().or(event.time.as_ref());
        Some(Self {
            message_id: update.message_id.clone()?,
            status,
            at: at.cloned(),
            failure: failure(update),
        })
    }
}

fn failure(update: &Updated) -> Option<DeliveryFailure> {
    let error = update.error.as_ref()?;
    let mut failure = DeliveryFailure::default();
    failure.code.clone_from(&error.channel_code);
    failure.message.clone_from(&error.channel_message);
    Some(failure)
}
