//! Event Grid: handshakes, deliveries, retries and dead letters, as a receiver sees them.

use std::time::Duration;

use crate::outside::Outside;
use crate::receiver::{
    Got, Receiver, Say, crypto,
    events::{admin, notify, scene},
};
use axum::response::{IntoResponse as _, Response};
use ms_messenger_emulator::{
    EventSchema, EventSubscription, FaultRule, Faults, Platform, PushFault,
};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn the_handshake_of_event_grid_has_its_headers_and_body() {
    let (_outside, receiver) = scene(|one| one.with_header("X-Key", "k")).await;
    let got = &receiver.all()[0];
    assert_eq!(
        (&got.method, got.header("aeg-event-type")),
        (&Method::POST, "SubscriptionValidation")
    );
    assert_eq!(got.header("x-key"), "k");
    assert_eq!(got.uri.query(), Some("key=s3cret"));
    let body = got.json();
    let event = &body[0];
    assert_eq!(body.as_array().unwrap().len(), 1);
    assert_eq!(
        event["eventType"],
        "Microsoft.EventGrid.SubscriptionValidationEvent"
    );
    assert!(
        event["data"]["validationUrl"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
}

#[tokio::test]
async fn the_handshake_of_cloud_events_is_an_options_request() {
    let (_outside, receiver) = scene(|one| one.with_schema(EventSchema::CloudEvents)).await;
    let got = &receiver.all()[0];
    assert_eq!(
        (&got.method, got.uri.to_string()),
        (&Method::OPTIONS, "/hook?key=s3cret".to_owned())
    );
    assert_eq!(got.header("webhook-request-origin"), "eventgrid.azure.net");
    assert_eq!(got.header("webhook-request-rate"), "120");
    assert!(got.body.is_empty());
}

fn with(headers: [(&'static str, &'static str); 2]) -> Response {
    (headers, "").into_response()
}

#[tokio::test]
async fn wrong_handshakes_are_refused_with_what_was_wrong() {
    const ORIGIN: &str = "webhook-allowed-origin";
    const RATE: &str = "webhook-allowed-rate";
    type Case = (EventSchema, fn(&Got) -> Response, &'static str);
    let cases: [Case; 8] = [
        (
            EventSchema::EventGrid,
            |_| http::StatusCode::ACCEPTED.into_response(),
            "the receiver responded to the validation event with 202 in place of 200",
        ),
        (
            EventSchema::EventGrid,
            |_| "{".into_response(),
            "the response to the validation event is not JSON",
        ),
        (
            EventSchema::EventGrid,
            |_| axum::Json(json!({})).into_response(),
            "the response to the validation event has no validationResponse",
        ),
        (
            EventSchema::EventGrid,
            |_| axum::Json(json!({"validationResponse": "x"})).into_response(),
            "the validationResponse is not the validationCode",
        ),
        (
            EventSchema::CloudEvents,
            |_| http::StatusCode::METHOD_NOT_ALLOWED.into_response(),
            "the receiver responded to OPTIONS with 405 in place of 200",
        ),
        (
            EventSchema::CloudEvents,
            |_| "".into_response(),
            "the response to OPTIONS has no WebHook-Allowed-Origin",
        ),
        (
            EventSchema::CloudEvents,
            |_| with([(ORIGIN, "example.org"), (RATE, "*")]),
            "the WebHook-Allowed-Origin is neither eventgrid.azure.net nor *",
        ),
        (
            EventSchema::CloudEvents,
            |_| with([(ORIGIN, "*"), (RATE, "no")]),
            "the WebHook-Allowed-Rate is neither a number nor *",
        ),
    ];
    let outside = Outside::start().await;
    for (schema, handshake, problem) in cases {
        let receiver = Receiver::with(handshake).await;
        let subscription = EventSubscription::new("demo", &receiver.url).with_schema(schema);
        let error = outside
            .emulator
            .subscribe_events(&subscription)
            .await
            .unwrap_err();
        assert_eq!(error.problems, [format!("url: {problem}")]);
    }
    let (_, all) = admin(&outside, Method::GET, "", Value::Null).await;
    assert_eq!(all, json!([]));
}

#[tokio::test]
async fn documents_that_break_a_rule_name_every_problem() {
    let outside = Outside::start().await;
    let document = json!({
        "name": "a b", "url": "https://example.org/", "schema": "xml", "headers": {"aeg-x": "1", "a b": "2"},
        "bearer": {"tenant": "t"}, "batch": 0, "event_types": ["Other"], "time_factor": 0, "other": 1,
    });
    let (status, body) = admin(&outside, Method::PUT, "", document).await;
    let details = body["error"]["details"].as_array().unwrap();
    assert_eq!((status, details.len()), (400, 9), "{body}");
    for url in [
        "http://10.0.0.1/",
        "http://example.org/",
        "ftp://127.0.0.1/",
        "",
    ] {
        let subscription = EventSubscription::new("demo", url);
        let error = outside
            .emulator
            .subscribe_events(&subscription)
            .await
            .unwrap_err();
        assert!(error.problems[0].starts_with("url: must be"), "{error}");
    }
    let (status, _) = admin(&outside, Method::PUT, "", json!([])).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn failed_deliveries_are_retried_until_they_are_given_up() {
    let (outside, receiver) = scene(|one| one.with_time_factor(10_000).with_max_attempts(3)).await;
    receiver.say([500, 404, 200].map(Say::Status));
    notify(&outside).await;
    let got = receiver.wait(3).await;
    let counts: Vec<&str> = got
        .iter()
        .map(|got| got.header("aeg-delivery-count"))
        .collect();
    assert_eq!(counts, ["0", "1", "2"]);
    assert_eq!(got[0].body, got[2].body);
    receiver.say([500, 500, 500, 413].map(Say::Status));
    let id = notify(&outside).await;
    receiver.wait(6).await;
    notify(&outside).await;
    receiver.wait(7).await;
    let letters = async {
        loop {
            let (_, letters) =
                admin(&outside, Method::GET, "/demo/dead-letters", Value::Null).await;
            if letters.as_array().unwrap().len() == 2 {
                return letters;
            }
        }
    };
    let letters = tokio::time::timeout(Duration::from_secs(20), letters)
        .await
        .unwrap();
    assert_eq!(letters[0]["data"]["messageId"], id);
    assert_eq!(
        letters[0]["deadLetterReason"],
        "MaxDeliveryAttemptsExceeded"
    );
    assert_eq!(
        (
            &letters[0]["deliveryAttempts"],
            &letters[0]["lastHttpStatusCode"]
        ),
        (&json!(3), &json!(500))
    );
    assert_eq!(
        letters[1]["deadLetterReason"],
        "UndeliverableDueToClientError"
    );
    assert_eq!(letters[1]["deliveryAttempts"], 1);
    assert_eq!(outside.emulator.dead_letters("demo").await.len(), 2);
}

#[tokio::test]
async fn a_delivery_without_a_response_is_retried() {
    let (outside, receiver) =
        scene(|one| one.with_time_factor(10_000).with_response_limit(100)).await;
    receiver.say([Say::Nothing]);
    notify(&outside).await;
    let got = receiver.wait(2).await;
    assert_eq!(got[1].header("aeg-delivery-count"), "1");
}

#[tokio::test]
async fn events_that_are_due_together_travel_in_a_batch() {
    let (outside, receiver) = scene(|one| {
        one.with_batch(10)
            .with_schema(EventSchema::CloudEvents)
            .with_time_factor(1000)
    })
    .await;
    // The first is held by the receiver's refusal until all are due.
    receiver.say([Say::Status(503)]);
    let late =
        FaultRule::new(PushFault::Late { ms: 60_000 }.into()).with_platform(Platform::EVENT_GRID);
    outside.emulator.set_faults(Faults::new().with_rule(late));
    let ids = [
        notify(&outside).await,
        notify(&outside).await,
        notify(&outside).await,
    ];
    assert!(receiver.deliveries().is_empty());
    outside.emulator.set_clock_offset(61).unwrap();
    let got = receiver.wait(2).await;
    assert_eq!(
        got[1].header("content-type"),
        "application/cloudevents-batch+json; charset=utf-8"
    );
    let events = got[1].events();
    let found: Vec<&str> = events
        .iter()
        .map(|event| event["data"]["messageId"].as_str().unwrap())
        .collect();
    assert_eq!(found, ids);
    assert_eq!(got[0].body, got[1].body);
}

#[tokio::test]
async fn a_bearer_token_is_signed_with_the_published_key() {
    let (outside, receiver) = scene(|one| one.with_bearer("api://my-app")).await;
    notify(&outside).await;
    let keys: Value = outside
        .get("/common/discovery/v2.0/keys")
        .await
        .json()
        .await
        .unwrap();
    receiver.wait(1).await;
    for got in receiver.all() {
        let token = got.header("authorization").strip_prefix("Bearer ").unwrap();
        let claims = crypto::verified(token, &keys);
        let tenant = &outside.emulator.seed().graph.tenant_id;
        assert_eq!(claims["aud"], "api://my-app");
        assert_eq!(claims["appid"], "4962773b-9cdb-44cf-a8bf-237846a00ab7");
        assert_eq!(claims["iss"], format!("https://sts.windows.net/{tenant}/"));
        assert_eq!(claims["tid"], *tenant);
        let life = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
        assert_eq!(life, 86_700);
    }
    let other = Receiver::start().await;
    let foreign = EventSubscription::new("other", &other.url);
    let foreign = foreign
        .with_bearer("api://my-app")
        .with_bearer_of("elsewhere", "another");
    outside.emulator.subscribe_events(&foreign).await.unwrap();
    let token = other.all()[0].header("authorization")[7..].to_owned();
    let claims = crypto::verified(&token, &keys);
    assert_eq!(
        (&claims["tid"], &claims["appid"]),
        (&json!("elsewhere"), &json!("another"))
    );
}

#[tokio::test]
async fn only_the_types_that_were_asked_for_are_delivered() {
    let (outside, receiver) = scene(|one| one.with_event_types(["AdvancedMessageReceived"])).await;
    notify(&outside).await;
    outside
        .emulator
        .inject(&json!({
            "platform": "acs-messages", "from": "+14255550123", "text": "look",
            "media_type": "image/png", "media": "AAAA",
        }))
        .unwrap();
    let events = receiver.events(1).await;
    let (event, data) = (&events[0], &events[0]["data"]);
    let channel = &outside.emulator.seed().acs.channel_registration_id;
    assert_eq!(
        event["subject"],
        format!("advancedMessage/sender/+14255550123/recipient/{channel}")
    );
    assert_eq!(
        event["eventType"],
        "Microsoft.Communication.AdvancedMessageReceived"
    );
    assert_eq!(
        (&data["from"], &data["to"]),
        (&json!("+14255550123"), &json!(channel))
    );
    assert_eq!(
        (&data["media"]["mimeType"], &data["media"]["caption"]),
        (&json!("image/png"), &json!("look"))
    );
    assert!(data["media"]["id"].is_string() && data.get("content").is_none());
}

#[tokio::test]
async fn the_end_of_a_subscription_is_sent_and_nothing_after_it() {
    let (outside, receiver) = scene(|one| one).await;
    assert_eq!(
        admin(&outside, Method::DELETE, "/demo", Value::Null)
            .await
            .0,
        204
    );
    let got = receiver.wait(1).await;
    assert_eq!(got[0].header("aeg-event-type"), "SubscriptionDeletion");
    assert_eq!(
        got[0].json()[0]["eventType"],
        "Microsoft.EventGrid.SubscriptionDeletedEvent"
    );
    assert_eq!(
        admin(&outside, Method::DELETE, "/demo", Value::Null)
            .await
            .0,
        404
    );
    notify(&outside).await;
    let again = EventSubscription::new("demo", &receiver.url);
    outside.emulator.subscribe_events(&again).await.unwrap();
    outside.emulator.reset();
    let (_, all) = admin(&outside, Method::GET, "", Value::Null).await;
    assert_eq!(all, json!([]));
    assert_eq!(receiver.deliveries().len(), 1);
}

#[tokio::test]
async fn the_list_shows_no_secrets() {
    let (outside, receiver) = scene(|one| one.with_header("x-key", "hidden")).await;
    notify(&outside).await;
    receiver.wait(1).await;
    let (_, all) = admin(&outside, Method::GET, "", Value::Null).await;
    let text = all.to_string();
    assert!(
        !text.contains("s3cret") && !text.contains("hidden"),
        "{text}"
    );
    assert_eq!(
        (&all[0]["name"], &all[0]["schema"]),
        (&json!("demo"), &json!("eventgrid"))
    );
}
