//! What Event Grid asks before it delivers.

use http::{Method, StatusCode};
use ms_messenger_events::{EventGrid, Incoming, Rejection, event_grid::EventData};
use serde_json::{Value, json};

use super::{TOPIC, events, post, receive, receiver, rejection, reply, request_without_body};

fn validation(code: &Value) -> String {
    json!([{
        "id": "2d17", "topic": TOPIC, "subject": "", "metadataVersion": "1", "dataVersion": "1",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2026-01-02T03:04:05Z",
        "data": {"validationCode": code, "validationUrl": "https://127.0.0.1:553/validate?t=1"},
    }])
    .to_string()
}

#[test]
fn a_validation_gets_its_code_and_200() {
    let reply = reply(receive(&receiver(), validation(&json!("512d-\"a"))));
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(reply.body, br#"{"validationResponse":"512d-\"a"}"#);
    let length = reply.body.len().to_string();
    assert_eq!(reply.headers["content-length"], length.as_str());
}

#[test]
fn a_validation_without_a_code_is_rejected() {
    for code in [Value::Null, json!(""), json!(5), json!("x".repeat(1025))] {
        let (reason, reply) = rejection(receive(&receiver(), validation(&code)));
        assert!(matches!(reason, Rejection::Malformed(_)), "{reason}");
        assert_eq!(reply.status, 503);
    }
}

#[test]
fn a_validation_of_another_subscription_or_without_the_secret_is_rejected() {
    let receiver = EventGrid::builder()
        .with_secret("key", "hunter2")
        .with_subscription_name("deliveries")
        .build()
        .unwrap();
    // Event Grid writes the name in capitals.
    for (name, accepted) in [("DELIVERIES", true), ("OTHERS", false)] {
        let request = post().header("aeg-subscription-name", name);
        let request = request.body(validation(&json!("1"))).unwrap();
        let outcome = receiver.receive(&Incoming::of(&request));
        if accepted {
            assert_eq!(reply(outcome).status, 200);
        } else {
            let (reason, reply) = rejection(outcome);
            assert_eq!(
                (reason, reply.status),
                (Rejection::ForeignSubscription, StatusCode::UNAUTHORIZED)
            );
        }
    }
    let request = http::Request::post("/events").body(validation(&json!("1")));
    let (reason, reply) = rejection(receiver.receive(&Incoming::of(&request.unwrap())));
    assert!(matches!(reason, Rejection::Unsigned(_)));
    assert_eq!(reply.status, 401);
}

#[test]
fn the_deletion_of_the_subscription_is_an_event() {
    let body = json!([{
        "id": "1", "topic": TOPIC, "subject": "", "dataVersion": "1",
        "eventType": "Microsoft.EventGrid.SubscriptionDeletedEvent",
        "data": {"eventSubscriptionId": "/subscriptions/0000/eventSubscriptions/deliveries"},
    }]);
    let events = events(receive(&receiver(), body.to_string()));
    let EventData::SubscriptionDeleted(deleted) = &events[0].data else {
        panic!("{events:?}");
    };
    let id = deleted.event_subscription_id.as_deref();
    assert!(id.unwrap().ends_with("deliveries"));
}

#[test]
fn the_handshake_of_cloud_events_allows_event_grid_to_deliver() {
    let request = request_without_body(Method::OPTIONS, "/events?key=hunter2")
        .header("WebHook-Request-Origin", "eventgrid.azure.net")
        .header("WebHook-Request-Callback", "https://127.0.0.1/callback")
        .header("WebHook-Request-Rate", "120")
        .body("")
        .unwrap();
    let response = reply(receiver().receive(&Incoming::of(&request)));
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(
        response.headers["webhook-allowed-origin"],
        "eventgrid.azure.net"
    );
    assert_eq!(response.headers["webhook-allowed-rate"], "*");
    assert_eq!(response.headers["allow"], "POST");

    let limited = EventGrid::builder()
        .with_secret("key", "hunter2")
        .with_requests_per_minute(120.try_into().unwrap())
        .build()
        .unwrap();
    let response = reply(limited.receive(&Incoming::of(&request)));
    assert_eq!(response.headers["webhook-allowed-rate"], "120");
}

#[test]
fn another_origin_a_preflight_and_a_wrong_secret_are_not_allowed() {
    for (target, header, origin, reason, status) in [
        (
            "/?key=hunter2",
            "webhook-request-origin",
            "example.org",
            Rejection::ForeignOrigin,
            401,
        ),
        (
            "/?key=hunter2",
            "origin",
            "eventgrid.azure.net",
            Rejection::Method,
            405,
        ),
        (
            "/?key=guess",
            "webhook-request-origin",
            "eventgrid.azure.net",
            Rejection::WrongSecret,
            401,
        ),
    ] {
        let request = request_without_body(Method::OPTIONS, target).header(header, origin);
        let outcome = receiver().receive(&Incoming::of(&request.body("").unwrap()));
        let (found, reply) = rejection(outcome);
        assert_eq!((found, reply.status.as_u16()), (reason, status));
    }
}
