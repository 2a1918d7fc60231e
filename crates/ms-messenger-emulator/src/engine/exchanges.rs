//! The newest exchanges: what a client asked, and what it was told.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    engine::{
        ledger::request::{Head, shown_headers},
        platform::Platform,
    },
    wire::{
        packed::{Packed, Packer},
        request::Request,
    },
};

/// So many exchanges are kept at most,
const MOST: usize = 20_000;
/// and so many bytes of them, packed.
const MOST_BYTES: usize = 64 << 20;
/// So many bytes of a body are kept.
const MOST_BODY: usize = 64 * 1024;

/// The newest exchanges, by number.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    /// How many have ended.
    ended: u64,
    kept: VecDeque<Kept>,
    bytes: usize,
    packers: HashMap<Platform, Packer>,
    /// The ledger rows that each exchange stored.
    rows: BTreeMap<u64, Vec<u64>>,
}

/// An exchange as it is kept: what is filtered as it is, the rest packed.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) platform: Platform,
    pub(crate) operation: &'static str,
    /// Epoch milliseconds.
    pub(crate) at: u64,
    /// The status of the response; `None` where the client got none.
    pub(crate) status: Option<StatusCode>,
    /// Whether a fault rule applied.
    pub(crate) has_fault: bool,
    rest: Packed,
}

/// An exchange that is going on.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) number: u64,
    pub(crate) platform: Platform,
    pub(crate) operation: &'static str,
    pub(crate) at: u64,
    pub(crate) fault: Option<Value>,
    pub(crate) asked: Option<Asked>,
    pub(crate) told: Option<Told>,
}

/// A request, without credentials.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Asked {
    #[serde(flatten)]
    head: Head,
    body: Body,
}

/// A response, without credentials.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Told {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Body,
}

/// The text of a body.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Body {
    text: String,
    /// The length of the whole body in bytes, where only its beginning is kept.
    length: Option<usize>,
}

impl Body {
    /// The text of `bytes`, or of their beginning.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let kept = &bytes[..bytes.len().min(MOST_BODY)];
        Self {
            text: String::from_utf8_lossy(kept).into_owned(),
            length: (kept.len() < bytes.len()).then_some(bytes.len()),
        }
    }
}

impl Asked {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            head: Head::new(request),
            body: Body::new(&request.body),
        }
    }
}

impl Told {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Self {
        Self {
            status: status.as_u16(),
            headers: shown_headers(headers),
            body: Body::new(body),
        }
    }

    /// The response as it was sent, and whether it is only its beginning.
    #[cfg(feature = "export")]
    pub(crate) fn raw(&self) -> (Vec<u8>, bool) {
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        let mut raw = format!("HTTP/1.1 {status}\r\n");
        for (name, value) in &self.headers {
            raw.push_str(&format!("{name}: {value}\r\n"));
        }
        raw.push_str("\r\n");
        raw.push_str(&self.body.text);
        (raw.into_bytes(), self.body.length.is_some())
    }
}

/// What is packed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Details {
    pub(crate) fault: Option<Value>,
    pub(crate) asked: Option<Asked>,
    pub(crate) told: Option<Told>,
}

impl Kept {
    /// The rest of it; `None` cannot happen to what was packed here.
    pub(crate) fn details(&self) -> Option<Details> {
        serde_json::from_slice(&self.rest.unpack()).ok()
    }
}

impl Exchanges {
    /// How many exchanges have ended so far.
    pub(crate) const fn ended(&self) -> u64 {
        self.ended
    }

    /// Notes that an exchange stored a message.
    pub(crate) fn note_row(&mut self, number: u64, seq: u64) {
        self.rows.entry(number).or_default().push(seq);
    }

    /// The ledger rows that an exchange stored.
    pub(crate) fn rows_of(&self, number: u64) -> &[u64] {
        self.rows.get(&number).map_or(&[], Vec::as_slice)
    }

    /// Keeps an exchange that has ended.
    pub(crate) fn keep(&mut self, ended: Exchange) {
        let details = Details {
            fault: ended.fault,
            asked: ended.asked,
            told: ended.told,
        };
        let status = details.told.as_ref().map(|told| told.status);
        // Text alone: it has a JSON form.
        let bytes = serde_json::to_vec(&details).unwrap_or_default();
        let packer = self.packers.entry(ended.platform).or_default();
        let kept = Kept {
            number: ended.number,
            platform: ended.platform,
            operation: ended.operation,
            at: ended.at,
            status: status.and_then(|status| StatusCode::from_u16(status).ok()),
            has_fault: details.fault.is_some(),
            rest: packer.pack(&bytes),
        };
        self.ended += 1;
        self.bytes += kept.rest.packed_len();
        // They end in another order than they begin.
        let at = self.kept.partition_point(|k| k.number < kept.number);
        self.kept.insert(at, kept);
        while self.kept.len() > MOST || self.bytes > MOST_BYTES {
            let Some(oldest) = self.kept.pop_front() else {
                return;
            };
            self.bytes -= oldest.rest.packed_len();
            self.rows = self.rows.split_off(&(oldest.number + 1));
        }
    }

    /// The exchange of that number, while it is kept.
    pub(crate) fn get(&self, number: u64) -> Option<&Kept> {
        let at = self.kept.binary_search_by_key(&number, |kept| kept.number);
        self.kept.get(at.ok()?)
    }

    /// Those before the number `before`, newest first.
    pub(crate) fn newest_first(&self, before: u64) -> impl Iterator<Item = &Kept> {
        let end = self.kept.partition_point(|kept| kept.number < before);
        self.kept.range(..end).rev()
    }

    /// Forgets all of them; the count continues.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            ended: self.ended,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(number: u64, body: &[u8]) -> Exchange {
        Exchange {
            number,
            platform: Platform::new("test"),
            operation: "send",
            at: 0,
            fault: None,
            asked: None,
            told: Some(Told {
                status: 201,
                headers: Vec::new(),
                body: Body::new(body),
            }),
        }
    }

    #[test]
    fn the_newest_are_kept_in_the_order_in_which_they_began() {
        let mut all = Exchanges::default();
        for number in [1, 3, 2] {
            all.keep(ended(number, b"x"));
        }
        let numbers = |before| {
            let found = all.newest_first(before).map(|kept| kept.number);
            found.collect::<Vec<_>>()
        };
        assert_eq!(numbers(u64::MAX), [3, 2, 1]);
        assert_eq!(numbers(3), [2, 1]);
        assert_eq!(all.get(2).unwrap().status, Some(StatusCode::CREATED));
        for number in 4..=MOST as u64 + 3 {
            all.keep(ended(number, b"x"));
        }
        assert!(all.get(3).is_none());
        assert_eq!(all.get(4).unwrap().number, 4);
    }

    #[test]
    fn bodies_and_their_sum_are_bounded() {
        let mut all = Exchanges::default();
        let noise: Vec<u8> = (0..MOST_BODY as u32 * 2)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 & 0x7f)
            .collect();
        for number in 1..=1500 {
            all.keep(ended(number, &noise[number as usize..]));
        }
        assert!(all.bytes <= MOST_BYTES);
        let details = all.get(1500).unwrap().details().unwrap();
        let body = details.told.unwrap().body;
        assert!(body.text.len() <= MOST_BODY);
        assert_eq!(body.length, Some(noise.len() - 1500));
        all.clear();
        assert_eq!((all.ended(), all.bytes), (1500, 0));
    }
}
