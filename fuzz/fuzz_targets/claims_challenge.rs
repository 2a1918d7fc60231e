//! `WWW-Authenticate` of Graph: claims challenges.
#![no_main]

use ms_messenger_http::{HeaderMap, HeaderValue, claims_challenge, header};

libfuzzer_sys::fuzz_target!(|lines: Vec<&[u8]>| {
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append(header::WWW_AUTHENTICATE, line);
        }
    }
    if let Some(claims) = claims_challenge(&headers) {
        let object: serde_json::Value = serde_json::from_str(&claims).unwrap();
        assert!(object.is_object());
    }
});
