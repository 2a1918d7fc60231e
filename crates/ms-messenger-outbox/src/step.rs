//! What can happen to a message.

use std::time::SystemTime;

use ms_messenger_core::{Delivery, DeliveryStatus, Error, Evidence, Receipt};
use serde_json::Value;

use crate::message::Attempt;

/// What happens to a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// An attempt begins. On disk before the message leaves.
    Begin(Attempt),
    /// The outcome of the attempt is unknown. The worker keeps the message and settles it.
    Doubt {
        /// What settling needs.
        evidence: Evidence,
        /// The error of the attempt.
        error: Option<Value>,
        /// How many attempts the client made.
        attempts: u32,
    },
    /// The platform has it.
    Sent {
        /// The receipt; `None` if the response could not be read.
        receipt: Option<Receipt>,
        /// Whether the content is erased.
        erase: bool,
        /// How many attempts the client made; 0 if it was found later.
        attempts: u32,
    },
    /// It is refused: proven not to be sent, and no attempt would help.
    Refuse {
        /// The error.
        error: Value,
        /// How many attempts the client made.
        attempts: u32,
    },
    /// It waits for another attempt: proven not to be sent.
    Requeue {
        /// When it is due.
        due_at: SystemTime,
        /// The error of the attempt.
        error: Option<Value>,
        /// How many attempts the client made.
        attempts: u32,
        /// Whether it counts as a failure, after which the pause grows.
        is_failure: bool,
    },
    /// It is unknown whether it was sent, and the platform cannot tell.
    Park {
        /// Why the platform cannot tell.
        error: Value,
    },
    /// Its time has passed.
    Expire,
    /// The worker releases it as it is.
    Release {
        /// When it is due.
        due_at: SystemTime,
    },
    /// The caller cancels it while it is queued.
    Cancel,
    /// The caller, or a verdict, queues it again: a refused, expired or unconfirmed message.
    Retry {
        /// The time after which no attempt begins; `None` leaves it as it is.
        expires_at: Option<SystemTime>,
        /// Whether it is proven that no attempt has sent it. Of an unconfirmed message that is not so
        /// unless the platform said it.
        is_absent: bool,
    },
    /// The caller, or a verdict, says that the platform has it.
    Confirm {
        /// The receipt.
        receipt: Option<Receipt>,
    },
    /// The caller says that it was not sent and is not to be sent.
    GiveUp,
    /// The platform reports a later status.
    Report {
        /// The status. A lower one than that before is ignored.
        status: DeliveryStatus,
        /// The code of the channel, if it failed.
        code: Option<String>,
    },
}

impl Step {
    /// Creates the step after an attempt that is proven not to have sent the message.
    pub(crate) fn requeue(due_at: SystemTime, error: &Error) -> Self {
        debug_assert_eq!(error.delivery(), Delivery::NotSent);
        Self::Requeue {
            due_at,
            error: error_json(error),
            attempts: error.attempts(),
            is_failure: true,
        }
    }

    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Begin(_) => "be sent",
            Self::Doubt { .. } => "have an unknown outcome",
            Self::Sent { .. } | Self::Confirm { .. } => "be confirmed",
            Self::Refuse { .. } | Self::GiveUp => "be refused",
            Self::Requeue { .. } => "be queued",
            Self::Park { .. } => "become unconfirmed",
            Self::Expire => "expire",
            Self::Release { .. } => "be released",
            Self::Cancel => "be cancelled",
            Self::Retry { .. } => "be sent again",
            Self::Report { .. } => "get a status",
        }
    }
}

/// The JSON form of an error.
pub(crate) fn error_json(error: &Error) -> Option<Value> {
    serde_json::to_value(error).ok()
}
