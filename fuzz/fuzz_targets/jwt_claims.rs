//! The claims of a token, which tell an application from a user and who the user is.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| msgraph_chat::fuzzing::token(text));
