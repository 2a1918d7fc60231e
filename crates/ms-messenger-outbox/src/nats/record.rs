//! The values of entries, and their keys.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::failure::damaged;
use crate::{
    budget::Slots,
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    id::{EnvelopeId, WorkerId},
    message::Head,
    pause::Pause,
    time::{from_millis, to_millis, whole_up},
};

/// How many messages of one group get numbers of their own from its revision.
pub(super) const GROUP: u64 = 1 << 16;
pub(super) const SCHEMA: &str = "schema";
/// The version of the entries that this crate writes.
pub(super) const VERSION: u32 = 1;

/// The entry of a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) head: Head,
    /// The token of its content; `None` after it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    /// The group with which it was handed over, until it is changed for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// Its place in the group.
    #[serde(default)]
    pub(super) place: u64,
    /// Distinguishes a write from an equal one of another process.
    #[serde(default)]
    pub(super) write: u64,
}

/// The entry of a group. There is none if it was given up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Group {
    /// Whether its messages exist.
    pub(super) is_complete: bool,
    #[serde(default)]
    pub(super) write: u64,
}

/// The entry of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SessionRecord {
    pub(super) worker: WorkerId,
    pub(super) beats: u64,
    pub(super) lease_ms: u64,
    #[serde(default)]
    pub(super) is_buried: bool,
    #[serde(default)]
    pub(super) write: u64,
}

/// The entry of a route.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct RouteRecord {
    pub(super) route: String,
    #[serde(default)]
    pub(super) paused_until_ms: i64,
    /// When that was set.
    #[serde(default)]
    pub(super) paused_at_ms: i64,
    #[serde(default)]
    pub(super) next_slot_ns: u64,
    /// When the last slot was taken.
    #[serde(default)]
    pub(super) taken_at_ns: u64,
    #[serde(default)]
    pub(super) write: u64,
}

impl RouteRecord {
    pub(super) fn slots(&self) -> Slots {
        stored_slots(self.next_slot_ns, self.taken_at_ns)
    }

    pub(super) fn set_slots(&mut self, slots: Slots) {
        self.next_slot_ns = to_nanos(slots.next);
        self.taken_at_ns = to_nanos(slots.taken_at);
    }

    pub(super) fn pause(&self) -> Pause {
        let (until, set_at) = (self.paused_until_ms, self.paused_at_ms);
        Pause::new(from_millis(until), from_millis(set_at))
    }

    pub(super) fn set_pause(&mut self, pause: Pause) {
        self.paused_until_ms = to_millis(whole_up(pause.until));
        self.paused_at_ms = to_millis(pause.set_at);
    }
}

/// The entry of a target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LaneRecord {
    pub(super) next_slot_ns: u64,
    /// When the last slot was taken.
    #[serde(default)]
    pub(super) taken_at_ns: u64,
    #[serde(default)]
    pub(super) write: u64,
}

impl LaneRecord {
    pub(super) fn slots(&self) -> Slots {
        stored_slots(self.next_slot_ns, self.taken_at_ns)
    }

    pub(super) fn set_slots(&mut self, slots: Slots) {
        self.next_slot_ns = to_nanos(slots.next);
        self.taken_at_ns = to_nanos(slots.taken_at);
    }
}

fn stored_slots(next_slot_ns: u64, taken_at_ns: u64) -> Slots {
    Slots::new(from_nanos(next_slot_ns)).with_taken_at(from_nanos(taken_at_ns))
}

/// The entry that says which version wrote the bucket.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Schema {
    pub(super) version: u32,
}

/// The hash under which a message is stored.
pub(super) fn hash(id: &EnvelopeId) -> Hash {
    Hash::of(&[id.as_str().as_bytes()])
}

pub(super) fn message_key(hash: &Hash) -> String {
    format!("m.{hash}")
}

pub(super) fn content_key(hash: &Hash, token: &str) -> String {
    format!("{hash}.{token}")
}

pub(super) fn group_key(token: &str) -> String {
    format!("g.{token}")
}

pub(super) fn session_key(worker: &WorkerId) -> String {
    format!("s.{}", Hash::of(&[worker.as_str().as_bytes()]))
}

pub(super) fn route_key(route: &str) -> String {
    format!("r.{}", Hash::of(&[route.as_bytes()]))
}

pub(super) fn lane_key(lane: &Hash) -> String {
    format!("l.{lane}")
}

/// A name that no other call has.
pub(super) fn token() -> String {
    ms_messenger_core::random_uuid().simple().to_string()
}

/// The number of a message that was not changed yet, from the revision that made it exist.
pub(super) fn number(revision: u64, place: u64) -> u64 {
    revision.saturating_mul(GROUP).saturating_add(place)
}

pub(super) fn write(value: &impl Serialize) -> Result<Bytes> {
    let json = serde_json::to_vec(value).map_err(|it| {
        let text = "the message cannot be written as JSON";
        OutboxError::new(OutboxErrorKind::Store, text).with_source(it)
    })?;
    Ok(json.into())
}

pub(super) fn read<T: DeserializeOwned>(value: &[u8]) -> Result<T> {
    serde_json::from_slice(value).map_err(|_| damaged("an entry of the outbox cannot be read"))
}

/// Reads the entry of a message, whose key says which message it is.
pub(super) fn read_message(hash: &Hash, value: &[u8]) -> Result<Record> {
    let record: Record = read(value)?;
    if self::hash(&record.head.id) == *hash {
        return Ok(record);
    }
    Err(damaged("an entry of the outbox is that of another message"))
}

/// A time as nanoseconds since 1970.
fn to_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn from_nanos(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}
