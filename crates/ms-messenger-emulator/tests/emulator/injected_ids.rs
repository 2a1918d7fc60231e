//! `POST /_emulator/inject`: ids that the platform could not have are refused, and nothing is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::outside::Outside;

const BLANKS: &str = "without blanks, control characters and %";

/// The problems of an injection that is refused.
async fn problems(out: &Outside, message: &Value) -> Vec<String> {
    let (status, refused) = Outside::ask(out.post("/_emulator/inject").json(message)).await;
    assert_eq!(status, 400, "{message}: {refused}");
    assert_eq!(refused["error"]["code"], "InvalidInjection");
    let details = refused["error"]["details"].as_array().unwrap().iter();
    details
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

/// `message` with other members.
fn with(message: &Value, members: &[(&str, &str)]) -> Value {
    let mut message = message.clone();
    for (name, value) in members {
        message[name] = json!(value);
    }
    message
}

async fn refused(out: &Outside, message: &Value, member: &str, rule: &str) {
    let found = problems(out, message).await;
    let is_named = found.len() == 1 && found[0].starts_with(member) && found[0].contains(rule);
    assert!(is_named, "{message}: {found:?}");
}

#[tokio::test]
async fn a_message_of_acs_chat_has_a_thread_and_a_raw_id() {
    let out = Outside::start().await;
    let acs = out.emulator.seed().acs.clone();
    let good = json!({"platform": "acs-chat", "conversation": acs.thread_id, "sender": acs.users[1].id, "text": "x"});
    for id in [" ", "a b", "a%20b", "a\u{0}", "a\nb", "\u{1b}[31m"] {
        refused(
            &out,
            &with(&good, &[("conversation", id)]),
            "conversation: ",
            BLANKS,
        )
        .await;
        refused(&out, &with(&good, &[("sender", id)]), "sender: ", "raw id").await;
    }
    for id in [
        "bob",
        "8:acs",
        "8:acs:",
        "9:acs:x",
        "8:new:x",
        "+14255550123",
        "8:acs:a b",
    ] {
        refused(&out, &with(&good, &[("sender", id)]), "sender: ", "raw id").await;
    }
    let both = with(&good, &[("conversation", "a b"), ("sender", "bob")]);
    assert_eq!(problems(&out, &both).await.len(), 2, "all at once");
    assert!(out.emulator.messages().is_empty());
    for id in [
        "8:acs:r_u",
        "4:+14255550123",
        "8:orgid:u",
        "28:orgid:a",
        "8:teamsvisitor:u",
    ] {
        out.emulator
            .inject(&with(&good, &[("sender", id)]))
            .unwrap();
    }
    // Whoever has spoken there is a participant.
    let user = json!({"platform": "acs-chat", "user": "8:new:x"});
    let (_, token) = Outside::ask(out.post("/_emulator/tokens").json(&user)).await;
    let token = token["token"].as_str().unwrap();
    let send = out.post(&out.thread_path()).bearer_auth(token);
    let (status, sent) = Outside::ask(send.json(&json!({"content": "hello"}))).await;
    assert_eq!(status, 201, "{sent}");
    let message = with(&good, &[("sender", "8:new:x")]);
    out.emulator.inject(&message).unwrap();
    assert_eq!(out.emulator.messages().len(), 7);
}

#[tokio::test]
async fn a_message_of_teams_has_a_chat_or_a_channel_and_a_user() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let good = json!({"platform": "msgraph-chat", "conversation": graph.chat_id, "sender": graph.users[1].id, "text": "x"});
    let event = json!({"platform": "msgraph-chat", "conversation": graph.chat_id, "sender": graph.users[1].id, "event": "chatRenamed"});
    for good in [&good, &event] {
        for id in [
            "x",
            "20:a@thread.v2",
            "19:a b",
            "19:a%20b",
            "19:a\u{0}",
            "bob@contoso.test",
        ] {
            refused(
                &out,
                &with(good, &[("conversation", id)]),
                "conversation: ",
                BLANKS,
            )
            .await;
        }
        for id in [
            "bob",
            "bob@contoso.test",
            "8:orgid:x",
            "{00000000-0000-0000-0000-000000000001}",
            "<script>",
        ] {
            refused(&out, &with(good, &[("sender", id)]), "sender: ", "GUID").await;
        }
    }
    assert!(out.emulator.messages().is_empty());
    let chats = out.graph_get("/v1.0/chats").await;
    assert_eq!(chats["value"].as_array().unwrap().len(), 1, "{chats}");
    for place in ["19:new@thread.v2", "19:new@thread.tacv2", "48:notes"] {
        let stranger = "0f0e0d0c-0000-4000-8000-000000000001";
        let message = with(&good, &[("conversation", place), ("sender", stranger)]);
        out.emulator.inject(&message).unwrap();
    }
    assert_eq!(out.emulator.messages().len(), 3);
}

