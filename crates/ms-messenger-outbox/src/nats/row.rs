//! What the index keeps of a message.

use std::{sync::Arc, time::SystemTime};

use ms_messenger_core::MessageId;

use super::record::Record;
use crate::{envelope::Hash, id::WorkerId, message::Head, state::State};

/// What the index keeps of a message.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) key: Hash,
    pub(super) revision: u64,
    pub(super) seq: u64,
    pub(super) route: Arc<str>,
    pub(super) state: State,
    /// When a worker should look at it.
    pub(super) due: SystemTime,
    pub(super) owner: Option<WorkerId>,
    pub(super) order_key: Option<Arc<str>>,
    pub(super) twin: Hash,
    pub(super) message_id: Option<MessageId>,
    pub(super) enqueued_at: SystemTime,
    pub(super) changed_at: SystemTime,
    /// The group whose entry says that it exists.
    pub(super) group: Option<String>,
    /// The start of the token of its content: enough to tell it from an abandoned one.
    pub(super) content: Option<u64>,
}

impl Row {
    pub(super) fn new(key: Hash, revision: u64, record: Record, route: Arc<str>) -> Self {
        let content = record.content.as_deref().and_then(start);
        let Record { head, group, .. } = record;
        let message_id = head.message_id().cloned();
        let Head {
            seq,
            state,
            due_at,
            expires_at,
            owner,
            order_key,
            twin,
            enqueued_at,
            changed_at,
            ..
        } = head;
        Self {
            key,
            revision,
            seq,
            route,
            state,
            due: due_at.min(expires_at),
            owner,
            order_key: order_key.map(Into::into),
            twin,
            message_id,
            enqueued_at,
            changed_at,
            group,
            content,
        }
    }

    /// Whether later messages of its order key wait for it.
    pub(super) fn holds_order(&self) -> bool {
        self.order_key.is_some() && !self.state.is_final()
    }

    /// Whether it is queued or being sent, and no worker has it.
    pub(super) fn is_open(&self) -> bool {
        self.owner.is_none() && self.state.is_pending()
    }

    /// Whether its content has this token, as far as the index knows.
    pub(super) fn has_content(&self, token: &str) -> bool {
        self.content.is_some() && self.content == start(token)
    }

    /// Where it waits among those that are due.
    pub(super) fn turn(&self) -> (SystemTime, u64) {
        (self.due, self.seq)
    }
}

/// The first 16 of the hex digits of a token.
fn start(token: &str) -> Option<u64> {
    u64::from_str_radix(token.get(..16)?, 16).ok()
}
