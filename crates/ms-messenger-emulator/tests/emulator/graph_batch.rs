//! Graph's `$batch`: its parts, their order, their faults.

use std::time::{Duration, Instant};

use crate::outside::Outside;
use crate::outside::graph::sends;
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

/// A part that sends a text into the seeded chat.
fn send(out: &Outside, id: &str, text: &str) -> Value {
    let chat = &out.emulator.seed().graph.chat_id;
    json!({
        "id": id,
        "method": "POST",
        "url": format!("/chats/{chat}/messages"),
        "headers": {"Content-Type": "application/json"},
        "body": {"body": {"content": text}},
    })
}

fn get(id: &str, url: &str) -> Value {
    json!({"id": id, "method": "GET", "url": url})
}

async fn batch(out: &Outside, requests: Value) -> (u16, Value) {
    out.graph("/v1.0/$batch", &json!({"requests": requests}))
        .await
}

/// The response to the part `id`.
fn part<'a>(response: &'a Value, id: &str) -> &'a Value {
    let mut responses = response["responses"].as_array().unwrap().iter();
    responses.find(|response| response["id"] == id).unwrap()
}

fn statuses(response: &Value) -> Vec<(String, u64)> {
    let responses = response["responses"].as_array().unwrap().iter();
    let status = |r: &Value| {
        (
            r["id"].as_str().unwrap().to_owned(),
            r["status"].as_u64().unwrap(),
        )
    };
    let mut statuses: Vec<_> = responses.map(status).collect();
    statuses.sort();
    statuses
}

fn texts(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn each_part_has_its_own_response_and_ledger_row() {
    let out = Outside::start().await;
    let chat = out.emulator.seed().graph.chat_id.clone();
    let mut two = send(&out, "two", "second");
    two["headers"]["client-request-id"] = json!("call-2");
    let list = get("list", &format!("chats/{chat}/messages?$top=1"));
    let mut list = list;
    list["dependsOn"] = json!(["two"]);
    let batch_of = json!({"requests": [send(&out, "one", "first"), two, list]});
    let response = out
        .graph_send("/v1.0/$batch", &batch_of)
        .header("client-request-id", "whole")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["client-request-id"], "whole");
    assert_eq!(response.status(), 200);
    let response: Value = response.json().await.unwrap();
    let one = part(&response, "one");
    assert_eq!(
        (&one["status"], &one["body"]["body"]["content"]),
        (&json!(201), &json!("first"))
    );
    let context = one["body"]["@odata.context"].as_str().unwrap();
    assert!(
        context.starts_with(&format!("{}/v1.0/$metadata#chats(", out.base)),
        "{context}"
    );
    let kind = one["headers"]["Content-Type"].as_str().unwrap();
    assert!(kind.starts_with("application/json"), "{kind}");
    assert_eq!(one["headers"]["OData-Version"], "4.0");
    assert_eq!(
        part(&response, "two")["headers"]["client-request-id"],
        "call-2"
    );
    let list = part(&response, "list");
    assert_eq!(list["body"]["value"][0]["body"]["content"], "second");
    let link = list["body"]["@odata.nextLink"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("{}/v1.0/chats/", out.base)),
        "{link}"
    );

    let rows = out.rows("").await;
    assert_eq!(texts(&rows), ["first", "second"]);
    let request = &rows[0]["request"];
    assert_eq!(request["method"], "POST");
    assert_eq!(
        request["path"],
        json!(format!("/v1.0/chats/{chat}/messages"))
    );
    assert_eq!(request["body"], json!({"body": {"content": "first"}}));
    assert_eq!(request["headers"]["authorization"], "[removed]");
    assert_eq!(
        (&rows[0]["request_id"], &rows[1]["request_id"]),
        (&Value::Null, &json!("call-2"))
    );
    assert!(rows.iter().all(|row| row["duplicate_of"].is_null()));
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    let graph = &stats["platforms"]["msgraph-chat"];
    assert_eq!(
        (&graph["requests"], &graph["stored"]),
        (&json!(4), &json!(2))
    );
}

