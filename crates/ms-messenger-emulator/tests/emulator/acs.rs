//! ACS in depth: signatures, repeatable requests, kinds by version, chat tokens and pages.

use std::time::{Duration, SystemTime};

use crate::outside::Outside;
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

const NOTIFICATIONS: &str = "/messages/notifications:send?api-version=2024-08-30";
const ID: &str = "6a0e6a57-5f5e-4f5e-9a43-1c2d3e4f5a6b";
const FAR: u64 = 4_000_000_000;

fn notification(out: &Outside, content: &str) -> String {
    out.notification(&json!({"kind": "text", "content": content}))
        .to_string()
}

/// Status and `Repeatability-Result` of a repeatable notification.
async fn repeat(out: &Outside, content: &str, first_sent: &str) -> (u16, String, Value) {
    let request = out
        .signed(
            SystemTime::now(),
            NOTIFICATIONS,
            &notification(out, content),
        )
        .header("Repeatability-Request-ID", ID)
        .header("Repeatability-First-Sent", first_sent);
    let response = request.send().await.unwrap();
    let result = response.headers()["repeatability-result"]
        .to_str()
        .unwrap()
        .to_owned();
    (
        response.status().as_u16(),
        result,
        response.json().await.unwrap(),
    )
}

fn now() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}

#[tokio::test]
async fn a_signature_covers_body_target_and_date() {
    let out = Outside::start().await;
    let body = notification(&out, "Moin 😀");
    let signed = |at| out.signed(at, NOTIFICATIONS, &body);
    let now = SystemTime::now();
    let (status, accepted) = Outside::ask(signed(now)).await;
    assert_eq!(
        (status, &accepted["receipts"][0]["to"]),
        (202, &json!("+14255550123"))
    );
    let other_body = signed(now).body(format!("{body} "));
    let other_target = {
        let headers = signed(now).build().unwrap().headers().clone();
        out.post(&format!("{NOTIFICATIONS}&x=1"))
            .headers(headers)
            .body(body.clone())
    };
    let stale = signed(now - Duration::from_secs(86_400));
    for (request, words) in [
        (other_body, "differs from generated content hash"),
        (other_target, "Denied by the resource provider."),
        (stale, "Lifetime validation"),
        (out.post(NOTIFICATIONS).body(body.clone()), "content hash"),
    ] {
        let (status, error) = Outside::ask(request).await;
        assert_eq!((status, &error["error"]["code"]), (401, &json!("Denied")));
        assert!(
            error["error"]["message"].as_str().unwrap().contains(words),
            "{error}"
        );
    }
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn an_earlier_rejection_is_replayed() {
    let out = Outside::start().await;
    let at = now();
    let first = repeat(&out, "", &at).await;
    assert_eq!((first.0, first.1.as_str()), (400, "accepted"));
    assert_eq!(repeat(&out, "", &at).await, first);
}

#[tokio::test]
async fn another_first_sent_is_another_request() {
    let out = Outside::start().await;
    repeat(&out, "x", &now()).await;
    let earlier = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(60));
    let other = repeat(&out, "x", &earlier).await;
    assert_eq!((other.0, other.1.as_str()), (400, "rejected"));
    let ahead = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(400));
    let other = repeat(&out, "x", &ahead).await;
    assert_eq!((other.0, other.1.as_str()), (412, "rejected"));
}

#[tokio::test]
async fn the_same_id_of_another_caller_is_executed() {
    let out = Outside::start().await;
    let at = now();
    let acs = out.emulator.seed().acs.clone();
    for user in &acs.users[..2] {
        let request = out
            .post(NOTIFICATIONS)
            .bearer_auth(&user.token)
            .header("content-type", "application/json")
            .header("repeatability-request-id", ID)
            .header("repeatability-first-sent", &at)
            .body(notification(&out, "x"));
        assert_eq!(Outside::ask(request).await.0, 202);
    }
    let rows = out.rows("").await;
    assert_eq!((rows.len(), &rows[1]["duplicate_of"]), (2, &json!(1)));
}

