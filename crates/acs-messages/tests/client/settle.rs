//! The service cannot be asked for a message: settling makes no request, and a settled send is
//! retried under its key.

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use acs_messages::{AcsMessagesClient, Credential};
use ms_messenger_core::{
    CancelHandle, Delivery, ErrorKind, Evidence, IdempotencyKey, Message, Messenger as _,
    MessengerExt as _, RetryPolicy, SendRequest, Settled, StaticToken, Target,
};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};

/// What the service does with each request, in order; then it is silent.
async fn service(acts: &'static [Act]) -> (AcsMessagesClient, HttpDouble) {
    let next = AtomicUsize::new(0);
    let double = HttpDouble::start(move |_| match acts.get(next.fetch_add(1, SeqCst)) {
        Some(Act::Close) => Reply::close(),
        Some(Act::Stored) => Reply::new(200, r#"{"messageId":"1"}"#),
        Some(Act::Refused) => Reply::new(400, r#"{"error":{"code":"BadRequest","message":"No."}}"#),
        None => Reply::silence(),
    })
    .await
    .unwrap();
    let credential = Credential::user(StaticToken::new("t"));
    let client = AcsMessagesClient::builder(double.url(), credential)
        .with_retry_policy(RetryPolicy::never())
        .with_settling_margin(MARGIN)
        .build()
        .unwrap();
    (client, double)
}

/// How long a send without a response can still take effect.
const MARGIN: Duration = Duration::from_secs(44);

#[derive(Clone, Copy)]
enum Act {
    Close,
    Stored,
    Refused,
}

fn request() -> SendRequest {
    SendRequest::new(
        Target::conversation("19:a@thread.v2"),
        Message::text("ping"),
    )
}

/// Both headers of the key.
fn key(request: &ReceivedRequest) -> [&str; 2] {
    ["repeatability-request-id", "repeatability-first-sent"]
        .map(|name| request.header(name).unwrap_or_else(|| panic!("no {name}")))
}

#[tokio::test]
async fn settling_makes_no_request_and_cannot_tell() {
    let (client, double) = service(&[Act::Close]).await;
    let error = client.send(&request()).await.unwrap_err();
    let evidence = Evidence::of(&error).unwrap();
    let until = evidence.ended_at.map(|ended| ended + MARGIN);
    assert_eq!(evidence.pending_until, until);
    let mut foreign = evidence.clone();
    foreign.platform = Some("msgraph-chat".to_owned());
    for evidence in [&evidence, &foreign] {
        match client.settle(&request(), evidence).await {
            Settled::CannotTell(error) => assert!(!error.is_transient(), "{error}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(double.requests().len(), 1);
}

#[tokio::test]
async fn a_settled_send_is_retried_under_the_same_key_and_once() {
    for own in [None, Some(IdempotencyKey::random())] {
        let (client, double) = service(&[Act::Close, Act::Stored]).await;
        let mut request = request();
        request.idempotency = own;
        let receipt = client.send_settled(&request).await.unwrap();
        assert_eq!(receipt.message_id.unwrap().as_str(), "1");
        let requests = double.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(key(&requests[0]), key(&requests[1]));
        if let Some(own) = own {
            assert_eq!(key(&requests[0])[0], own.id.to_string());
        }
    }
}

#[tokio::test]
async fn a_rejection_of_the_second_send_proves_nothing_of_the_first() {
    let (client, double) = service(&[Act::Close, Act::Refused]).await;
    let error = client.send_settled(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_ne!(error.status(), Some(400));
    assert_eq!(double.requests().len(), 2);
}

#[tokio::test]
async fn a_rejected_send_is_not_retried() {
    let (client, double) = service(&[Act::Refused]).await;
    let error = client.send_settled(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(double.requests().len(), 1);
}

#[tokio::test]
async fn a_time_out_on_the_wire_is_unknown_with_the_key() {
    let (client, double) = service(&[]).await;
    let within = Duration::from_millis(100);
    let error = client.send_within(&request(), within).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::Unknown)
    );
    let evidence = Evidence::of(&error).unwrap();
    let key = evidence.idempotency.unwrap().id.to_string();
    assert_eq!(key, self::key(&double.requests()[0])[0]);
    assert!(evidence.pending_until.is_some());
}

#[tokio::test]
async fn a_cancelled_send_is_not_retried() {
    let (client, double) = service(&[]).await;
    let cancel = CancelHandle::new();
    let request = request().with_cancel(cancel.clone());
    let (outcome, ()) = tokio::join!(client.send_settled(&request), async {
        while double.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Cancelled, Delivery::Unknown)
    );
    assert_eq!(double.requests().len(), 1);
    // Before anything was on its way, nothing was sent.
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(double.requests().len(), 1);
}
