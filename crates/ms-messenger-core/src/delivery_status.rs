//! How far a message got.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far a message got, in the order in which it climbs.
///
/// `Failed` stands below `Delivered`: a message that reached the recipient's device was delivered,
/// whatever was reported before or after. JSON form: the name in lower case, e.g. `"delivered"`.
///
/// ```
/// use ms_messenger_core::DeliveryStatus::{Delivered, Failed, Queued, Read, Sent};
///
/// assert!(Queued < Sent && Sent < Failed && Failed < Delivered && Delivered < Read);
/// assert!(Failed.is_final() && Read.is_final() && !Sent.is_final());
/// assert_eq!(Read.to_string(), "read");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// The platform accepted it (ACS 202).
    Queued,
    /// The channel has it.
    Sent,
    /// It was not delivered.
    Failed,
    /// The recipient's device has it.
    Delivered,
    /// The recipient read it.
    Read,
}

impl DeliveryStatus {
    /// Returns whether nothing more is expected: it failed or was read. A failed message can still
    /// turn out to be delivered.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Failed | Self::Read)
    }

    /// Returns whether the message reached the recipient.
    #[must_use]
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }

    /// Returns the name in lower case, as in the JSON form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

impl fmt::Display for DeliveryStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
