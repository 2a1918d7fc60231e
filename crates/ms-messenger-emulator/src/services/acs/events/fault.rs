//! The faults that only the events of ACS have.

use serde_json::{Map, Value, json};

use crate::{
    engine::{
        faults::{
            action::FaultAction,
            own::{FaultKind, OwnFault, ServiceFault, WrongMember},
        },
        platform::Platform,
    },
    services::acs::events::event::{Event, STATUS},
};

/// A fault of an event of ACS: its content is not what the documentation promises.
///
/// [`PushFault`](crate::PushFault) has the faults of its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventFault {
    /// A CloudEvent has `specVersion` in place of `specversion`, as the service's own samples.
    SpecVersion,
    /// The data has no `messageId`.
    NoMessageId,
    /// A status of a message that is not documented.
    #[non_exhaustive]
    UnknownStatus {
        /// The status.
        status: String,
    },
}

impl EventFault {
    /// A status of a message that is not documented.
    ///
    /// ```
    /// use ms_messenger_emulator::{EventFault, FaultRule, Platform};
    ///
    /// let fault = EventFault::unknown_status("Paused");
    /// let rule = FaultRule::new(fault.into()).with_platform(Platform::EVENT_GRID);
    /// ```
    pub fn unknown_status(status: impl Into<String>) -> Self {
        Self::UnknownStatus {
            status: status.into(),
        }
    }

    pub(crate) fn apply(&self, event: &mut Event) {
        match self {
            Self::SpecVersion => event.has_wrong_version_name = true,
            Self::NoMessageId => {
                if let Some(data) = event.data.as_object_mut() {
                    data.remove("messageId");
                }
            }
            Self::UnknownStatus { status } if event.kind == STATUS => {
                event.data["status"] = json!(status);
                let head = event.subject.rsplit_once('/');
                let head = head.map_or("", |(head, _)| head);
                event.subject = format!("{head}/{status}");
            }
            Self::UnknownStatus { .. } => {}
        }
    }
}

impl ServiceFault for EventFault {
    fn fits(&self, operation: &str) -> bool {
        operation == "event.deliver"
    }

    fn to_json(&self) -> Value {
        match self {
            Self::SpecVersion => json!({"kind": "spec_version"}),
            Self::NoMessageId => json!({"kind": "no_message_id"}),
            Self::UnknownStatus { status } => json!({"kind": "unknown_status", "status": status}),
        }
    }
}

impl From<EventFault> for FaultAction {
    fn from(fault: EventFault) -> Self {
        Self::Own(OwnFault::new(Platform::EVENT_GRID, fault))
    }
}

/// The kinds as fault documents name them.
pub(crate) fn kinds() -> Vec<FaultKind> {
    vec![
        FaultKind::new("spec_version", &[], read),
        FaultKind::new("no_message_id", &[], read),
        FaultKind::new("unknown_status", &["status"], read),
    ]
}

fn read(kind: &str, members: &Map<String, Value>) -> Result<OwnFault, WrongMember> {
    let fault = match (kind, members.get("status")) {
        ("spec_version", _) => EventFault::SpecVersion,
        ("no_message_id", _) => EventFault::NoMessageId,
        (_, None) => EventFault::unknown_status("Unknown"),
        (_, Some(Value::String(status))) => EventFault::unknown_status(status),
        (_, Some(_)) => return Err(("status", "must be a string")),
    };
    Ok(OwnFault::new(Platform::EVENT_GRID, fault))
}
