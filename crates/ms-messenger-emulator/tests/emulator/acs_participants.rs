//! ACS Chat's participants: who comes in, who does not, and what each may do.

use crate::outside::Outside;
use crate::outside::acs::CHAT;
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn participants_are_added_and_removed_and_only_they_may_act() {
    let out = Outside::start().await;
    let thread = out.thread_with("Team", &[]).await;
    let messages = format!("{thread}/messages");
    let participants = format!("{thread}/participants");
    let add = format!("{participants}/:add");
    assert_eq!(
        out.chat_as(1, Method::GET, &thread, Value::Null).await.0,
        403
    );
    assert_eq!(
        out.chat_as(
            1,
            Method::POST,
            &add,
            json!({"participants": [out.participant(1)]})
        )
        .await
        .0,
        403
    );
    let bob = json!({"communicationIdentifier": {"rawId": out.acs_user(1)}, "displayName": "Bob"});
    for _ in 0..2 {
        let body = json!({"participants": [bob, bob]});
        assert_eq!(
            out.chat_as(0, Method::POST, &add, body).await,
            (201, json!({}))
        );
    }
    let (_, page) = out
        .chat_as(1, Method::GET, &participants, Value::Null)
        .await;
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    assert_eq!(page["value"][1]["displayName"], "Bob");
    out.chat_as(0, Method::POST, &messages, json!({"content": "before"}))
        .await;

    let remove = format!("{participants}/:remove");
    let identifier = json!({"communicationUser": {"id": out.acs_user(1)}});
    for _ in 0..2 {
        assert_eq!(
            out.chat_as(0, Method::POST, &remove, identifier.clone())
                .await,
            (204, Value::Null)
        );
    }
    out.chat_as(0, Method::POST, &messages, json!({"content": "after"}))
        .await;
    assert_eq!(
        out.chat_as(1, Method::POST, &messages, json!({"content": "x"}))
            .await
            .0,
        403
    );
    // A removed participant keeps the history up to the removal.
    let (status, page) = out.chat_as(1, Method::GET, &messages, Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(page["value"][0]["type"], "participantRemoved");
    assert_eq!(
        page["value"][0]["content"]["participants"][0]["displayName"],
        "Bob"
    );
    assert_eq!(page["value"][1]["content"]["message"], "before");
    let (_, page) = out.chat_as(0, Method::GET, &messages, Value::Null).await;
    let types: Vec<&Value> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["type"])
        .collect();
    assert_eq!(
        types,
        [
            "text",
            "participantRemoved",
            "text",
            "participantAdded",
            "topicUpdated",
            "participantAdded"
        ]
    );
    assert_eq!(out.rows("?platform=acs-chat").await.len(), 2);
}

#[tokio::test]
async fn history_is_shared_from_the_given_time() {
    let out = Outside::start().await;
    let thread = out.thread_with("Team", &[]).await;
    let messages = format!("{thread}/messages");
    out.chat_as(0, Method::POST, &messages, json!({"content": "old"}))
        .await;
    let mut bob = out.participant(1);
    bob["shareHistoryTime"] = json!("2100-01-01T00:00:00Z");
    let add = format!("{thread}/participants/:add");
    out.chat_as(0, Method::POST, &add, json!({"participants": [bob]}))
        .await;
    let (status, page) = out.chat_as(1, Method::GET, &messages, Value::Null).await;
    assert_eq!((status, &page["value"]), (200, &json!([])));
}

