//! Whether the caller is Event Grid.

use http::{HeaderName, Method, Request};
use ms_messenger_core::ErrorKind;
use ms_messenger_events::{EventGrid, Incoming, Rejection};

use super::{events, receiver, rejection, request_without_body};

const HEADER: HeaderName = HeaderName::from_static("x-events-key");

#[test]
fn old_and_new_secret_are_valid_during_a_change() {
    let receiver = EventGrid::builder()
        .with_secret("key", "new&1")
        .with_secret("key", "old")
        .build()
        .unwrap();
    for target in ["/?key=new%261", "/?a=b&key=old", "/?key=old&key=guess"] {
        let request = Request::post(target).body("[]").unwrap();
        assert!(events(receiver.receive(&Incoming::of(&request))).is_empty());
    }
}

#[test]
fn a_request_without_the_secret_is_rejected_before_its_body_is_read() {
    for (target, reason) in [
        ("/", Rejection::Unsigned("secret in its query")),
        ("/?", Rejection::Unsigned("secret in its query")),
        ("/?Key=hunter2", Rejection::Unsigned("secret in its query")),
        ("/?key", Rejection::WrongSecret),
        ("/?key=hunter", Rejection::WrongSecret),
        ("/?key=hunter22", Rejection::WrongSecret),
        ("/?key=guess&key=hunter2", Rejection::WrongSecret),
    ] {
        let request = Request::post(target).body("no JSON").unwrap();
        let (found, reply) = rejection(receiver().receive(&Incoming::of(&request)));
        assert_eq!((found, reply.status.as_u16()), (reason, 401), "{target}");
    }
}

#[test]
fn every_way_that_is_set_is_required() {
    let receiver = EventGrid::builder()
        .with_secret("key", "hunter2")
        .with_secret_header(HEADER, "header secret")
        .build()
        .unwrap();
    for (target, header, accepted) in [
        ("/?key=hunter2", Some("header secret"), true),
        ("/?key=hunter2", Some("guess"), false),
        ("/?key=hunter2", None, false),
        ("/", Some("header secret"), false),
    ] {
        let mut request = Request::post(target);
        if let Some(value) = header {
            request = request.header(HEADER, value);
        }
        let outcome = receiver.receive(&Incoming::of(&request.body("[]").unwrap()));
        if accepted {
            events(outcome);
        } else {
            assert_eq!(rejection(outcome).1.status, 401);
        }
    }
}

#[test]
fn another_method_is_rejected_after_the_secret_was_compared() {
    for (target, status) in [("/?key=hunter2", 405), ("/?key=guess", 401)] {
        let request = request_without_body(Method::GET, target).body("").unwrap();
        let (_, reply) = rejection(receiver().receive(&Incoming::of(&request)));
        assert_eq!(reply.status, status);
        assert_eq!(reply.headers.contains_key("allow"), status == 405);
    }
}

#[test]
fn a_receiver_without_authentication_is_built_only_on_request() {
    let error = EventGrid::builder().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.problems()[0].field, "authentication");
    let receiver = EventGrid::builder().with_anonymous_senders(true).build();
    let request = Request::post("/").body("[]").unwrap();
    assert!(events(receiver.unwrap().receive(&Incoming::of(&request))).is_empty());
}

#[test]
fn all_problems_of_a_builder_are_named_without_a_secret() {
    let error = EventGrid::builder()
        .with_secret("key", "hunter2")
        .with_secret("other", "hunter2")
        .with_secret("key", " ")
        .with_secret_header(HEADER, "")
        .with_max_body(0)
        .with_max_events(0)
        .build()
        .unwrap_err();
    let fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    let expected = [
        "secret.name",
        "secret.value",
        "secret_header.value",
        "max_body",
        "max_events",
    ];
    assert_eq!(fields, expected);
    assert!(!format!("{error:?}").contains("hunter2"));
    assert!(!format!("{:?}", receiver()).contains("hunter2"));
}
