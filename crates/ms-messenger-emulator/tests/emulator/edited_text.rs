//! The ledger says what was sent, what a message says now, and finds both.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{data::Folder, outside::Outside};
use ms_messenger_emulator::{Emulator, MessageMatcher};

/// Texts of the rows of a query.
async fn found(out: &Outside, query: &str) -> Vec<String> {
    let rows = out.rows(query).await.into_iter();
    rows.map(|row| row["text"].as_str().unwrap().to_owned())
        .collect()
}

/// What the only row says of its text now.
async fn now(out: &Outside) -> (Value, Value) {
    let row = out.rows("").await.pop().unwrap();
    (row["edited_text"].clone(), row["is_deleted"].clone())
}

/// Sends a message to Chat; returns the path of it below `/chat/threads`.
async fn chat(out: &Outside, text: &str) -> String {
    let thread = out.emulator.seed().acs.thread_id.clone();
    let sent: Value = out.chat(text).await.json().await.unwrap();
    format!("/{thread}/messages/{}", sent["id"].as_str().unwrap())
}

async fn edit_chat(out: &Outside, path: &str, body: &Value) {
    let url = format!("{}/chat/threads{path}?api-version=2025-03-15", out.base);
    let edit = out.client.patch(url).bearer_auth(out.chat_token());
    let edit = edit.header("content-type", "application/merge-patch+json");
    assert_eq!(Outside::ask(edit.body(body.to_string())).await.0, 204);
}

