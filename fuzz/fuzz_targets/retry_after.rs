//! `Retry-After` in all its spellings: the first line goes there, the second to the others.
#![no_main]

use ms_messenger_http::{HeaderMap, HeaderValue, fuzzing};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(2, |b| *b == b'\n');
    let mut headers = HeaderMap::new();
    for name in ["retry-after", "retry-after-ms"] {
        if let Some(Ok(value)) = lines.next().map(HeaderValue::from_bytes) {
            headers.insert(name, value);
        }
    }
    fuzzing::retry_after(&headers);
});
