//! An upload session: the pieces it takes, in which order, and until when.

use bytes::Bytes;

use crate::services::graph::{
    drives::{
        content::Content, destination::Destination, error, item::Author, name::Conflict,
        range::ContentRange,
    },
    error::GraphError,
};

/// Every piece but the last is a multiple of this.
const ALIGNMENT: u64 = 327_680;
/// How long a session lives after its last piece.
const LIFE_MS: u64 = 7 * 86_400_000;

/// An upload in pieces.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) drive: String,
    /// The secret of its address.
    pub(crate) secret: String,
    pub(crate) destination: Destination,
    pub(crate) conflict: Conflict,
    /// Whether the file appears by a request of its own only.
    pub(crate) is_deferred: bool,
    /// The size of the file: as announced, or as the first piece says.
    total: Option<u64>,
    pub(crate) content: Content,
    pub(crate) author: Author,
    /// Epoch milliseconds.
    pub(crate) expires: u64,
}

/// What a session is for.
pub(crate) struct Plan {
    pub(crate) drive: String,
    pub(crate) destination: Destination,
    pub(crate) conflict: Conflict,
    pub(crate) is_deferred: bool,
    pub(crate) size: Option<u64>,
}

impl Session {
    pub(crate) fn new(plan: Plan, secret: String, author: Author, is_kept: bool, now: u64) -> Self {
        Self {
            drive: plan.drive,
            secret,
            destination: plan.destination,
            conflict: plan.conflict,
            is_deferred: plan.is_deferred,
            total: plan.size,
            content: Content::new(is_kept),
            author,
            expires: now + LIFE_MS,
        }
    }

    /// Whether all bytes are there.
    pub(crate) fn is_complete(&self) -> bool {
        self.total == Some(self.content.size())
    }

    /// The ranges that are still wanted; one, up to the end.
    pub(crate) fn wanted(&self) -> Vec<String> {
        if self.is_complete() {
            return Vec::new();
        }
        vec![format!("{}-", self.content.size())]
    }

    /// Refuses a piece that does not come next.
    pub(crate) fn check(&self, range: ContentRange, length: u64) -> Result<(), GraphError> {
        if range.len() != length {
            let message = "The Content-Range header does not match the length of the request.";
            return Err(error::invalid(message));
        }
        if self.total.is_some_and(|total| total != range.total) {
            let message = "The total length is not the one of this upload session.";
            return Err(error::invalid(message));
        }
        let received = self.content.size();
        if range.first < received {
            return Err(error::invalid_range(
                "The uploaded fragment overlaps with data that has already been received.",
            ));
        }
        if range.first > received {
            return Err(error::invalid_range(
                "The uploaded fragment is not the next one that is expected.",
            ));
        }
        if !range.is_last() && !length.is_multiple_of(ALIGNMENT) {
            let message = "The length of a fragment must be a multiple of 327680 bytes.";
            return Err(error::invalid(message));
        }
        Ok(())
    }

    /// Takes a piece that was checked.
    pub(crate) fn take(&mut self, range: ContentRange, piece: Bytes, now: u64) {
        self.total = Some(range.total);
        self.content.push(piece);
        self.expires = now + LIFE_MS;
    }
}