#[tokio::test]
async fn a_message_of_chat_is_found_by_what_was_sent_and_by_what_it_says_now() {
    let out = Outside::start().await;
    let path = chat(&out, "An Apple").await;
    assert_eq!(now(&out).await, (Value::Null, json!(false)));
    edit_chat(&out, &path, &json!({"metadata": {"a": "b"}})).await;
    assert_eq!(
        now(&out).await,
        (Value::Null, json!(false)),
        "its text is as it was"
    );
    edit_chat(&out, &path, &json!({"content": "A Pear"})).await;
    for query in ["?text=pear", "?text=apple", "?search=PEAR", "?search=apple"] {
        assert_eq!(found(&out, query).await, ["An Apple"], "{query}");
    }
    assert_eq!(now(&out).await, (json!("A Pear"), json!(false)));
    edit_chat(&out, &path, &json!({"content": "A Plum"})).await;
    assert_eq!(
        found(&out, "?text=pear").await,
        [""; 0],
        "it says that no more"
    );
    let (status, _) = out.chat_as(0, Method::DELETE, &path, Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(now(&out).await, (Value::Null, json!(true)));
    assert_eq!(
        found(&out, "?text=plum").await,
        [""; 0],
        "it is stored no more"
    );
    assert_eq!(
        found(&out, "?text=apple").await,
        ["An Apple"],
        "this was sent"
    );
}

#[tokio::test]
async fn a_message_of_teams_that_is_brought_back_says_what_it_did() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let body = json!({"body": {"contentType": "html", "content": "<b>An</b> apple"}});
    let (_, sent) = out.graph(&out.graph_chat(), &body).await;
    let path = format!("{}/{}", out.graph_chat(), sent["id"].as_str().unwrap());
    let deleted = format!(
        "/v1.0/users/{}{}",
        graph.users[0].id,
        path.trim_start_matches("/v1.0")
    );
    for act in ["softDelete", "undoSoftDelete"] {
        assert_eq!(
            out.graph(&format!("{deleted}/{act}"), &Value::Null).await.0,
            204
        );
        assert_eq!(now(&out).await, (Value::Null, json!(act == "softDelete")));
    }
    let edit = json!({"body": {"content": "a pear"}});
    assert_eq!(out.as_user(0, "PATCH", &path, Some(edit)).await.0, 204);
    assert_eq!(now(&out).await, (json!("a pear"), json!(false)));
    let marked = json!({"importance": "high"});
    assert_eq!(out.as_user(0, "PATCH", &path, Some(marked)).await.0, 204);
    assert_eq!(now(&out).await.0, "a pear");
    assert_eq!(
        out.graph(&format!("{deleted}/softDelete"), &Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(found(&out, "?text=pear").await, [""; 0]);
    assert_eq!(
        out.graph(&format!("{deleted}/undoSoftDelete"), &Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(now(&out).await, (json!("a pear"), json!(false)));
    assert_eq!(found(&out, "?text=pear").await, ["<b>An</b> apple"]);
}

#[tokio::test]
async fn a_changed_subject_is_found_as_it_was_sent_and_as_it_is_now() {
    let folder = Folder::new("subject");
    let out = folder.start().await;
    let body = json!({"subject": "Apples", "body": {"content": "x"}});
    let (_, sent) = out.graph(&out.graph_channel(), &body).await;
    let path = format!("{}/{}", out.graph_channel(), sent["id"].as_str().unwrap());
    assert_eq!(out.rows("").await[0]["edited_subject"], Value::Null);
    let changes = [
        (json!({"importance": "high"}), Value::Null),
        (json!({"subject": "Pears"}), json!("Pears")),
    ];
    for (change, now) in changes {
        assert_eq!(out.as_user(0, "PATCH", &path, Some(change)).await.0, 204);
        let row = out.rows("").await.remove(0);
        assert_eq!(
            (&row["subject"], &row["edited_subject"]),
            (&json!("Apples"), &now)
        );
    }
    for query in ["?search=APPLES", "?search=pears"] {
        assert_eq!(found(&out, query).await, ["x"], "{query}");
    }
    let before = out.rows("").await;
    out.emulator.shutdown().await;
    let out = folder.start().await;
    assert_eq!(out.rows("").await, before);
    let removed = json!({"subject": null});
    assert_eq!(out.as_user(0, "PATCH", &path, Some(removed)).await.0, 204);
    assert_eq!(out.rows("").await[0]["edited_subject"], "");
    assert_eq!(found(&out, "?search=pears").await, [""; 0]);
    assert_eq!(found(&out, "?search=apples").await, ["x"]);
}

#[tokio::test]
async fn a_matcher_takes_the_text_as_sent_and_as_it_is_now() {
    let out = Outside::start().await;
    let path = chat(&out, "before").await;
    edit_chat(&out, &path, &json!({"content": "after"})).await;
    let row = out.emulator.messages().remove(0);
    for (text, is_found) in [("before", true), ("after", true), ("aft", false)] {
        let wanted = MessageMatcher::new().with_text(text);
        assert_eq!(wanted.matches(&row), is_found, "{text}");
    }
}

#[tokio::test]
async fn what_the_other_side_changes_is_found_and_waited_for() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let places = [
        ("acs-chat", &world.acs.thread_id, &world.acs.users[1].id),
        (
            "msgraph-chat",
            &world.graph.chat_id,
            &world.graph.users[1].id,
        ),
    ];
    for (platform, conversation, sender) in places {
        let made = json!({"platform": platform, "conversation": conversation, "sender": sender, "text": "before"});
        let made = out.emulator.inject(&made).unwrap();
        let mut change = json!({"platform": platform, "conversation": conversation, "message_id": made["message_id"], "action": "edit", "text": "after"});
        let wait = format!("/_emulator/wait?platform={platform}&text=after&timeout_ms=60000");
        let waits = out.get(&wait);
        let edits = async { out.emulator.inject(&change).unwrap() };
        let (waited, _) = tokio::join!(waits, edits);
        let row: Value = waited.json().await.unwrap();
        assert_eq!(
            (&row["text"], &row["edited_text"]),
            (&json!("before"), &json!("after"))
        );
        change["action"] = json!("delete");
        change.as_object_mut().unwrap().remove("text");
        out.emulator.inject(&change).unwrap();
        let row = out
            .rows(&format!("?platform={platform}"))
            .await
            .pop()
            .unwrap();
        assert_eq!(
            (&row["edited_text"], &row["is_deleted"]),
            (&Value::Null, &json!(true))
        );
    }
    assert_eq!(found(&out, "?text=after").await, [""; 0]);
}

#[cfg(feature = "inbox")]
#[tokio::test]
async fn the_inbox_finds_and_previews_what_a_message_says_now() {
    use crate::inbox::{messages, numbers, read};

    let out = Outside::start().await;
    let path = chat(&out, "An apple").await;
    edit_chat(&out, &path, &json!({"content": "A pear"})).await;
    let graph = out.emulator.seed().graph.clone();
    let thread = out.emulator.seed().acs.thread_id.replace(':', "%3A");
    for query in [
        "?search=PEAR",
        "?search=apple",
        &format!("?search=pear&platform=acs-chat&conversation={thread}"),
    ] {
        assert_eq!(numbers(&messages(&out, query).await), [1], "{query}");
    }
    let last = read(&out, "conversations").await["conversations"][0]["last"].clone();
    assert_eq!(
        (&last["text"], &last["is_deleted"]),
        (&json!("A pear"), &json!(false))
    );
    assert_eq!(
        out.chat_as(0, Method::DELETE, &path, Value::Null).await.0,
        204
    );
    assert_eq!(numbers(&messages(&out, "?search=pear").await), [0; 0]);
    let last = read(&out, "conversations").await["conversations"][0]["last"].clone();
    assert_eq!(
        (&last["text"], &last["is_deleted"]),
        (&json!(""), &json!(true))
    );
    // An edit may make HTML of a text.
    let (_, sent) = out
        .graph(&out.graph_chat(), &json!({"body": {"content": "a < b"}}))
        .await;
    let path = format!("{}/{}", out.graph_chat(), sent["id"].as_str().unwrap());
    let edit = json!({"body": {"contentType": "html", "content": "<p>c &lt; d</p>"}});
    assert_eq!(out.as_user(0, "PATCH", &path, Some(edit)).await.0, 204);
    let id = graph.chat_id.replace(':', "%3A");
    let page = read(
        &out,
        &format!("conversations?platform=msgraph-chat&id={id}"),
    )
    .await;
    assert_eq!(page["conversations"][0]["last"]["text"], "c < d");
}

#[tokio::test]
async fn a_changed_message_that_is_dropped_is_found_no_more() {
    let builder = Emulator::builder().with_keep(2);
    let out = Outside::of(builder.start().await.unwrap());
    let path = chat(&out, "one").await;
    edit_chat(&out, &path, &json!({"content": "changed"})).await;
    assert_eq!(found(&out, "?text=changed").await, ["one"]);
    out.chat("two").await;
    out.chat("three").await;
    assert_eq!(found(&out, "").await, ["two", "three"]);
    assert_eq!(found(&out, "?text=changed").await, [""; 0]);
}

#[tokio::test]
async fn what_messages_say_is_the_same_at_the_next_start() {
    let folder = Folder::new("edited");
    let out = folder.start().await;
    let path = chat(&out, "one").await;
    edit_chat(&out, &path, &json!({"content": "one, edited"})).await;
    let path = chat(&out, "two").await;
    assert_eq!(
        out.chat_as(0, Method::DELETE, &path, Value::Null).await.0,
        204
    );
    let before = out.rows("").await;
    assert_eq!(before[0]["edited_text"], "one, edited");
    out.emulator.shutdown().await;
    let again = folder.start().await;
    assert_eq!(again.rows("").await, before);
}
