//! How much of a request is read.

use ms_messenger_core::Problems;

use crate::{incoming::Incoming, rejection::Rejection};

/// How much of a request is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest body in bytes.
    pub(crate) body: usize,
    /// The largest number of items in a batch.
    pub(crate) items: usize,
}

impl Limits {
    pub(crate) fn new(body: usize, items: usize) -> Self {
        Self { body, items }
    }

    pub(crate) fn problems(&self, problems: &mut Problems) {
        problems.add_if(self.body == 0, "max_body", "must not be 0");
        problems.add_if(self.items == 0, "max_events", "must not be 0");
    }

    pub(crate) fn check_body(&self, request: &Incoming<'_>) -> Result<(), Rejection> {
        let (length, limit) = (request.body.len(), self.body);
        if length > limit {
            return Err(Rejection::TooLarge { length, limit });
        }
        Ok(())
    }

    pub(crate) fn check_items(&self, items: usize) -> Result<(), Rejection> {
        let limit = self.items;
        if items > limit {
            return Err(Rejection::TooMany { limit });
        }
        Ok(())
    }
}
