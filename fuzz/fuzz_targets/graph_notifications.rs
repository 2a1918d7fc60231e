//! The requests of Graph: what is kept of a notification is read again as the same.
#![no_main]

use http::Request;
use ms_messenger_events::{GraphNotifications, Incoming, Outcome, graph::Notification};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let receiver = GraphNotifications::builder().with_client_state("s").build().unwrap();
    let request = Request::post("/").body(bytes).unwrap();
    match receiver.receive(&Incoming::of(&request)) {
        Outcome::Events(batch) => {
            for event in batch.events() {
                if let Notification::Change(change) = event {
                    let _ = change.resource();
                }
                let json = serde_json::to_string(event).unwrap();
                assert_eq!(serde_json::from_str::<Notification>(&json).unwrap(), *event);
            }
        }
        Outcome::Reply(_) => unreachable!("there is no token in the query"),
        Outcome::Rejected(rejected) => assert_eq!(rejected.into_reply().status, 503),
    }
});
