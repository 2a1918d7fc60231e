//! The error bodies of ACS Chat, four shapes and none.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = ms_messenger_http::acs::ErrorEnvelope::read(bytes);
});
