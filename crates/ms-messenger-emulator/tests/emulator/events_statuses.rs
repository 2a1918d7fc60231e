//! What becomes of messages of ACS, as Event Grid says it.

use crate::outside::Outside;
use crate::receiver::Receiver;
use ms_messenger_emulator::{
    AcsMessagesFault, EventSchema, EventSubscription, FaultRule, Faults, MessageStatuses,
};
use reqwest::Method;
use serde_json::{Value, json};

const NOTIFY: &str = "/messages/notifications:send?api-version=2024-08-30";

async fn notify(outside: &Outside, to: &str) -> String {
    let body = outside.notification(&json!({"to": [to], "kind": "text", "content": "hello"}));
    let (status, sent) = outside.keyed(Method::POST, NOTIFY, body).await;
    assert_eq!(status, 202, "{sent}");
    sent["receipts"][0]["messageId"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn statuses(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["data"]["status"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_message_is_sent_delivered_and_read() {
    let (outside, receiver) = (Outside::start().await, Receiver::start().await);
    let emulator = &outside.emulator;
    let timeline = MessageStatuses::new()
        .with_delivered(Some(5))
        .with_read(Some(10));
    emulator.set_message_statuses(&timeline).await;
    let subscription = EventSubscription::new("statuses", &receiver.url);
    emulator.subscribe_events(&subscription).await.unwrap();
    let id = notify(&outside, "+14255550123").await;
    let events = receiver.events(3).await;
    assert_eq!(statuses(&events), ["Sent", "Delivered", "Read"]);
    let got = &receiver.deliveries()[0];
    assert_eq!(
        got.header("content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(got.header("aeg-event-type"), "Notification");
    assert_eq!(got.header("aeg-subscription-name"), "STATUSES");
    assert_eq!(got.header("aeg-delivery-count"), "0");
    assert_eq!(got.uri.query(), Some("key=s3cret"));
    assert!(got.headers.contains_key("content-length"));
    let event = &events[1];
    assert_eq!(
        event["subject"],
        format!("advancedMessage/{id}/status/Delivered")
    );
    assert_eq!(
        event["eventType"],
        "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated"
    );
    assert_eq!(
        (&event["dataVersion"], &event["metadataVersion"]),
        (&json!("1.0"), &json!("1"))
    );
    assert!(
        event["topic"]
            .as_str()
            .unwrap()
            .contains("/providers/microsoft.communication/")
    );
    let data = &event["data"];
    assert_eq!(
        (&data["messageId"], &data["to"]),
        (&json!(id), &json!("+14255550123"))
    );
    assert_eq!(data["channelType"], "whatsapp");
    assert_eq!(data["from"], emulator.seed().acs.channel_registration_id);
    assert!(data.get("error").is_none());
}

#[tokio::test]
async fn a_message_that_whatsapp_refuses_after_the_202_ends_as_failed() {
    let (outside, receiver) = (Outside::start().await, Receiver::start().await);
    let emulator = &outside.emulator;
    let subscription = EventSubscription::new("statuses", &receiver.url);
    let subscription = subscription.with_schema(EventSchema::CloudEvents);
    emulator.subscribe_events(&subscription).await.unwrap();
    let refused = MessageStatuses::new().with_failure("+1 425 555-0199", "131049");
    emulator.set_message_statuses(&refused).await;
    let undeliverable = FaultRule::new(AcsMessagesFault::undeliverable("131026").into());
    emulator.set_faults(Faults::new().with_rule(undeliverable.with_times(1)));
    notify(&outside, "+14255550123").await;
    notify(&outside, "+14255550199").await;
    notify(&outside, "+14255550123").await;
    let events = receiver.events(6).await;
    let all = ["Sent", "Failed", "Sent", "Failed", "Sent", "Delivered"];
    assert_eq!(statuses(&events), all);
    let error = json!({"channelCode": "131026", "channelMessage": "Message Undeliverable."});
    assert_eq!(events[1]["data"]["error"], error);
    assert_eq!(events[3]["data"]["error"]["channelCode"], "131049");
    let got = &receiver.deliveries()[0];
    assert_eq!(
        got.header("content-type"),
        "application/cloudevents+json; charset=utf-8"
    );
    let event = got.json();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(
        event["type"],
        "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated"
    );
    assert_eq!(event["source"], events[1]["source"]);
    assert!(event.get("topic").is_none() && event["time"].is_string());
}

#[tokio::test]
async fn statuses_come_when_the_services_clock_says_so() {
    let (outside, receiver) = (Outside::start().await, Receiver::start().await);
    let emulator = &outside.emulator;
    let timeline = MessageStatuses::new().with_delivered(Some(3_600_000));
    emulator.set_message_statuses(&timeline).await;
    let subscription = EventSubscription::new("statuses", &receiver.url);
    emulator.subscribe_events(&subscription).await.unwrap();
    notify(&outside, "+14255550123").await;
    assert_eq!(statuses(&receiver.events(1).await), ["Sent"]);
    emulator.set_clock_offset(3601).unwrap();
    assert_eq!(statuses(&receiver.events(2).await), ["Sent", "Delivered"]);
}

#[tokio::test]
async fn messages_into_conversations_have_statuses_too() {
    let (outside, receiver) = (Outside::start().await, Receiver::start().await);
    let subscription = EventSubscription::new("statuses", &receiver.url);
    outside
        .emulator
        .subscribe_events(&subscription)
        .await
        .unwrap();
    let phone =
        json!({"kind": "external", "contacts": [{"kind": "whatsApp", "id": "+14255550123"}]});
    let body = json!({
        "conversation": {"topic": "t", "participants": [phone]},
        "initialMessage": {"content": "welcome"},
    });
    let target = "/messages/conversations?api-version=2025-04-01-preview";
    let (status, made) = outside.keyed(Method::POST, target, body).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap();
    let target =
        format!("/messages/conversations/{id}/messages:send?api-version=2025-04-01-preview");
    let body = json!({"request": {"kind": "text", "content": "hi"}});
    let (status, sent) = outside.keyed(Method::POST, &target, body).await;
    assert_eq!(status, 200, "{sent}");
    let events = receiver.events(4).await;
    assert_eq!(
        statuses(&events),
        ["Sent", "Delivered", "Sent", "Delivered"]
    );
    assert_eq!(events[2]["data"]["messageId"], sent["messageId"]);
    assert!(
        events
            .iter()
            .all(|event| event["data"]["to"] == "+14255550123")
    );
}

#[tokio::test]
async fn statuses_of_a_message_can_be_slow_or_never_come() {
    let (outside, receiver) = (Outside::start().await, Receiver::start().await);
    let emulator = &outside.emulator;
    let timeline = MessageStatuses::new().with_read(Some(0));
    emulator.set_message_statuses(&timeline).await;
    let subscription = EventSubscription::new("statuses", &receiver.url);
    emulator.subscribe_events(&subscription).await.unwrap();
    let rule = |fault: AcsMessagesFault| {
        let rule = FaultRule::new(fault.into()).with_operation("send.notification");
        Faults::new().with_rule(rule.with_times(1))
    };
    emulator.set_faults(rule(AcsMessagesFault::dropped_statuses(["Delivered"])));
    notify(&outside, "+14255550123").await;
    assert_eq!(statuses(&receiver.events(2).await), ["Sent", "Read"]);
    emulator.set_faults(rule(AcsMessagesFault::slow_statuses(3_600_000)));
    let slow = notify(&outside, "+14255550123").await;
    emulator.set_faults(rule(AcsMessagesFault::dropped_statuses(
        Vec::<String>::new(),
    )));
    notify(&outside, "+14255550123").await;
    notify(&outside, "+14255550123").await;
    let all = ["Sent", "Read", "Sent", "Delivered", "Read"];
    assert_eq!(statuses(&receiver.events(5).await), all);
    emulator.set_clock_offset(3601).unwrap();
    let events = receiver.events(8).await;
    assert!(events[5..].iter().all(|it| it["data"]["messageId"] == slow));
}

#[tokio::test]
async fn faults_of_statuses_are_read_and_checked() {
    let outside = Outside::start().await;
    let parse = |action: Value| {
        let rules = json!([{"match": {"operation": "send.notification"}, "action": action}]);
        let parsed = outside.emulator.parse_faults(&json!({"rules": rules}));
        parsed.map(|faults| faults.to_json()["rules"][0]["action"].clone())
    };
    let all =
        json!({"kind": "dropped_statuses", "statuses": ["Sent", "Delivered", "Read", "Failed"]});
    assert_eq!(parse(json!({"kind": "dropped_statuses"})).unwrap(), all);
    for sound in [
        json!({"kind": "slow_statuses", "ms": 5}),
        json!({"kind": "dropped_statuses", "statuses": ["Read"]}),
    ] {
        assert_eq!(parse(sound.clone()).unwrap(), sound);
    }
    for wrong in [
        json!({"kind": "slow_statuses"}),
        json!({"kind": "slow_statuses", "ms": 2_592_000_001_u64}),
        json!({"kind": "dropped_statuses", "statuses": "Read"}),
        json!({"kind": "dropped_statuses", "statuses": ["Paused"]}),
    ] {
        assert!(parse(wrong.clone()).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn wrong_documents_name_every_problem() {
    let outside = Outside::start().await;
    let url = format!("{}/_emulator/message-statuses", outside.base);
    let document = json!({"sent_ms": -1, "failures": [{"to": 1}], "other": 1});
    let request = outside.client.put(&url).json(&document);
    let (status, body) = Outside::ask(request).await;
    assert_eq!(
        (status, body["error"]["details"].as_array().unwrap().len()),
        (400, 3)
    );
    let (status, body) = Outside::ask(outside.client.get(&url)).await;
    assert_eq!((status, &body["delivered_ms"]), (200, &json!(0)));
}
