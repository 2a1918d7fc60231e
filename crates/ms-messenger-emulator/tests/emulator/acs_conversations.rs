//! ACS Messages beyond sending: conversations and their participants.

use crate::outside::Outside;
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

const VERSION: &str = "api-version=2025-04-01-preview";

fn of(id: &str, rest: &str) -> String {
    let id = id.replace(':', "%3A").replace('@', "%40");
    format!("/messages/conversations/{id}{rest}?{VERSION}")
}

fn new_conversation(out: &Outside, topic: &str) -> Value {
    json!({
        "conversation": {
            "topic": topic,
            "deliveryChannelIds": [out.emulator.seed().acs.channel_registration_id],
            "outboundDeliveryStrategy": "allParticipants",
            "participants": [
                {"displayName": "Customer", "kind": "external",
                 "contacts": [{"id": "14255550123", "kind": "whatsApp"}]},
                {"displayName": "Support", "kind": "internal",
                 "contact": {"id": out.acs_user(0), "kind": "communication"}},
            ],
        },
        "initialMessage": {"content": "I need help"},
    })
}

async fn create(out: &Outside, topic: &str) -> Value {
    let target = format!("/messages/conversations?{VERSION}");
    let (status, made) = out
        .keyed(Method::POST, &target, new_conversation(out, topic))
        .await;
    assert_eq!(status, 201, "{made}");
    made
}

#[tokio::test]
async fn a_conversation_is_created_with_ids_for_its_participants_and_its_first_message() {
    let out = Outside::start().await;
    let made = create(&out, "Help").await;
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("19:") && id.ends_with("@thread.v2"), "{id}");
    assert_eq!(made["topic"], "Help");
    assert_eq!(made["outboundDeliveryStrategy"], "allParticipants");
    let [customer, support] = made["participants"].as_array().unwrap().as_slice() else {
        panic!("{made}");
    };
    assert!(customer["id"].as_str().unwrap().starts_with("8:acs:"));
    let contacts = json!([{"id": "14255550123", "kind": "whatsApp"},
                          {"id": customer["id"], "kind": "communication"}]);
    assert_eq!(customer["contacts"], contacts);
    assert_eq!(support["id"], json!(out.acs_user(0)));
    assert_eq!(support["contact"]["id"], support["id"]);
    let (status, read) = out.keyed(Method::GET, &of(id, ""), Value::Null).await;
    assert_eq!((status, &read), (200, &made));
    let (_, page) = out
        .keyed(Method::GET, &of(id, "/messages"), Value::Null)
        .await;
    let message = json!({"kind": "text", "content": "I need help"});
    assert_eq!(page["value"][0]["message"], message);
    let rows = out.rows("?platform=acs-messages").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["operation"], &rows[0]["text"]),
        (&json!("conversation.create"), &json!("I need help"))
    );
    assert_eq!(rows[0]["conversation"], json!(id));
}

#[tokio::test]
async fn wrong_conversations_are_refused() {
    let out = Outside::start().await;
    let target = format!("/messages/conversations?{VERSION}");
    let good = new_conversation(&out, "x");
    for (pointer, value, words) in [
        (
            "/conversation",
            Value::Null,
            "conversation field is required",
        ),
        (
            "/conversation/outboundDeliveryStrategy",
            json!("allChannels"),
            "allChannels",
        ),
        ("/conversation/participants/0/kind", json!("robot"), "robot"),
        (
            "/conversation/participants/0/contacts",
            json!([]),
            "Contacts",
        ),
        (
            "/conversation/participants/1/contact/kind",
            json!("fax"),
            "fax",
        ),
        (
            "/conversation/participants/1/contact/kind",
            json!("bot"),
            "BotAppId",
        ),
        ("/initialMessage/content", json!(""), "non-empty"),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let (status, error) = out.keyed(Method::POST, &target, body).await;
        assert_eq!(status, 400, "{pointer}");
        assert!(error["error"].to_string().contains(words), "{error}");
    }
    let older = "/messages/conversations?api-version=2024-08-30";
    let (status, error) = out.keyed(Method::POST, older, good).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!("UnsupportedApiVersion"))
    );
    assert!(out.rows("").await.is_empty());
}

