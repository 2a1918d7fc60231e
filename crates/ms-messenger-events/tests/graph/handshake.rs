//! The validation of an address.

use http::{Method, Request};
use ms_messenger_events::{GraphNotifications, Incoming, Outcome, Rejection};

use super::{STATE, receiver, rejection};

#[test]
fn the_token_is_returned_decoded_and_as_plain_text() {
    for (query, expected) in [
        (
            "k=1&validationToken=Validation%3a+Testing%20reachability+Request-Id%3A+1",
            "Validation: Testing reachability Request-Id: 1",
        ),
        // Whatever a hostile sender writes stays text.
        (
            "validationToken=%3Cscript%3Ealert(1)%3C/script%3E%0d%0aSet-Cookie:%20a",
            "<script>alert(1)</script>\r\nSet-Cookie: a",
        ),
        ("validationToken=%ff", "\u{fffd}"),
    ] {
        let request = Request::post(format!("/graph?{query}")).body("").unwrap();
        let Outcome::Reply(reply) = receiver().receive(&Incoming::of(&request)) else {
            panic!()
        };
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.body, expected.as_bytes());
        assert_eq!(reply.headers.len(), 3);
    }
}

#[test]
fn no_token_a_long_one_and_another_method_are_rejected() {
    let long = format!("/?validationToken={}", "a".repeat(4097));
    for target in ["/?validationToken=", &long] {
        let request = Request::post(target).body("").unwrap();
        let (reason, reply) = rejection(receiver().receive(&Incoming::of(&request)));
        assert!(matches!(reason, Rejection::Malformed(_)));
        assert_eq!(reply.status, 503);
    }
    let request = Request::builder()
        .method(Method::GET)
        .uri("/?validationToken=a");
    let request = request.body("").unwrap();
    let (reason, reply) = rejection(receiver().receive(&Incoming::of(&request)));
    assert_eq!((reason, reply.status.as_u16()), (Rejection::Method, 405));
}

#[test]
fn the_secret_of_the_address_is_required_of_validations_too() {
    let receiver = GraphNotifications::builder()
        .with_client_state(STATE)
        .with_secret("key", "hunter2")
        .build()
        .unwrap();
    for (target, accepted) in [
        ("/?key=hunter2&validationToken=a", true),
        ("/?key=guess&validationToken=a", false),
        ("/?validationToken=a", false),
    ] {
        let request = Request::post(target).body("").unwrap();
        let outcome = receiver.receive(&Incoming::of(&request));
        if accepted {
            assert!(matches!(outcome, Outcome::Reply(_)));
        } else {
            assert_eq!(rejection(outcome).1.status, 401);
        }
    }
}
