//! The bytes of a journal: a line of JSON that says what it is, then records.
//!
//! A record is a line `LENGTH LENGTH SUM SUM`, its head in JSON, its body, and a line feed. The first sum
//! is that of head and body, the second that of the line before it. So the end of a journal whose last
//! record was not written completely is told from a damaged one.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::engine::journal::entry::{Entry, Head};

/// The name of the format.
const NAME: &str = "ms-messenger-emulator data";
/// Its version.
const VERSION: u32 = 1;
/// The longest line that begins a record, in bytes.
const LONGEST_LINE: usize = 80;
/// The longest first line.
const LONGEST_TITLE: usize = 4096;

/// The first line: what the file is, and of which world.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Title {
    file: String,
    version: u32,
    pub(crate) seed: u64,
    pub(crate) strict: bool,
}

impl Title {
    pub(crate) fn new(seed: u64, strict: bool) -> Self {
        Self {
            file: NAME.to_owned(),
            version: VERSION,
            seed,
            strict,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// What a file contains.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) title: Title,
    pub(crate) entries: Vec<Entry>,
    /// How many bytes are whole records; the rest was not written completely.
    pub(crate) length: usize,
}

/// Appends a record.
pub(crate) fn encode(entry: &Entry, bytes: &mut Vec<u8>) {
    let head = serde_json::to_vec(&entry.head).unwrap_or_default();
    let sum = sum(&[&head, &entry.body]);
    let line = format!("{} {} {sum}", head.len(), entry.body.len());
    bytes.extend_from_slice(line.as_bytes());
    bytes.extend_from_slice(format!(" {}\n", self::sum(&[line.as_bytes()])).as_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&entry.body);
    bytes.push(b'\n');
}

fn sum(parts: &[&[u8]]) -> String {
    let digest = parts
        .iter()
        .fold(Sha256::new(), |sum, part| sum.chain_update(part));
    let digest = digest.finalize();
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Reads a whole file. The error says what is wrong with it.
pub(crate) fn decode(bytes: &Bytes) -> Result<Contents, String> {
    let title = title(bytes)?;
    let mut at = title.1;
    let mut entries = Vec::new();
    while at < bytes.len() {
        match record(bytes, at) {
            Read::Whole(entry, end) => {
                entries.push(*entry);
                at = end;
            }
            Read::Unfinished => break,
            Read::Damaged => return Err(format!("is damaged at byte {at}")),
        }
    }
    Ok(Contents {
        title: title.0,
        entries,
        length: at,
    })
}

/// The first line, and where it ends.
fn title(bytes: &[u8]) -> Result<(Title, usize), String> {
    let foreign = || "is no data file of the emulator".to_owned();
    let line = &bytes[..bytes.len().min(LONGEST_TITLE)];
    let end = line
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(foreign)?;
    let value: serde_json::Value = serde_json::from_slice(&line[..end]).map_err(|_| foreign())?;
    if value["file"] != NAME {
        return Err(foreign());
    }
    match value["version"].as_u64() {
        Some(version) if version > u64::from(VERSION) => {
            Err("was written by a newer version of the emulator".to_owned())
        }
        Some(_) => serde_json::from_value(value)
            .map(|title| (title, end + 1))
            .map_err(|_| foreign()),
        None => Err(foreign()),
    }
}

enum Read {
    /// A record, and where it ends.
    Whole(Box<Entry>, usize),
    /// The file ends within the record.
    Unfinished,
    Damaged,
}

fn record(bytes: &Bytes, at: usize) -> Read {
    let rest = &bytes[at..];
    let Some(end) = rest
        .iter()
        .take(LONGEST_LINE)
        .position(|byte| *byte == b'\n')
    else {
        return if rest.len() < LONGEST_LINE {
            Read::Unfinished
        } else {
            Read::Damaged
        };
    };
    let Some((head, body, sum_of_both)) = line(&rest[..end]) else {
        return Read::Damaged;
    };
    let begin = at + end + 1;
    let whole = head
        .checked_add(body)
        .and_then(|length| begin.checked_add(length));
    let Some(end) = whole.filter(|end| *end < bytes.len()) else {
        return Read::Unfinished;
    };
    let (head, body) = (
        bytes.slice(begin..begin + head),
        bytes.slice(begin + head..end),
    );
    if bytes[end] != b'\n' || sum(&[&head, &body]) != sum_of_both {
        return Read::Damaged;
    }
    match serde_json::from_slice::<Head>(&head) {
        Ok(head) => Read::Whole(Box::new(Entry { head, body }), end + 1),
        Err(_) => Read::Damaged,
    }
}

/// The lengths and the sum in the line that begins a record.
fn line(line: &[u8]) -> Option<(usize, usize, String)> {
    let line = std::str::from_utf8(line).ok()?;
    let (facts, own_sum) = line.rsplit_once(' ')?;
    if sum(&[facts.as_bytes()]) != own_sum {
        return None;
    }
    let mut facts = facts.split(' ');
    let head = facts.next()?.parse().ok()?;
    let body = facts.next()?.parse().ok()?;
    Some((head, body, facts.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bodies: &[&'static str]) -> Vec<u8> {
        let mut bytes = Title::new(7, true).encode();
        for body in bodies {
            let entry = Entry {
                head: Head::Clock { offset_ms: -5 },
                body: Bytes::from_static(body.as_bytes()),
            };
            encode(&entry, &mut bytes);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(usize, usize), String> {
        let contents = decode(&Bytes::copy_from_slice(bytes))?;
        Ok((contents.entries.len(), contents.length))
    }

    #[test]
    fn records_are_read_back_and_an_unfinished_one_is_left_out() {
        let (one, two) = (file(&["a\nb"]), file(&["a\nb", "c"]));
        assert_eq!(read(&two), Ok((2, two.len())));
        let title = Title::new(7, true);
        assert_eq!(decode(&Bytes::from(two.clone())).unwrap().title, title);
        for length in one.len()..two.len() {
            assert_eq!(read(&two[..length]), Ok((1, one.len())), "{length}");
        }
    }

    #[test]
    fn every_changed_byte_is_found() {
        let (title, two) = (Title::new(7, true).encode().len(), file(&["a", "c"]));
        for at in title..two.len() {
            let mut bytes = two.clone();
            bytes[at] ^= 1;
            let problem = read(&bytes);
            assert!(
                problem
                    .clone()
                    .is_err_and(|it| it.starts_with("is damaged at byte")),
                "{at}: {problem:?}"
            );
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        for (bytes, problem) in [
            (&b"hello\n"[..], "is no data file of the emulator"),
            (b"", "is no data file of the emulator"),
            (
                br#"{"file":"other","version":1}"#,
                "is no data file of the emulator",
            ),
            (
                b"{\"file\":\"ms-messenger-emulator data\",\"version\":2}\n",
                "was written by a newer version of the emulator",
            ),
        ] {
            assert_eq!(read(bytes), Err(problem.to_owned()));
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_files_do_not_panic(tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let mut bytes = Title::new(0, false).encode();
            bytes.extend(tail);
            let _ = read(&bytes);
        }
    }
}
