//! Following changes by delta: nothing is lost by an error, a restart or a forgotten token.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use futures_util::StreamExt as _;
use ms_messenger_core::{ErrorKind, RetryPolicy, StaticToken};
use ms_messenger_testkit::{HttpDouble, Reply};
use msgraph_chat::{Chat, DeltaToken, GraphChatClient};
use serde_json::json;

const CHAT: &str = "19:a@thread.v2";

/// A service that gives one of these replies after the other; `{URL}` is its address.
async fn start(replies: Vec<Reply>) -> (HttpDouble, Chat) {
    let replies = Arc::new(Mutex::new(VecDeque::from(replies)));
    let double = HttpDouble::start(move |_| {
        let next = replies.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Reply::new(500, ""))
    });
    let double = double.await.unwrap();
    let client = GraphChatClient::builder(StaticToken::new("t"))
        .with_base_url(double.url())
        .with_retry_policy(RetryPolicy::never())
        .build()
        .unwrap();
    let chat = client.chat(CHAT);
    (double, chat)
}

/// A page; links are relative, as [`Endpoint::follow`](ms_messenger_http::Endpoint::follow) reads
/// them too.
fn page(ids: &[&str], next: Option<&str>, delta: Option<&str>) -> Reply {
    let messages: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let link = |query: &str| format!("/chats/{CHAT}/messages/delta?{query}");
    let mut page = json!({ "value": messages });
    if let Some(next) = next {
        page["@odata.nextLink"] = link(next).into();
    }
    if let Some(delta) = delta {
        page["@odata.deltaLink"] = format!("http://127.0.0.1:1{}", link(delta)).into();
    }
    Reply::json(200, &page)
}

fn ids(messages: &[msgraph_chat::models::ChatMessage]) -> Vec<&str> {
    let ids = messages.iter().map(|it| it.id.as_deref().unwrap());
    ids.collect()
}

fn queries(double: &HttpDouble) -> Vec<String> {
    let requests = double.requests();
    let query = |target: &str| target.split_once('?').unwrap().1.to_owned();
    requests.iter().map(|it| query(&it.target)).collect()
}

#[tokio::test(start_paused = true)]
async fn pages_come_one_by_one_and_the_next_look_after_the_interval() {
    let (double, chat) = start(vec![
        page(&["1"], Some("$skiptoken=a"), None),
        page(&[], Some("$skiptoken=b"), None),
        page(&["2", "3"], None, None),
        page(&["4"], None, None),
    ])
    .await;
    let mut watch = chat.watch().with_interval(Duration::from_secs(30));
    let began = tokio::time::Instant::now();
    assert_eq!(ids(&watch.next().await.unwrap()), ["1"]);
    assert_eq!(ids(&watch.next().await.unwrap()), ["2", "3"]);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(ids(&watch.next().await.unwrap()), ["4"]);
    assert!(began.elapsed() >= Duration::from_secs(30));
    let queries = queries(&double);
    assert!(queries[0].contains("$filter=lastModifiedDateTime%20gt%20"));
    assert_eq!(queries[1..3], ["$skiptoken=a", "$skiptoken=b"]);
    assert!(queries[3].contains("$filter="), "{queries:?}");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_reported_and_the_look_is_made_again() {
    let (double, chat) = start(vec![
        page(&["1"], Some("$skiptoken=a"), None),
        Reply::new(500, ""),
        Reply::close(),
        page(&["1", "2"], None, None),
    ])
    .await;
    let mut stream = pin!(chat.watch().into_stream());
    assert_eq!(
        stream.next().await.unwrap().unwrap().id.as_deref(),
        Some("1")
    );
    assert_eq!(
        stream.next().await.unwrap().unwrap_err().status(),
        Some(500)
    );
    assert!(stream.next().await.unwrap().is_err());
    // From the start of the look: what was read already may have changed since.
    assert_eq!(
        stream.next().await.unwrap().unwrap().id.as_deref(),
        Some("1")
    );
    assert_eq!(
        stream.next().await.unwrap().unwrap().id.as_deref(),
        Some("2")
    );
    let queries = queries(&double);
    assert_eq!(queries[0], queries[2]);
    assert_eq!(queries[0], queries[3]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_loses_nothing() {
    let (double, chat) = start(vec![
        page(&["1"], Some("$skiptoken=a"), None),
        Reply::silence(),
        page(&["1", "2"], None, None),
    ])
    .await;
    let mut watch = chat.watch();
    watch.next().await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_secs(5), watch.next()).await;
    assert!(dropped.is_err());
    assert_eq!(ids(&watch.next().await.unwrap()), ["1", "2"]);
    let queries = queries(&double);
    assert_eq!(queries[0], queries[2]);
}

fn token(double: &HttpDouble, query: &str) -> DeltaToken {
    let address = format!("{}/chats/{CHAT}/messages/delta?{query}", double.url());
    address.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_token_is_replaced_by_everything_or_by_the_time_that_was_set() {
    for since in [None, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1))] {
        let (double, chat) = start(vec![
            Reply::json(410, &json!({"error": {"code": "resyncRequired"}})),
            page(&["1"], None, None),
        ])
        .await;
        let mut watch = chat.watch().with_token(token(&double, "$deltatoken=old"));
        if let Some(since) = since {
            watch = watch.with_since(since);
        }
        assert_eq!(watch.next().await.unwrap_err().status(), Some(410));
        assert_eq!(ids(&watch.next().await.unwrap()), ["1"]);
        let queries = queries(&double);
        assert_eq!(queries[0], "$deltatoken=old");
        assert_eq!(queries[1].contains("1970-01-01T00:00:01"), since.is_some());
        assert_eq!(queries[1].contains("$filter"), since.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_place_stays_an_error() {
    let (double, chat) = start(Vec::new()).await;
    let other = format!(
        "{}/chats/19:b@thread.v2/messages/delta?$deltatoken=x",
        double.url()
    );
    let mut watch = chat.watch().with_token(other.parse().unwrap());
    for _ in 0..2 {
        let error = watch.next().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
    assert!(double.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_ahead_of_the_service_hides_nothing() {
    let date = SystemTime::now() - Duration::from_secs(3600);
    let date = httpdate::fmt_http_date(date);
    let behind = |reply: Reply| reply.with_header("date", &date);
    let (double, chat) = start(vec![
        behind(page(&[], None, None)),
        behind(page(&["1"], None, None)),
    ])
    .await;
    assert_eq!(ids(&chat.watch().next().await.unwrap()), ["1"]);
    let queries = queries(&double);
    assert!(queries[1] < queries[0], "an hour earlier: {queries:?}");
}
