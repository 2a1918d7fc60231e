//! The contract of `Messenger`, checked by the suite for all backends.

use std::{sync::Arc, time::SystemTime};

use acs_chat::AcsChatClient;
use ms_messenger_core::{RetryPolicy, SendRequest, StaticToken, Target};
use ms_messenger_testkit::{
    HttpPlatform, HttpSubject, ReceivedRequest, Reply, StoredMessage, assert_conformance,
};
use serde_json::json;

const TOKEN: &str = "very-secret-user-token";

struct AcsChat;

impl HttpPlatform for AcsChat {
    fn store(&self, number: usize, request: &ReceivedRequest) -> StoredMessage {
        let sent = request.json();
        let id = number.to_string();
        let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        StoredMessage::new(Reply::json(201, &json!({"id": id}))).with_listed(json!({
            "id": id,
            "type": "text",
            "createdOn": now,
            "content": {"message": sent["content"]},
            "metadata": sent["metadata"],
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_keeps_the_contract() {
    let subject = HttpSubject::start(AcsChat, |url| {
        let client = AcsChatClient::builder(url, StaticToken::new(TOKEN))
            .with_retry_policy(RetryPolicy::never())
            .with_client_message_ids(true)
            .build();
        Arc::new(client.unwrap())
    });
    let subject = subject
        .await
        .unwrap()
        .with_request(|| {
            let to = Target::conversation("19:a@thread.v2");
            SendRequest::new(to, "a message of the suite")
        })
        .with_secret(TOKEN);
    assert_conformance(&subject).await;
}