#[tokio::test]
async fn a_5xx_before_storage_is_executed_again_and_one_after_it_is_replayed() {
    let out = Outside::start().await;
    let at = now();
    out.faults(json!({"rules": [
        {"match": {"nth": [1]}, "action": {"kind": "status", "status": 500,
                                           "headers": {"repeatability-result": "none"}}},
        {"match": {"nth": [2]}, "action": {"kind": "status_after_store", "status": 504,
                                           "headers": {"repeatability-result": "none"}}},
    ]}))
    .await;
    let mut statuses = Vec::new();
    for rows in [0, 1, 1] {
        statuses.push(repeat(&out, "x", &at).await.0);
        assert_eq!(out.rows("").await.len(), rows);
    }
    assert_eq!(statuses, [500, 504, 202]);
    assert_eq!(out.rows("").await[0]["replays"], 1);
}

#[tokio::test]
async fn a_retry_is_a_conflict_until_the_first_is_completed_or_its_client_disconnected() {
    let out = Outside::start().await;
    let at = now();
    let delay = json!({"kind": "delay", "ms": 60_000});
    out.faults(json!({"rules": [{"match": {"nth": [1]}, "action": delay}]}))
        .await;
    let second = async {
        assert_eq!(out.get("/_emulator/wait?text=slow").await.status(), 200);
        repeat(&out, "slow", &at).await
    };
    tokio::select! {
        early = repeat(&out, "slow", &at) => panic!("answered: {early:?}"),
        second = second => assert_eq!((second.0, second.1.as_str()), (409, "rejected")),
    }
    // The select dropped the first request; the emulator notices at the end of its stream.
    let mut third = repeat(&out, "slow", &at).await;
    while third.0 == 409 {
        third = repeat(&out, "slow", &at).await;
    }
    let rows = out.rows("").await;
    assert_eq!((third.0, rows.len()), (202, 1));
    assert_eq!(third.2["receipts"][0]["messageId"], rows[0]["message_id"]);
}

#[tokio::test]
async fn each_kind_of_notification_is_accepted_from_its_version_on() {
    let out = Outside::start().await;
    let token = out.emulator.seed().acs.entra_token.clone();
    let media = "https://example.test/file";
    let template = json!({"name": "reminder", "language": "en_US",
        "values": [{"name": "who", "kind": "text", "text": "Jo"},
                   {"name": "yes", "kind": "quickAction", "payload": "Y"}],
        "bindings": {"kind": "whatsApp", "body": [{"refValue": "who"}],
                     "buttons": [{"subType": "quickReply", "refValue": "yes"}]}});
    let interactive = json!({"body": {"kind": "text", "text": "Keep it?"},
        "action": {"kind": "whatsAppButtonAction", "content": {"kind": "buttonSet",
            "buttons": [{"id": "y", "title": "Yes"}]}}});
    let versions = [
        "2024-02-01",
        "2024-08-30",
        "2025-01-15-preview",
        "2025-09-01-preview",
    ];
    for (since, body, text) in [
        (
            0,
            json!({"kind": "image", "mediaUri": media, "content": "cap"}),
            "cap",
        ),
        (
            0,
            json!({"kind": "template", "template": template}),
            "reminder",
        ),
        (
            1,
            json!({"kind": "image_v0", "mediaUri": media, "content": "cap"}),
            "cap",
        ),
        (
            1,
            json!({"kind": "document", "mediaUri": media, "fileName": "a.pdf"}),
            media,
        ),
        (
            1,
            json!({"kind": "video", "mediaUri": media, "caption": "cap"}),
            "cap",
        ),
        (1, json!({"kind": "audio", "mediaUri": media}), media),
        (2, json!({"kind": "sticker", "mediaUri": media}), media),
        (
            2,
            json!({"kind": "reaction", "emoji": "👍", "messageId": "m"}),
            "👍",
        ),
        (
            2,
            json!({"kind": "interactive", "interactiveMessage": interactive}),
            "Keep it?",
        ),
    ] {
        for (i, version) in versions.into_iter().enumerate() {
            let path = format!("/messages/notifications:send?api-version={version}");
            let request = out
                .post(&path)
                .bearer_auth(&token)
                .json(&out.notification(&body));
            let (status, response) = Outside::ask(request).await;
            assert_eq!(
                status,
                if i >= since { 202 } else { 400 },
                "{version} {body}: {response}"
            );
            if i == since {
                let row = out.rows("").await.pop().unwrap();
                assert_eq!((&row["kind"], &row["text"]), (&body["kind"], &json!(text)));
            }
        }
    }
}