#[tokio::test]
async fn urls_are_relative_with_or_without_slash_or_absolute_of_the_same_origin() {
    let out = Outside::start().await;
    let (_, response) = batch(
        &out,
        json!([
            get("slash", "/me"),
            get("plain", "me?$select=id,displayName"),
            get("absolute", &format!("{}/v1.0/me", out.base)),
            get("beta", &format!("{}/beta/me", out.base)),
            get("blank", "/me/chats?$filter=topic eq 'nothing'"),
            get("foreign", "https://graph.microsoft.com/v1.0/me"),
            get("longer", &format!("{}0/v1.0/me", out.base)),
            get("admin", &format!("{}/_emulator/messages", out.base)),
            get("acs", &format!("{}/chat/threads", out.base)),
            get("unknown", "/planets"),
            get("nested", "/$batch"),
            json!({"id": "nest", "method": "POST", "url": "/$batch", "body": {"requests": []},
            "headers": {"content-type": "application/json"}}),
            json!({"id": "wrong", "method": "DELETE", "url": "/me"}),
        ]),
    )
    .await;
    let expected = [
        ("absolute", 200),
        ("acs", 404),
        ("admin", 404),
        ("beta", 200),
        ("blank", 200),
        ("foreign", 400),
        ("longer", 400),
        ("nest", 400),
        ("nested", 405),
        ("plain", 200),
        ("slash", 200),
        ("unknown", 404),
        ("wrong", 405),
    ];
    let expected: Vec<_> = expected.map(|(id, status)| (id.to_owned(), status)).into();
    assert_eq!(statuses(&response), expected, "{response}");
    assert_eq!(part(&response, "plain")["body"]["displayName"], "Alice");
    assert_eq!(part(&response, "blank")["body"]["@odata.count"], 0);
    assert_eq!(part(&response, "wrong")["headers"]["Allow"], "GET");
}

