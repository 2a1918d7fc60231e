//! ACS Chat's messages, receipts and typing: edits, deletions and what they do to lists.

use crate::outside::Outside;
use crate::outside::acs::CHAT;
use ms_messenger_emulator::{AcsChatErrorStyle, Emulator};
use reqwest::Method;
use serde_json::{Value, json};

async fn send(out: &Outside, thread: &str, body: Value) -> String {
    let path = format!("{thread}/messages");
    let (status, sent) = out.chat_as(0, Method::POST, &path, body).await;
    assert_eq!(status, 201, "{sent}");
    sent["id"].as_str().unwrap().to_owned()
}

async fn contents(out: &Outside, thread: &str) -> Vec<String> {
    let path = format!("{thread}/messages?maxPageSize=200");
    let (_, page) = out.chat_as(0, Method::GET, &path, Value::Null).await;
    let all = page["value"].as_array().unwrap().iter();
    all.filter_map(|m| m["content"]["message"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn an_edit_moves_the_message_up_and_merges_its_metadata() {
    let out = Outside::start().await;
    let thread = out.thread_with("Edits", &[1]).await;
    let body = json!({"content": "v1", "metadata": {"keep": "1", "drop": "2"}});
    let id = send(&out, &thread, body).await;
    send(&out, &thread, json!({"content": "other"})).await;
    let path = format!("{thread}/messages/{id}");
    let (_, before) = out.chat_as(0, Method::GET, &path, Value::Null).await;
    assert_eq!(before["version"], before["id"]);
    let patch = json!({"content": "v2", "metadata": {"drop": "", "new": "3"}});
    assert_eq!(
        out.chat_as(0, Method::PATCH, &path, patch).await,
        (204, Value::Null)
    );
    let (_, after) = out.chat_as(1, Method::GET, &path, Value::Null).await;
    assert_eq!(
        (&after["id"], &after["createdOn"]),
        (&before["id"], &before["createdOn"])
    );
    assert_eq!(after["sequenceId"], "5");
    let version = |message: &Value| message["version"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(version(&after) > version(&before));
    assert!(after["editedOn"].is_string());
    assert!(after.get("deletedOn").is_none());
    assert_eq!(after["content"]["message"], "v2");
    assert_eq!(after["metadata"], json!({"keep": "1", "new": "3"}));
    assert_eq!(contents(&out, &thread).await, ["v2", "other"]);
    // An edit is no further message.
    assert_eq!(out.rows("").await.len(), 2);
    assert_eq!(
        out.chat_as(0, Method::PATCH, &path, json!({"content": ""}))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn a_deleted_message_stays_listed_without_its_text() {
    let out = Outside::start().await;
    let thread = out.thread_with("Deletions", &[1]).await;
    let id = send(&out, &thread, json!({"content": "secret"})).await;
    let path = format!("{thread}/messages/{id}");
    out.chat_as(0, Method::PATCH, &path, json!({"content": "still secret"}))
        .await;
    for _ in 0..2 {
        assert_eq!(
            out.chat_as(0, Method::DELETE, &path, Value::Null).await,
            (204, Value::Null)
        );
    }
    let (_, gone) = out.chat_as(1, Method::GET, &path, Value::Null).await;
    assert_eq!(gone["content"], json!({"message": ""}));
    assert!(gone["deletedOn"].is_string());
    assert!(gone.get("editedOn").is_none());
    assert_eq!(
        gone["sequenceId"], "5",
        "the second deletion changed nothing"
    );
    assert_eq!(contents(&out, &thread).await, [""]);
    assert_eq!(
        out.chat_as(0, Method::PATCH, &path, json!({"content": "x"}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn only_the_sender_edits_and_deletes_and_system_messages_stay() {
    let out = Outside::start().await;
    let thread = out.thread_with("Own", &[1]).await;
    let id = send(&out, &thread, json!({"content": "mine"})).await;
    let path = format!("{thread}/messages/{id}");
    assert_eq!(
        out.chat_as(1, Method::PATCH, &path, json!({"content": "x"}))
            .await
            .0,
        403
    );
    assert_eq!(
        out.chat_as(1, Method::DELETE, &path, Value::Null).await.0,
        403
    );
    let list = format!("{thread}/messages");
    let (_, page) = out.chat_as(0, Method::GET, &list, Value::Null).await;
    let system = page["value"][1]["id"].as_str().unwrap();
    assert_eq!(
        out.chat_as(0, Method::DELETE, &format!("{list}/{system}"), Value::Null)
            .await
            .0,
        403
    );
    assert_eq!(
        out.chat_as(0, Method::DELETE, &format!("{list}/1"), Value::Null)
            .await
            .0,
        404
    );
    assert_eq!(contents(&out, &thread).await, ["mine"]);
}

#[tokio::test]
async fn pages_stay_consistent_while_a_message_moves_up() {
    let out = Outside::start().await;
    let thread = out.thread_with("Pages", &[]).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(send(&out, &thread, json!({"content": format!("m{n}")})).await);
    }
    let token = out.chat_token().to_owned();
    let target = format!("/chat/threads{thread}/messages?maxPageSize=2&{CHAT}");
    let (_, page) = out.bear(&token, Method::GET, &target, Value::Null).await;
    let next = page["nextLink"].as_str().unwrap().to_owned();
    assert!(
        next.contains(&format!("/chat/threads{thread}/messages?syncState=3e")),
        "{next}"
    );
    let path = format!("{thread}/messages/{}", ids[0]);
    out.chat_as(0, Method::PATCH, &path, json!({"content": "edited"}))
        .await;
    let (_, page) = out.bear(&token, Method::GET, &next, Value::Null).await;
    let texts: Vec<&Value> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["content"]["message"])
        .collect();
    assert_eq!(texts, ["m2", "m1"]);
    let (_, last) = out
        .bear(
            &token,
            Method::GET,
            page["nextLink"].as_str().unwrap(),
            Value::Null,
        )
        .await;
    // The edited one went up, so what is left are the two of the system.
    assert_eq!(last["value"][0]["type"], "topicUpdated");
    assert!(last.get("nextLink").is_none());
}

#[tokio::test]
async fn the_newest_receipt_of_each_reader_is_kept() {
    let out = Outside::start().await;
    let thread = out.thread_with("Receipts", &[1, 2]).await;
    let first = send(&out, &thread, json!({"content": "1"})).await;
    let second = send(&out, &thread, json!({"content": "2"})).await;
    let path = format!("{thread}/readReceipts");
    let receipt = async |n: usize, id: &str| {
        out.chat_as(n, Method::POST, &path, json!({"chatMessageId": id}))
            .await
    };
    for (n, id) in [(1, &first), (1, &second), (1, &first), (2, &first)] {
        assert_eq!(receipt(n, id).await, (200, Value::Null));
    }
    assert_eq!(receipt(1, "1").await.0, 404);
    assert_eq!(out.chat_as(1, Method::POST, &path, json!({})).await.0, 400);
    let (_, page) = out.chat_as(0, Method::GET, &path, Value::Null).await;
    let mut read: Vec<(String, String)> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            assert!(r["readOn"].is_string());
            let reader = r["senderCommunicationIdentifier"]["rawId"]
                .as_str()
                .unwrap();
            (
                reader.to_owned(),
                r["chatMessageId"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    read.sort();
    let mut expected = [(out.acs_user(1), second), (out.acs_user(2), first)];
    expected.sort();
    assert_eq!(read, expected);
    let (_, page) = out
        .chat_as(
            0,
            Method::GET,
            &format!("{path}?maxPageSize=1"),
            Value::Null,
        )
        .await;
    assert!(
        page["nextLink"]
            .as_str()
            .unwrap()
            .contains("/readReceipts?skip=1&maxPageSize=1&")
    );
}

#[tokio::test]
async fn above_twenty_participants_receipts_are_accepted_and_not_kept() {
    let out = Outside::start().await;
    let thread = out.thread_with("Crowd", &[1]).await;
    let id = send(&out, &thread, json!({"content": "x"})).await;
    let crowd: Vec<Value> = (0..19)
        .map(|n| json!({"communicationIdentifier": {"rawId": format!("8:acs:r_{n}")}}))
        .collect();
    let add = format!("{thread}/participants/:add");
    out.chat_as(0, Method::POST, &add, json!({"participants": crowd}))
        .await;
    let path = format!("{thread}/readReceipts");
    let body = json!({"chatMessageId": id});
    assert_eq!(
        out.chat_as(1, Method::POST, &path, body).await,
        (200, Value::Null)
    );
    let (_, page) = out.chat_as(0, Method::GET, &path, Value::Null).await;
    assert_eq!(page["value"], json!([]));
}

#[tokio::test]
async fn typing_is_accepted_with_and_without_a_name() {
    let out = Outside::start().await;
    let thread = out.thread_with("Typing", &[]).await;
    let path = format!("{thread}/typing");
    for body in [
        Value::Null,
        json!({}),
        json!({"senderDisplayName": "Alice"}),
    ] {
        assert_eq!(
            out.chat_as(0, Method::POST, &path, body).await,
            (200, Value::Null)
        );
    }
    assert_eq!(
        out.chat_as(0, Method::POST, &path, json!({"senderDisplayName": 1}))
            .await
            .0,
        400
    );
    assert_eq!(out.chat_as(1, Method::POST, &path, json!({})).await.0, 403);
    assert!(out.rows("").await.is_empty());
}

#[tokio::test]
async fn every_operation_can_be_made_to_fail_and_then_stores_nothing() {
    let out = Outside::start().await;
    let thread = out.thread_with("Faults", &[]).await;
    let id = send(&out, &thread, json!({"content": "x"})).await;
    let message = format!("{thread}/messages/{id}");
    for (operation, method, path) in [
        ("thread.create", Method::POST, String::new()),
        ("thread.list", Method::GET, String::new()),
        ("thread.get", Method::GET, thread.clone()),
        ("thread.update", Method::PATCH, thread.clone()),
        ("thread.delete", Method::DELETE, thread.clone()),
        (
            "participants.list",
            Method::GET,
            format!("{thread}/participants"),
        ),
        (
            "participants.add",
            Method::POST,
            format!("{thread}/participants/:add"),
        ),
        (
            "participants.remove",
            Method::POST,
            format!("{thread}/participants/:remove"),
        ),
        ("update", Method::PATCH, message.clone()),
        ("delete", Method::DELETE, message.clone()),
        (
            "receipts.list",
            Method::GET,
            format!("{thread}/readReceipts"),
        ),
        (
            "receipts.send",
            Method::POST,
            format!("{thread}/readReceipts"),
        ),
        ("typing", Method::POST, format!("{thread}/typing")),
    ] {
        let action = json!({"kind": "status", "status": 429, "headers": {"Retry-After": "1"}});
        let matched = json!({"platform": "acs-chat", "operation": operation});
        out.faults(json!({"rules": [{"match": matched, "action": action}]}))
            .await;
        let (status, error) = out.chat_as(0, method, &path, Value::Null).await;
        assert_eq!(status, 429, "{operation}");
        assert_eq!(error["error"]["code"], "TooManyRequests");
    }
    assert_eq!(contents(&out, &thread).await, ["x"]);
}

#[tokio::test]
async fn errors_have_the_configured_form() {
    for (style, pointer) in [
        (AcsChatErrorStyle::Spec, "/error/code"),
        (AcsChatErrorStyle::Pascal, "/CommunicationError/Code"),
        (AcsChatErrorStyle::Camel, "/communicationError/code"),
    ] {
        let emulator = Emulator::builder()
            .with_error_style(style)
            .with_strict(true);
        let out = Outside::of(emulator.start().await.unwrap());
        let (status, error) = out
            .chat_as(0, Method::GET, "/19:no@thread.v2", Value::Null)
            .await;
        assert_eq!(status, 404);
        assert_eq!(error.pointer(pointer), Some(&json!("NotFound")), "{error}");
    }
    let emulator = Emulator::builder()
        .with_error_style(AcsChatErrorStyle::Empty)
        .with_strict(true);
    let out = Outside::of(emulator.start().await.unwrap());
    let response = out
        .chat_as(0, Method::GET, "/19:no@thread.v2", Value::Null)
        .await;
    assert_eq!(response, (404, Value::Null));
}
