//! The published rates of ACS Chat, which the emulator keeps when it is told to.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod outside;

use ms_messenger_emulator::Emulator;
use outside::Outside;
use reqwest::Method;
use serde_json::{Value, json};

async fn limited() -> Outside {
    let emulator = Emulator::builder().with_documented_limits(true);
    Outside::of(emulator.start().await.unwrap())
}

/// Sends `n` messages into a thread; answers how many of them were refused with 429.
async fn burst(out: &Outside, thread: &str, n: usize) -> usize {
    let path = format!("{thread}/messages");
    let mut refused = 0;
    for _ in 0..n {
        let (status, answer) = out
            .chat_as(0, Method::POST, &path, json!({"content": "x"}))
            .await;
        match status {
            201 => {}
            429 => refused += 1,
            _ => panic!("{status}: {answer}"),
        }
    }
    refused
}

#[tokio::test]
async fn a_thread_takes_ten_messages_in_ten_seconds() {
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
    let target = format!("/chat/threads{one}/messages?{}", outside::acs::CHAT);
    let request = out.post(&target).bearer_auth(out.chat_token());
    let answer = request.json(&json!({"content": "x"})).send().await.unwrap();
    let wait: u64 = answer.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    let error: Value = answer.json().await.unwrap();
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

#[tokio::test]
async fn nothing_is_limited_unless_asked() {
    let out = Outside::start().await;
    let thread = out.thread_with("1", &[]).await;
    assert_eq!(burst(&out, &thread, 31).await, 0);
}
