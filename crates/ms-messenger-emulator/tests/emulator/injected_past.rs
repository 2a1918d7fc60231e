//! Messages of another program: in the past, edited, deleted, and replies that lift old posts.

use crate::outside::Outside;
use reqwest::Method;
use serde_json::{Value, json};

const HOUR_MS: u64 = 3_600_000;

async fn inject(out: &Outside, message: Value) -> (u16, Value) {
    Outside::ask(out.post("/_emulator/inject").json(&message)).await
}

/// Injects a message that is accepted; returns its id.
async fn made(out: &Outside, message: Value) -> String {
    let (status, ids) = inject(out, message).await;
    assert_eq!(status, 200, "{ids}");
    ids["message_id"].as_str().unwrap().to_owned()
}

fn ids(page: &Value) -> Vec<&str> {
    let items = page["value"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_equal_text_of_the_own_account_can_be_from_the_past_in_graph() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let (_, own) = out
        .graph(&out.graph_chat(), &json!({"body": {"content": "same"}}))
        .await;
    let base = json!({"platform": "msgraph-chat", "conversation": graph.chat_id,
        "sender": graph.users[0].id, "text": "same"});
    let mut old = base.clone();
    old["created"] = json!("2025-06-01T10:00:00.5Z");
    let old = made(&out, old).await;
    let mut aged = base.clone();
    aged["age_ms"] = json!(HOUR_MS);
    let aged = made(&out, aged).await;
    let page = out.graph_get(&out.graph_chat()).await;
    assert_eq!(ids(&page), [own["id"].as_str().unwrap(), &aged, &old]);
    let oldest = &page["value"][2];
    assert_eq!(oldest["createdDateTime"], "2025-06-01T10:00:00.5Z");
    assert_eq!(oldest["from"]["user"]["id"], own["from"]["user"]["id"]);
    assert_eq!(oldest["body"], own["body"]);
    // Each message has its own millisecond.
    let mut again = base;
    again["created"] = json!("2025-06-01T10:00:00.5Z");
    assert_ne!(made(&out, again).await, old);
    let rows = out.rows("?platform=msgraph-chat").await;
    assert_eq!(
        rows.iter()
            .filter(|row| row["operation"] == "inject")
            .count(),
        3
    );
}

#[tokio::test]
async fn a_reply_lifts_an_old_post_in_a_channel() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let base = json!({"platform": "msgraph-chat", "conversation": graph.channel_id,
        "sender": graph.users[1].id, "text": "x"});
    let aged = |hours: u64, reply_to: Option<&str>| {
        let mut message = base.clone();
        message["age_ms"] = json!(hours * HOUR_MS);
        if let Some(root) = reply_to {
            message["reply_to"] = json!(root);
        }
        message
    };
    let old = made(&out, aged(9, None)).await;
    let newer = made(&out, aged(5, None)).await;
    assert_eq!(
        ids(&out.graph_get(&out.graph_channel()).await),
        [newer.as_str(), &old]
    );
    let reply = made(&out, aged(1, Some(&old))).await;
    assert_eq!(
        ids(&out.graph_get(&out.graph_channel()).await),
        [old.as_str(), &newer]
    );
    let replies = out
        .graph_get(&format!("{}/{old}/replies", out.graph_channel()))
        .await;
    assert_eq!(ids(&replies), [reply.as_str()]);
    assert_eq!(replies["value"][0]["replyToId"], old.as_str());
    for (reply_to, conversation) in [
        (reply.as_str(), &graph.channel_id),
        ("12345", &graph.channel_id),
        ("x", &graph.channel_id),
        (old.as_str(), &graph.chat_id),
    ] {
        let mut message = aged(0, Some(reply_to));
        message["conversation"] = json!(conversation);
        let (status, error) = inject(&out, message).await;
        assert_eq!(status, 400);
        assert!(error.to_string().contains("reply_to"), "{error}");
    }
}

#[tokio::test]
async fn graph_messages_are_edited_and_deleted_by_any_user() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let (_, own) = out
        .graph(&out.graph_chat(), &json!({"body": {"content": "before"}}))
        .await;
    let id = own["id"].as_str().unwrap();
    let action = |name: &str| json!({"platform": "msgraph-chat", "conversation": graph.chat_id, "action": name, "message_id": id});
    let mut edit = action("edit");
    edit["text"] = json!("<b>after</b>");
    edit["content_type"] = json!("html");
    made(&out, edit).await;
    let path = format!("{}/{id}", out.graph_chat());
    let read = out.graph_get(&path).await;
    assert_eq!(
        read["body"],
        json!({"contentType": "html", "content": "<b>after</b>"})
    );
    assert!(read["lastEditedDateTime"].is_string());
    made(&out, action("delete")).await;
    let read = out.graph_get(&path).await;
    assert!(read["deletedDateTime"].is_string() && read["body"]["content"] == "");
    assert_eq!(
        inject(&out, action("delete")).await.0,
        400,
        "it is deleted already"
    );
    assert_eq!(out.rows("").await.len(), 1, "neither is a message");
}