#[tokio::test]
async fn a_malformed_batch_is_refused_as_a_whole() {
    let out = Outside::start().await;
    let with = |name: &str, value: Value| {
        let mut part = send(&out, "1", "x");
        part[name] = value;
        json!([part])
    };
    let many: Vec<Value> = (0..21).map(|n| send(&out, &n.to_string(), "x")).collect();
    let circle = |id: &str, parent: &str| {
        let mut part = send(&out, id, "x");
        part["dependsOn"] = json!([parent]);
        part
    };
    for requests in [
        json!(null),
        json!({}),
        json!([]),
        json!(many),
        json!([1]),
        json!([send(&out, "a", "x"), send(&out, "A", "y")]),
        with("id", json!(1)),
        with("id", json!("")),
        with("url", json!(null)),
        with("method", json!("BREW")),
        with("headers", json!([])),
        with("headers", json!({"content-type": 1})),
        with("dependsOn", json!("1")),
        with("dependsOn", json!(["nobody"])),
        with("dependsOn", json!(["1"])),
        json!([circle("a", "b"), circle("b", "a")]),
    ] {
        let (status, error) = batch(&out, requests.clone()).await;
        assert_eq!(
            (status, &error["error"]["code"]),
            (400, &json!("BadRequest")),
            "{requests}"
        );
    }
    assert_eq!(out.graph("/v1.0/$batch", &json!([])).await.0, 400);
    assert_eq!(out.rows("").await.len(), 0);
    let twenty: Vec<Value> = (0..20).map(|n| send(&out, &n.to_string(), "x")).collect();
    assert_eq!(
        batch(&out, json!(twenty)).await.1["responses"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
    assert_eq!(out.rows("").await.len(), 20);
}

#[tokio::test]
async fn only_a_valid_token_batches_and_each_part_needs_its_permission() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let body = json!({"requests": [send(&out, "1", "x"), get("2", "/me")]});
    for token in ["garbled", &world.acs.entra_token] {
        let request = out.post("/beta/$batch").bearer_auth(token).json(&body);
        assert_eq!(Outside::ask(request).await.0, 401);
    }
    let reader = world.graph_token(&world.graph.users[1], &["User.Read"], 4_000_000_000);
    let request = out.post("/beta/$batch").bearer_auth(&reader).json(&body);
    let (status, response) = Outside::ask(request).await;
    assert_eq!(status, 200);
    assert_eq!(
        statuses(&response),
        [("1".to_owned(), 403), ("2".to_owned(), 200)]
    );
    // A part may speak for itself.
    let mut own = send(&out, "1", "of bob");
    own["headers"]["Authorization"] = json!(format!("Bearer {}", world.graph.users[1].token));
    let (_, response) = batch(&out, json!([own])).await;
    assert_eq!(
        part(&response, "1")["body"]["from"]["user"]["displayName"],
        "Bob"
    );
    let stored = out.rows("").await;
    assert_eq!(stored[0]["sender"], json!(world.graph.users[1].id));
    assert_eq!(
        stored[0]["request"]["headers"]["authorization"],
        "[removed]"
    );
}

#[tokio::test]
async fn parts_wait_for_their_parents_in_any_order() {
    let out = Outside::start().await;
    let after = |id: &str, parents: Value| {
        let mut part = send(&out, id, id);
        part["dependsOn"] = parents;
        part
    };
    let requests = json!([
        after("c", json!(["B"])),
        after("b", json!(["a"])),
        send(&out, "a", "a")
    ]);
    let (_, response) = batch(&out, requests).await;
    assert!(
        statuses(&response).iter().all(|(_, status)| *status == 201),
        "{response}"
    );
    assert_eq!(texts(&out.rows("").await), ["a", "b", "c"]);

    let mut failing = send(&out, "a", "");
    failing["body"] = json!({});
    let others = [
        after("b", json!(["a"])),
        after("c", json!(["b"])),
        send(&out, "d", "d"),
    ];
    let mut requests = vec![failing];
    requests.extend(others);
    let (status, response) = batch(&out, json!(requests)).await;
    assert_eq!(status, 200);
    let expected = [("a", 400), ("b", 424), ("c", 424), ("d", 201)];
    assert_eq!(
        statuses(&response),
        expected.map(|(id, status)| (id.to_owned(), status))
    );
    let error = &part(&response, "b")["body"]["error"];
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("FailedDependency"), &json!("failed dependency"))
    );
    // The client's spelling of the key that no document has is ignored.
    let mut ignored = send(&out, "x", "x");
    ignored["depends_on"] = json!(["nobody"]);
    assert_eq!(
        statuses(&batch(&out, json!([ignored])).await.1),
        [("x".to_owned(), 201)]
    );
}

#[tokio::test]
async fn bodies_are_json_or_base64() {
    let out = Outside::start().await;
    let mut encoded = send(&out, "encoded", "");
    // {"body":{"content":"encoded"}}
    encoded["body"] = json!("eyJib2R5Ijp7ImNvbnRlbnQiOiJlbmNvZGVkIn19");
    let mut empty = send(&out, "empty", "");
    empty["body"] = json!("e30=");
    let mut text = send(&out, "text", "");
    text["body"] = json!("just text");
    let mut untyped = send(&out, "untyped", "x");
    untyped["headers"] = json!({"Accept": "application/json"});
    let (_, response) = batch(&out, json!([encoded, empty, text, untyped])).await;
    let message = |id: &str| part(&response, id)["body"]["error"]["message"].clone();
    assert_eq!(part(&response, "encoded")["status"], 201, "{response}");
    assert_eq!(message("empty"), "Invalid request body was sent.");
    assert_eq!(message("text"), "Invalid request body was sent.");
    assert!(
        message("untyped")
            .as_str()
            .unwrap()
            .contains("Content-Type")
    );
    assert_eq!(texts(&out.rows("").await), ["encoded"]);
}

