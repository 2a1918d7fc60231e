//! The service cannot be asked for a message: settling asks nothing, and a send that is settled
//! is made again under its key.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use acs_messages::{AcsMessagesClient, Credential};
use ms_messenger_core::{
    CancelHandle, Delivery, ErrorKind, Evidence, IdempotencyKey, Message, Messenger as _,
    MessengerExt as _, RetryPolicy, SendRequest, Settled, StaticToken, Target,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// The heads of all requests, in lower case.
type Heads = Arc<Mutex<Vec<String>>>;

/// What the service says to each request, in order; then nothing.
async fn service(acts: &'static [Act]) -> (AcsMessagesClient, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let heads = Heads::default();
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, acts, Arc::clone(&seen)));
        }
    });
    let credential = Credential::user(StaticToken::new("t"));
    let client = AcsMessagesClient::builder(endpoint, credential)
        .with_retry_policy(RetryPolicy::never())
        .with_settling_margin(MARGIN)
        .build()
        .unwrap();
    (client, heads)
}

/// How long a send without a response can still take effect.
const MARGIN: Duration = Duration::from_secs(44);

#[derive(Clone, Copy)]
enum Act {
    Close,
    Stored,
    Refused,
}

async fn serve(mut connection: TcpStream, acts: &[Act], heads: Heads) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        connection
            .read_buf(&mut bytes)
            .await
            .ok()
            .filter(|n| *n > 0)?;
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.split("content-length: ").nth(1)?.lines().next()?;
        if body.len() >= length.parse().ok()? {
            heads.lock().unwrap().push(head.to_owned());
            break;
        }
    }
    let number = heads.lock().unwrap().len() - 1;
    let response = match acts.get(number) {
        Some(Act::Close) => return None,
        Some(Act::Stored) => ("200 OK", r#"{"messageId":"1"}"#),
        Some(Act::Refused) => (
            "400 Bad Request",
            r#"{"error":{"code":"BadRequest","message":"No."}}"#,
        ),
        None => std::future::pending().await,
    };
    let (status, body) = response;
    let length = body.len();
    let response =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    connection.write_all(response.as_bytes()).await.ok()
}

fn request() -> SendRequest {
    SendRequest::new(
        Target::conversation("19:a@thread.v2"),
        Message::text("ping"),
    )
}

/// Both headers of the key, as one request had them.
fn key(head: &str) -> (String, String) {
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{head}")).trim().to_owned()
    };
    (
        header("repeatability-request-id:"),
        header("repeatability-first-sent:"),
    )
}

#[tokio::test]
async fn settling_asks_nothing_and_cannot_tell() {
    let (client, heads) = service(&[Act::Close]).await;
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
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_settled_send_is_made_again_under_the_same_key_and_once() {
    for own in [None, Some(IdempotencyKey::random())] {
        let (client, heads) = service(&[Act::Close, Act::Stored]).await;
        let mut request = request();
        request.idempotency = own;
        let receipt = client.send_settled(&request).await.unwrap();
        assert_eq!(receipt.message_id.unwrap().as_str(), "1");
        let heads = heads.lock().unwrap();
        assert_eq!(heads.len(), 2);
        assert_eq!(key(&heads[0]), key(&heads[1]));
        if let Some(own) = own {
            assert_eq!(key(&heads[0]).0, own.id.to_string());
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_second_send_proves_nothing_of_the_first() {
    let (client, heads) = service(&[Act::Close, Act::Refused]).await;
    let error = client.send_settled(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_ne!(error.status(), Some(400));
    assert_eq!(heads.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refused_send_is_not_made_again() {
    let (client, heads) = service(&[Act::Refused]).await;
    let error = client.send_settled(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_time_out_on_the_wire_is_unknown_with_the_key() {
    let (client, heads) = service(&[]).await;
    let within = Duration::from_millis(100);
    let error = client.send_within(&request(), within).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::Unknown)
    );
    let evidence = Evidence::of(&error).unwrap();
    let sent = key(&heads.lock().unwrap()[0]).0;
    assert_eq!(evidence.idempotency.unwrap().id.to_string(), sent);
    assert!(evidence.pending_until.is_some());
}

#[tokio::test]
async fn a_send_that_is_cancelled_is_not_made_again() {
    let (client, heads) = service(&[]).await;
    let cancel = CancelHandle::new();
    let request = request().with_cancel(cancel.clone());
    let (outcome, ()) = tokio::join!(client.send_settled(&request), async {
        while heads.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Cancelled, Delivery::Unknown)
    );
    assert_eq!(heads.lock().unwrap().len(), 1);
    // Before anything was on its way, nothing was sent.
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(heads.lock().unwrap().len(), 1);
}
