//! The contract of `Messenger`, checked by the suite for all backends.

use std::sync::Arc;

use acs_messages::{AcsMessagesClient, Credential};
use ms_messenger_core::{RetryPolicy, SendRequest, StaticToken, Target};
use ms_messenger_testkit::{
    HttpPlatform, HttpSubject, ReceivedRequest, Reply, StoredMessage, assert_conformance,
};
use serde_json::json;

const TOKEN: &str = "very-secret-user-token";

struct AcsMessages;

impl HttpPlatform for AcsMessages {
    fn store(&self, number: usize, _request: &ReceivedRequest) -> StoredMessage {
        let id = number.to_string();
        StoredMessage::new(Reply::json(200, &json!({"messageId": id})))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_keeps_the_contract() {
    let subject = HttpSubject::start(AcsMessages, |url| {
        let credential = Credential::user(StaticToken::new(TOKEN));
        let client = AcsMessagesClient::builder(url, credential)
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
        .with_secret(TOKEN);
    assert_conformance(&subject).await;
    // The service has no list of messages.
    let requests = subject.double().requests();
    assert!(requests.iter().all(|request| request.method == "POST"));
}
