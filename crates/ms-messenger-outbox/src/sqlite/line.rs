//! Messages as lines of JSON, many in one row.
//!
//! The thread of the connection hands over each row for itself, and wakes the task that waits for it:
//! for a claim, that costs more than all else. So what is claimed comes in one row.

use bytes::Bytes;
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{
    error::OrStoreError as _,
    row::{self, Rest},
};
use crate::{
    envelope::Hash,
    error::Result,
    id::EnvelopeId,
    message::{Head, StoredMessage},
    time::from_millis,
};

/// A line for each message, from tables with the aliases `m` and `c`. Those whose contents are large
/// and those that are damaged have a line that cannot be read, in place of a statement that fails.
pub(super) const LINE: &str = "CASE WHEN 'blob' IN (typeof(m.id), typeof(m.due_at), \
    typeof(m.expires_at), typeof(m.fence), typeof(m.has_slot), typeof(m.order_key), \
    typeof(m.enqueued_at), typeof(m.changed_at), typeof(m.rest)) OR length(c.content) > 4096 \
    THEN '' ELSE json_array(m.seq, m.id, m.state, m.due_at, m.expires_at, m.fence, m.has_slot, \
    m.order_key, m.enqueued_at, m.changed_at, hex(m.hash), hex(m.twin), hex(m.lane), m.rest, \
    iif(c.content IS NULL, NULL, hex(c.content))) END";

/// The columns of [`LINE`].
type Line<'a> = (
    u64,
    String,
    i64,
    i64,
    i64,
    u64,
    i64,
    Option<String>,
    i64,
    i64,
    &'a str,
    &'a str,
    &'a str,
    Option<String>,
    Option<&'a str>,
);

/// Reads a row of lines: messages of one route that no worker has, the longest due first. `None` if
/// one of them cannot be read so.
pub(super) fn read(row: &SqliteRow, route: &str) -> Result<Option<Vec<StoredMessage>>> {
    let lines = row.try_get::<Option<&[u8]>, usize>(0).or_store_error()?;
    let lines = lines.into_iter().flat_map(|it| it.split(|it| *it == b'\n'));
    let messages: Option<Vec<_>> = lines.map(|it| message(it, route)).collect();
    Ok(messages.map(|mut messages| {
        let due = |it: &StoredMessage| (it.head.due_at.min(it.head.expires_at), it.head.seq);
        messages.sort_by_key(due);
        messages
    }))
}

fn message(line: &[u8], route: &str) -> Option<StoredMessage> {
    let (
        seq,
        id,
        state,
        due_at,
        expires_at,
        fence,
        has_slot,
        order_key,
        enqueued_at,
        changed_at,
        hash,
        twin,
        lane,
        rest,
        content,
    ) = serde_json::from_slice::<Line<'_>>(line).ok()?;
    let rest = Rest::read(rest.as_deref()).ok()?;
    let head = Head {
        id: EnvelopeId::from(id),
        seq,
        route: route.to_owned(),
        order_key,
        hash: Hash::from_slice(&bytes(hash)?)?,
        twin: Hash::from_slice(&bytes(twin)?)?,
        lane: Hash::from_slice(&bytes(lane)?)?,
        enqueued_at: from_millis(enqueued_at),
        expires_at: from_millis(expires_at),
        backoff: rest.backoff,
        state: row::state(state)?,
        due_at: from_millis(due_at),
        has_slot: has_slot != 0,
        owner: None,
        fence,
        changed_at: from_millis(changed_at),
        attempts: rest.attempts,
        failures: rest.failures,
        attempt: rest.attempt,
        evidence: rest.evidence,
        receipt: rest.receipt,
        error: rest.error,
        status: rest.status,
        status_code: rest.status_code,
    };
    let content = match content {
        Some(content) => Some(Bytes::from(bytes(content)?)),
        None => None,
    };
    Some(StoredMessage::new(head, content))
}

/// The bytes of hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let mut is_hex = true;
    let bytes = pairs.iter().map(|[high, low]| {
        let (high, low) = (digit(*high), digit(*low));
        is_hex &= high < 16 && low < 16;
        high << 4 | low
    });
    let bytes = bytes.collect();
    is_hex.then_some(bytes)
}

/// The value of a digit; 16 or more if it is none.
fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'F' => byte - b'A' + 10,
        _ => u8::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_whole_is_no_message() {
        let hash = "0F".repeat(32);
        let line = format!(
            r#"[7,"a",0,1,2,3,1,null,4,5,"{hash}","{hash}","{hash}","{{\"attempts\":2}}","6869"]"#
        );
        let read = message(line.as_bytes(), "teams").unwrap();
        assert_eq!((read.head.seq, read.head.attempts), (7, 2));
        assert_eq!((read.head.hash.as_bytes()[31], read.head.fence), (0x0F, 3));
        assert_eq!(read.content.as_deref(), Some(b"hi".as_slice()));
        for end in 0..line.len() {
            assert!(message(&line.as_bytes()[..end], "teams").is_none());
        }
        for (part, damaged) in [
            ("\"6869\"", "\"686\""),
            ("\"6869\"", "\"zz\""),
            ("0F", ""),
            (r#"{\"attempts"#, ""),
            ("[7,", "[-7,"),
            ("\"a\",0,", "\"a\",9,"),
            ("\"a\"", "\"\u{0}\""),
        ] {
            let damaged = line.replacen(part, damaged, 1);
            assert_ne!(damaged, line);
            assert!(message(damaged.as_bytes(), "teams").is_none(), "{damaged}");
        }
    }
}
