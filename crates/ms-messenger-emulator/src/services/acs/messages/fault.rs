//! The faults that only ACS Advanced Messaging has.

use serde_json::{Map, Value, json};

use crate::{
    engine::{
        faults::{
            action::FaultAction,
            own::{FaultKind, OwnFault, ServiceFault, WrongMember},
        },
        platform::Platform,
    },
    services::acs::events::statuses::Failure,
};

/// A fault that only ACS Advanced Messaging has; other platforms are left alone.
///
/// ```
/// use ms_messenger_emulator::{AcsMessagesFault, Emulator, Platform};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let undeliverable = AcsMessagesFault::undeliverable("131026").into();
/// emulator.fail_next(Platform::ACS_MESSAGES, "send.notification", undeliverable)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcsMessagesFault {
    /// The message is accepted with 202 and stored, and WhatsApp refuses it afterwards: its status
    /// ends as `Failed`.
    #[non_exhaustive]
    Undeliverable {
        /// The code of WhatsApp, `131026` for example.
        code: String,
    },
}

impl AcsMessagesFault {
    /// WhatsApp refuses the message after it was accepted, with that code.
    pub fn undeliverable(code: impl Into<String>) -> Self {
        Self::Undeliverable { code: code.into() }
    }

    /// Why WhatsApp refuses the message.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Undeliverable { code } => Failure::new(code),
        }
    }
}

impl ServiceFault for AcsMessagesFault {
    fn fits(&self, operation: &str) -> bool {
        ["send", "send.notification"].contains(&operation)
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Undeliverable { code } => json!({"kind": "undeliverable", "code": code}),
        }
    }
}

impl From<AcsMessagesFault> for FaultAction {
    fn from(fault: AcsMessagesFault) -> Self {
        Self::Own(OwnFault::new(Platform::ACS_MESSAGES, fault))
    }
}

/// The kind as fault documents name it.
pub(crate) fn kinds() -> Vec<FaultKind> {
    let read = |_: &str, members: &Map<String, Value>| -> Result<OwnFault, WrongMember> {
        let code = match members.get("code") {
            None => "131026",
            Some(Value::String(code)) => code,
            Some(_) => return Err(("code", "must be a string")),
        };
        let fault = AcsMessagesFault::undeliverable(code);
        Ok(OwnFault::new(Platform::ACS_MESSAGES, fault))
    };
    vec![FaultKind::new("undeliverable", &["code"], read)]
}