#[tokio::test]
async fn a_message_of_acs_messages_is_from_a_user_of_whatsapp_or_a_participant() {
    let out = Outside::start().await;
    let acs = out.emulator.seed().acs.clone();
    let good = json!({"platform": "acs-messages", "from": "+1 (425) 555-0123", "text": "x"});
    out.emulator.inject(&good).unwrap();
    out.emulator
        .inject(&with(&good, &[("from", "US.1234abcd")]))
        .unwrap();
    for id in ["bob", "+", "+1425x", "us.1", "8:acs:r_u", " ", "\u{0}"] {
        refused(
            &out,
            &with(&good, &[("from", id)]),
            "from: ",
            "phone number",
        )
        .await;
    }
    let inside = with(&good, &[("conversation", &acs.conversation_id)]);
    for id in [acs.users[1].id.as_str(), "8:acs:r_u", "+14255550123"] {
        out.emulator
            .inject(&with(&inside, &[("from", id)]))
            .unwrap();
    }
    refused(
        &out,
        &with(&inside, &[("from", "bob")]),
        "from: ",
        "participant",
    )
    .await;
    for id in [" ", "a b", "a%20b", "a\u{0}"] {
        refused(
            &out,
            &with(&good, &[("conversation", id)]),
            "conversation: ",
            BLANKS,
        )
        .await;
    }
    assert_eq!(out.emulator.messages().len(), 5);
}

#[tokio::test]
async fn what_is_deleted_or_over_takes_no_message() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let path = format!("/{}", world.acs.thread_id);
    let chat = json!({"platform": "acs-chat", "conversation": world.acs.thread_id, "sender": world.acs.users[1].id, "text": "x"});
    assert_eq!(
        out.chat_as(0, Method::DELETE, &path, Value::Null).await.0,
        204
    );
    refused(&out, &chat, "conversation: ", "deleted").await;

    let version = "api-version=2025-04-01-preview";
    let conversation = format!("/messages/conversations/{}", world.acs.conversation_id);
    let message = json!({"platform": "acs-messages", "from": "+14255550123", "conversation": world.acs.conversation_id, "text": "x"});
    let end = format!("{conversation}:terminate?{version}");
    let (status, ended) = out.keyed(Method::POST, &end, Value::Null).await;
    assert!(status < 300, "{status} {ended}");
    refused(&out, &message, "conversation: ", "terminated").await;

    let team = format!("/v1.0/teams/{}/channels", world.graph.team_id);
    let (status, made) = out
        .graph(
            &team,
            &json!({"displayName": "New", "membershipType": "standard"}),
        )
        .await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap();
    let posted = json!({"platform": "msgraph-chat", "conversation": id, "sender": world.graph.users[1].id, "text": "x"});
    out.emulator.inject(&posted).unwrap();
    let (status, _) = out
        .as_user(0, "DELETE", &format!("{team}/{id}"), None)
        .await;
    assert_eq!(status, 204);
    refused(&out, &posted, "conversation: ", "deleted").await;
    assert_eq!(out.emulator.messages().len(), 1);
}
