//! Requests and what their clients were told.

use serde_json::{Value, json};

use crate::{
    inbox::{inject, messages, of_bob, read},
    outside::Outside,
};

async fn exchanges(out: &Outside, query: &str) -> Vec<Value> {
    let page = read(out, &format!("inbox/exchanges{query}")).await;
    page["exchanges"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_message_has_its_request_its_response_and_what_is_stored() {
    let out = Outside::start().await;
    out.chat("hello").await;
    let shown = read(&out, "inbox/message?seq=1").await;
    assert_eq!(shown["request"]["method"], "POST");
    assert_eq!(shown["request"]["headers"]["authorization"], "[removed]");
    assert_eq!(
        shown["request"]["body"]["text"],
        "{\"content\":\"hello\",\"type\":\"text\"}"
    );
    assert_eq!(shown["stored"]["content"]["message"], "hello");
    let exchange = &shown["exchange"];
    assert_eq!(
        (exchange["status"].clone(), exchange["rows"].clone()),
        (json!(201), json!([1]))
    );
    let told = &exchange["response"];
    let body: Value = serde_json::from_str(told["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(body["id"], shown["message_id"]);
    let token = out.chat_token();
    assert!(!shown.to_string().contains(token));
    inject(&out, &of_bob(&out, "x"));
    let shown = read(&out, "inbox/message?seq=2").await;
    assert_eq!(shown["exchange"], json!(null));
    assert_eq!(shown["request"]["path"], "/_emulator/inject");
}

#[tokio::test]
async fn what_is_not_stored_and_what_is_not_told_is_marked() {
    let out = Outside::start().await;
    let action = |kind: Value| json!({"match": {"operation": "send"}, "times": 1, "action": kind});
    out.faults(json!({"rules": [
        action(json!({"kind": "status", "status": 429})),
        action(json!({"kind": "status_after_store", "status": 504})),
        action(json!({"kind": "close", "when": "after_store"})),
        action(json!({"kind": "close", "when": "before_read"})),
    ]}))
    .await;
    assert_eq!(out.chat("a").await.status(), 429);
    assert_eq!(out.chat("b").await.status(), 504);
    out.chat_send("c").send().await.unwrap_err();
    out.chat_send("d").send().await.unwrap_err();
    let stranger = out.post(&out.thread_path()).bearer_auth("wrong");
    let stranger = stranger.json(&json!({"content": "e"}));
    let (status, _) = Outside::ask(stranger).await;
    assert_eq!(status, 401);
    // The end of a connection is recorded when the connection is gone, which its client may see first.
    let mut all = Vec::new();
    while all.len() < 5 {
        tokio::task::yield_now().await;
        all = exchanges(&out, "").await;
    }
    let short = |one: &Value| {
        (
            one["status"].clone(),
            one["has_fault"].clone(),
            one["rows"].clone(),
        )
    };
    let short: Vec<_> = all.iter().rev().map(short).collect();
    assert_eq!(
        short,
        [
            (json!(429), json!(true), json!([])),
            (json!(504), json!(true), json!([1])),
            (json!(null), json!(true), json!([2])),
            (json!(null), json!(true), json!([])),
            (json!(401), json!(false), json!([])),
        ]
    );
    for (state, count) in [
        ("stored", 2),
        ("not_stored", 3),
        ("fault", 4),
        ("rejected", 3),
        ("unanswered", 2),
    ] {
        assert_eq!(
            exchanges(&out, &format!("?state={state}")).await.len(),
            count,
            "{state}"
        );
    }
    let shown = messages(&out, "?state=unanswered").await;
    assert_eq!((shown.len(), shown[0]["seq"].clone()), (1, json!(2)));
    let number = &all[4]["number"];
    let one = read(&out, &format!("inbox/exchange?number={number}")).await;
    assert_eq!(one["fault"], json!({"kind": "status", "status": 429}));
    assert_eq!(one["response"]["status"], 429);
    assert!(
        one["request"]["body"]["text"]
            .as_str()
            .unwrap()
            .contains("\"a\"")
    );
}

#[tokio::test]
async fn reads_are_no_exchanges_and_pages_follow_each_other() {
    let out = Outside::start().await;
    for n in 0..5 {
        out.chat(&n.to_string()).await;
        out.chat_as(0, reqwest::Method::GET, "", Value::Null).await;
    }
    let first = read(&out, "inbox/exchanges?limit=3").await;
    let next = first["next"].as_u64().unwrap();
    let second = read(&out, &format!("inbox/exchanges?limit=3&before={next}")).await;
    assert_eq!(second["exchanges"].as_array().unwrap().len(), 2);
    assert_eq!(second["next"], json!(null));
    out.emulator.reset();
    assert_eq!(exchanges(&out, "").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_long_request_is_kept_in_part_and_whole_with_its_message() {
    let out = Outside::start().await;
    let text = "x".repeat(20_000);
    out.chat(&text).await;
    let long = json!({"content": "y".repeat(100_000)});
    let refused = out.chat_send("").json(&long).send().await.unwrap();
    assert!(refused.status().is_client_error());
    let shown = read(&out, "inbox/message?seq=1").await;
    assert_eq!(shown["request"]["body"]["length"], json!(null));
    let number = &exchanges(&out, "?state=rejected").await[0]["number"];
    let one = read(&out, &format!("inbox/exchange?number={number}")).await;
    let body = &one["request"]["body"];
    assert_eq!(body["text"].as_str().unwrap().len(), 65_536);
    assert!(body["length"].as_u64().unwrap() > 100_000);
}

#[tokio::test]
async fn fault_rules_are_added_after_those_that_there_are() {
    let out = Outside::start().await;
    let rule = |status| json!({"rules": [{"match": {"operation": "send"}, "times": 1, "action": {"kind": "status", "status": status}}]});
    out.faults(rule(500)).await;
    assert_eq!(out.chat("a").await.status(), 500);
    let (status, document) = Outside::ask(out.post("/_emulator/faults").json(&rule(503))).await;
    assert_eq!(
        (status, document["rules"].as_array().unwrap().len()),
        (200, 2)
    );
    assert_eq!(out.chat("b").await.status(), 503, "the first rule is spent");
    assert_eq!(out.chat("c").await.status(), 201);
    let (status, refused) =
        Outside::ask(out.post("/_emulator/faults").json(&json!({"rules": [{}]}))).await;
    assert_eq!(status, 400, "{refused}");
}
