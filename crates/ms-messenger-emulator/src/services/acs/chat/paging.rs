//! Pages: their sizes, their cursors and the links to the next ones.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{
    services::acs::error::AcsError,
    wire::{clock, request::Request},
};

/// Page size when none is asked for, as recorded.
const DEFAULT_PAGE: usize = 10;
/// The published limit of a page of messages.
const MAX_PAGE: usize = 200;
/// How the service writes "from the beginning" in its links.
const NO_START: &str = "1/1/1970 12:00:00 AM +00:00";

fn bad(target: &str, message: &str) -> AcsError {
    AcsError::bad_request(message).with_target(target)
}

fn size(request: &Request) -> Result<usize, AcsError> {
    match request.query.value("maxPageSize").map(str::parse::<usize>) {
        None => Ok(DEFAULT_PAGE),
        Some(Ok(size)) if (1..=MAX_PAGE).contains(&size) => Ok(size),
        Some(_) => Err(bad("maxPageSize", "maxPageSize must be from 1 to 200.")),
    }
}

fn start(request: &Request) -> Result<(u64, &str), AcsError> {
    let text = request.query.value("startTime").unwrap_or(NO_START);
    if text == NO_START {
        return Ok((0, text));
    }
    let start = clock::parse_rfc3339(text);
    let start = start.ok_or_else(|| bad("startTime", "startTime must be an RFC 3339 time."))?;
    Ok((start, text))
}

/// A page of messages.
pub(crate) struct MessagePage {
    pub(crate) size: usize,
    /// Nothing older than this, in epoch milliseconds.
    pub(crate) start: u64,
    start_text: String,
    /// Only versions below this.
    pub(crate) before: u64,
}

impl MessagePage {
    pub(crate) fn read(request: &Request) -> Result<Self, AcsError> {
        let (start, start_text) = start(request)?;
        let before = match request.query.value("syncState") {
            None => u64::MAX,
            Some(state) => {
                version_of(state).ok_or_else(|| bad("syncState", "The syncState is not valid."))?
            }
        };
        Ok(Self {
            size: size(request)?,
            start,
            start_text: start_text.to_owned(),
            before,
        })
    }

    /// The link to the page after the message of version `last`. Like the service's, it holds the
    /// thread id unencoded.
    pub(crate) fn next_link(
        &self,
        request: &Request,
        thread: &str,
        last: u64,
        newest: u64,
    ) -> String {
        let start = utf8_percent_encode(&self.start_text, NON_ALPHANUMERIC);
        let (state, size) = (sync_state(thread, last, newest), self.size);
        format!(
            "{}/chat/threads/{thread}/messages?syncState={state}&startTime={start}\
             &maxPageSize={size}&api-version={}",
            request.origin(),
            version(request),
        )
    }
}

fn version(request: &Request) -> &str {
    request.query.value("api-version").unwrap_or_default()
}

/// The opaque cursor: hex of a tag, the thread id with its length, another tag, the version of the
/// page's last message, and the newest version.
fn sync_state(thread: &str, last: u64, newest: u64) -> String {
    let mut bytes = vec![0x3e];
    bytes.extend(u32::try_from(thread.len()).unwrap_or(0).to_le_bytes());
    bytes.extend(thread.as_bytes());
    bytes.push(1);
    bytes.extend(last.to_le_bytes());
    bytes.extend(newest.to_le_bytes());
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The version of the last message of the page before.
fn version_of(state: &str) -> Option<u64> {
    let from = state.len().checked_sub(32)?;
    let digits = state.get(from..from + 16)?;
    u64::from_str_radix(digits, 16).ok().map(u64::swap_bytes)
}

/// A page of threads.
pub(crate) struct ThreadPage {
    pub(crate) size: usize,
    /// Nothing less recent than this, in epoch milliseconds.
    pub(crate) start: u64,
    /// Only threads whose activity was before this.
    pub(crate) before: u64,
}

impl ThreadPage {
    pub(crate) fn read(request: &Request) -> Result<Self, AcsError> {
        let (start, _) = start(request)?;
        let mut page = Self {
            size: size(request)?,
            start,
            before: u64::MAX,
        };
        if let Some(state) = request.query.value("syncState") {
            let cursor = intervals(state);
            (page.before, page.start) =
                cursor.ok_or_else(|| bad("syncState", "The syncState is not valid."))?;
        }
        Ok(page)
    }

    /// The link to the page after the thread whose activity is `last`.
    pub(crate) fn next_link(&self, request: &Request, last: u64) -> String {
        let time = |ms| clock::rfc3339_millis(ms).replace('Z', "+00:00");
        let (last, start) = (time(last), time(self.start));
        let intervals = json!([{"start": last, "end": last}, {"start": start, "end": start}]);
        let state = URL_SAFE_NO_PAD.encode(intervals.to_string());
        format!(
            "{}/chat/threads?syncState={state}&maxPageSize={}&api-version={}",
            request.origin(),
            self.size,
            version(request),
        )
    }
}

fn intervals(state: &str) -> Option<(u64, u64)> {
    let bytes = URL_SAFE_NO_PAD.decode(state).ok()?;
    let intervals: Value = serde_json::from_slice(&bytes).ok()?;
    let time = |n: usize| clock::parse_rfc3339(intervals[n]["start"].as_str()?);
    Some((time(0)?, time(1)?))
}

/// A page of participants or receipts.
pub(crate) struct SkipPage {
    size: usize,
    skip: usize,
}

impl SkipPage {
    pub(crate) fn read(request: &Request) -> Result<Self, AcsError> {
        let skip = request.query.value("skip").unwrap_or("0").parse();
        Ok(Self {
            size: size(request)?,
            skip: skip.map_err(|_| bad("skip", "skip must not be negative."))?,
        })
    }

    /// The collection: this page of `all`, with the link to the next one where there is one.
    pub(crate) fn collect(&self, request: &Request, path: &str, all: &[Value]) -> Value {
        let from = self.skip.min(all.len());
        let to = from.saturating_add(self.size).min(all.len());
        let mut body = json!({"value": all[from..to]});
        if to < all.len() {
            body["nextLink"] = json!(format!(
                "{}{path}?skip={to}&maxPageSize={}&api-version={}",
                request.origin(),
                self.size,
                version(request),
            ));
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_read_back() {
        for last in [1, 3, 77_777] {
            let state = sync_state("19:a@thread.v2", last, 99_999);
            assert_eq!(version_of(&state), Some(last));
        }
        assert_eq!(version_of("short"), None);
        assert_eq!(version_of(&"z".repeat(40)), None);
        assert_eq!(intervals("W10"), None);
    }

    proptest::proptest! {
        #[test]
        fn hostile_cursors_do_not_panic(state in ".{0,40}") {
            let _ = (version_of(&state), intervals(&state));
        }
    }
}
