//! The published rates, which the emulator keeps when it is told to.

use crate::outside::Outside;
use ms_messenger_emulator::{Emulator, RetryAfter};
use reqwest::Method;
use serde_json::{Value, json};

async fn limited() -> Outside {
    let emulator = Emulator::builder().with_documented_limits(true);
    Outside::of(emulator.start().await.unwrap())
}

/// Sends `n` messages into a thread; returns how many of them were refused with 429.
async fn burst(out: &Outside, thread: &str, n: usize) -> usize {
    let path = format!("{thread}/messages");
    let mut refused = 0;
    for _ in 0..n {
        let (status, response) = out
            .chat_as(0, Method::POST, &path, json!({"content": "x"}))
            .await;
        match status {
            201 => {}
            429 => refused += 1,
            _ => panic!("{status}: {response}"),
        }
    }
    refused
}

#[tokio::test]
async fn a_thread_accepts_ten_messages_in_ten_seconds() {
    let out = limited().await;
    let (one, other) = (
        out.thread_with("1", &[]).await,
        out.thread_with("2", &[]).await,
    );
    assert_eq!(burst(&out, &one, 12).await, 2);
    assert_eq!(
        burst(&out, &other, 1).await,
        0,
        "another thread has its own rate"
    );
    assert_eq!(out.rows("").await.len(), 11);
    let target = format!("/chat/threads{one}/messages?{}", crate::outside::acs::CHAT);
    let request = out.post(&target).bearer_auth(out.chat_token());
    let response = request.json(&json!({"content": "x"})).send().await.unwrap();
    let wait: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    let error: Value = response.json().await.unwrap();
    let expected = json!({"code": "TooManyRequests", "message": "Rate limit exceeded."});
    assert_eq!(error["error"], expected);
    out.emulator.reset();
    assert_eq!(burst(&out, "/19:new@thread.v2", 1).await, 0);
}

#[tokio::test]
async fn receipts_are_counted_per_reader_and_thread() {
    let out = limited().await;
    let thread = out.thread_with("1", &[1]).await;
    let path = format!("{thread}/readReceipts");
    for n in 0..6 {
        let (status, _) = out.chat_as(0, Method::GET, &path, Value::Null).await;
        assert_eq!(status, if n < 5 { 200 } else { 429 }, "{n}");
    }
    assert_eq!(out.chat_as(1, Method::GET, &path, Value::Null).await.0, 200);
}

/// Asks until the service has had enough, which it must at last: it allows one a second.
async fn until_refused(send: impl AsyncFn() -> reqwest::Response) -> reqwest::Response {
    for _ in 0..100 {
        let response = send().await;
        match response.status().as_u16() {
            200..300 => {}
            429 => return response,
            status => panic!("{status}: {}", response.text().await.unwrap()),
        }
    }
    panic!("100 requests, and none was refused");
}

#[tokio::test]
async fn graph_allows_one_message_a_second_in_a_thread_and_names_the_class() {
    let out = limited().await;
    let (path, body) = (out.graph_chat(), json!({"body": {"content": "x"}}));
    let refused = until_refused(async || out.graph_send(&path, &body).send().await.unwrap()).await;
    assert_eq!(refused.headers()["retry-after"], "1");
    let error: Value = refused.json().await.unwrap();
    assert_eq!(error["error"]["code"], "TooManyRequests");
    assert_eq!(error["error"]["message"], "Please retry again later.");
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["platforms"]["msgraph-chat"]["throttled"], 1);
    assert_eq!(stats["throttled"], 1);
    assert_eq!(stats["throttled_by"]["msgraph-chat/app in thread"], 1);
    assert_eq!(stats["stored"], out.rows("").await.len());
    // Another thread has its own rate.
    let response = out.graph_send(&out.graph_channel(), &body).send().await;
    assert_eq!(response.unwrap().status(), 201);
    out.emulator.reset();
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["throttled_by"], json!({}));
}

#[tokio::test]
async fn each_part_of_a_batch_counts_on_its_own() {
    let out = limited().await;
    let chat = &out.emulator.seed().graph.chat_id;
    let part = |id: &str| {
        json!({"id": id, "method": "POST", "url": format!("/chats/{chat}/messages"),
            "headers": {"Content-Type": "application/json"}, "body": {"body": {"content": id}}})
    };
    let parts: Vec<Value> = (0..20).map(|n| part(&n.to_string())).collect();
    let response = out.graph_send("/v1.0/$batch", &json!({"requests": parts}));
    let response: Value = response.send().await.unwrap().json().await.unwrap();
    let responses = response["responses"].as_array().unwrap();
    let refused: Vec<&Value> = responses.iter().filter(|r| r["status"] == 429).collect();
    assert!(!refused.is_empty(), "{response}");
    assert!(
        refused[0]["headers"]["retry-after"].is_string()
            || refused[0]["headers"]["Retry-After"].is_string(),
        "{response}"
    );
    assert_eq!(out.rows("").await.len(), 20 - refused.len());
}

#[tokio::test]
async fn advanced_messaging_counts_by_conversation() {
    let out = limited().await;
    let world = out.emulator.seed();
    let send = async |conversation: &str| {
        let target = format!(
            "/messages/conversations/{conversation}/messages:send?api-version=2025-04-01-preview"
        );
        let body = json!({"request": {"kind": "text", "content": "x"}});
        out.keyed(Method::POST, &target, body).await.0
    };
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(send(&world.acs.conversation_id).await);
    }
    assert_eq!(statuses[..10], [200; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    assert_eq!(send("19:other@thread.v2").await, 200);
}

#[tokio::test]
async fn a_wait_is_reported_in_the_configured_form() {
    for (style, holds) in [
        (RetryAfter::Seconds, "1"),
        (RetryAfter::Fraction, "."),
        (RetryAfter::Date, " GMT"),
        (RetryAfter::Absent, ""),
    ] {
        let emulator = Emulator::builder()
            .with_documented_limits(true)
            .with_retry_after(style);
        let out = Outside::of(emulator.start().await.unwrap());
        let (path, body) = (out.graph_chat(), json!({"body": {"content": "x"}}));
        let send = async || out.graph_send(&path, &body).send().await.unwrap();
        let refused = until_refused(send).await;
        let said = refused.headers().get("retry-after");
        let said = said.map_or("", |value| value.to_str().unwrap());
        assert!(said.contains(holds), "{style:?}: {said}");
        assert_eq!(said.is_empty(), style == RetryAfter::Absent);
    }
}

#[tokio::test]
async fn nothing_is_limited_by_default() {
    let out = Outside::start().await;
    let thread = out.thread_with("1", &[]).await;
    assert_eq!(burst(&out, &thread, 31).await, 0);
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["throttled"], 0);
}
