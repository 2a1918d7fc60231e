//! `chatMessage` of Graph: what is read is written back and read again as the same.
#![no_main]

use msgraph_chat::models::ChatMessage;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = serde_json::from_slice::<ChatMessage>(bytes) {
        let written = serde_json::to_vec(&message).expect("it has a JSON form");
        let again: ChatMessage = serde_json::from_slice(&written).expect("it is read again");
        assert_eq!(message, again);
    }
});
