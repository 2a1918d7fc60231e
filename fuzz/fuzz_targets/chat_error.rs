//! The error bodies of ACS Chat, four shapes and none.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = acs_chat::CommunicationError::read(bytes);
});
