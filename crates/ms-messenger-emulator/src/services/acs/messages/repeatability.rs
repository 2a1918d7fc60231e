//! Repeatable requests: a repeated request within five minutes gets the stored response and is not executed.
//!
//! Source: "Repeatable requests" of the ACS REST reference, and OASIS Repeatable Requests 1.0.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use http::StatusCode;
use uuid::Uuid;

use crate::{
    services::acs::error::AcsError,
    wire::{request::Request, response::Response},
};

pub(crate) const ID_HEADER: &str = "repeatability-request-id";
const FIRST_SENT_HEADER: &str = "repeatability-first-sent";
const WINDOW_MS: u64 = 5 * 60 * 1000;

/// Credential and id: what a stored response is found by.
pub(crate) type Key = (String, Uuid);

/// The two headers of a request, checked.
#[derive(Clone, Debug)]
pub(crate) struct Repeatable {
    pub(crate) key: Key,
    first_sent: String,
    first_sent_ms: u64,
    target: String,
    body: Bytes,
}

/// Reads the headers; `None` when neither is there. An error gets the result `rejected`.
pub(crate) fn read(
    request: &Request,
    credential: &str,
    now: u64,
) -> Result<Option<Repeatable>, AcsError> {
    let has = |name| request.headers.contains_key(name);
    match (has(ID_HEADER), has(FIRST_SENT_HEADER)) {
        (false, false) => return Ok(None),
        (true, true) => {}
        _ => {
            let message =
                "Repeatability-Request-ID and Repeatability-First-Sent must be sent together.";
            return Err(AcsError::bad_request(message));
        }
    }
    let first_sent = request.header(FIRST_SENT_HEADER).unwrap_or_default();
    let Ok(at) = httpdate::parse_http_date(first_sent) else {
        let message = "Repeatability-First-Sent is not a valid HTTP date.";
        return Err(AcsError::bad_request(message));
    };
    let Ok(id) = Uuid::try_parse(request.header(ID_HEADER).unwrap_or_default()) else {
        return Err(AcsError::bad_request(
            "Repeatability-Request-ID is not a GUID.",
        ));
    };
    let now = crate::wire::clock::at_ms(now);
    let distance = now.duration_since(at).unwrap_or_else(|e| e.duration());
    if distance.as_millis() > u128::from(WINDOW_MS) {
        let message = "Repeatability-First-Sent is not within 5 minutes of the current time.";
        return Err(AcsError::of_status(
            StatusCode::PRECONDITION_FAILED,
            message,
        ));
    }
    let since_epoch = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ok(Some(Repeatable {
        key: (credential.to_owned(), id),
        first_sent: first_sent.to_owned(),
        first_sent_ms: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
        target: request.target.clone(),
        body: request.body.clone(),
    }))
}

/// What a repeatable request finds.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing, or a response of 5xx: it is executed.
    New,
    /// The earlier response, and the ledger row of its message.
    Replay(Response, Option<u64>),
    /// The earlier request is still running.
    Running,
    /// The id belongs to another request.
    Differs,
}

#[derive(Debug)]
struct Entry {
    repeatable: Repeatable,
    response: Option<Response>,
    row: Option<u64>,
    is_running: bool,
}

/// The requests of the last five minutes.
#[derive(Debug, Default)]
pub(crate) struct RepeatabilityStore {
    entries: HashMap<Key, Entry>,
    /// Keys in the order of their arrival, for eviction.
    order: VecDeque<(u64, Key)>,
}

impl RepeatabilityStore {
    /// Looks the request up, and notes it as running when it is to be executed.
    pub(crate) fn begin(&mut self, repeatable: &Repeatable, now: u64) -> Found {
        self.evict(now);
        if let Some(entry) = self.entries.get(&repeatable.key) {
            let earlier = &entry.repeatable;
            let is_same = earlier.first_sent == repeatable.first_sent
                && earlier.target == repeatable.target
                && earlier.body == repeatable.body;
            if !is_same {
                return Found::Differs;
            }
            if entry.is_running {
                return Found::Running;
            }
            match &entry.response {
                Some(response) if !response.status.is_server_error() => {
                    return Found::Replay(response.clone(), entry.row);
                }
                _ => {}
            }
        }
        let entry = Entry {
            repeatable: repeatable.clone(),
            response: None,
            row: None,
            is_running: true,
        };
        if self.entries.insert(repeatable.key.clone(), entry).is_none() {
            self.order.push_back((now, repeatable.key.clone()));
        }
        Found::New
    }

    /// Keeps the response; the request counts as running until [`RepeatabilityStore::finish`].
    pub(crate) fn record(&mut self, key: &Key, response: &Response, row: Option<u64>) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.response = Some(response.clone());
            entry.row = row;
        }
    }

    /// The request got its response, or its connection ended.
    pub(crate) fn finish(&mut self, key: &Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.is_running = false;
        }
    }

    /// Forgets what no request inside the window can ask for any more.
    fn evict(&mut self, now: u64) {
        // A first-sent may lie a window ahead of our clock, so an entry lives for up to two.
        while let Some((noted, _)) = self.order.front() {
            if now.saturating_sub(*noted) <= 2 * WINDOW_MS {
                break;
            }
            let Some((_, key)) = self.order.pop_front() else {
                break;
            };
            let is_over = |e: &Entry| now.saturating_sub(e.repeatable.first_sent_ms) > WINDOW_MS;
            if self.entries.get(&key).is_some_and(is_over) {
                self.entries.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeatable(first_sent_ms: u64, body: &'static str) -> Repeatable {
        Repeatable {
            key: ("key".to_owned(), Uuid::from_u128(1)),
            first_sent: first_sent_ms.to_string(),
            first_sent_ms,
            target: "/t".to_owned(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    fn response(status: u16) -> Response {
        Response::empty(StatusCode::from_u16(status).unwrap())
    }

    #[test]
    fn a_5xx_is_executed_again_and_a_4xx_is_replayed() {
        let mut store = RepeatabilityStore::default();
        let repeatable = repeatable(0, "a");
        assert!(matches!(store.begin(&repeatable, 0), Found::New));
        store.record(&repeatable.key, &response(500), None);
        assert!(matches!(store.begin(&repeatable, 0), Found::Running));
        store.finish(&repeatable.key);
        assert!(matches!(store.begin(&repeatable, 1), Found::New));
        store.record(&repeatable.key, &response(404), None);
        store.finish(&repeatable.key);
        assert!(matches!(store.begin(&repeatable, 2), Found::Replay(a, None) if a.status == 404));
    }

    #[test]
    fn entries_are_forgotten_after_their_window() {
        let mut store = RepeatabilityStore::default();
        let old = repeatable(0, "a");
        assert!(matches!(store.begin(&old, 0), Found::New));
        store.finish(&old.key);
        assert!(matches!(
            store.begin(&repeatable(700_000, "b"), 700_000),
            Found::New
        ));
        assert_eq!(store.entries.len(), 1);
    }
}
