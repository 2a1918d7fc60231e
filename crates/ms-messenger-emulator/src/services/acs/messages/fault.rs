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
    services::acs::events::{
        statuses::Failure,
        timeline::{Fate, STATUSES},
    },
};

/// By how much statuses are late at most, in milliseconds: 30 days.
const MAX_SLOW_MS: u64 = 30 * 86_400_000;
const TIME: &str = "is required and must be a whole number from 0 to 2592000000";
const NAMES: &str = "must be an array of Sent, Delivered, Read and Failed";

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
    /// All statuses of the message are late.
    #[non_exhaustive]
    SlowStatuses {
        /// By so many milliseconds of the services' clock.
        ms: u64,
    },
    /// Statuses of the message are never said.
    #[non_exhaustive]
    DroppedStatuses {
        /// Which, of `Sent`, `Delivered`, `Read`, `Failed`.
        statuses: Vec<String>,
    },
}

impl AcsMessagesFault {
    /// WhatsApp refuses the message after it was accepted, with that code.
    pub fn undeliverable(code: impl Into<String>) -> Self {
        Self::Undeliverable { code: code.into() }
    }

    /// The statuses of the message are that many milliseconds late, at most 30 days.
    ///
    /// ```
    /// use ms_messenger_emulator::{AcsMessagesFault, FaultRule};
    ///
    /// let slow = AcsMessagesFault::slow_statuses(60_000);
    /// let rule = FaultRule::new(slow.into()).with_operation("send.notification");
    /// ```
    pub fn slow_statuses(ms: u64) -> Self {
        Self::SlowStatuses {
            ms: ms.min(MAX_SLOW_MS),
        }
    }

    /// These statuses of the message (`Delivered` …) are never said; all of them if none is named.
    ///
    /// ```
    /// use ms_messenger_emulator::{AcsMessagesFault, FaultRule};
    ///
    /// // `Read` without `Delivered`, as the service has been seen to say it.
    /// let fault = AcsMessagesFault::dropped_statuses(["Delivered"]);
    /// let rule = FaultRule::new(fault.into()).with_operation("send.notification");
    /// ```
    pub fn dropped_statuses<T: Into<String>>(statuses: impl IntoIterator<Item = T>) -> Self {
        let mut statuses: Vec<String> = statuses.into_iter().map(Into::into).collect();
        if statuses.is_empty() {
            statuses = STATUSES.map(str::to_owned).to_vec();
        }
        Self::DroppedStatuses { statuses }
    }

    /// What becomes of the statuses.
    pub(crate) fn fate(&self) -> Fate {
        let usual = Fate::default();
        match self {
            Self::Undeliverable { code } => Fate {
                failure: Some(Failure::new(code)),
                ..usual
            },
            Self::SlowStatuses { ms } => Fate {
                slow_ms: *ms,
                ..usual
            },
            Self::DroppedStatuses { statuses } => Fate {
                dropped: statuses.clone(),
                ..usual
            },
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
            Self::SlowStatuses { ms } => json!({"kind": "slow_statuses", "ms": ms}),
            Self::DroppedStatuses { statuses } => {
                json!({"kind": "dropped_statuses", "statuses": statuses})
            }
        }
    }
}

impl From<AcsMessagesFault> for FaultAction {
    fn from(fault: AcsMessagesFault) -> Self {
        Self::Own(OwnFault::new(Platform::ACS_MESSAGES, fault))
    }
}

/// The kinds as fault documents name them.
pub(crate) fn kinds() -> Vec<FaultKind> {
    vec![
        FaultKind::new("undeliverable", &["code"], read),
        FaultKind::new("slow_statuses", &["ms"], read),
        FaultKind::new("dropped_statuses", &["statuses"], read),
    ]
}

fn read(kind: &str, members: &Map<String, Value>) -> Result<OwnFault, WrongMember> {
    let fault = match kind {
        "undeliverable" => match members.get("code") {
            None => AcsMessagesFault::undeliverable("131026"),
            Some(Value::String(code)) => AcsMessagesFault::undeliverable(code),
            Some(_) => return Err(("code", "must be a string")),
        },
        "slow_statuses" => {
            let ms = members.get("ms").and_then(Value::as_u64);
            let ms = ms.filter(|ms| *ms <= MAX_SLOW_MS);
            AcsMessagesFault::slow_statuses(ms.ok_or(("ms", TIME))?)
        }
        _ => {
            let named = members
                .get("statuses")
                .cloned()
                .unwrap_or_else(|| json!([]));
            let named = named.as_array().ok_or(("statuses", NAMES))?;
            let known = |it: &Value| STATUSES.into_iter().find(|known| it == known);
            let known: Option<Vec<&str>> = named.iter().map(known).collect();
            AcsMessagesFault::dropped_statuses(known.ok_or(("statuses", NAMES))?)
        }
    };
    Ok(OwnFault::new(Platform::ACS_MESSAGES, fault))
}
