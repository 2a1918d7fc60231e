//! Whether an answer is the answer to this request.
//!
//! A broken proxy can send an answer twice. On a connection of HTTP/1.1 the copy is then taken for
//! the answer to the next request, and would report as sent what nobody has received.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use uuid::Uuid;

use crate::Answer;

/// A copy comes right after its original; this is far more than the answers between the two.
const REMEMBERED: u64 = 1024;

/// The ids of the last answers, each in the slot that its hash names.
#[derive(Debug)]
pub(crate) struct AnswersSeen {
    hasher: RandomState,
    slots: Box<[AtomicU64]>,
}

impl Default for AnswersSeen {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            slots: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl AnswersSeen {
    /// Notes `id`, and answers whether it was among the last ones already.
    fn has_seen(&self, id: &str) -> bool {
        // Zero is an empty slot.
        let hash = self.hasher.hash_one(id).max(1);
        let slot = usize::try_from(hash % REMEMBERED).ok();
        let slot = slot.and_then(|slot| self.slots.get(slot));
        slot.map(|it| it.swap(hash, Ordering::Relaxed)) == Some(hash)
    }
}

/// Refuses an answer that names another call, or that has come before.
///
/// # Errors
///
/// `Transport` with an unknown delivery: what became of this request, nobody said.
pub(crate) fn check(answer: &Answer, over_tls: bool, seen: &AnswersSeen) -> Result<()> {
    let foreign = |what: &'static str| {
        Err(Error::new(ErrorKind::Transport, what).with_delivery(Delivery::Unknown))
    };
    let service = answer.service;
    let echoed = service
        .client_request_id
        .and_then(|name| answer.header(name));
    if let (Some(echoed), Some(own)) = (echoed, answer.facts.client_request_id)
        && Uuid::try_parse(echoed).is_ok_and(|echoed| echoed != own)
    {
        return foreign(
            "the answer is that to another request: it names another client request id",
        );
    }
    // Doubles on loopback may well give every answer the same id.
    if !over_tls || !service.numbers_answers {
        return Ok(());
    }
    let own_header = |name: &&&str| service.client_request_id != Some(**name);
    let mut names = service.request_ids.iter().filter(own_header);
    match names.find_map(|name| answer.header(name)) {
        Some(id) if seen.has_seen(id) => {
            foreign("the answer is a copy of that to another request: its id came before")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_when_it_comes_again() {
        let seen = AnswersSeen::default();
        assert!(!seen.has_seen("a"));
        assert!(seen.has_seen("a"));
        assert!(!seen.has_seen("b"));
        let repeated = (0..100_000)
            .filter(|n| seen.has_seen(&n.to_string()))
            .count();
        assert_eq!(repeated, 0);
    }
}
