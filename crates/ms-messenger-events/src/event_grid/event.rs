//! One event, from either schema.

use std::fmt;

use super::{data::EventData, wire};
use crate::{rejection::Rejection, timestamp::Timestamp};

/// The schema in which an event was delivered. The subscription chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Schema {
    /// The schema of Event Grid itself.
    EventGrid,
    /// CloudEvents 1.0.
    CloudEvents,
}

/// One event of Event Grid, from either schema.
///
/// Events are delivered at least once and in any order: see [`SeenEvents`](crate::SeenEvents) for
/// duplicates and [`StatusBook`](crate::StatusBook) for the status of messages.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The schema.
    pub schema: Schema,
    /// Its id, unique for its source.
    pub id: String,
    /// The resource that emitted it: `topic` or `source`. The service writes it in several cases,
    /// see [`is_from`](Self::is_from).
    pub source: String,
    /// What it is about, e.g. `advancedMessage/4a5b/status/Sent`.
    pub subject: String,
    /// Its type, e.g. `Microsoft.Communication.ChatMessageReceived`.
    pub event_type: String,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// What happened.
    pub data: EventData,
    pub(super) raw: Box<str>,
}

impl Event {
    /// Reads one event, in either schema, e.g. what [`raw`](Self::raw) returned.
    ///
    /// # Errors
    ///
    /// [`Rejection::Malformed`] if `json` is not an event.
    ///
    /// ```
    /// use ms_messenger_events::event_grid::{Event, Schema};
    ///
    /// let event = Event::parse(r#"{"specversion": "1.0", "id": "1", "source": "/contoso",
    ///     "type": "com.contoso.paged", "data": {"by": "Lene"}}"#)?;
    /// assert_eq!((event.schema, event.id.as_str()), (Schema::CloudEvents, "1"));
    /// assert_eq!(Event::parse(event.raw())?, event);
    /// # Ok::<(), ms_messenger_events::Rejection>(())
    /// ```
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        wire::read_one(json)
    }

    /// Returns the JSON of the event as it was received, in one line: members without a field
    /// included. Append it to a file or a queue to keep the event.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns whether it was emitted by the resource `id`, ignoring case, e.g.
    /// `/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Communication/CommunicationServices/contoso`.
    pub fn is_from(&self, id: &str) -> bool {
        self.source.eq_ignore_ascii_case(id)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("schema", &self.schema)
            .field("id", &self.id)
            .field("source", &self.source)
            .field("subject", &self.subject)
            .field("event_type", &self.event_type)
            .field("time", &self.time)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
