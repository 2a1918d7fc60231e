//! The messages that a worker settles and that only their content and time distinguish.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use ms_messenger_core::Evidence;

use super::context::Context;
use crate::{envelope::Hash, message::Head};

/// How many messages of a content are in doubt, and until when one of them can appear.
type Open = HashMap<Hash, (u32, SystemTime)>;

/// The contents that are in doubt at this worker. While one is, no equal message is sent: the platform
/// could not tell which of them it has.
#[derive(Debug, Default)]
pub(super) struct Doubts(Mutex<Open>);

/// A message that is in doubt, until this is dropped.
#[derive(Debug)]
pub(super) struct Doubt {
    context: Arc<Context>,
    twin: Hash,
}

impl Doubts {
    /// Until when an equal message can appear that is in doubt.
    pub(super) fn until(&self, twin: &Hash) -> Option<SystemTime> {
        self.open().get(twin).map(|it| it.1)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doubt {
    /// Notes that a message is in doubt, if an equal one can be taken for it.
    pub(super) fn begin(context: &Arc<Context>, head: &Head, evidence: &Evidence) -> Option<Self> {
        if !can_be_mistaken(evidence) {
            return None;
        }
        let until = evidence.pending_until.unwrap_or(evidence.began_at);
        let mut open = context.doubts.open();
        let known = open.entry(head.twin).or_insert((0, until));
        *known = (known.0 + 1, known.1.max(until));
        drop(open);
        Some(Self {
            context: Arc::clone(context),
            twin: head.twin,
        })
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        let mut open = self.context.doubts.open();
        if let Some(known) = open.get_mut(&self.twin) {
            known.0 -= 1;
            if known.0 == 0 {
                open.remove(&self.twin);
            }
        }
    }
}

/// Whether the message is recognised neither by a mark nor by a key.
pub(super) fn can_be_mistaken(evidence: &Evidence) -> bool {
    evidence.mark.is_none() && evidence.idempotency.is_none()
}
