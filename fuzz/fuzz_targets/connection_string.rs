//! The connection string of an ACS resource, as the portal prints it.
#![no_main]

use ms_messenger_http::acs::ConnectionString;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = ConnectionString::parse(text);
});
