//! Faults that only one service has.

use std::{any::Any, fmt, sync::Arc};

use serde_json::{Map, Value};

use crate::engine::platform::Platform;

/// A fault that only one service has, and that the service itself carries out.
///
/// ```
/// use ms_messenger_emulator::{FaultAction, FaultRule, Platform};
/// use ms_messenger_emulator::service::{OwnFault, ServiceFault};
///
/// #[derive(Debug)]
/// struct BatteryEmpty;
///
/// impl ServiceFault for BatteryEmpty {
///     fn to_json(&self) -> serde_json::Value {
///         serde_json::json!({"kind": "battery_empty"})
///     }
///
///     fn fits(&self, operation: &str) -> bool {
///         operation == "send"
///     }
/// }
///
/// let fault = OwnFault::new(Platform::new("pager"), BatteryEmpty);
/// assert!(fault.downcast_ref::<BatteryEmpty>().is_some());
/// let rule = FaultRule::new(fault.into());
/// ```
pub trait ServiceFault: Any + fmt::Debug + Send + Sync {
    /// Returns the fault as the `action` of a fault document, `kind` included.
    fn to_json(&self) -> Value;

    /// Returns whether the fault means anything for that operation; it leaves all others alone.
    fn fits(&self, _operation: &str) -> bool {
        true
    }
}

/// A [`ServiceFault`] with the platform that it belongs to. It does not affect other platforms.
#[derive(Clone, Debug)]
pub struct OwnFault {
    platform: Platform,
    fault: Arc<dyn ServiceFault>,
}

impl OwnFault {
    /// Wraps a fault of that platform.
    pub fn new(platform: Platform, fault: impl ServiceFault) -> Self {
        Self {
            platform,
            fault: Arc::new(fault),
        }
    }

    /// Returns the platform that the fault belongs to.
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// Returns the fault, if it is a `T`.
    pub fn downcast_ref<T: ServiceFault>(&self) -> Option<&T> {
        let any: &dyn Any = &*self.fault;
        any.downcast_ref()
    }

    /// Returns the fault as the `action` of a fault document.
    pub fn to_json(&self) -> Value {
        self.fault.to_json()
    }

    /// Whether it means anything for that operation.
    pub(crate) fn fits(&self, platform: Platform, operation: &str) -> bool {
        self.platform == platform && self.fault.fits(operation)
    }
}

impl PartialEq for OwnFault {
    fn eq(&self, other: &Self) -> bool {
        self.platform == other.platform && self.to_json() == other.to_json()
    }
}

/// A wrong member of an action: its name, and the rule that it breaks.
pub type WrongMember = (&'static str, &'static str);

/// Reads the members of an action of the kind `kind`.
pub type ReadFault = fn(kind: &str, members: &Map<String, Value>) -> Result<OwnFault, WrongMember>;

/// A kind of fault that only one service has, with its name in fault documents.
///
/// ```
/// use ms_messenger_emulator::Platform;
/// use ms_messenger_emulator::service::{Description, FaultKind, OwnFault, ServiceFault};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// #[derive(Debug)]
/// struct Weak(u64);
///
/// impl ServiceFault for Weak {
///     fn to_json(&self) -> serde_json::Value {
///         serde_json::json!({"kind": "weak_signal", "bars": self.0})
///     }
/// }
///
/// const PAGER: Platform = Platform::new("pager");
///
/// fn kinds() -> Vec<FaultKind> {
///     vec![FaultKind::new("weak_signal", &["bars"], |_, members| {
///         let bars = members.get("bars").and_then(|bars| bars.as_u64());
///         let bars = bars.ok_or(("bars", "is required and must be a whole number"))?;
///         Ok(OwnFault::new(PAGER, Weak(bars)))
///     })]
/// }
///
/// let description = Description::new(PAGER, &["send"]).with_fault_kinds(kinds);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FaultKind {
    pub(crate) name: &'static str,
    pub(crate) members: &'static [&'static str],
    pub(crate) read: ReadFault,
}

impl FaultKind {
    /// Describes the kind `name`. Its action has `kind` and these `members`.
    pub const fn new(
        name: &'static str,
        members: &'static [&'static str],
        read: ReadFault,
    ) -> Self {
        Self {
            name,
            members,
            read,
        }
    }
}
