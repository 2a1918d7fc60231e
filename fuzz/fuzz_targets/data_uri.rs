//! The `data:` URIs of UCWA's messages: what is written is read as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| ucwa::fuzzing::data_uri(text));
