//! What is known of one message.

use ms_messenger_core::{DeliveryStatus, MessageId};
use serde::{Deserialize, Deserializer, Serialize};

use super::report::StatusReport;
use crate::timestamp::Timestamp;

/// Why a message was not delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DeliveryFailure {
    /// The code of the channel, e.g. `131026` of WhatsApp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The text of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl DeliveryFailure {
    /// Creates a failure with the code of the channel.
    pub fn new(code: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()),
            message: None,
        }
    }
}

/// What is known of one message. It depends on the reports alone, not on their order or number.
///
/// JSON form: `{"message_id":"4a5b","steps":[{"status":"sent","at":"2026-01-02T03:04:05Z"}]}`, with
/// `failure` at a step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MessageStatus {
    /// The id of the message, as in its receipt.
    pub message_id: MessageId,
    #[serde(deserialize_with = "in_order")]
    steps: Vec<Step>,
}

/// One status that was reported, in the order in which a message climbs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    status: DeliveryStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<DeliveryFailure>,
}

impl MessageStatus {
    pub(super) fn new(message_id: MessageId) -> Self {
        Self {
            message_id,
            steps: Vec::new(),
        }
    }

    /// Returns how far the message got: the highest status that was reported.
    pub fn status(&self) -> DeliveryStatus {
        let reported = self.steps.iter().map(|step| step.status).max();
        reported.unwrap_or(DeliveryStatus::Queued)
    }

    /// Returns why the message failed, if that was reported; also of a message that was delivered
    /// all the same.
    pub fn failure(&self) -> Option<&DeliveryFailure> {
        let failed = |step: &&Step| step.status == DeliveryStatus::Failed;
        self.steps.iter().find(failed)?.failure.as_ref()
    }

    /// Returns whether `status` was reported.
    pub fn was_reported(&self, status: DeliveryStatus) -> bool {
        self.steps.iter().any(|step| step.status == status)
    }

    /// Returns when `status` was reached, by the service's clock.
    pub fn reached_at(&self, status: DeliveryStatus) -> Option<&Timestamp> {
        let is_it = |step: &&Step| step.status == status;
        self.steps.iter().find(is_it)?.at.as_ref()
    }

    /// Adds a report. Returns whether it is new.
    pub(super) fn add(&mut self, report: StatusReport) -> bool {
        let found = self
            .steps
            .binary_search_by_key(&report.status, |step| step.status);
        let Err(place) = found else { return false };
        let step = Step {
            status: report.status,
            at: report.at,
            failure: report.failure,
        };
        self.steps.insert(place, step);
        true
    }
}

/// Reads steps of any order: the order is what finds a duplicate.
fn in_order<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Step>, D::Error> {
    let mut steps = Vec::<Step>::deserialize(input)?;
    steps.sort_by_key(|step| step.status);
    steps.dedup_by_key(|step| step.status);
    Ok(steps)
}