#[tokio::test]
async fn conversations_are_listed_newest_first_by_participant_and_channel() {
    let out = Outside::start().await;
    create(&out, "a").await;
    let b = create(&out, "b").await;
    let list = async |query: &str| {
        let target = format!("/messages/conversations?{VERSION}{query}");
        let (status, page) = out.keyed(Method::GET, &target, Value::Null).await;
        assert_eq!(status, 200, "{page}");
        let topics = page["value"].as_array().unwrap().iter();
        let topics: Vec<String> = topics
            .map(|c| c["topic"].as_str().unwrap().to_owned())
            .collect();
        (topics, page["nextLink"].as_str().map(str::to_owned))
    };
    let seeded = "Emulated conversation";
    assert_eq!(
        list("").await,
        (vec!["b".into(), "a".into(), seeded.into()], None)
    );
    let (first, next) = list("&maxPageSize=2&participantId=14255550123").await;
    assert_eq!((first, next), (vec!["b".into(), "a".into()], None));
    let (_, next) = list(&format!("&maxPageSize=1&participantId={}", out.acs_user(0))).await;
    let next = next.unwrap();
    assert!(next.starts_with("/messages/conversations?"), "{next}");
    let (_, page) = out.keyed(Method::GET, &next, Value::Null).await;
    assert_eq!(page["value"][0]["topic"], "a");
    assert!(
        page["nextLink"]
            .as_str()
            .unwrap()
            .contains("participantId=")
    );
    let external = b["participants"][0]["id"].as_str().unwrap();
    assert_eq!(list(&format!("&participantId={external}")).await.0, ["b"]);
    let other = "&channelId=11111111-2222-4333-8444-555555555555";
    assert_eq!(list(other).await.0, Vec::<String>::new());
    let own = &out.emulator.seed().acs.channel_registration_id;
    assert_eq!(list(&format!("&channelId={own}")).await.0.len(), 3);
    // A user sees what he takes part in.
    let target = format!("/messages/conversations?{VERSION}");
    let token = &out.emulator.seed().acs.users[1].token;
    let (_, page) = out.bear(token, Method::GET, &target, Value::Null).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn participants_are_added_and_removed_under_207() {
    let out = Outside::start().await;
    let made = create(&out, "x").await;
    let id = made["id"].as_str().unwrap();
    let bob = out.acs_user(1);
    let participant = json!({"kind": "internal", "displayName": "Bob",
                             "contact": {"id": bob, "kind": "communication"}});
    let add = of(id, "/participants:add");
    for _ in 0..2 {
        let body = json!({"participants": [participant]});
        let (status, added) = out.keyed(Method::POST, &add, body).await;
        assert_eq!((status, added), (207, json!({"invalidParticipants": []})));
    }
    let (_, read) = out.keyed(Method::GET, &of(id, ""), Value::Null).await;
    assert_eq!(read["participants"].as_array().unwrap().len(), 3);
    let remove = of(id, "/participants:remove");
    let body = json!({"participantIds": [bob, "8:acs:nobody"]});
    let (status, removed) = out.keyed(Method::POST, &remove, body).await;
    assert_eq!(status, 207);
    let [invalid] = removed["invalidParticipants"]
        .as_array()
        .unwrap()
        .as_slice()
    else {
        panic!("{removed}");
    };
    assert_eq!(
        (&invalid["id"], &invalid["error"]["code"]),
        (&json!("8:acs:nobody"), &json!("NotFound"))
    );
    let (_, read) = out.keyed(Method::GET, &of(id, ""), Value::Null).await;
    assert_eq!(read["participants"].as_array().unwrap().len(), 2);
    for (target, body) in [
        (&add, json!({"participants": []})),
        (&remove, json!({})),
        (&add, json!({"options": {}})),
    ] {
        assert_eq!(out.keyed(Method::POST, target, body).await.0, 400);
    }
    // An identity that was deleted is named, and the others come in.
    let (_, gone) = out
        .keyed(
            Method::POST,
            "/identities?api-version=2025-06-30",
            Value::Null,
        )
        .await;
    let gone = gone["identity"]["id"].as_str().unwrap();
    let delete = format!(
        "/identities/{}?api-version=2025-06-30",
        gone.replace(':', "%3A")
    );
    out.keyed(Method::DELETE, &delete, Value::Null).await;
    let deleted = json!({"kind": "internal", "contact": {"id": gone, "kind": "communication"}});
    let body = json!({"participants": [deleted, participant]});
    let (status, added) = out.keyed(Method::POST, &add, body).await;
    assert_eq!(
        (status, &added["invalidParticipants"][0]["id"]),
        (207, &json!(gone))
    );
    let (_, read) = out.keyed(Method::GET, &of(id, ""), Value::Null).await;
    assert_eq!(read["participants"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_terminated_conversation_is_read_only_and_a_deleted_one_is_gone() {
    let out = Outside::start().await;
    let made = create(&out, "x").await;
    let id = made["id"].as_str().unwrap();
    let send = json!({"request": {"kind": "text", "content": "x"}});
    for target in [
        of(id, ":terminate"),
        format!("/messages/conversations/{id}:terminate?{VERSION}"),
    ] {
        assert_eq!(
            out.keyed(Method::POST, &target, Value::Null).await,
            (200, Value::Null)
        );
    }
    assert_eq!(
        out.keyed(Method::POST, &of(id, "/messages:send"), send.clone())
            .await
            .0,
        409
    );
    let body = json!({"participantIds": [out.acs_user(0)]});
    assert_eq!(
        out.keyed(Method::POST, &of(id, "/participants:remove"), body)
            .await
            .0,
        409
    );
    assert_eq!(
        out.keyed(Method::GET, &of(id, "/messages"), Value::Null)
            .await
            .0,
        200
    );
    assert_eq!(
        out.keyed(Method::DELETE, &of(id, ""), Value::Null).await,
        (204, Value::Null)
    );
    for (method, rest, body) in [
        (Method::GET, "", Value::Null),
        (Method::DELETE, "", Value::Null),
        (Method::GET, "/messages", Value::Null),
        (Method::POST, "/messages:send", send),
        (Method::POST, ":analyze", Value::Null),
    ] {
        let (status, error) = out.keyed(method, &of(id, rest), body).await;
        assert_eq!(
            (status, &error["error"]["code"]),
            (404, &json!("NotFound")),
            "{rest}"
        );
    }
    let target = format!("/messages/conversations?{VERSION}");
    let (_, page) = out.keyed(Method::GET, &target, Value::Null).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        out.rows("").await.len(),
        1,
        "only the first message was stored"
    );
}

#[tokio::test]
async fn a_retried_change_gets_the_stored_response() {
    let out = Outside::start().await;
    let made = create(&out, "x").await;
    let target = of(made["id"].as_str().unwrap(), "");
    let token = &out.emulator.seed().acs.entra_token;
    let at = httpdate::fmt_http_date(std::time::SystemTime::now());
    for _ in 0..2 {
        let request = out
            .client
            .delete(format!("{}{target}", out.base))
            .bearer_auth(token)
            .header(
                "repeatability-request-id",
                "6a0e6a57-5f5e-4f5e-9a43-1c2d3e4f5a6b",
            )
            .header("repeatability-first-sent", &at);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(response.headers()["repeatability-result"], "accepted");
    }
    assert_eq!(
        out.bear(token, Method::DELETE, &target, Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn an_analysis_sums_up() {
    let out = Outside::start().await;
    let made = create(&out, "x").await;
    let target = of(made["id"].as_str().unwrap(), ":analyze");
    let (status, analysis) = out.keyed(Method::POST, &target, Value::Null).await;
    assert_eq!(status, 200);
    assert!(
        analysis["summary"]
            .as_str()
            .unwrap()
            .contains("I need help"),
        "{analysis}"
    );
}

#[tokio::test]
async fn strict_conversations_know_their_users() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let made = create(&out, "x").await;
    let id = made["id"].as_str().unwrap();
    let (alice, bob) = (
        &out.emulator.seed().acs.users[0],
        &out.emulator.seed().acs.users[1],
    );
    assert_eq!(
        out.bear(&alice.token, Method::GET, &of(id, ""), Value::Null)
            .await
            .0,
        200
    );
    assert_eq!(
        out.bear(&bob.token, Method::GET, &of(id, ""), Value::Null)
            .await
            .0,
        403
    );
    assert_eq!(
        out.keyed(Method::GET, &of("19:no@thread.v2", ""), Value::Null)
            .await
            .0,
        404
    );
    let stranger =
        json!({"kind": "internal", "contact": {"id": "8:acs:x_y", "kind": "communication"}});
    let body = json!({"participants": [stranger]});
    let (status, added) = out
        .keyed(Method::POST, &of(id, "/participants:add"), body)
        .await;
    assert_eq!(
        (status, &added["invalidParticipants"][0]["id"]),
        (207, &json!("8:acs:x_y"))
    );
    let (status, _) = out
        .keyed(
            Method::POST,
            &format!("/messages/conversations?{VERSION}"),
            json!({"conversation": {"participants": [stranger]}}),
        )
        .await;
    assert_eq!(status, 400);
}
