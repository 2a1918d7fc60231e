//! A client of a server whose replies a test scripts.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{Error, ErrorKind, RetryPolicy, StaticToken};
use ms_messenger_emulator::Emulator;
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use msgraph_chat::{GraphChatClient, HttpClient, HttpOptions};
use serde_json::{Value, json};

pub(crate) const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";
pub(crate) const CHANNEL: &str = "19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2";
pub(crate) const CHAT: &str = "19:2da4c29f6d7041eca70b638b43d45437@thread.v2";
pub(crate) const USER: &str = "8ea0e38b-efb3-4757-924a-5f94061cf8c2";

/// A server that replies as `handler` says, and a client of it that retries without waiting.
pub(crate) async fn scripted(
    handler: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static,
) -> (HttpDouble, GraphChatClient) {
    let double = HttpDouble::start(handler).await.unwrap();
    let client = client(&double);
    (double, client)
}

fn client(double: &HttpDouble) -> GraphChatClient {
    client_with(double, "delegated".to_owned(), &http())
}

fn client_with(double: &HttpDouble, token: String, http: &HttpClient) -> GraphChatClient {
    let short = Duration::from_millis(1);
    let retry = RetryPolicy::default().with_backoff(short, short);
    GraphChatClient::builder(StaticToken::new(token))
        .with_base_url(format!("{}/v1.0", double.url()))
        .with_retry_policy(retry)
        .with_http_client(http.clone())
        .build()
        .unwrap()
}

/// A client whose token names its user.
pub(crate) fn own_client(double: &HttpDouble, http: &HttpClient) -> GraphChatClient {
    let claims = json!({"oid": USER, "scp": "Chat.ReadWrite"}).to_string();
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
    client_with(double, token, http)
}

/// Connections, which cost more to set up than a call.
pub(crate) fn http() -> HttpClient {
    HttpClient::new(&HttpOptions::default()).unwrap()
}

/// A server that always replies the same.
pub(crate) async fn replying(reply: Reply) -> (HttpDouble, GraphChatClient) {
    scripted(move |_| reply.clone()).await
}

/// A server that closes the first connection without a response, and then replies.
pub(crate) async fn losing_the_first(reply: Reply) -> (HttpDouble, GraphChatClient) {
    let double = losing(reply).await;
    let client = client(&double);
    (double, client)
}

pub(crate) async fn losing(reply: Reply) -> HttpDouble {
    let count = AtomicUsize::new(0);
    let handler = move |_: &ReceivedRequest| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::close(),
        _ => reply.clone(),
    };
    HttpDouble::start(handler).await.unwrap()
}

/// The method and target of each request, without the version.
pub(crate) fn seen(double: &HttpDouble) -> Vec<String> {
    let requests = double.requests().into_iter();
    let line = |it: ReceivedRequest| {
        let target = it.target.strip_prefix("/v1.0").unwrap().to_owned();
        format!("{} {target}", it.method)
    };
    requests.map(line).collect()
}

pub(crate) fn list(items: Value) -> Reply {
    Reply::json(
        200,
        &json!({"@odata.context": "c", "@odata.count": 1, "value": items}),
    )
}

pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({"error": {"code": code, "message": message}}),
    )
    .with_header("request-id", "r1")
}

/// Asserts that a call was rejected before any I/O because of `field`.
pub(crate) fn assert_invalid(double: &HttpDouble, error: &Error, field: &str) {
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    let mut problems = error.problems().iter();
    assert!(problems.any(|problem| problem.field == field), "{error}");
    assert!(double.requests().is_empty(), "{error}");
}

/// The emulator, and a client of its user `n`.
pub(crate) async fn emulated(n: usize) -> (Emulator, GraphChatClient) {
    let emulator = Emulator::start().await.unwrap();
    let client = of_user(&emulator, n);
    (emulator, client)
}

pub(crate) fn of_user(emulator: &Emulator, n: usize) -> GraphChatClient {
    let graph = &emulator.seed().graph;
    with_token(emulator, &graph.users[n].token)
}

pub(crate) fn with_token(emulator: &Emulator, token: &str) -> GraphChatClient {
    GraphChatClient::builder(StaticToken::new(token))
        .with_base_url(&emulator.seed().graph.base)
        .with_app_only(true)
        .build()
        .unwrap()
}
