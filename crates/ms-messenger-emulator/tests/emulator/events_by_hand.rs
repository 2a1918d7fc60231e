//! Subscriptions of Event Grid that are validated by hand.

use axum::response::IntoResponse as _;
use ms_messenger_emulator::{EventSchema, EventSubscription};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    outside::Outside,
    receiver::{
        Receiver,
        events::{admin, notify},
    },
};

/// A subscription whose receiver agrees to nothing, and where it is validated.
async fn awaiting(schema: EventSchema) -> (Outside, Receiver, String) {
    let outside = Outside::start().await;
    let receiver = Receiver::with(|_| "".into_response()).await;
    let subscription = EventSubscription::new("demo", &receiver.url)
        .with_schema(schema)
        .with_event_types(["AdvancedMessageDeliveryStatusUpdated"]);
    let error = outside.emulator.subscribe_events(&subscription).await;
    error.unwrap_err();
    let by_hand = subscription.with_manual_validation(true);
    outside.emulator.subscribe_events(&by_hand).await.unwrap();
    let handshake = &receiver.all()[1];
    let url = match schema {
        EventSchema::CloudEvents => handshake.header("webhook-request-callback").to_owned(),
        _ => {
            let url = handshake.json()[0]["data"]["validationUrl"].clone();
            url.as_str().unwrap().to_owned()
        }
    };
    (outside, receiver, url)
}

async fn state(outside: &Outside) -> Value {
    let (_, shown) = admin(outside, Method::GET, "/demo", Value::Null).await;
    shown["state"].clone()
}

#[tokio::test]
async fn nothing_is_delivered_until_the_url_of_the_handshake_was_requested() {
    for schema in [EventSchema::EventGrid, EventSchema::CloudEvents] {
        let (outside, receiver, url) = awaiting(schema).await;
        assert_eq!(state(&outside).await, "AwaitingManualAction");
        notify(&outside).await;
        let other = format!("{url}0");
        let (status, body) = Outside::ask(outside.client.get(&other)).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (400, &json!("ValidationFailed"))
        );
        let (status, _) = Outside::ask(outside.client.get(&url)).await;
        assert_eq!(status, 200);
        assert_eq!(state(&outside).await, "Succeeded");
        let id = notify(&outside).await;
        let got = receiver.wait(1).await;
        assert_eq!(got[0].events()[0]["data"]["messageId"], id);
        // Once is enough, and possible.
        assert_eq!(Outside::ask(outside.client.get(&url)).await.0, 400);
    }
}

#[tokio::test]
async fn the_validation_is_possible_for_ten_minutes() {
    let (outside, receiver, url) = awaiting(EventSchema::EventGrid).await;
    outside.emulator.set_clock_offset(601).unwrap();
    assert_eq!(state(&outside).await, "Failed");
    assert_eq!(Outside::ask(outside.client.get(&url)).await.0, 400);
    assert_eq!(Outside::ask(outside.client.delete(&url)).await.0, 405);
    outside.emulator.set_clock_offset(0).unwrap();
    assert_eq!(Outside::ask(outside.client.post(&url)).await.0, 200);
    notify(&outside).await;
    receiver.wait(1).await;
}

#[tokio::test]
async fn a_wrong_code_is_refused_though_it_could_be_validated_by_hand() {
    let outside = Outside::start().await;
    let receiver =
        Receiver::with(|_| axum::Json(json!({"validationResponse": "x"})).into_response()).await;
    let subscription = EventSubscription::new("demo", &receiver.url).with_manual_validation(true);
    let error = outside.emulator.subscribe_events(&subscription).await;
    let problem = "url: the validationResponse is not the validationCode";
    assert_eq!(error.unwrap_err().problems, [problem]);
    let document = json!({"name": "demo", "url": receiver.url, "manual_validation": 1});
    let (status, body) = admin(&outside, Method::PUT, "", document).await;
    let problem = "manual_validation: must be true or false";
    assert_eq!(
        (status, &body["error"]["details"]),
        (400, &json!([problem]))
    );
}
