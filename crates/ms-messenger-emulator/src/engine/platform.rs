//! Names of platforms and of their operations.

use std::fmt;

use serde::{Serialize, Serializer};

/// A platform that the emulator serves, by its name in the ledger, in fault rules and in
/// statistics.
///
/// Each built-in service has its constant; [`Platform::new`] names one of your own.
///
/// ```
/// # #[cfg(feature = "acs")]
/// assert_eq!(ms_messenger_emulator::Platform::ACS_CHAT.as_str(), "acs-chat");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Platform(&'static str);

impl Platform {
    /// Creates the platform `name`: lower-case words joined by hyphens.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Platform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Whether `pattern` names `operation`: the whole name, or its part before the first dot.
pub(crate) fn names_operation(pattern: &str, operation: &str) -> bool {
    pattern == operation
        || operation
            .split_once('.')
            .is_some_and(|(head, _)| head == pattern)
}
