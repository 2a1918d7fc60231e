//! The faults that only the notifications of Graph have.

use serde_json::{Map, Value, json};

use crate::engine::{
    faults::{
        action::FaultAction,
        own::{FaultKind, OwnFault, ServiceFault, WrongMember},
    },
    platform::Platform,
};

/// A fault of a notification of Graph: it is not what a receiver may trust.
///
/// [`PushFault`](crate::PushFault) has the faults of its delivery.
///
/// ```
/// use ms_messenger_emulator::{FaultRule, NotificationFault};
///
/// let rule = FaultRule::new(NotificationFault::WrongClientState.into());
/// let rule = rule.with_operation("notification.deliver").with_times(1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotificationFault {
    /// The `clientState` is not that of the subscription.
    WrongClientState,
    /// The signature of the encrypted content does not match it.
    BadSignature,
    /// The validation token is of another application than Graph's.
    ForeignPublisher,
    /// The validation token has expired.
    ExpiredToken,
    /// The notification comes together with one of another subscription.
    MixedBatch,
}

impl NotificationFault {
    const ALL: [(Self, &'static str); 5] = [
        (Self::WrongClientState, "wrong_client_state"),
        (Self::BadSignature, "bad_signature"),
        (Self::ForeignPublisher, "foreign_publisher"),
        (Self::ExpiredToken, "expired_token"),
        (Self::MixedBatch, "mixed_batch"),
    ];

    /// The kind in fault documents.
    fn kind(self) -> &'static str {
        let found = Self::ALL.iter().find(|(fault, _)| *fault == self);
        found.map_or("", |(_, kind)| kind)
    }
}

impl ServiceFault for NotificationFault {
    fn fits(&self, operation: &str) -> bool {
        operation == "notification.deliver"
    }

    fn to_json(&self) -> Value {
        json!({"kind": self.kind()})
    }
}

impl From<NotificationFault> for FaultAction {
    fn from(fault: NotificationFault) -> Self {
        Self::Own(OwnFault::new(Platform::MSGRAPH_CHAT, fault))
    }
}

/// The kinds as fault documents name them.
pub(crate) fn kinds() -> Vec<FaultKind> {
    let kinds = NotificationFault::ALL.iter();
    kinds
        .map(|(_, kind)| FaultKind::new(kind, &[], read))
        .collect()
}

fn read(kind: &str, _: &Map<String, Value>) -> Result<OwnFault, WrongMember> {
    let found = NotificationFault::ALL
        .iter()
        .find(|(_, known)| *known == kind);
    let (fault, _) = found.ok_or(("kind", "is unknown"))?;
    Ok(OwnFault::new(Platform::MSGRAPH_CHAT, *fault))
}
