//! The contract of `Messenger`, checked by the suite for all backends.

use std::{sync::Arc, time::SystemTime};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{RetryPolicy, SendRequest, StaticToken, Target};
use ms_messenger_testkit::{
    HttpPlatform, HttpSubject, ReceivedRequest, Reply, StoredMessage, assert_conformance,
};
use msgraph_chat::GraphChatClient;
use serde_json::json;

/// The signed-in user.
const OWN: &str = "8ea0e38b-efb3-4757-924a-5f94061cf8c2";
const SIGNATURE: &str = "very-secret-signature";

/// A token that names its user, as those of Graph do.
fn token() -> String {
    let claims = json!({"oid": OWN, "scp": "ChatMessage.Send Chat.Read"}).to_string();
    let claims = URL_SAFE_NO_PAD.encode(claims);
    format!("eyJhbGciOiJub25lIn0.{claims}.{SIGNATURE}")
}

struct Graph;

impl HttpPlatform for Graph {
    fn store(&self, number: usize, request: &ReceivedRequest) -> StoredMessage {
        let id = number.to_string();
        let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        StoredMessage::new(Reply::json(201, &json!({"id": id}))).with_listed(json!({
            "id": id,
            "messageType": "message",
            "createdDateTime": now,
            "lastModifiedDateTime": now,
            "from": {"user": {"id": OWN}},
            "body": request.json()["body"],
            "attachments": [],
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_keeps_the_contract() {
    let subject = HttpSubject::start(Graph, |url| {
        let client = GraphChatClient::builder(StaticToken::new(token()))
            .with_base_url(url)
            .with_retry_policy(RetryPolicy::never())
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
        .with_secret(token())
        .with_secret(SIGNATURE);
    assert_conformance(&subject).await;
}
