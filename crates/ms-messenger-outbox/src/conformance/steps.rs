//! Steps of messages.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Acceptance, DeliveryStatus, Evidence, IdempotencyKey, Receipt};
use serde_json::json;
use uuid::Uuid;

use crate::{message::Attempt, step::Step};

/// The beginning of an attempt under a key.
pub(super) fn begin(at: SystemTime, key: u128) -> Step {
    Step::Begin(Attempt::new(
        evidence(at, key),
        at + Duration::from_secs(60),
        at + Duration::from_secs(90),
    ))
}

pub(super) fn evidence(at: SystemTime, key: u128) -> Evidence {
    let mut evidence = Evidence::new(at).with_platform("conformance");
    evidence.idempotency = Some(IdempotencyKey::new(Uuid::from_u128(key), at));
    evidence
}

pub(super) fn doubt(at: SystemTime) -> Step {
    Step::Doubt {
        evidence: evidence(at, 1).with_end(at, at),
        error: Some(json!({"kind": "timeout"})),
        attempts: 1,
    }
}

pub(super) fn receipt(message_id: &str) -> Receipt {
    Receipt::new(Acceptance::Posted).with_message_id(message_id)
}

pub(super) fn sent(message_id: &str) -> Step {
    Step::Sent {
        receipt: Some(receipt(message_id)),
        erase: false,
        attempts: 2,
    }
}

/// Sent, with a response that could not be read.
pub(super) fn sent_without_id() -> Step {
    Step::Sent {
        receipt: None,
        erase: false,
        attempts: 1,
    }
}

pub(super) fn erased(message_id: &str) -> Step {
    Step::Sent {
        receipt: Some(receipt(message_id)),
        erase: true,
        attempts: 1,
    }
}

pub(super) fn refuse() -> Step {
    Step::Refuse {
        error: json!({"kind": "invalid_request"}),
        attempts: 1,
    }
}

pub(super) fn requeue(due_at: SystemTime) -> Step {
    Step::Requeue {
        due_at,
        error: Some(json!({"kind": "connect"})),
        attempts: 1,
        is_failure: true,
    }
}

pub(super) fn park() -> Step {
    Step::Park {
        error: json!({"kind": "other"}),
    }
}

pub(super) fn report(status: DeliveryStatus) -> Step {
    Step::Report {
        status,
        code: Some("131026".to_owned()),
    }
}

/// One step of each kind.
pub(super) fn all(at: SystemTime) -> Vec<Step> {
    vec![
        begin(at, 1),
        begin(at, 2),
        doubt(at),
        sent("conformance-1"),
        sent_without_id(),
        erased("conformance-2"),
        refuse(),
        requeue(at + Duration::from_secs(60)),
        park(),
        Step::Expire,
        Step::Release { due_at: at },
        Step::Cancel,
        Step::Retry {
            expires_at: None,
            is_absent: false,
        },
        Step::Retry {
            expires_at: Some(at + Duration::from_secs(7200)),
            is_absent: true,
        },
        Step::Confirm {
            receipt: Some(receipt("conformance-3")),
        },
        Step::GiveUp,
        report(DeliveryStatus::Delivered),
    ]
}
