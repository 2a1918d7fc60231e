//! Messages as lines, many in one row.
//!
//! The thread of the connection hands over each row for itself, and wakes the task that waits for it:
//! for a claim, that costs more than all else. So what is claimed comes in one row.

use bytes::Bytes;
use serde_json::Deserializer;
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

/// A line for each message, from tables with the aliases `m` and `c`: an array of JSON, then the bytes
/// of its hashes and its content. Those whose contents are large, and those that are damaged, have a
/// line that cannot be read, in place of a statement that fails; so has each where the database has
/// another encoding than UTF-8, in which bytes do not stay as they are.
pub(super) const LINE: &str = "CASE WHEN length(CAST(x'C3A9' AS TEXT)) <> 1 \
    OR 'blob' IN (typeof(m.id), typeof(m.due_at), \
    typeof(m.expires_at), typeof(m.fence), typeof(m.has_slot), typeof(m.order_key), \
    typeof(m.enqueued_at), typeof(m.changed_at), typeof(m.rest)) \
    OR typeof(m.hash) || typeof(m.twin) || typeof(m.lane) <> 'blobblobblob' \
    OR length(m.hash) <> 32 OR length(m.twin) <> 32 OR length(m.lane) <> 32 \
    OR typeof(c.content) NOT IN ('blob', 'null') OR length(c.content) > 4096 \
    THEN '' ELSE json_array(m.seq, m.id, m.state, m.due_at, m.expires_at, m.fence, m.has_slot, \
    m.order_key, m.enqueued_at, m.changed_at, m.rest, length(c.content)) \
    || m.hash || m.twin || m.lane || iif(c.content IS NULL, '', c.content) END";

/// The array of a [`LINE`].
type Line = (
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
    Option<String>,
    Option<usize>,
);

/// Reads a row of lines: messages of one route that no worker has, the longest due first. `None` if
/// one of them cannot be read so.
pub(super) fn read(row: &SqliteRow, route: &str) -> Result<Option<Vec<StoredMessage>>> {
    let lines = row.try_get::<Option<&[u8]>, usize>(0).or_store_error()?;
    let messages = lines.map_or_else(|| Some(Vec::new()), |lines| messages(lines, route));
    Ok(messages.map(|mut messages| {
        let due = |it: &StoredMessage| (it.head.due_at.min(it.head.expires_at), it.head.seq);
        messages.sort_by_key(due);
        messages
    }))
}

/// Reads lines with a line feed between them.
fn messages(mut lines: &[u8], route: &str) -> Option<Vec<StoredMessage>> {
    let mut messages = Vec::new();
    loop {
        let (message, rest) = message(lines, route)?;
        messages.push(message);
        match rest.split_first() {
            None => return Some(messages),
            Some((b'\n', next)) => lines = next,
            Some(_) => return None,
        }
    }
}

/// Reads the first line. Returns what follows it, too.
fn message<'a>(line: &'a [u8], route: &str) -> Option<(StoredMessage, &'a [u8])> {
    // Else white space before the array would be skipped.
    line.first().filter(|it| **it == b'[')?;
    let mut arrays = Deserializer::from_slice(line).into_iter::<Line>();
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
        rest,
        length,
    ) = arrays.next()?.ok()?;
    let (own, bytes) = hash(line.get(arrays.byte_offset()..)?)?;
    let (twin, bytes) = hash(bytes)?;
    let (lane, bytes) = hash(bytes)?;
    let (content, bytes) = bytes.split_at_checked(length.unwrap_or(0))?;
    let rest = Rest::read(rest.as_deref()).ok()?;
    let head = Head {
        id: EnvelopeId::from(id),
        seq,
        route: route.to_owned(),
        order_key,
        hash: own,
        twin,
        lane,
        enqueued_at: from_millis(enqueued_at),
        not_before: rest.not_before.map(from_millis),
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
        was_resent: rest.was_resent,
    };
    let content = length.map(|_| Bytes::copy_from_slice(content));
    Some((StoredMessage::new(head, content), bytes))
}

fn hash(bytes: &[u8]) -> Option<(Hash, &[u8])> {
    let (hash, rest) = bytes.split_at_checked(32)?;
    Some((Hash::from_slice(hash)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_whole_is_no_message() {
        let line = |array: &str, content: &[u8]| {
            let hashes = [[1; 32], [b'\n'; 32], [0; 32]].concat();
            [array.as_bytes(), &hashes, content].concat()
        };
        let array = r#"[7,"a",0,1,2,3,1,null,4,5,"{\"attempts\":2}",3]"#;
        let whole = line(array, b"\n\0\xff");
        let two = [&whole[..], b"\n", &whole].concat();
        for (lines, count) in [(&whole, 1), (&two, 2)] {
            let read = messages(lines, "teams").unwrap();
            assert_eq!(read.len(), count);
            for message in read {
                let head = message.head;
                assert_eq!((head.seq, head.attempts, head.fence), (7, 2, 3));
                let hashes = [head.hash, head.twin, head.lane];
                let expected = [[1; 32], [b'\n'; 32], [0; 32]];
                assert_eq!(hashes.map(|it| *it.as_bytes()), expected);
                let content: &[u8] = b"\n\0\xff";
                assert_eq!(message.content.as_deref(), Some(content));
            }
        }
        let erased = line(&array.replace(",3]", ",null]"), b"");
        assert_eq!(messages(&erased, "teams").unwrap()[0].content, None);
        for end in 0..whole.len() {
            assert!(messages(&whole[..end], "teams").is_none(), "{end}");
        }
        for end in whole.len() + 1..two.len() {
            assert!(messages(&two[..end], "teams").is_none(), "{end}");
        }
        for damaged in [
            [b"\n", &whole[..]].concat(),
            [&whole[..], b"\n\n", &whole].concat(),
            [&whole[..], b" "].concat(),
        ] {
            assert!(messages(&damaged, "teams").is_none());
        }
        for (part, damaged) in [
            (",3]", ",2]"),
            (",3]", ",4]"),
            (",3]", ",-3]"),
            (r#"{\"attempts"#, ""),
            ("[7,", "[-7,"),
            ("\"a\",0,", "\"a\",9,"),
            ("\"a\"", "\"\u{0}\""),
        ] {
            let damaged = array.replacen(part, damaged, 1);
            assert_ne!(damaged, array);
            let damaged = line(&damaged, b"\n\0\xff");
            assert!(messages(&damaged, "teams").is_none(), "{damaged:?}");
        }
    }
}
