//! The ledger: one row for every message that was stored, by whatever platform.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::clock;
use crate::inbound::Inbound;
use crate::platform::Platform;

const CREDENTIAL_HEADERS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// One stored message.
///
/// Serialises to the row of `GET /_emulator/messages`, member for member.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LedgerRow {
    /// Number of the row, from 1, in the order of storage.
    pub seq: u64,
    /// The platform that stored it.
    pub platform: Platform,
    /// The operation, for example `send.reply`; `inject` for a message of the other side.
    pub operation: &'static str,
    /// Conversation, thread, chat or channel id; the recipient of a notification.
    pub conversation: String,
    /// Who sent it: `8:acs:…`, a user's object id, a channel registration id, or a phone number.
    pub sender: String,
    /// `text`, `html`, or the kind of an Advanced Messaging message.
    pub kind: String,
    /// The text as sent (HTML source for `html`; caption, address, template name or emoji for other kinds).
    pub text: String,
    /// The id that the sender was given.
    pub message_id: String,
    /// The client request id of the call, when it sent one.
    pub request_id: Option<String>,
    /// `Repeatability-Request-ID`, where the platform honours it.
    pub idempotency_key: Option<String>,
    /// How often a repetition was answered from the repeatability store.
    pub replays: u64,
    /// When it was stored, RFC 3339 UTC with milliseconds.
    pub received_at: String,
    /// The earlier row with the same client request id or idempotency key: a message sent twice.
    pub duplicate_of: Option<u64>,
    /// The request that brought it.
    pub request: CapturedRequest,
}

/// A request as it was received, credentials removed.
#[derive(Clone, Debug)]
pub struct CapturedRequest {
    method: String,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl CapturedRequest {
    fn new(inbound: &Inbound) -> Self {
        let mut headers = inbound.headers.clone();
        for name in CREDENTIAL_HEADERS {
            if headers.contains_key(name) {
                headers.insert(name, HeaderValue::from_static("[removed]"));
            }
        }
        Self {
            method: inbound.method.to_string(),
            path: inbound.target.clone(),
            headers,
            body: inbound.body.clone(),
        }
    }

    /// The verb, upper case.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path and query, exactly as on the wire.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of a header (its name in any case), or `None`; credentials read `[removed]`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, byte for byte.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl Serialize for CapturedRequest {
    /// Headers as an object of lower-case names; the body as JSON where it is JSON, else as text,
    /// `null` when empty.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut headers: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers
                .entry(name.as_str())
                .and_modify(|all| *all = format!("{all}, {value}"))
                .or_insert(value);
        }
        let body = if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body)
                .unwrap_or_else(|_| String::from_utf8_lossy(&self.body).into())
        };
        let mut fields = serializer.serialize_struct("CapturedRequest", 4)?;
        fields.serialize_field("method", &self.method)?;
        fields.serialize_field("path", &self.path)?;
        fields.serialize_field("headers", &headers)?;
        fields.serialize_field("body", &body)?;
        fields.end()
    }
}

/// What a platform says about a message it is storing.
#[derive(Debug)]
pub(crate) struct NewRow {
    pub(crate) platform: Platform,
    pub(crate) operation: &'static str,
    pub(crate) conversation: String,
    pub(crate) sender: String,
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) message_id: String,
    pub(crate) idempotency_key: Option<String>,
}

/// Which rows a reader wants; `None` means any.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) platform: Option<Platform>,
    pub(crate) conversation: Option<String>,
    pub(crate) since: u64,
}

impl Filter {
    fn admits(&self, row: &LedgerRow) -> bool {
        self.platform.is_none_or(|p| p == row.platform)
            && self
                .conversation
                .as_ref()
                .is_none_or(|c| *c == row.conversation)
    }
}

/// A row shared with the ledger, and its replays so far: cheap to take out under the lock.
pub(crate) type SharedRow = (Arc<LedgerRow>, u64);

/// A row of its own, made outside the lock.
pub(crate) fn owned((row, replays): SharedRow) -> LedgerRow {
    LedgerRow {
        replays,
        ..LedgerRow::clone(&row)
    }
}

/// All rows, in order, and the keys by which duplicates are found.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rows: Vec<SharedRow>,
    by_request_id: HashMap<(Platform, String), u64>,
    by_idempotency_key: HashMap<(Platform, String), u64>,
}

impl Ledger {
    /// Adds a row and returns its number.
    pub(crate) fn append(&mut self, new: NewRow, inbound: &Inbound) -> u64 {
        let seq = self.rows.len() as u64 + 1;
        let platform = new.platform;
        let request_id = inbound.client_request_id().map(str::to_owned);
        // In UCWA the id of a request tells nothing: some clients send one for all of them.
        let telling = request_id.clone().filter(|_| platform != Platform::Ucwa);
        let earlier_request = first_use(&mut self.by_request_id, platform, &telling, seq);
        let earlier_key = first_use(
            &mut self.by_idempotency_key,
            platform,
            &new.idempotency_key,
            seq,
        );
        let row = LedgerRow {
            seq,
            platform,
            operation: new.operation,
            conversation: new.conversation,
            sender: new.sender,
            kind: new.kind,
            text: new.text,
            message_id: new.message_id,
            request_id,
            idempotency_key: new.idempotency_key,
            replays: 0,
            received_at: clock::rfc3339_millis(clock::now_ms()),
            duplicate_of: earlier_request.or(earlier_key),
            request: CapturedRequest::new(inbound),
        };
        self.rows.push((Arc::new(row), 0));
        seq
    }

    /// Notes that the request of row `seq` was answered once more from the repeatability store.
    pub(crate) fn raise_replays(&mut self, seq: u64) {
        let index = usize::try_from(seq).unwrap_or(0).wrapping_sub(1);
        if let Some((_, replays)) = self.rows.get_mut(index) {
            *replays += 1;
        }
    }

    /// The rows that `filter` admits, oldest first.
    pub(crate) fn rows(&self, filter: &Filter) -> Vec<SharedRow> {
        let skip = usize::try_from(filter.since)
            .unwrap_or(usize::MAX)
            .min(self.rows.len());
        let admitted = self.rows[skip..]
            .iter()
            .filter(|(row, _)| filter.admits(row));
        admitted
            .map(|(row, replays)| (Arc::clone(row), *replays))
            .collect()
    }

    /// The newest row that `filter` admits and whose text is `text`, else the newest that contains it.
    pub(crate) fn newest(&self, filter: &Filter, text: Option<&str>) -> Option<SharedRow> {
        let skip = usize::try_from(filter.since)
            .unwrap_or(usize::MAX)
            .min(self.rows.len());
        let mut containing = None;
        for (row, replays) in self.rows[skip..].iter().rev() {
            if !filter.admits(row) {
                continue;
            }
            match text {
                Some(text) if row.text == text => return Some((Arc::clone(row), *replays)),
                Some(text) if containing.is_none() && row.text.contains(text) => {
                    containing = Some((Arc::clone(row), *replays));
                }
                Some(_) => {}
                None => return Some((Arc::clone(row), *replays)),
            }
        }
        containing
    }
}

/// The row that used `key` first, if any; otherwise notes `seq` as the first.
fn first_use(
    index: &mut HashMap<(Platform, String), u64>,
    platform: Platform,
    key: &Option<String>,
    seq: u64,
) -> Option<u64> {
    let key = key.as_ref()?;
    let first = *index.entry((platform, key.clone())).or_insert(seq);
    (first != seq).then_some(first)
}
