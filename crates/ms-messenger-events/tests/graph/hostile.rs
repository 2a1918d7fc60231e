//! Invalid, oversized and hostile bodies.

use ms_messenger_events::{GraphNotifications, Rejection};
use proptest::prelude::*;
use serde_json::json;

use super::{STATE, change, collection, receive, receiver, rejection};

#[test]
fn what_is_not_understood_is_sent_again() {
    let deep = format!("{{\"value\":{}", "[".repeat(100_000));
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "{\"value\":5}",
        "{\"value\":[5]}",
        "{\"value\":[{}]}",
        "{\"value\":[null]}",
        "{\"value\":[],\"validationTokens\":[5]}",
        "{\"value\":[]} {}",
        &deep,
    ] {
        let (reason, reply) = rejection(receive(&receiver(), body));
        assert!(
            matches!(reason, Rejection::Malformed(_)),
            "{body:.40}: {reason}"
        );
        assert_eq!(reply.status, 503);
    }
    // Items whose client state is right, and whose other members are not.
    for (member, value) in [("changeType", json!(5)), ("resource", json!(null))] {
        let mut item = change();
        item[member] = value;
        let outcome = receive(&receiver(), collection(&[item, change()]));
        let batch = super::batch(outcome);
        assert!(matches!(batch.rejected(), [Rejection::Malformed(_)]));
        assert_eq!(batch.events().len(), 1);
        assert_eq!(batch.kept().status, 503);
    }
}

#[test]
fn too_large_and_too_many_are_rejected() {
    let receiver = GraphNotifications::builder()
        .with_client_state(STATE)
        .with_max_notifications(2)
        .with_max_body(5_000)
        .build()
        .unwrap();
    let three = collection(&[change(), change(), change()]);
    let (reason, reply) = rejection(receive(&receiver, three));
    assert_eq!(
        (reason, reply.status.as_u16()),
        (Rejection::TooMany { limit: 2 }, 503)
    );
    let tokens = json!({"value": [], "validationTokens": ["", "", ""]}).to_string();
    assert_eq!(
        rejection(receive(&receiver, tokens)).0,
        Rejection::TooMany { limit: 2 }
    );
    let large = " ".repeat(5_001);
    let (reason, reply) = rejection(receive(&receiver, large));
    assert_eq!(
        reason,
        Rejection::TooLarge {
            length: 5_001,
            limit: 5_000
        }
    );
    assert_eq!(reply.status, 503);
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = receive(&receiver(), body);
    }

    #[test]
    fn no_item_makes_it_panic(
        member in "(subscriptionId|clientState|resource|lifecycleEvent|changeType|encryptedContent)",
        value in "(1|null|\"\"|\"a'\\)\\('\"|\\[\\]|\\{\\})",
    ) {
        let mut item = change();
        item[member] = serde_json::from_str(&value).unwrap();
        let _ = receive(&receiver(), collection(&[item]));
    }
}
