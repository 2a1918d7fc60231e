//! ACS Chat's threads and participants: each operation as a client of the contract sees it.

use crate::outside::Outside;
use crate::outside::acs::CHAT;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_thread_is_created_with_its_properties_and_two_system_messages() {
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
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = response.json().await.unwrap();
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
async fn the_same_request_id_creates_one_thread_per_caller() {
    let out = Outside::start().await;
    let create = async |n: usize, id: &str, topic: &str| {
        let token = out.emulator.seed().acs.users[n].token.clone();
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
async fn a_creation_with_a_lost_response_is_retried_without_a_second_thread() {
    let out = Outside::start().await;
    let action = json!({"kind": "status_after_store", "status": 503});
    let matched = json!({"platform": "acs-chat", "operation": "thread.create", "nth": [1]});
    out.faults(json!({"rules": [{"match": matched, "action": action}]}))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let request = out
            .post(&format!("/chat/threads?{CHAT}"))
            .bearer_auth(out.chat_token())
            .header("repeatability-request-id", "one")
            .json(&json!({"topic": "once"}));
        statuses.push(Outside::ask(request).await.0);
    }
    assert_eq!(statuses, [503, 201]);
    let (_, page) = out.chat_as(0, Method::GET, "", Value::Null).await;
    let threads = page["value"].as_array().unwrap();
    assert_eq!(threads.iter().filter(|t| t["topic"] == "once").count(), 1);
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
            "participants[0].communicationIdentifier"
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
    assert_eq!(value[1]["id"], json!(out.emulator.seed().acs.thread_id));
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
async fn unknown_threads_are_created_on_first_use_by_every_operation() {
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
