//! What waits for its next attempt.

use crate::engine::{
    faults::push::PushFault,
    push::urgent::{Urgency, Urgent},
};

/// Something that waits for its next attempt.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    pub(crate) content: T,
    pub(crate) delivery: Delivery,
}

/// How something is delivered, and how often that was attempted.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// When the first attempt is due, epoch milliseconds.
    pub(crate) first_due: u64,
    pub(crate) attempts: u32,
    pub(crate) is_duplicated: bool,
    pub(crate) is_chunked: bool,
    pub(crate) is_lower_case: bool,
    /// Whether it is held back for the next one.
    pub(crate) is_held: bool,
    /// Until the first attempt, where a response waits for it.
    pub(crate) urgency: Option<Urgency>,
}

impl Delivery {
    /// A delivery without faults, due at that time.
    pub(crate) const fn due(first_due: u64) -> Self {
        Self {
            first_due,
            attempts: 0,
            is_duplicated: false,
            is_chunked: false,
            is_lower_case: false,
            is_held: false,
            urgency: None,
        }
    }

    /// Applies a fault. Returns whether anything is delivered at all.
    pub(crate) fn disturb(&mut self, fault: PushFault, now: u64, urgent: &Urgent) -> bool {
        match fault {
            PushFault::Lost => return false,
            PushFault::Duplicate => self.is_duplicated = true,
            PushFault::Chunked => self.is_chunked = true,
            PushFault::LowerCaseHeaders => self.is_lower_case = true,
            PushFault::Late { ms } => self.first_due += ms,
            PushFault::Reorder { ms } => {
                self.first_due += ms;
                self.is_held = true;
            }
            PushFault::BeforeResponse => {
                self.first_due = now;
                self.urgency = Some(urgent.begin());
            }
        }
        true
    }
}
