//! The requests of Event Grid: what is kept of an event is read again as the same.
#![no_main]

use http::Request;
use ms_messenger_events::{EventGrid, Incoming, Outcome, event_grid::Event};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let receiver = EventGrid::builder().with_secret("k", "s").build().unwrap();
    let request = Request::post("/?k=s").body(bytes).unwrap();
    match receiver.receive(&Incoming::of(&request)) {
        Outcome::Events(batch) => {
            for event in batch.events() {
                assert_eq!(Event::parse(event.raw()).as_ref(), Ok(event));
            }
            assert_eq!(batch.kept().status, 200);
        }
        Outcome::Reply(reply) => assert_eq!(reply.status, 200),
        Outcome::Rejected(rejected) => {
            assert!(rejected.reason().is_sent_again());
            assert_eq!(rejected.into_reply().status, 503);
        }
    }
});