#[tokio::test]
async fn a_part_gets_the_faults_of_its_operation_alone() {
    let out = Outside::start().await;
    let throttle = json!({"kind": "status", "status": 429, "headers": {"Retry-After": "10"}});
    out.faults(json!({"rules": [
        {"match": {"operation": "send", "nth": [2]}, "action": throttle},
        {"match": {"operation": "send", "nth": [3]}, "action":
            {"kind": "status_after_store", "status": 504, "body": "gone"}},
    ]}))
    .await;
    let mut child = send(&out, "5", "e");
    child["dependsOn"] = json!(["3"]);
    let requests = json!([
        send(&out, "1", "a"),
        send(&out, "2", "b"),
        send(&out, "3", "c"),
        send(&out, "4", "d"),
        child
    ]);
    let (status, response) = batch(&out, requests).await;
    let expected = [("1", 201), ("2", 429), ("3", 504), ("4", 201), ("5", 424)];
    assert_eq!(status, 200);
    assert_eq!(
        statuses(&response),
        expected.map(|(id, status)| (id.to_owned(), status))
    );
    let throttled = part(&response, "2");
    assert_eq!(throttled["headers"]["Retry-After"], "10");
    assert_eq!(throttled["body"]["error"]["code"], "TooManyRequests");
    // Text is no JSON, so it comes in Base64.
    assert_eq!(part(&response, "3")["body"], "Z29uZQ==");
    assert_eq!(texts(&out.rows("").await), ["a", "c", "d"]);
    // The batch itself is an operation too.
    out.faults(json!({"rules": [{"match": {"operation": "batch"}, "action": throttle}]}))
        .await;
    assert_eq!(batch(&out, json!([send(&out, "1", "z")])).await.0, 429);
    assert_eq!(out.rows("").await.len(), 3);
}

#[tokio::test]
async fn a_part_that_loses_its_connection_loses_the_whole_response() {
    let out = Outside::start().await;
    for (when, stored) in [("before_read", 1), ("after_read", 1), ("after_store", 2)] {
        out.faults(
            json!({"rules": [{"match": {"operation": "send", "nth": [1]},
            "action": {"kind": "close", "when": when}}]}),
        )
        .await;
        let before = out.rows("").await.len();
        let body = json!({"requests": [send(&out, "1", "a"), send(&out, "2", "b")]});
        assert!(
            out.graph_send("/v1.0/$batch", &body).send().await.is_err(),
            "{when}"
        );
        assert_eq!(out.rows("").await.len() - before, stored, "{when}");
    }
    out.faults(json!({"rules": [
        {"match": {"operation": "send", "nth": [1]}, "action": {"kind": "delay", "ms": 50}},
        {"match": {"operation": "send", "nth": [2]}, "action": {"kind": "delay", "ms": 200}},
    ]}))
    .await;
    let began = Instant::now();
    let requests = json!([send(&out, "1", "a"), send(&out, "2", "b")]);
    assert_eq!(batch(&out, requests).await.0, 200);
    assert!(began.elapsed() >= Duration::from_millis(200));
    let cut = json!({"kind": "malformed_body"});
    out.faults(json!({"rules": [{"match": {"operation": "send", "nth": [1]}, "action": cut}]}))
        .await;
    let (status, half) = batch(&out, json!([send(&out, "1", "a")])).await;
    assert!(status == 200 && half.is_string(), "{half}");
}

#[tokio::test]
async fn a_batch_is_limited_to_four_megabytes_whatever_the_bodies() {
    let builder = Emulator::builder().with_max_body(6 * 1024 * 1024);
    let out = Outside::of(builder.start().await.unwrap());
    sends(&out, &out.graph_chat(), "x").await;
    let (status, error) = batch(&out, json!([send(&out, "1", &"x".repeat(4 * 1024 * 1024))])).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (413, &json!("RequestEntityTooLarge"))
    );
}
