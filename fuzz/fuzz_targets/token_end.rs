//! When a user access token of ACS ends, as the response or the token itself says it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| acs_identity::fuzzing::end(text));
