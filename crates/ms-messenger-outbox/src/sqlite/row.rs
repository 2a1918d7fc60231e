//! A head as a row.

use std::time::SystemTime;

use bytes::Bytes;
use ms_messenger_core::{DeliveryStatus, Error, ErrorKind, Evidence, Receipt};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Decode, Row as _, Sqlite, Type, sqlite::SqliteRow};

use super::error::damaged;
use crate::{
    backoff::Backoff,
    envelope::Hash,
    error::{OutboxError, Result},
    id::{EnvelopeId, WorkerId},
    message::{Attempt, Head, StoredMessage},
    state::State,
    step::error_json,
    time::{from_millis, to_millis},
};

/// The columns of a head, of a table with the alias `m`.
pub(super) const COLUMNS: &str = "m.seq, m.id, \
    (SELECT name FROM ms_outbox_routes r WHERE r.route = m.route), m.state, m.due_at, \
    m.expires_at, m.owner, m.fence, m.has_slot, m.order_key, m.enqueued_at, m.changed_at, m.hash, \
    m.twin, m.lane, m.rest, m.route";

/// The column after those of the head.
const CONTENT: usize = 17;

/// A message, with what its row has beside the head.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) head: Head,
    pub(super) route: i64,
}

/// What is not a column of its own, as JSON. `None` if there is nothing.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) backoff: Option<Backoff>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) attempts: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<Attempt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) receipt: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<DeliveryStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_code: Option<String>,
    /// In milliseconds, so that statements can compare it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_before: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) was_resent: bool,
}

impl Rest {
    /// Reads the column `rest`.
    pub(super) fn read(text: Option<&str>) -> serde_json::Result<Self> {
        text.map_or_else(|| Ok(Self::default()), serde_json::from_str)
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The same, borrowed from a head.
#[derive(Serialize)]
struct RestRef<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    backoff: Option<Backoff>,
    #[serde(skip_serializing_if = "is_zero")]
    attempts: u32,
    #[serde(skip_serializing_if = "is_zero")]
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<&'a Attempt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<DeliveryStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    was_resent: bool,
}

/// The column `rest` of a head.
pub(super) fn rest(head: &Head) -> Result<Option<String>> {
    let is_untouched = head.attempt.is_none() && head.error.is_none() && head.backoff.is_none();
    let is_untouched = is_untouched && head.attempts == 0 && head.failures == 0;
    let is_untouched = is_untouched && head.not_before.is_none() && !head.was_resent;
    if is_untouched && head.receipt.is_none() && head.evidence.is_none() && head.status.is_none() {
        return Ok(None);
    }
    let rest = RestRef {
        not_before: head.not_before.map(to_millis),
        backoff: head.backoff,
        attempts: head.attempts,
        failures: head.failures,
        attempt: head.attempt.as_ref(),
        evidence: head.evidence.as_ref(),
        receipt: head.receipt.as_ref(),
        error: head.error.as_ref(),
        status: head.status,
        status_code: head.status_code.as_deref(),
        was_resent: head.was_resent,
    };
    // It grows no more, as a rule.
    let mut text = Vec::with_capacity(512);
    let written = serde_json::to_writer(&mut text, &rest);
    written.map_err(|error| unwritable(head).with_source(error))?;
    let text = String::from_utf8(text);
    let text = text.map_err(|error| unwritable(head).with_source(error))?;
    Ok((text != "{}").then_some(text))
}

fn unwritable(head: &Head) -> OutboxError {
    damaged(Some(&head.id), "the message cannot be written as JSON")
}

/// The number of a state.
pub(super) fn number(state: State) -> i64 {
    let position = State::ALL.iter().position(|it| *it == state);
    position.map_or(-1, |it| i64::try_from(it).unwrap_or(-1))
}

pub(super) fn state(number: i64) -> Option<State> {
    State::ALL.get(usize::try_from(number).ok()?).copied()
}

/// The columns of a row, of which each may be damaged.
struct Columns<'r> {
    row: &'r SqliteRow,
    id: Option<EnvelopeId>,
    /// Whether what cannot be read is empty.
    is_lenient: bool,
}

