//! The statuses of one message, published when they are due.

use serde_json::json;

use crate::{
    services::acs::events::{
        event::{NewEvent, STATUS},
        hub::Hub,
        statuses::{Failure, MessageStatuses},
    },
    wire::clock,
};

/// The statuses that a message can have.
pub(crate) const STATUSES: [&str; 4] = ["Sent", "Delivered", "Read", "Failed"];

/// What a fault rule makes of the statuses of one message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    /// Why WhatsApp refuses the message.
    pub(crate) failure: Option<Failure>,
    /// By how many milliseconds all statuses are later.
    pub(crate) slow_ms: u64,
    /// The statuses that are never said.
    pub(crate) dropped: Vec<String>,
}

/// A message that was stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) message_id: String,
    /// The channel.
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
}

/// Publishes what becomes of a message.
pub(crate) fn publish(hub: &Hub, stored: &Stored, fate: &Fate) {
    if hub.is_idle() {
        return;
    }
    let (statuses, now) = (hub.statuses(), hub.now());
    for to in &stored.to {
        let failure = fate.failure.as_ref().or_else(|| statuses.failure_of(to));
        for (status, after) in timeline(&statuses, failure.is_some()) {
            let is_dropped = fate.dropped.iter().any(|dropped| dropped == status);
            if let Some(after) = after.filter(|_| !is_dropped) {
                let at = now + after + fate.slow_ms;
                hub.publish(event(stored, to, status, failure, at));
            }
        }
    }
}

/// The statuses, and so many milliseconds after the message each is said, if at all.
fn timeline(statuses: &MessageStatuses, fails: bool) -> Vec<(&'static str, Option<u64>)> {
    if fails {
        let sent = statuses.sent_ms.filter(|ms| *ms <= statuses.failed_ms);
        return vec![("Sent", sent), ("Failed", Some(statuses.failed_ms))];
    }
    vec![
        ("Sent", statuses.sent_ms),
        ("Delivered", statuses.delivered_ms),
        ("Read", statuses.read_ms),
    ]
}

fn event(stored: &Stored, to: &str, status: &str, failure: Option<&Failure>, at: u64) -> NewEvent {
    let id = &stored.message_id;
    let mut data = json!({
        "messageId": id,
        "status": status,
        "channelType": "whatsapp",
        "from": stored.from,
        "to": to,
        "receivedTimestamp": clock::rfc3339_ticks(at),
    });
    if let Some(failure) = failure.filter(|_| status == "Failed") {
        data["error"] = json!({"channelCode": failure.code, "channelMessage": failure.message});
    }
    NewEvent {
        kind: STATUS,
        subject: format!("advancedMessage/{id}/status/{status}"),
        data,
        at,
    }
}