#[tokio::test]
async fn a_notification_names_all_its_problems() {
    let out = Outside::start().await;
    let token = out.emulator.seed().acs.entra_token.clone();
    let send = async |body: Value| {
        let body = out.notification(&body);
        Outside::ask(out.post(NOTIFICATIONS).bearer_auth(&token).json(&body)).await
    };
    let unbound = json!({"name": "t", "language": "en",
                         "bindings": {"kind": "whatsApp", "body": [{"refValue": "who"}]}});
    for (body, words) in [
        (
            json!({"kind": "text"}),
            "A non-empty \"Content\" is required when message type is Text.",
        ),
        (
            json!({"kind": "text", "content": "x", "to": ["call me"]}),
            "contains invalid characters",
        ),
        (
            json!({"kind": "text", "content": "x", "to": ["1", "2"]}),
            "exactly one recipient",
        ),
        (
            json!({"kind": "template", "template": unbound}),
            "(#131008)",
        ),
        (json!({"kind": "image", "mediaUri": "file"}), "absolute URL"),
        (json!({"kind": "fax"}), "The kind \"fax\" is not supported"),
    ] {
        let (status, error) = send(body).await;
        assert_eq!(status, 400);
        let words = serde_json::to_string(words).unwrap();
        assert!(
            error.to_string().contains(words.trim_matches('"')),
            "{words}: {error}"
        );
    }
    let (_, error) = send(json!({"kind": "text", "to": [], "channelRegistrationId": "no"})).await;
    assert_eq!(
        error["error"]["details"].as_array().unwrap().len(),
        2,
        "{error}"
    );
    assert!(out.rows("").await.is_empty());
}

#[tokio::test]
async fn a_conversation_is_listed_newest_first_by_relative_links() {
    let out = Outside::start().await;
    let acs = out.emulator.seed().acs.clone();
    let id = &acs.conversation_id;
    let send = format!(
        "/messages/conversations/{}/messages:send?api-version=2025-04-01-preview",
        id.replace(':', "%3A").replace('@', "%40")
    );
    for n in 0..3 {
        let body = json!({"request": {"kind": "text", "content": format!("m{n}")}}).to_string();
        let (status, sent) = Outside::ask(out.signed(SystemTime::now(), &send, &body)).await;
        assert_eq!(
            (status, sent["messageId"].as_str().unwrap().len()),
            (200, 13)
        );
    }
    let list = format!("/messages/conversations/{id}/messages?api-version=2025-04-01-preview");
    let read = async |target: &str| Outside::ask(out.read(target, &acs.users[0].token)).await.1;
    let page = read(&format!("{list}&maxpagesize=2")).await;
    assert_eq!(page["value"][0]["message"]["content"], "m2");
    assert_eq!(page["value"][0]["sequenceId"], 3);
    let next = page["nextLink"].as_str().unwrap();
    assert!(next.starts_with("/messages/"), "{next}");
    let last = read(next).await;
    assert_eq!(last["value"][0]["message"]["content"], "m0");
    assert!(last.get("nextLink").is_none());
    assert_eq!(
        read(&format!("{list}&maxPageSize=0")).await["error"]["target"],
        "maxPageSize"
    );
}

#[tokio::test]
async fn a_chat_message_is_located_and_read_back_with_all_it_had() {
    let out = Outside::start().await;
    let acs = out.emulator.seed().acs.clone();
    let body = json!({"content": "<p>Moin</p>", "type": "html", "senderDisplayName": "Alice",
                      "metadata": {"ticket": "42"}});
    let request = out
        .post(&out.thread_path())
        .bearer_auth(out.chat_token())
        .json(&body);
    let sent = request.send().await.unwrap();
    let location = sent.headers()["location"].to_str().unwrap().to_owned();
    let id = sent.json::<Value>().await.unwrap()["id"].clone();
    let target = format!("{location}?api-version=2025-03-15");
    let (_, message) = Outside::ask(out.read(&target, &acs.users[1].token)).await;
    assert_eq!((&message["id"], &message["version"]), (&id, &id));
    assert_eq!(message["content"]["message"], "<p>Moin</p>");
    assert_eq!(message["senderDisplayName"], "Alice");
    assert_eq!(message["metadata"]["ticket"], "42");
    assert_eq!(
        message["senderCommunicationIdentifier"]["rawId"],
        json!(acs.users[0].id)
    );
    let recent = format!("{}&startTime=2025-06-01T00:00:00Z", out.thread_path());
    let (_, page) = Outside::ask(out.read(&recent, out.chat_token())).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 1);
    let (_, page) = Outside::ask(out.read(&out.thread_path(), out.chat_token())).await;
    assert_eq!(page["value"][1]["type"], "topicUpdated");
    assert_eq!(page["value"][2]["type"], "participantAdded");
}

