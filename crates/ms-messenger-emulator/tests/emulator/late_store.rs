//! Requests that are carried out after their client got a response, or went away.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use crate::outside::Outside;
use crate::skype::{Endpoint, fast};
use ms_messenger_emulator::{FaultAction, FaultRule, Faults, LateResponse, Platform};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const MS: u64 = 60;

fn late(then: &str) -> Value {
    let mut action = json!({"kind": "late_store", "ms": MS, "then": then});
    if then == "status" {
        action["status"] = json!(504);
    }
    action
}

async fn with(out: &Outside, action: Value) {
    out.faults(json!({"rules": [{"match": {"operation": "send", "nth": [1]}, "action": action}]}))
        .await;
}

/// Waits until the ledger has a row with that text; returns it.
async fn row(out: &Outside, text: &str) -> Value {
    let path = format!("/_emulator/wait?text={text}&timeout_ms=20000");
    let response = out.get(&path).await;
    assert_eq!(response.status(), 200, "{text}");
    response.json().await.unwrap()
}

/// Waits until a request of the platform met its fault.
async fn taken(out: &Outside, platform: &str) {
    let met = async {
        while out.emulator.stats()["platforms"][platform]["faults"] != 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, met).await.unwrap();
}

/// A send of each platform but UCWA.
fn sends(out: &Outside, text: &str) -> Vec<(Platform, RequestBuilder)> {
    let world = out.emulator.seed();
    let target = format!(
        "/messages/conversations/{}/messages:send?api-version=2025-04-01-preview",
        world.acs.conversation_id
    );
    let body = json!({"request": {"kind": "text", "content": text}}).to_string();
    let graph = json!({"body": {"content": text}});
    vec![
        (Platform::ACS_CHAT, out.chat_send(text)),
        (
            Platform::MSGRAPH_CHAT,
            out.graph_send(&out.graph_chat(), &graph),
        ),
        (
            Platform::ACS_MESSAGES,
            out.signed(SystemTime::now(), &target, &body),
        ),
    ]
}

#[tokio::test]
async fn every_platform_stores_late_whatever_the_client_gets() {
    for then in ["close", "reset", "answer", "status"] {
        let out = Outside::start().await;
        for (n, (platform, send)) in sends(&out, "late").into_iter().enumerate() {
            with(&out, late(then)).await;
            let response = send.send().await;
            let stored = out.rows("").await.len();
            match then {
                "answer" => {
                    assert!(response.unwrap().status().is_success(), "{platform}");
                    assert_eq!(stored, n + 1, "{platform}");
                }
                "status" => assert_eq!(response.unwrap().status(), 504, "{platform}"),
                _ => assert!(response.is_err(), "{platform} {then}"),
            }
            let path = format!("/_emulator/wait?platform={platform}&text=late&timeout_ms=20000");
            assert_eq!(out.get(&path).await.status(), 200, "{platform} {then}");
        }
        assert_eq!(out.rows("").await.len(), 3, "{then}");
    }
}

#[tokio::test]
async fn nothing_is_due_early() {
    let out = Outside::start().await;
    let mut action = late("close");
    action["ms"] = json!(600_000);
    with(&out, action).await;
    assert!(out.chat_send("x").send().await.is_err());
    assert_eq!(out.chat("y").await.status(), 201);
    let texts: Vec<Value> = out
        .rows("")
        .await
        .iter()
        .map(|r| r["text"].clone())
        .collect();
    assert_eq!(texts, ["y"]);
}

#[tokio::test]
async fn a_disconnected_client_does_not_prevent_it() {
    for then in ["answer", "silence"] {
        let out = Outside::start().await;
        with(&out, late(then)).await;
        let mut socket = out.socket();
        socket
            .write_all(out.raw_send("gone", "").as_bytes())
            .unwrap();
        taken(&out, "msgraph-chat").await;
        drop(socket);
        assert_eq!(row(&out, "gone").await["platform"], "msgraph-chat");
    }
}

#[tokio::test]
async fn skype_stores_late_too() {
    let out = fast(100.0).await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to("sip:bob@contoso.test").await;
    with(&out, late("close")).await;
    assert!(alice.say(&conversation, "late").send().await.is_err());
    let found = row(&out, "late").await;
    assert_eq!(found["platform"], "ucwa");
    // The sender hears of it on the event channel alone.
    let done = alice.until("message", "completed").await;
    assert_eq!(done["link"]["href"], found["message_id"]);
}

#[tokio::test]
async fn a_retry_with_the_same_key_meanwhile_is_stored_once() {
    let out = Outside::start().await;
    with(&out, late("close")).await;
    let target = "/messages/notifications:send?api-version=2024-08-30";
    let body = out
        .notification(&json!({"kind": "text", "content": "once"}))
        .to_string();
    let first_sent = httpdate::fmt_http_date(SystemTime::now());
    let send = || {
        out.signed(SystemTime::now(), target, &body)
            .header(
                "repeatability-request-id",
                "7b4a1f0e-1111-4222-8333-944455566677",
            )
            .header("repeatability-first-sent", &first_sent)
    };
    assert!(send().send().await.is_err());
    assert_eq!(send().send().await.unwrap().status(), 202);
    // The late one finds the response to the retry.
    let replayed = async {
        while out.rows("").await[0]["replays"] != 1 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), replayed)
        .await
        .unwrap();
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn a_reset_discards_what_was_not_stored_yet() {
    let out = Outside::start().await;
    with(&out, late("answer")).await;
    let send = tokio::spawn(out.chat_send("x").send());
    taken(&out, "acs-chat").await;
    out.emulator.reset();
    assert!(
        send.await.unwrap().is_err(),
        "there is no response any more"
    );
    assert_eq!(out.rows("").await.len(), 0);
}

#[tokio::test]
async fn a_part_of_a_batch_is_stored_late() {
    let out = Outside::start().await;
    with(&out, late("silence")).await;
    let url = out.graph_chat().replace("/v1.0", "");
    let part = json!({"id": "1", "method": "POST", "url": url,
        "headers": {"Content-Type": "application/json"}, "body": {"body": {"content": "part"}}});
    let (status, response) = out
        .graph("/v1.0/$batch", &json!({"requests": [part]}))
        .await;
    assert_eq!(
        (status, &response["responses"][0]["status"]),
        (200, &json!(504))
    );
    assert_eq!(row(&out, "part").await["operation"], "send");
}

#[tokio::test]
async fn the_typed_form_is_the_json_form() {
    for (then, action) in [
        (LateResponse::Close, late("close")),
        (LateResponse::Reset, late("reset")),
        (LateResponse::Response, late("answer")),
        (LateResponse::Silence, late("silence")),
        (LateResponse::status(504), late("status")),
    ] {
        let rule = FaultRule::new(FaultAction::late_store(MS, then));
        let faults = Faults::new().with_rule(rule);
        let document = json!({"rules": [{"match": {}, "action": action}]});
        assert_eq!(faults.to_json(), document);
        assert_eq!(Faults::from_json(&document).unwrap(), faults);
    }
    for bad in [
        json!({"kind": "late_store", "then": "close"}),
        json!({"kind": "late_store", "ms": 1}),
        json!({"kind": "late_store", "ms": 1, "then": "later"}),
        json!({"kind": "late_store", "ms": 1, "then": "close", "status": 504}),
        json!({"kind": "late_store", "ms": 1, "then": "status"}),
    ] {
        let document = json!({"rules": [{"match": {}, "action": bad}]});
        assert!(Faults::from_json(&document).is_err(), "{bad}");
    }
}
