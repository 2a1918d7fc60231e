//! The text and the table of what is to be connected: read or refused, and printable.
#![no_main]

use ms_messenger_layers::ConnectConfig;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(config) = text.parse::<ConnectConfig>() {
        assert!(!format!("{config:?}").is_empty());
    }
});
