//! An emulated ACS whose events a receiver gets.

use ms_messenger_emulator::{EventSubscription, MessageStatuses};
use reqwest::Method;
use serde_json::{Value, json};

use super::Receiver;
use crate::outside::Outside;

pub(crate) const NOTIFY: &str = "/messages/notifications:send?api-version=2024-08-30";

pub(crate) async fn notify(outside: &Outside) -> String {
    let body = outside.notification(&json!({"kind": "text", "content": "hello"}));
    let (status, sent) = outside.keyed(Method::POST, NOTIFY, body).await;
    assert_eq!(status, 202, "{sent}");
    sent["receipts"][0]["messageId"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// An emulator whose messages have the status `Sent` alone, and a receiver that is subscribed.
pub(crate) async fn scene(
    change: impl Fn(EventSubscription) -> EventSubscription,
) -> (Outside, Receiver) {
    let (outside, receiver) = (Outside::start().await, Receiver::start().await);
    let sent = MessageStatuses::new().with_delivered(None);
    outside.emulator.set_message_statuses(&sent).await;
    let subscription = change(EventSubscription::new("demo", &receiver.url));
    outside
        .emulator
        .subscribe_events(&subscription)
        .await
        .unwrap();
    (outside, receiver)
}

pub(crate) async fn admin(
    outside: &Outside,
    method: Method,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let url = format!("{}/_emulator/event-subscriptions{path}", outside.base);
    Outside::ask(outside.client.request(method, url).json(&body)).await
}