#[tokio::test]
async fn chat_takes_user_tokens_of_its_resource_and_nothing_else() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let user = &world.acs.users[0].id;
    let path = out.thread_path();
    let body = json!({"content": "x"});
    for (token, status) in [
        (world.acs_token(user, &["chat.join.limited"], FAR), 201),
        (world.acs_token(user, &["chat"], 1_700_000_000), 401),
        (world.acs.entra_token.clone(), 401),
        ("garbled".to_owned(), 401),
    ] {
        let request = out.post(&path).bearer_auth(token).json(&body);
        assert_eq!(Outside::ask(request).await.0, status);
    }
    let keyed = out.signed(SystemTime::now(), &path, &body.to_string());
    assert_eq!(Outside::ask(keyed).await.0, 401);
}

#[tokio::test]
async fn chat_names_every_wrong_member_and_takes_attachments_in_the_preview_only() {
    let out = Outside::start().await;
    let send = async |path: &str, body: Value| {
        Outside::ask(out.post(path).bearer_auth(out.chat_token()).json(&body)).await
    };
    let path = out.thread_path();
    let wrong = json!({"content": " ", "type": "topicUpdated", "metadata": {"a": 1}});
    let (_, error) = send(&path, wrong).await;
    let details = error["error"]["details"].as_array().unwrap().iter();
    let targets: Vec<&Value> = details.map(|d| &d["target"]).collect();
    assert_eq!(targets, ["content", "type", "metadata"]);
    assert_eq!(
        send(&path, json!({"content": "x".repeat(28_673)})).await.0,
        400
    );
    assert_eq!(
        send(&path, json!({"content": "x".repeat(28_672)})).await.0,
        201
    );
    let attached =
        json!({"content": "see", "attachments": [{"id": "a", "attachmentType": "file"}]});
    assert_eq!(send(&path, attached.clone()).await.0, 400);
    let preview = path.replace("2025-03-15", "2024-03-15-preview");
    assert_eq!(send(&preview, attached).await.0, 201);
    assert_eq!(
        send(
            &path.replace("2025-03-15", "2020-01-01"),
            json!({"content": "x"})
        )
        .await
        .0,
        400
    );
}

#[tokio::test]
async fn strict_mode_rejects_unknown_users_and_foreign_channels() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let stranger = out.emulator.seed().acs_token("8:acs:x_y", &["chat"], FAR);
    let id = &out.emulator.seed().acs.conversation_id;
    let send = format!("/messages/conversations/{id}/messages:send?api-version=2025-04-01-preview");
    let body = json!({"request": {"kind": "text", "content": "x"}});
    let request = out.post(&send).bearer_auth(&stranger).json(&body);
    assert_eq!(Outside::ask(request).await.0, 403);
    let unknown = send.replace(id.as_str(), "19:no@thread.v2");
    let request = out.post(&unknown).bearer_auth(&stranger).json(&body);
    assert_eq!(Outside::ask(request).await.0, 404);
    let thread = out.post(&out.thread_path()).bearer_auth(&stranger);
    assert_eq!(
        Outside::ask(thread.json(&json!({"content": "x"}))).await.0,
        403
    );
    let foreign = out.notification(&json!({"kind": "text", "content": "x",
        "channelRegistrationId": "11111111-2222-4333-8444-555555555555"}));
    let token = &out.emulator.seed().acs.entra_token;
    let request = out.post(NOTIFICATIONS).bearer_auth(token).json(&foreign);
    assert_eq!(Outside::ask(request).await.0, 400);
}