#[tokio::test]
async fn chat_threads_take_messages_of_the_past_edits_and_deletions() {
    let out = Outside::start().await;
    let acs = out.emulator.seed().acs.clone();
    let base = json!({"platform": "acs-chat", "conversation": acs.thread_id,
        "sender": acs.users[0].id, "text": "same"});
    let own = out.chat("same").await.json::<Value>().await.unwrap();
    let own = own["id"].as_str().unwrap().to_owned();
    let mut old = base.clone();
    old["age_ms"] = json!(HOUR_MS);
    old["content_type"] = json!("html");
    let old = made(&out, old).await;
    let page = Outside::ask(out.read(&out.thread_path(), out.chat_token()))
        .await
        .1;
    assert_eq!(ids(&page)[..2], [own.as_str(), &old]);
    assert_eq!(page["value"][1]["type"], "html");
    let order: Vec<u64> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["sequenceId"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(order.is_sorted_by(|a, b| a > b), "{order:?}");
    let action = |name: &str| json!({"platform": "acs-chat", "conversation": acs.thread_id, "action": name, "message_id": old});
    let mut edit = action("edit");
    edit["text"] = json!("other");
    made(&out, edit).await;
    let one = out
        .thread_path()
        .replace("/messages?", &format!("/messages/{old}?"));
    let read = Outside::ask(out.read(&one, out.chat_token())).await.1;
    assert_eq!(read["content"]["message"], "other");
    assert!(read["editedOn"].is_string());
    made(&out, action("delete")).await;
    let read = Outside::ask(out.read(&one, out.chat_token())).await.1;
    assert!(read["deletedOn"].is_string());
}

#[tokio::test]
async fn conversations_take_messages_of_the_past() {
    let out = Outside::start().await;
    let acs = out.emulator.seed().acs.clone();
    let base = json!({"platform": "acs-messages", "conversation": acs.conversation_id,
        "from": acs.users[0].id, "text": "same"});
    let new = made(&out, base.clone()).await;
    let mut old = base.clone();
    old["created"] = json!("2025-06-01T10:00:00Z");
    let old = made(&out, old).await;
    let target = format!(
        "/messages/conversations/{}/messages?api-version=2025-04-01-preview",
        acs.conversation_id
    );
    let (status, page) = out.keyed(Method::GET, &target, Value::Null).await;
    assert_eq!(status, 200, "{page}");
    assert_eq!(ids(&page), [new.as_str(), &old]);
    assert!(
        page["value"][1]["createdOn"]
            .as_str()
            .unwrap()
            .starts_with("2025-06-01T10:00:00")
    );
    let mut nowhere = json!({"platform": "acs-messages", "from": "+14255550123", "text": "x"});
    nowhere["age_ms"] = json!(1);
    assert_eq!(inject(&out, nowhere).await.0, 400);
}

#[tokio::test]
async fn invalid_times_of_an_injection_are_rejected_by_name() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let base = json!({"platform": "msgraph-chat", "conversation": graph.chat_id,
        "sender": graph.users[0].id, "text": "x"});
    for (name, value) in [
        ("created", json!("yesterday")),
        ("created", json!("2999-01-01T00:00:00Z")),
        ("age_ms", json!(-1)),
        ("age_ms", json!(u64::MAX)),
        ("age_ms", json!("5")),
        ("content_type", json!("markdown")),
        ("action", json!("shout")),
        ("subject", json!("x")),
    ] {
        let mut message = base.clone();
        message[name] = value;
        let (status, error) = inject(&out, message).await;
        assert_eq!(status, 400, "{name}");
        assert!(
            error["error"]["message"].as_str().unwrap().contains(name),
            "{error}"
        );
    }
    let mut both = base;
    both["created"] = json!("2025-06-01T10:00:00Z");
    both["age_ms"] = json!(1);
    assert_eq!(inject(&out, both).await.0, 400);
    let skype = json!({"platform": "ucwa", "from": "sip:bob@contoso.test", "to": "sip:alice@contoso.test", "action": "message", "text": "x", "age_ms": 1});
    assert_eq!(inject(&out, skype).await.0, 400);
}
