//! Whether a response is the response to this request.
//!
//! A broken proxy can send a response twice. On a connection of HTTP/1.1 the copy is then taken for
//! the response to the next request, and would report as sent what the service never got. From then
//! on every response on that connection is that to the request before. Hence no connection is used
//! again, and what comes by one of them to a request that was already under way is believed only
//! if it names the request.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use ms_messenger_core::{Delivery, Error, ErrorKind};
use uuid::Uuid;

use crate::Response;

/// A copy follows right after its original; this is far more than the responses between the two.
const REMEMBERED: u64 = 1024;

/// The buckets of those that another id has pushed out of its slot.
const BUCKETS: u64 = 128;

/// The ids of the last responses, each in the slot that its hash names, and those pushed out of
/// theirs. An id is lost only when eight others have followed it into the same bucket.
#[derive(Debug)]
pub(crate) struct DuplicateResponses {
    hasher: RandomState,
    slots: Box<[AtomicU64]>,
    pushed_out: Box<[Bucket]>,
}

/// The last eight ids that came in, as hashes.
#[derive(Debug, Default)]
struct Bucket {
    count: AtomicUsize,
    hashes: [AtomicU64; 8],
}

impl Bucket {
    fn push(&self, hash: u64) {
        let next = self.count.fetch_add(1, Ordering::Relaxed) % self.hashes.len();
        if let Some(oldest) = self.hashes.get(next) {
            oldest.store(hash, Ordering::Relaxed);
        }
    }

    fn contains(&self, hash: u64) -> bool {
        let mut hashes = self.hashes.iter();
        hashes.any(|it| it.load(Ordering::Relaxed) == hash)
    }
}

impl Default for DuplicateResponses {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            slots: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(),
            pushed_out: (0..BUCKETS).map(|_| Bucket::default()).collect(),
        }
    }
}

impl DuplicateResponses {
    /// Notes `id`, and returns whether it was already among the last ones.
    fn has_seen(&self, id: &str) -> bool {
        // Zero is an empty slot.
        let hash = self.hasher.hash_one(id).max(1);
        let Some(slot) = at(&self.slots, hash % REMEMBERED) else {
            return false;
        };
        // One step, so that of two at the same time only one is the first.
        let before = slot.swap(hash, Ordering::Relaxed);
        if before == hash {
            return true;
        }
        if let Some(bucket) = self.bucket(before).filter(|_| before != 0) {
            bucket.push(before);
        }
        self.bucket(hash).is_some_and(|it| it.contains(hash))
    }

    /// By other bits than those that name the slot.
    fn bucket(&self, hash: u64) -> Option<&Bucket> {
        at(&self.pushed_out, (hash / REMEMBERED) % BUCKETS)
    }
}

fn at<T>(slots: &[T], index: u64) -> Option<&T> {
    slots.get(usize::try_from(index).ok()?)
}

/// The [`Error::code`] of a call whose response is, or may be, that to another request.
pub const FOREIGN_RESPONSE: &str = "foreign_response";

/// Whose response it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belonging {
    /// It names the request.
    Own,
    /// It names none.
    Unsaid,
    /// It belongs to another request, for this reason.
    Foreign(&'static str),
}

pub(crate) fn of(response: &Response, over_tls: bool, seen: &DuplicateResponses) -> Belonging {
    let service = response.service;
    let own_header = |name: &&&str| service.client_request_id != Some(**name);
    let mut names = service.request_ids.iter().filter(own_header);
    // Doubles on loopback may well give every response the same id.
    let id = (over_tls && service.numbers_responses)
        .then(|| names.find_map(|name| response.header(name)))
        .flatten();
    // Noted in any case: a copy of this response can come later.
    let is_copy = id.is_some_and(|id| seen.has_seen(id));
    let echoed = service
        .client_request_id
        .and_then(|name| response.header(name))
        .and_then(|echoed| Uuid::try_parse(echoed).ok());
    match (echoed, response.context.client_request_id) {
        (Some(echoed), Some(own)) if echoed != own => {
            Belonging::Foreign("it names another client request id")
        }
        _ if is_copy => Belonging::Foreign("it repeats the request id of an earlier response"),
        (Some(_), Some(_)) => Belonging::Own,
        _ => Belonging::Unsaid,
    }
}

/// The error of a request whose response belongs to another one, as `why` says: its outcome is
/// unknown.
pub(crate) fn foreign(why: &str) -> Error {
    let message = format!(
        "the response belongs to another request: {why}; a test double with constant ids needs \
         HttpOptions::with_foreign_response_check"
    );
    unproven(message)
}

/// The error of a request whose response may belong to another one, because its connection is no
/// longer trusted.
pub(crate) fn suspect() -> Error {
    unproven("the response may belong to another request: such a response was received meanwhile")
}

fn unproven(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Transport, message)
        .with_delivery(Delivery::Unknown)
        .with_code(FOREIGN_RESPONSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_recognised_when_it_is_repeated() {
        let seen = DuplicateResponses::default();
        assert!(!seen.has_seen("a"));
        assert!(seen.has_seen("a"));
        assert!(!seen.has_seen("b"));
        let repeated = (0..100_000)
            .filter(|n| seen.has_seen(&n.to_string()))
            .count();
        assert_eq!(repeated, 0);
    }

    #[test]
    fn an_id_is_recognised_after_a_hundred_others() {
        let seen = DuplicateResponses::default();
        let ids: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        let mut forgotten = 0;
        for (n, id) in ids.iter().enumerate() {
            assert!(!seen.has_seen(id));
            if let Some(earlier) = n.checked_sub(100) {
                forgotten += usize::from(!seen.has_seen(&ids[earlier]));
            }
        }
        // Nine ids of two hundred that meet in one bucket by chance: one in a million, and more.
        assert!(
            forgotten <= 10,
            "{forgotten} of {} are forgotten",
            ids.len()
        );
    }
}