#[tokio::test]
async fn rejected_participants_are_listed_under_201() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let foreign = "8:acs:8540c0de-899f-5cce-acb5-3ec493af3800_a34d2d65-d72f-4c48-a12c-2d5c9ac75a1a";
    let own = out.acs_user(0);
    let unknown = format!("{}_none", own.split_once('_').unwrap().0);
    let wanted: Vec<Value> = [
        foreign,
        &unknown,
        "4:+14255550123",
        "nobody",
        &out.acs_user(1),
    ]
    .iter()
    .map(|raw| json!({"communicationIdentifier": {"rawId": raw}}))
    .collect();
    let body = json!({"topic": "x", "participants": wanted});
    let (status, made) = out.chat_as(0, Method::POST, "", body).await;
    assert_eq!(status, 201);
    let expected = json!([
        {"target": foreign, "code": "403", "message": "Permissions check failed"},
        {"target": unknown, "code": "404", "message": "Not found"},
        {"target": "4:+14255550123", "code": "403", "message": "Permissions check failed"},
        {"target": "nobody", "code": "404", "message": "Not found"},
    ]);
    assert_eq!(made["invalidParticipants"], expected);
    let path = format!(
        "/{}/participants",
        made["chatThread"]["id"].as_str().unwrap()
    );
    let (_, page) = out.chat_as(1, Method::GET, &path, Value::Null).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    let body = json!({"participants": wanted});
    let (status, added) = out
        .chat_as(0, Method::POST, &format!("{path}/:add"), body)
        .await;
    assert_eq!((status, &added["invalidParticipants"]), (201, &expected));
    assert_eq!(
        out.chat_as(0, Method::GET, "/19:no@thread.v2", Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn participants_are_paged_and_end_at_250() {
    let out = Outside::start().await;
    let thread = out.thread_with("Crowd", &[]).await;
    let path = format!("{thread}/participants");
    let add = async |from: usize, to: usize| {
        let wanted: Vec<Value> = (from..to)
            .map(|n| json!({"communicationIdentifier": {"rawId": format!("8:acs:r_{n}")}}))
            .collect();
        let body = json!({"participants": wanted});
        out.chat_as(0, Method::POST, &format!("{path}/:add"), body)
            .await
            .0
    };
    assert_eq!(add(0, 200).await, 201);
    assert_eq!(add(200, 250).await, 400);
    assert_eq!(add(150, 249).await, 201);
    let token = out.chat_token().to_owned();
    let mut seen = 0;
    let mut link = format!("/chat/threads{path}?maxPageSize=100&{CHAT}");
    loop {
        let (_, page) = out.bear(&token, Method::GET, &link, Value::Null).await;
        seen += page["value"].as_array().unwrap().len();
        let Some(next) = page["nextLink"].as_str() else {
            break;
        };
        next.clone_into(&mut link);
    }
    assert_eq!(seen, 250);
    let default = out.chat_as(0, Method::GET, &path, Value::Null).await.1;
    assert_eq!(default["value"].as_array().unwrap().len(), 10);
    assert!(
        default["nextLink"]
            .as_str()
            .unwrap()
            .contains("/participants?skip=10&maxPageSize=10&")
    );
    assert_eq!(
        out.chat_as(0, Method::GET, &format!("{path}?skip=-1"), Value::Null)
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn each_scope_allows_what_the_table_says() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let user = &world.acs.users[0].id;
    let thread = out.thread_with("Scopes", &[]).await;
    let add = format!("/chat/threads{thread}/participants/:add?{CHAT}");
    let send = format!("/chat/threads{thread}/messages?{CHAT}");
    for (scope, statuses) in [
        ("chat", [201, 201, 201]),
        ("chat.join", [403, 201, 201]),
        ("chat.join.limited", [403, 403, 201]),
        ("voip", [403, 403, 403]),
    ] {
        let token = world.acs_token(user, &[scope], 4_000_000_000);
        let create = format!("/chat/threads?{CHAT}");
        let body = json!({"topic": "x"});
        let body = out.bear(&token, Method::POST, &create, body).await;
        let added = json!({"participants": [out.participant(1)]});
        let added = out.bear(&token, Method::POST, &add, added).await;
        let sent = out
            .bear(&token, Method::POST, &send, json!({"content": "x"}))
            .await;
        assert_eq!([body.0, added.0, sent.0], statuses, "{scope}");
        if scope == "voip" {
            assert_eq!(sent.1["error"]["code"], "Forbidden");
        }
    }
}
