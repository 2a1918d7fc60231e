//! One message, as the page gets it.

use serde_json::{Value, json};

use crate::{
    admin::inbox::{
        html::{self, Extent},
        media,
    },
    engine::{
        exchanges::{Details, Kept},
        inspect::Shown,
        ledger::row::{INJECT, LedgerRow},
        registry::Registry,
    },
    wire::clock,
};

/// The states that messages are filtered by.
pub(super) const STATES: [&str; 8] = [
    "deleted",
    "duplicate",
    "edited",
    "fault",
    "injected",
    "replayed",
    "sent",
    "unanswered",
];

/// A message with everything that is known of it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) row: LedgerRow,
    pub(super) shown: Shown,
    pub(super) exchange: Option<Kept>,
}

impl Item {
    /// Looks a row up in its service and among the exchanges.
    pub(super) fn new(registry: &Registry, row: LedgerRow) -> Self {
        let inspector = registry.inspector(row.platform);
        let shown = inspector.map(|inspector| inspector.message(&row));
        let exchange = {
            let exchanges = registry.engine.activity.exchanges();
            exchanges.get(row.exchange).cloned()
        };
        Self {
            shown: shown.unwrap_or_else(|| Shown::of_row(&row)),
            exchange,
            row,
        }
    }

    /// What holds of it, each one of [`STATES`].
    pub(super) fn states(&self) -> Vec<&'static str> {
        let is_injected = self.row.operation == INJECT;
        let told = self.exchange.as_ref();
        [
            ("deleted", self.shown.deleted_at.is_some()),
            ("duplicate", self.row.duplicate_of.is_some()),
            ("edited", self.shown.edited_at.is_some()),
            ("fault", told.is_some_and(|kept| kept.has_fault)),
            ("injected", is_injected),
            ("replayed", self.row.replays > 0),
            ("sent", !is_injected),
            ("unanswered", told.is_some_and(|kept| kept.status.is_none())),
        ]
        .into_iter()
        .filter_map(|(state, holds)| holds.then_some(state))
        .collect()
    }

    /// The sender's name, if its service knows it.
    pub(super) fn sender_name(&self, registry: &Registry) -> Option<String> {
        let inspector = registry.inspector(self.row.platform)?;
        inspector.name(&self.row.sender)
    }

    /// The form in which the page gets it.
    pub(super) fn into_json(self, registry: &Registry, extent: Extent) -> Value {
        let states = self.states();
        let name = self.sender_name(registry);
        let row = &self.row;
        let place = media::Place {
            platform: row.platform.as_str(),
            conversation: &row.conversation,
            message: &row.message_id,
        };
        let parts = self.shown.parts.into_iter();
        let parts: Vec<Value> = parts
            .map(|part| html::harmless(part, &place, extent))
            .collect();
        json!({
            "seq": row.seq,
            "platform": row.platform,
            "operation": row.operation,
            "conversation": row.conversation,
            "sender": {"id": row.sender, "name": name},
            "kind": row.kind,
            "subject": row.edited_subject.as_ref().or(row.subject.as_ref()).filter(|it| !it.is_empty()),
            "importance": row.importance,
            "message_id": row.message_id,
            "received_at": row.received_at,
            "duplicate_of": row.duplicate_of,
            "replays": row.replays,
            "parts": parts,
            "reactions": self.shown.reactions,
            "reply_to": self.shown.reply_to,
            "edited_at": self.shown.edited_at,
            "deleted_at": self.shown.deleted_at,
            "delivery": self.shown.delivery,
            "states": states,
            "exchange": self.exchange.as_ref().map(|kept| exchange(kept, &[row.seq])),
        })
    }
}

/// An exchange in short; `rows` are the messages that it stored.
pub(super) fn exchange(kept: &Kept, rows: &[u64]) -> Value {
    json!({
        "number": kept.number,
        "platform": kept.platform,
        "operation": kept.operation,
        "received_at": clock::rfc3339_millis(kept.at),
        "status": kept.status.map(|status| status.as_u16()),
        "has_fault": kept.has_fault,
        "rows": rows,
    })
}

/// An exchange with its request and response.
pub(super) fn whole_exchange(kept: &Kept, rows: &[u64]) -> Value {
    let mut document = exchange(kept, rows);
    if let Some(Details { fault, asked, told }) = kept.details() {
        document["fault"] = json!(fault);
        document["request"] = json!(asked);
        document["response"] = json!(told);
    }
    document
}
