//! A response of UCWA's event channel, applied to the state of a session.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ucwa::fuzzing::event_page(bytes));