impl Columns<'_> {
    fn get<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(&'r self, i: usize) -> Result<T> {
        let value = self.row.try_get::<T, usize>(i);
        value.map_err(|error| self.damaged().with_source(error))
    }

    fn damaged(&self) -> OutboxError {
        damaged(self.id.as_ref(), "the stored message cannot be read")
    }

    fn time(&self, i: usize) -> Result<SystemTime> {
        Ok(from_millis(self.get(i)?))
    }

    fn hash(&self, i: usize) -> Result<Hash> {
        let hash = self.get(i).ok().and_then(Hash::from_slice);
        let hash = hash.or_else(|| Hash::from_slice(&[0; 32]).filter(|_| self.is_lenient));
        hash.ok_or_else(|| self.damaged())
    }

    fn count<T: TryFrom<i64> + Default>(&self, i: usize) -> Result<T> {
        let count = self.get::<i64>(i).ok();
        let count = count.and_then(|it| T::try_from(it).ok());
        let count = count.or_else(|| self.is_lenient.then(T::default));
        count.ok_or_else(|| self.damaged())
    }
}

/// Reads a row of [`COLUMNS`].
///
/// # Errors
///
/// `Damaged`, with the id if it can be read.
pub(super) fn read(row: &SqliteRow) -> Result<Row> {
    let columns = Columns {
        row,
        id: row.try_get::<String, usize>(1).ok().map(EnvelopeId::from),
        is_lenient: false,
    };
    let rest = Rest::read(columns.get(15)?);
    head(
        &columns,
        rest.map_err(|error| columns.damaged().with_source(error))?,
    )
}

/// Reads a row for a list: one that is damaged has an error in place of what cannot be read.
pub(super) fn read_for_list(row: &SqliteRow) -> Result<Head> {
    let read = match read(row) {
        Ok(read) => return Ok(read.head),
        Err(error) => error,
    };
    let id = row.try_get::<String, usize>(1).ok().map(EnvelopeId::from);
    let error = Error::new(ErrorKind::Other, "the stored message cannot be read");
    let rest = Rest {
        error: error_json(&error.with_source(read)),
        ..Rest::default()
    };
    let is_lenient = true;
    let columns = Columns {
        row,
        id,
        is_lenient,
    };
    Ok(head(&columns, rest)?.head)
}

fn head(columns: &Columns<'_>, rest: Rest) -> Result<Row> {
    let head = Head {
        id: columns.id.clone().ok_or_else(|| columns.damaged())?,
        seq: columns.count(0)?,
        route: columns.get(2)?,
        order_key: columns.get(9)?,
        hash: columns.hash(12)?,
        twin: columns.hash(13)?,
        lane: columns.hash(14)?,
        enqueued_at: columns.time(10)?,
        not_before: rest.not_before.map(from_millis),
        expires_at: columns.time(5)?,
        backoff: rest.backoff,
        state: state(columns.get(3)?).ok_or_else(|| columns.damaged())?,
        due_at: columns.time(4)?,
        has_slot: columns.get::<i64>(8)? != 0,
        owner: columns.get::<Option<String>>(6)?.map(WorkerId::from_stored),
        fence: columns.count(7)?,
        changed_at: columns.time(11)?,
        attempts: rest.attempts,
        failures: rest.failures,
        attempt: rest.attempt,
        evidence: rest.evidence,
        receipt: rest.receipt,
        error: rest.error,
        status: rest.status,
        status_code: rest.status_code,
        was_resent: rest.was_resent,
    };
    let route = columns.get(16)?;
    Ok(Row { head, route })
}

/// Reads a row of [`COLUMNS`] and the content.
pub(super) fn read_message(row: &SqliteRow) -> Result<StoredMessage> {
    let head = read(row)?.head;
    let content = row.try_get::<Option<Vec<u8>>, usize>(CONTENT);
    let content = content.map_err(|error| {
        damaged(Some(&head.id), "the content of the message cannot be read").with_source(error)
    })?;
    Ok(StoredMessage::new(head, content.map(Bytes::from)))
}
