//! ACS Chat's threads and participants: each operation as a client of the contract sees it.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod outside;

use ms_messenger_emulator::Emulator;
use outside::Outside;
use outside::acs::CHAT;
use reqwest::Method;
use serde_json::{Value, json};

async fn strict() -> Outside {
    Outside::of(Emulator::builder().with_strict(true).start().await.unwrap())
}

#[tokio::test]
async fn a_thread_is_made_with_its_properties_and_two_system_messages() {
    let out = Outside::start().await;
    let (alice, bob) = (out.acs_user(0), out.acs_user(1));
    let body = json!({
        "topic": "Lunch",
        "participants": [{"communicationIdentifier": {"rawId": bob}, "displayName": "Bob",
                          "shareHistoryTime": "2020-06-06T05:55:41.1234567Z",
                          "metadata": {"role": "cook"}}],
        "metadata": {"ticket": "42"},
        "retentionPolicy": {"kind": "threadCreationDate", "deleteThreadAfterDays": 60},
    });
    let request = out.post(&format!("/chat/threads?{CHAT}"));
    let request = request.bearer_auth(out.chat_token()).json(&body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = answer.json().await.unwrap();
    assert!(made.get("invalidParticipants").is_none());
    let thread = &made["chatThread"];
    let id = thread["id"].as_str().unwrap();
    assert_eq!(id.len(), "19:".len() + 44 + "@thread.v2".len());
    assert_eq!(
        location,
        format!("{}/chat/threads/{}", out.base, id.replace(':', "%3A"))
    );
    assert_eq!(thread["topic"], "Lunch");
    assert_eq!(thread["metadata"], json!({"ticket": "42"}));
    assert_eq!(thread["retentionPolicy"]["deleteThreadAfterDays"], 60);
    let creator = &thread["createdByCommunicationIdentifier"];
    assert_eq!(creator["communicationUser"]["id"], json!(alice));

    let (status, read) = out
        .chat_as(1, Method::GET, &format!("/{id}"), Value::Null)
        .await;
    assert_eq!((status, &read), (200, thread));

    let path = format!("/{id}/messages");
    let (_, page) = out.chat_as(1, Method::GET, &path, Value::Null).await;
    // Bob sees the history since 2020, so both.
    let [topic, added] = page["value"].as_array().unwrap().as_slice() else {
        panic!("{page}");
    };
    assert_eq!(
        (&topic["type"], &topic["sequenceId"]),
        (&json!("topicUpdated"), &json!("2"))
    );
    assert_eq!(topic["content"]["topic"], "Lunch");
    assert_eq!(
        (&added["type"], &added["sequenceId"]),
        (&json!("participantAdded"), &json!("1"))
    );
    assert!(added.get("senderDisplayName").is_none());
    let content = &added["content"];
    assert_eq!(
        content["initiatorCommunicationIdentifier"]["rawId"],
        json!(alice)
    );
    let [first, second] = content["participants"].as_array().unwrap().as_slice() else {
        panic!("{added}");
    };
    assert_eq!(first["communicationIdentifier"]["rawId"], json!(alice));
    assert_eq!(first["shareHistoryTime"], "1970-01-01T00:00:00Z");
    assert_eq!(second["displayName"], "Bob");
    assert_eq!(second["shareHistoryTime"], "2020-06-06T05:55:41Z");
    assert!(out.rows("").await.is_empty(), "no message was sent");
    let sent = out
        .chat_as(0, Method::POST, &path, json!({"content": "x"}))
        .await;
    let (_, sent) = out
        .chat_as(
            0,
            Method::GET,
            &format!("{path}/{}", sent.1["id"].as_str().unwrap()),
            Value::Null,
        )
        .await;
    assert_eq!(sent["sequenceId"], "3");
}

#[tokio::test]
async fn the_same_request_id_makes_one_thread_per_caller() {
    let out = Outside::start().await;
    let create = async |n: usize, id: &str, topic: &str| {
        let token = out.emulator.world().acs.users[n].token.clone();
        let request = out
            .post(&format!("/chat/threads?{CHAT}"))
            .bearer_auth(token)
            .header("repeatability-request-id", id)
            .json(&json!({"topic": topic}));
        let (status, made) = Outside::ask(request).await;
        assert_eq!(status, 201, "{made}");
        made["chatThread"].clone()
    };
    let first = create(0, "one", "a").await;
    assert_eq!(create(0, "one", "b").await, first);
    assert_ne!(create(0, "two", "a").await["id"], first["id"]);
    assert_ne!(create(1, "one", "a").await["id"], first["id"]);
    // A refusal is not kept.
    let refused = out
        .post(&format!("/chat/threads?{CHAT}"))
        .bearer_auth(out.chat_token())
        .header("repeatability-request-id", "three")
        .json(&json!({"topic": ""}));
    assert_eq!(Outside::ask(refused).await.0, 400);
    create(0, "three", "c").await;
}

#[tokio::test]
async fn a_thread_names_every_wrong_member() {
    let out = Outside::start().await;
    let targets = async |version: &str, body: Value| {
        let target = format!("/chat/threads?api-version={version}");
        let (status, error) = out
            .bear(out.chat_token(), Method::POST, &target, body)
            .await;
        assert_eq!(status, 400, "{error}");
        let details = error["error"]["details"].as_array().unwrap().clone();
        details
            .iter()
            .map(|d| d["target"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let newest = "2025-03-15";
    assert_eq!(targets(newest, json!({})).await, ["topic"]);
    let wrong = json!({
        "topic": " ", "metadata": {"a": 1},
        "retentionPolicy": {"kind": "threadCreationDate", "deleteThreadAfterDays": 29},
        "participants": [{"communicationIdentifier": {}}],
    });
    assert_eq!(
        targets(newest, wrong).await,
        [
            "topic",
            "metadata",
            "retentionPolicy",
            "communicationIdentifier"
        ]
    );
    let large = json!({"topic": "x", "metadata": {"k": "x".repeat(1024)}});
    assert_eq!(targets(newest, large).await, ["metadata"]);
    let many: Vec<Value> = (0..201)
        .map(|n| json!({"communicationIdentifier": {"rawId": format!("8:acs:r_{n}")}}))
        .collect();
    let body = json!({"topic": "x", "participants": many});
    assert_eq!(targets(newest, body).await, ["participants"]);
    // What came with later versions is not in the earlier ones.
    let retained =
        json!({"topic": "x", "metadata": {"k": "v"}, "retentionPolicy": {"kind": "none"}});
    assert_eq!(
        targets("2024-03-07", retained.clone()).await,
        ["metadata", "retentionPolicy", "retentionPolicy"]
    );
    assert_eq!(
        targets("2024-03-15-preview", retained).await,
        ["retentionPolicy"]
    );
}

#[tokio::test]
async fn a_patch_merges_metadata_and_says_the_new_topic() {
    let out = Outside::start().await;
    let thread = out.thread_with("Old", &[1]).await;
    let patch = async |body: Value| out.chat_as(0, Method::PATCH, &thread, body).await.0;
    assert_eq!(patch(json!({"metadata": {"a": "1", "b": "2"}})).await, 204);
    let policy = json!({"kind": "threadCreationDate", "deleteThreadAfterDays": 30});
    assert_eq!(
        patch(
            json!({"topic": "New", "metadata": {"a": null, "c": "3"}, "retentionPolicy": policy})
        )
        .await,
        204
    );
    let (_, read) = out.chat_as(1, Method::GET, &thread, Value::Null).await;
    assert_eq!(read["topic"], "New");
    assert_eq!(read["metadata"], json!({"b": "2", "c": "3"}));
    assert_eq!(read["retentionPolicy"], policy);
    assert_eq!(
        patch(json!({"retentionPolicy": {"kind": "none"}})).await,
        204
    );
    let (_, read) = out.chat_as(1, Method::GET, &thread, Value::Null).await;
    assert!(read.get("retentionPolicy").is_none());
    assert_eq!(patch(json!({"topic": ""})).await, 400);
    let path = format!("{thread}/messages");
    let (_, page) = out.chat_as(1, Method::GET, &path, Value::Null).await;
    assert_eq!(
        page["value"].as_array().unwrap().len(),
        3,
        "one topic was told: {page}"
    );
    assert_eq!(page["value"][0]["content"]["topic"], "New");
}

#[tokio::test]
async fn threads_are_listed_by_their_newest_message_and_deleted_ones_stay() {
    let out = Outside::start().await;
    let mut threads = Vec::new();
    for topic in ["a", "b", "c"] {
        threads.push(out.thread_with(topic, &[]).await);
    }
    let path = format!("{}/messages", threads[0]);
    out.chat_as(0, Method::POST, &path, json!({"content": "x"}))
        .await;
    assert_eq!(
        out.chat_as(0, Method::DELETE, &threads[1], Value::Null)
            .await
            .0,
        204
    );
    let (_, page) = out
        .chat_as(0, Method::GET, "?maxPageSize=2", Value::Null)
        .await;
    let value = &page["value"];
    assert_eq!(
        (&value[0]["topic"], &value[1]["topic"]),
        (&json!("a"), &json!("c"))
    );
    assert!(value[0]["lastMessageReceivedOn"].is_string());
    assert!(value[1].get("lastMessageReceivedOn").is_none());
    let next = page["nextLink"].as_str().unwrap();
    assert!(
        next.starts_with(&format!("{}/chat/threads?syncState=", out.base)),
        "{next}"
    );
    let token = out.chat_token().to_owned();
    let (_, page) = out.bear(&token, Method::GET, next, Value::Null).await;
    let value = page["value"].as_array().unwrap();
    assert_eq!(value[0]["topic"], "b");
    assert!(value[0]["deletedOn"].is_string());
    // The seeded one comes last, and Bob has nothing else.
    assert_eq!(value[1]["id"], json!(out.emulator.world().acs.thread_id));
    assert!(page.get("nextLink").is_none());
    let (_, page) = out.chat_as(1, Method::GET, "", Value::Null).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 1);
    let recent = "?startTime=2025-06-01T00:00:00Z";
    let (_, page) = out.chat_as(0, Method::GET, recent, Value::Null).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 3);
    // Gone for everything else, also where unknown threads are made on first use.
    assert_eq!(
        out.chat_as(0, Method::GET, &threads[1], Value::Null)
            .await
            .0,
        404
    );
    let path = format!("{}/messages", threads[1]);
    assert_eq!(
        out.chat_as(0, Method::POST, &path, json!({"content": "x"}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn participants_come_and_go_and_only_they_may_act() {
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
    // He keeps the history up to his removal.
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
async fn history_is_shared_from_the_time_given() {
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
async fn who_may_not_come_in_is_named_under_201() {
    let out = strict().await;
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
    let world = out.emulator.world().clone();
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

#[tokio::test]
async fn unknown_threads_are_made_on_first_use_by_every_operation() {
    let out = Outside::start().await;
    for (n, (method, rest, body, status)) in [
        (Method::GET, "", Value::Null, 200),
        (Method::PATCH, "", json!({"topic": "x"}), 204),
        (Method::DELETE, "", Value::Null, 204),
        (Method::GET, "/participants", Value::Null, 200),
        (Method::GET, "/readReceipts", Value::Null, 200),
        (Method::POST, "/typing", Value::Null, 200),
        (Method::POST, "/messages", json!({"content": "x"}), 201),
        (Method::GET, "/messages", Value::Null, 200),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/19:sample{n}@thread.v2{rest}");
        let (answered, body) = out.chat_as(0, method, &path, body).await;
        assert_eq!(answered, status, "{path}: {body}");
    }
}
