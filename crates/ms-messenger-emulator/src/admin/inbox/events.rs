//! `GET /_emulator/events`: what is new, as server-sent events.
//!
//! An event says how far the emulator is, not what happened: any number of messages makes one event
//! of bounded size, a slow reader misses none, and a reader that reconnects resumes where it left off.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    admin::inbox::{conversations::preview, query::Parameters},
    engine::{
        activity::State, admin_response::error, faults::delivery::respond, registry::Registry,
        resources::Engine, server::payload::Payload,
    },
    wire::request::Request,
};

/// So many readers are served at once.
const MOST_READERS: usize = 64;
/// What happens within this time is one event.
const GATHER: Duration = Duration::from_millis(40);
/// A comment is sent after so long without an event, so that a dead connection is noticed.
const SILENCE: Duration = Duration::from_secs(15);
/// So many messages are in an event itself.
const MOST_MESSAGES: usize = 20;

/// How many readers there are.
#[derive(Debug, Default)]
pub(crate) struct Readers(AtomicUsize);

/// A reader that is counted.
struct Reader(Arc<Readers>);

impl Reader {
    fn admit(readers: &Arc<Readers>) -> Option<Self> {
        let before = readers.0.fetch_add(1, Ordering::AcqRel);
        let reader = Self(Arc::clone(readers));
        (before < MOST_READERS).then_some(reader)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// How far the emulator is: the id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Of the emulator, and of its ledger.
    world: [u64; 2],
    /// The newest message.
    seq: u64,
    /// How many exchanges have ended.
    ended: u64,
    /// How many changes of the other side there were.
    changes: u64,
}

impl Cursor {
    /// How far it is now.
    pub(super) fn now(engine: &Engine) -> Self {
        // Each lock is released before the next is taken.
        let (generation, seq) = {
            let ledger = engine.ledger();
            (ledger.generation(), ledger.newest_seq())
        };
        Self {
            world: [engine.activity.start(), generation],
            seq,
            ended: engine.activity.exchanges().ended(),
            changes: engine.activity.changes(),
        }
    }

    /// Reads what [`Display`](fmt::Display) writes.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('-').map(|part| u64::from_str_radix(part, 16));
        let mut next = || numbers.next()?.ok();
        let cursor = Self {
            world: [next()?, next()?],
            seq: next()?,
            ended: next()?,
            changes: next()?,
        };
        numbers.next().is_none().then_some(cursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [start, generation] = self.world;
        let Self {
            seq,
            ended,
            changes,
            ..
        } = self;
        write!(f, "{start:x}-{generation:x}-{seq:x}-{ended:x}-{changes:x}")
    }
}

/// Responds with events until the reader goes away or the emulator ends. `Last-Event-ID`, or the
/// parameter `after`, says where the reader was; without either, events begin now.
pub(super) fn stream(
    registry: &Arc<Registry>,
    readers: &Arc<Readers>,
    request: &Request,
) -> http::Response<Payload> {
    let mut parameters = Parameters::new(request, &["after"]);
    let after = parameters.text("after");
    let last = request.header("last-event-id").or(after);
    let place = last.map(Cursor::parse);
    if place == Some(None) {
        parameters.problem("after: must be the id of an event, or the cursor of the conversations");
    }
    if let Some(refusal) = parameters.refusal() {
        return respond(refusal);
    }
    let Some(reader) = Reader::admit(readers) else {
        let text = "There are too many readers of events.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return respond(error(status, "TooManyReaders", text, &[]));
    };
    let place = place.flatten();
    // One event at a time: the next one is made when the reader has taken this one.
    let (pieces, received) = mpsc::channel(1);
    tokio::spawn(tell(Arc::clone(registry), reader, place, pieces));
    let mut response = http::Response::new(Payload::stream(received));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sends events until the reader is gone or the emulator ends.
async fn tell(
    registry: Arc<Registry>,
    _reader: Reader,
    place: Option<Cursor>,
    pieces: mpsc::Sender<Bytes>,
) {
    let mut watch = registry.engine.activity.watch();
    let mut told = place.unwrap_or_else(|| Cursor::now(&registry.engine));
    let hello = format!("retry: 1000\nid: {told}\nevent: hello\ndata: {{}}\n\n");
    let mut next = Some(Bytes::from(hello));
    while *watch.borrow_and_update() == State::Running {
        if next.is_none() {
            next = event(&registry, &mut told);
        }
        if let Some(piece) = next.take() {
            if pieces.send(piece).await.is_err() {
                return;
            }
            tokio::time::sleep(GATHER).await;
            continue;
        }
        tokio::select! {
            changed = watch.changed() => if changed.is_err() { return },
            () = pieces.closed() => return,
            () = tokio::time::sleep(SILENCE) => next = Some(Bytes::from_static(b": \n\n")),
        }
    }
}

/// The event from `told` to now, if there is anything to tell.
fn event(registry: &Registry, told: &mut Cursor) -> Option<Bytes> {
    let now = Cursor::now(&registry.engine);
    let before = std::mem::replace(told, now);
    if now == before {
        return None;
    }
    let (name, data) = if now.world == before.world {
        ("news", news(registry, before, now))
    } else {
        ("reset", json!({}))
    };
    Some(Bytes::from(format!(
        "id: {now}\nevent: {name}\ndata: {data}\n\n"
    )))
}

fn news(registry: &Registry, before: Cursor, now: Cursor) -> Value {
    let first = now.seq.saturating_sub(MOST_MESSAGES as u64).max(before.seq);
    let rows: Vec<_> = {
        let ledger = registry.engine.ledger();
        let rows = (first..now.seq).filter_map(|seq| ledger.row(seq + 1));
        rows.collect()
    };
    let rows = rows.iter().filter_map(|row| row.open());
    let messages: Vec<Value> = rows.map(|row| preview(registry, &row)).collect();
    json!({
        "after": before.seq,
        "newest": now.seq,
        "messages": messages,
        "exchanges": now.ended.saturating_sub(before.ended),
        "changes": now.changes.saturating_sub(before.changes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is() {
        let cursor = Cursor {
            world: [u64::MAX, 1],
            seq: 2,
            ended: 3,
            changes: 4,
        };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        for text in [
            "",
            "1",
            "1-2-3-4",
            "1-2-3-4-5-6",
            "1-2-3-4-x",
            "1-2-3-4--5",
            "ü-1-1-1-1",
        ] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
