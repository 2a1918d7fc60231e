//! The media of messages: fetched after the 202, on loopback alone.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    outside::Outside,
    receiver::{
        Got, Receiver, Say,
        events::{NOTIFY, admin, scene},
    },
};

async fn send(outside: &Outside, message: Value) -> String {
    let body = outside.notification(&message);
    let (status, sent) = outside.keyed(Method::POST, NOTIFY, body).await;
    assert_eq!(status, 202, "{sent}");
    sent["receipts"][0]["messageId"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The last status of a message, and its code.
async fn end_of(receiver: &Receiver, id: &str) -> (String, Value) {
    let is_its = |event: &Value| event["data"]["messageId"] == id;
    let wait = async {
        let mut count = 1;
        loop {
            let events = receiver.events(count).await;
            let mut own = events.iter().filter(|it| is_its(it)).skip(1);
            if let Some(last) = own.next() {
                let data = &last["data"];
                let status = data["status"].as_str().unwrap().to_owned();
                return (status, data["error"]["channelCode"].clone());
            }
            count = events.len() + 1;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), wait);
    in_time.await.unwrap()
}

#[tokio::test]
async fn a_message_whose_media_cannot_be_fetched_ends_as_failed() {
    let (outside, receiver) = scene(|one| one).await;
    let statuses = json!({"delivered_ms": 0});
    let admin = format!("{}/_emulator/message-statuses", outside.base);
    assert_eq!(
        Outside::ask(outside.client.put(admin).json(&statuses))
            .await
            .0,
        200
    );
    let store = Receiver::start().await;
    // No redirect is followed.
    store.say([200, 404, 302].map(Say::Status));
    let url = || store.url.clone();
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/whole", listener.local_addr().unwrap())
    };
    let failed = ("Failed".to_owned(), json!("131052"));
    let delivered = ("Delivered".to_owned(), Value::Null);
    for (url, end) in [
        (url(), &delivered),
        (url(), &failed),
        (url(), &failed),
        (gone, &failed),
        // Nothing but loopback is called, and all else counts as fetched.
        ("https://media.example.test/a.png".to_owned(), &delivered),
    ] {
        let message = json!({"kind": "image", "mediaUri": url});
        let id = send(&outside, message).await;
        assert_eq!(end_of(&receiver, &id).await, *end, "{url}");
    }
    let fetched: Vec<Got> = store.all();
    assert_eq!(fetched.len(), 3);
    assert_eq!(
        (&fetched[0].method, fetched[0].uri.query()),
        (&Method::GET, Some("key=s3cret"))
    );
    let sent = receiver.deliveries()[0].json()[0]["data"]["status"].clone();
    assert_eq!(sent, "Sent");
}

#[tokio::test]
async fn nothing_is_fetched_while_nobody_listens() {
    let (outside, receiver) = scene(|one| one).await;
    let store = Receiver::start().await;
    store.say([Say::Status(404)]);
    assert_eq!(
        admin(&outside, Method::DELETE, "", Value::Null).await.0,
        204
    );
    let message = json!({"kind": "image", "mediaUri": store.url});
    send(&outside, message.clone()).await;
    let again = ms_messenger_emulator::EventSubscription::new("demo", &receiver.url);
    outside.emulator.subscribe_events(&again).await.unwrap();
    let id = send(&outside, message).await;
    assert_eq!(end_of(&receiver, &id).await.0, "Failed");
    assert_eq!(store.all().len(), 1);
}
