//! Each fault does what it says, and the ledger shows whether the message was stored.

use crate::outside::Outside;
use ms_messenger_emulator::{FaultAction, Platform, When};
use serde_json::{Value, json};

async fn with(action: Value) -> Outside {
    let out = Outside::start().await;
    out.faults(json!({"rules": [{"match": {"platform": "acs-chat", "operation": "send", "nth": [1]}, "action": action}]})).await;
    out
}

#[tokio::test]
async fn a_status_stores_nothing_and_carries_each_spelling_of_the_wait() {
    for (name, value) in [
        ("Retry-After", "1"),
        ("Retry-After", "2.128"),
        ("retry-after-ms", "20"),
        ("x-ms-retry-after-ms", "20"),
        ("Retry-After", "Tue, 01 Apr 2025 12:34:56 GMT"),
    ] {
        let out = with(json!({"kind": "status", "status": 429, "headers": {name: value}})).await;
        let response = out.chat("x").await;
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[name], value);
        assert_eq!(out.rows("").await.len(), 0);
        assert_eq!(out.chat("x").await.status(), 201);
    }
}

#[tokio::test]
async fn a_late_status_and_a_delay_store() {
    let out = with(json!({"kind": "status_after_store", "status": 504})).await;
    assert_eq!(out.chat("x").await.status(), 504);
    assert_eq!(out.rows("").await.len(), 1);
    let out = with(json!({"kind": "delay", "ms": 5})).await;
    assert_eq!(out.chat("x").await.status(), 201);
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn a_connection_ends_without_a_response_and_stores_only_when_it_says_so() {
    for kind in ["close", "reset"] {
        for (when, stored) in [("before_read", 0), ("after_read", 0), ("after_store", 1)] {
            let out = with(json!({"kind": kind, "when": when})).await;
            let error = out.chat_send("x").send().await.unwrap_err();
            assert!(
                !error.is_connect() && !error.is_timeout(),
                "{kind} {when}: {error:?}"
            );
            assert_eq!(out.rows("").await.len(), stored, "{kind} {when}");
            assert_eq!(out.chat("y").await.status(), 201, "{kind} {when}");
        }
    }
}

#[tokio::test]
async fn a_cut_body_breaks_off_and_a_malformed_one_is_no_json() {
    let out = with(json!({"kind": "cut_body", "after_bytes": 3})).await;
    let response = out.chat("x").await;
    assert_eq!(response.status(), 201);
    assert!(response.bytes().await.is_err());
    assert_eq!(out.rows("").await.len(), 1);
    let out = with(json!({"kind": "malformed_body"})).await;
    let response = out.chat("x").await;
    assert_eq!(response.status(), 201);
    let body = response.text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&body).is_err(), "{body}");
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn rules_match_by_platform_operation_number_and_times() {
    let out = Outside::start().await;
    let status = json!({"kind": "status", "status": 500});
    out.faults(json!({"rules": [
        {"match": {"platform": "msgraph-chat"}, "action": status},
        {"match": {"operation": "list"}, "action": status},
        {"match": {"every": 2}, "times": 1, "action": status},
    ]}))
    .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(out.chat("x").await.status().as_u16());
    }
    assert_eq!(statuses, [201, 500, 201, 201]);
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["faults_by_rule"], json!([0, 0, 1]));
    out.faults(json!({"rules": []})).await;
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["faults_by_rule"], json!([]));
}

#[tokio::test]
async fn the_same_seed_fails_the_same_requests() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let out = Outside::start().await;
        out.faults(json!({"seed": 7, "rules": [{"match": {"probability": 0.5}, "action": {"kind": "status", "status": 500}}]})).await;
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(out.chat("x").await.status().as_u16());
        }
        assert!(statuses.contains(&500) && statuses.contains(&201));
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn the_handle_accepts_every_kind_that_is_no_status() {
    let out = Outside::start().await;
    let go_away = |when| FaultAction::GoAway { when };
    let mut stored = 0;
    for (action, status, stores) in [
        (FaultAction::SlowBody { pieces: 3, ms: 1 }, Some(201), 1),
        (FaultAction::ResetAfterBytes { after_bytes: 20 }, None, 1),
        (FaultAction::DuplicateResponse, Some(201), 1),
        (go_away(When::AfterStore), Some(201), 1),
        (go_away(When::BeforeRead), None, 0),
        (go_away(When::AfterRead), None, 0),
        (FaultAction::claims_challenge(), Some(401), 0),
        (FaultAction::TokenExpiry, Some(401), 0),
    ] {
        let what = format!("{action:?}");
        let platform = Platform::MSGRAPH_CHAT;
        out.emulator.fail_next(platform, "send", action).unwrap();
        // A connection of its own: a duplicate response spoils its connection.
        let url = format!("{}{}", out.base, out.graph_chat());
        let request = crate::outside::client().post(url);
        let request = request.bearer_auth(&out.emulator.seed().graph.token);
        let request = request.json(&json!({"body": {"content": "x"}}));
        let response = request.send().await.ok();
        assert_eq!(response.map(|a| a.status().as_u16()), status, "{what}");
        stored += stores;
        assert_eq!(out.rows("").await.len(), stored, "{what}");
    }
    let stats = out.emulator.stats();
    assert_eq!(stats["platforms"]["msgraph-chat"]["faults"], 8);
}
