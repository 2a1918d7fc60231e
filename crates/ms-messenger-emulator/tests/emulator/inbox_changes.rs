//! What the other side changes: edits, deletions, and deliveries of UCWA.

use ms_messenger_emulator::{Emulator, EntraApprover, FaultAction, FaultRule, Faults};
use serde_json::{Value, json};

use crate::{
    inbox::{inject, messages, of_bob, read},
    inbox_events::Reader,
    outside::Outside,
    skype::Endpoint,
};

async fn admin(out: &Outside, document: &Value) -> u16 {
    let (status, body) = Outside::ask(out.post("/_emulator/inject").json(document)).await;
    assert!(status == 200 || body["error"].is_object(), "{body}");
    status
}

#[tokio::test]
async fn the_other_side_edits_and_deletes_what_it_said_in_acs_chat() {
    let out = Outside::start().await;
    out.chat("mine").await;
    inject(&out, &of_bob(&out, "before"));
    let mine = read(&out, "inbox/message?seq=1").await;
    assert_eq!(mine["change"], json!(null), "{mine}");
    let change = read(&out, "inbox/message?seq=2").await["change"].clone();
    assert_eq!(change["text"], "before");
    let mut reader = Reader::open(&out, "", None).await;
    let mut edit = change["edit"].clone();
    edit["text"] = json!("after");
    assert_eq!(admin(&out, &edit).await, 200);
    assert_eq!(reader.next().await.data["changes"], 1);
    let shown = read(&out, "inbox/message?seq=2").await;
    assert_eq!(shown["parts"], json!([{"type": "text", "text": "after"}]));
    assert_eq!(
        (&shown["change"]["text"], &shown["ledger"]["text"]),
        (&json!("after"), &json!("before"))
    );
    // The client under test sees it, too.
    let thread = &out.emulator.seed().acs.thread_id;
    let id = shown["message_id"].as_str().unwrap();
    let path = format!("/{thread}/messages/{id}");
    let (status, seen) = out
        .chat_as(0, reqwest::Method::GET, &path, Value::Null)
        .await;
    assert_eq!(
        (status, &seen["content"]["message"]),
        (200, &json!("after")),
        "{seen}"
    );
    assert!(seen["editedOn"].is_string(), "{seen}");

    assert_eq!(admin(&out, &shown["change"]["delete"]).await, 200);
    assert_eq!(reader.next().await.data["changes"], 1);
    let shown = read(&out, "inbox/message?seq=2").await;
    assert!(shown["deleted_at"].is_string(), "{shown}");
    assert_eq!(shown["change"], json!(null));
    assert_eq!(admin(&out, &edit).await, 400);
}

#[tokio::test]
async fn the_other_side_edits_and_deletes_what_it_said_in_teams() {
    let out = Outside::start().await;
    let graph = &out.emulator.seed().graph;
    for (content_type, before, after) in
        [("text", "a <b>", "c <d>"), ("html", "<b>a</b>", "<i>c</i>")]
    {
        inject(
            &out,
            &json!({"platform": "msgraph-chat", "conversation": graph.chat_id,
                "sender": graph.users[1].id, "text": before, "content_type": content_type}),
        );
        let newest = messages(&out, "").await.pop().unwrap();
        let path = format!("inbox/message?seq={}", newest["seq"]);
        let change = read(&out, &path).await["change"].clone();
        assert_eq!(change["text"], before, "{change}");
        let mut edit = change["edit"].clone();
        edit["text"] = json!(after);
        assert_eq!(admin(&out, &edit).await, 200, "{edit}");
        let id = newest["message_id"].as_str().unwrap();
        let path_of_client = format!("{}/{id}", out.graph_chat());
        let (_, seen) = out.as_user(0, "GET", &path_of_client, None).await;
        assert_eq!(
            seen["body"],
            json!({"contentType": content_type, "content": after})
        );
        assert!(seen["lastEditedDateTime"].is_string(), "{seen}");
        assert_eq!(admin(&out, &change["delete"]).await, 200);
        let (_, seen) = out.as_user(0, "GET", &path_of_client, None).await;
        assert!(seen["deletedDateTime"].is_string(), "{seen}");
        assert_eq!(read(&out, &path).await["change"], json!(null));
    }
    let event = json!({"platform": "msgraph-chat", "conversation": graph.chat_id,
        "sender": graph.users[1].id, "event": "chatRenamed"});
    inject(&out, &event);
    let last = messages(&out, "").await.pop().unwrap();
    let shown = read(&out, &format!("inbox/message?seq={}", last["seq"])).await;
    assert_eq!(shown["change"], json!(null), "{shown}");
}

#[tokio::test]
async fn a_delivery_of_skype_is_news_at_once() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut bob = Endpoint::online(&out, "bob").await;
    alice.start("sip:bob@contoso.test").await;
    bob.accept().await;
    let conversation = alice.connected().await;
    alice.send(&conversation, "Is the build green?").await;
    let newest = messages(&out, "").await.pop().unwrap();
    assert_eq!(newest["delivery"], "Pending", "{newest}");
    let mut reader = Reader::open(&out, "", None).await;
    bob.until("message", "completed").await;
    let mut changes = 0;
    while changes == 0 {
        changes = reader.next().await.data["changes"].as_u64().unwrap();
    }
    let newest = messages(&out, "").await.pop().unwrap();
    assert_eq!(newest["delivery"], "Succeeded", "{newest}");
}

#[tokio::test]
async fn sign_ins_fault_rules_and_clocks_are_news() {
    let builder = Emulator::builder().with_entra_approver(EntraApprover::Manual);
    let out = Outside::of(builder.start().await.unwrap());
    let mut reader = Reader::open(&out, "", None).await;
    let form = "client_id=11111111-2222-3333-4444-555555555555&scope=https%3A%2F%2Fgraph.microsoft.com%2FChat.Read";
    let begin = out
        .post("/organizations/oauth2/v2.0/devicecode")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let (status, begun) = Outside::ask(begin).await;
    assert_eq!(status, 200, "{begun}");
    assert_eq!(reader.next().await.data["changes"], 1);
    let code = json!({"user_code": begun["user_code"]});
    for (method, path, body) in [
        ("POST", "entra/approve", &code),
        ("POST", "entra/decline", &code),
        ("POST", "entra/expire", &json!({"all": true})),
        ("PUT", "faults", &json!({"rules": []})),
        ("POST", "faults", &json!({"rules": []})),
        ("DELETE", "faults", &Value::Null),
        ("PUT", "clock", &json!({"offset_ms": 5})),
    ] {
        let url = format!("{}/_emulator/{path}", out.base);
        let request = out.client.request(method.parse().unwrap(), url);
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        let (status, said) = Outside::ask(request).await;
        assert!(status < 300, "{method} {path}: {said}");
        assert_eq!(reader.next().await.data["changes"], 1, "{method} {path}");
    }
    // What changes nothing is none.
    let refused = out.post("/_emulator/entra/approve").json(&code);
    assert_eq!(Outside::ask(refused).await.0, 404);
    let fault = FaultRule::new(FaultAction::status(503));
    out.emulator.set_faults(Faults::new().with_rule(fault));
    assert_eq!(reader.next().await.data["changes"], 1);
}
