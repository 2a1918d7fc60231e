//! `WWW-Authenticate` of Skype for Business.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| ucwa::fuzzing::challenge(text));
