//! Invalid, oversized and hostile bodies.

use ms_messenger_events::{EventGrid, Outcome, Rejection, event_grid::EventData};
use proptest::prelude::*;
use serde_json::json;

use super::{event, events, receive, receiver, rejection};

#[test]
fn what_is_not_understood_is_sent_again_and_never_dropped() {
    let deep = "[".repeat(200_000);
    for body in [
        "",
        "null",
        "5",
        "\"text\"",
        "{}",
        "[{}]",
        "[5]",
        "[null]",
        "[[]]",
        "[{\"id\":\"1\"}]",
        "[{\"id\":5,\"eventType\":\"a\"}]",
        "{\"id\":\"1\",\"type\":\"a\"}",
        "[{\"id\":\"1\",\"id\":\"2\",\"eventType\":\"a\"}]",
        "[{\"id\":\"1\",\"eventType\":\"a\"}] trailing",
        "[{\"id\":\"1\",\"eventType\":\"a\"}",
        &deep,
    ] {
        let (reason, reply) = rejection(receive(&receiver(), body));
        assert!(matches!(reason, Rejection::Malformed(_)), "{reason}");
        assert_eq!(reply.status, 503);
        assert!(reply.body.is_empty());
    }
    let (reason, _) = rejection(receive(
        &receiver(),
        b"[{\"id\":\"\xff\",\"eventType\":\"a\"}]",
    ));
    assert!(matches!(reason, Rejection::Malformed(_)));
}

#[test]
fn an_event_with_data_of_any_depth_is_kept() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let body = format!("[{{\"id\":\"1\",\"eventType\":\"a\",\"data\":{deep}}}]");
    let events = events(receive(&receiver(), body));
    let EventData::Unknown { data, .. } = &events[0].data else {
        panic!()
    };
    assert_eq!(data.as_str(), deep);
}

#[test]
fn a_body_over_the_limit_and_too_many_events_are_rejected() {
    let one = event("ChatMessageReceived", "", &json!({})).to_string();
    let receiver = EventGrid::builder()
        .with_secret("key", "hunter2")
        .with_max_body(one.len() * 2 + 3)
        .with_max_events(1)
        .build()
        .unwrap();
    assert_eq!(events(receive(&receiver, format!("[{one}]"))).len(), 1);
    let (reason, reply) = rejection(receive(&receiver, format!("[{one},{one}]")));
    assert_eq!(reason, Rejection::TooMany { limit: 1 });
    assert_eq!(reply.status, 503);
    let body = format!("[{one},{one} ]");
    let (reason, reply) = rejection(receive(&receiver, &body));
    let (length, limit) = (body.len(), body.len() - 1);
    assert_eq!(reason, Rejection::TooLarge { length, limit });
    assert_eq!(reply.status, 503);
}

#[test]
fn a_batch_that_was_not_kept_is_sent_again() {
    let body = json!([event("ChatMessageReceived", "", &json!({}))]).to_string();
    let Outcome::Events(batch) = receive(&receiver(), body) else {
        panic!()
    };
    assert_eq!(batch.not_kept().status, 503);
}

fn json_like() -> impl Strategy<Value = String> {
    "(\\[|\\{|\\}|\\]|,|:|\"id\"|\"eventType\"|\"data\"|\"type\"|\"source\"|\"a\"|1|null| ){0,60}"
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = receive(&receiver(), body);
    }

    #[test]
    fn no_text_like_json_makes_it_panic(body in json_like()) {
        let _ = receive(&receiver(), body);
    }

    #[test]
    fn no_data_of_a_known_type_are_lost(content in json_like(), subject in "[a-zA-Z/]{0,40}") {
        let read = EventData::read(
            "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated", &subject, &content);
        if let EventData::Unknown { data, .. } = read {
            prop_assert_eq!(data.as_str(), content);
        }
    }
}
