//! Bodies and queries that no client should send: every operation responds, with a rejection or not.

use crate::outside::Outside;
use reqwest::Method;
use serde_json::{Value, json};

/// Members of all operations with values of the wrong type, form or size.
fn hostile_bodies() -> Vec<String> {
    let wrong = [
        json!(null),
        json!([]),
        json!({}),
        json!([null, 1, {}, [], "x"]),
        json!({"kind": []}),
        json!(-1),
        json!(1e300),
        json!("\u{0}\u{202e}😀"),
        json!("9999-12-31T23:59:59.9999999Z"),
    ];
    let members = [
        "topic",
        "metadata",
        "retentionPolicy",
        "participants",
        "participantIds",
        "content",
        "type",
        "attachments",
        "chatMessageId",
        "senderDisplayName",
        "rawId",
        "communicationUser",
        "phoneNumber",
        "conversation",
        "initialMessage",
        "request",
        "scopes",
        "createTokenWithScopes",
        "expiresInMinutes",
        "token",
        "appId",
        "userId",
        "principalType",
        "clientIds",
        "messageId",
        "channelRegistrationId",
        "to",
        "kind",
    ];
    let mut bodies: Vec<String> = wrong.iter().map(Value::to_string).collect();
    for value in &wrong {
        let all: serde_json::Map<String, Value> = members
            .iter()
            .map(|name| ((*name).to_owned(), value.clone()))
            .collect();
        bodies.push(Value::Object(all).to_string());
        // One level down, under what the containers hold.
        let participant = json!({"communicationIdentifier": value, "shareHistoryTime": value,
            "kind": "external", "contacts": value, "contact": value, "displayName": value});
        let nested = json!({"topic": "x", "participants": [participant],
            "conversation": {"participants": [participant], "deliveryChannelIds": value}});
        bodies.push(nested.to_string());
    }
    bodies.push("{".to_owned());
    bodies.push("[".repeat(4000));
    bodies
}

fn operations() -> Vec<(Method, String)> {
    let chat = "/chat/threads";
    let conversation = "/messages/conversations";
    let mut all = Vec::new();
    for (method, path) in [
        (Method::POST, chat.to_owned()),
        (Method::PATCH, format!("{chat}/19:a@thread.v2")),
        (
            Method::POST,
            format!("{chat}/19:a@thread.v2/participants/:add"),
        ),
        (
            Method::POST,
            format!("{chat}/19:a@thread.v2/participants/:remove"),
        ),
        (Method::POST, format!("{chat}/19:b@thread.v2/messages")),
        (Method::PATCH, format!("{chat}/19:b@thread.v2/messages/1")),
        (Method::POST, format!("{chat}/19:b@thread.v2/readReceipts")),
        (Method::POST, format!("{chat}/19:b@thread.v2/typing")),
    ] {
        all.push((method, format!("{path}?api-version=2025-03-15")));
    }
    for path in [
        "/messages/notifications:send".to_owned(),
        "/messages/readreceipts:send".to_owned(),
        conversation.to_owned(),
        format!("{conversation}/19:c@thread.v2/messages:send"),
        format!("{conversation}/19:c@thread.v2/participants:add"),
        format!("{conversation}/19:c@thread.v2/participants:remove"),
        format!("{conversation}/19:c@thread.v2:analyze"),
    ] {
        all.push((
            Method::POST,
            format!("{path}?api-version=2025-09-01-preview"),
        ));
    }
    for (method, path) in [
        (Method::POST, "/identities"),
        (Method::POST, "/identities/8:acs:x_y/:issueAccessToken"),
        (Method::POST, "/teamsUser/:exchangeAccessToken"),
        (
            Method::PUT,
            "/access/teamsExtension/tenants/t/assignments/o",
        ),
    ] {
        all.push((method, format!("{path}?api-version=2025-06-30")));
    }
    all
}

#[tokio::test]
async fn wrong_bodies_are_rejected_by_every_operation() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let bodies = hostile_bodies();
    for (method, target) in operations() {
        let is_chat = target.starts_with("/chat");
        let token = if is_chat {
            &world.acs.users[0].token
        } else {
            &world.acs.entra_token
        };
        let mut refusals = 0;
        for body in &bodies {
            let request = out
                .client
                .request(method.clone(), format!("{}{target}", out.base))
                .bearer_auth(token)
                .header("content-type", "application/json")
                .body(body.clone());
            let status = request.send().await.unwrap().status().as_u16();
            assert!(
                status < 500 && (status != 401 || target.starts_with("/teamsUser")),
                "{method} {target} {body}: {status}"
            );
            refusals += u32::from(status >= 400);
        }
        assert!(
            refusals >= 2 || target.contains(":analyze"),
            "{target} refuses nothing"
        );
    }
}

#[tokio::test]
async fn wrong_queries_are_refused_by_every_list() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let (thread, channel) = (&world.acs.thread_id, &world.acs.channel_registration_id);
    let user = &world.acs.users[0].token;
    for path in ["", "/T/messages", "/T/participants", "/T/readReceipts"] {
        let path = path.replace('T', thread);
        let target = format!("/chat/threads{path}?api-version=2025-03-15");
        for query in ["maxPageSize=0", "maxPageSize=201", "maxPageSize=x"] {
            let target = format!("{target}&{query}");
            assert_eq!(
                out.bear(user, Method::GET, &target, Value::Null).await.0,
                400,
                "{target}"
            );
        }
        let wrong = if path.contains("messages") || path.is_empty() {
            ["startTime=yesterday", "syncState=zz"]
        } else {
            ["skip=-1", "skip=x"]
        };
        for query in wrong {
            let target = format!("{target}&{query}");
            assert_eq!(
                out.bear(user, Method::GET, &target, Value::Null).await.0,
                400,
                "{target}"
            );
        }
    }
    for path in [
        "/messages/conversations".to_owned(),
        format!(
            "/messages/conversations/{}/messages",
            world.acs.conversation_id
        ),
        format!("/messages/channels/{channel}/templates"),
    ] {
        for query in ["maxPageSize=-1", "continuationToken=x"] {
            let target = format!("{path}?api-version=2025-09-01-preview&{query}");
            assert_eq!(
                out.bear(user, Method::GET, &target, Value::Null).await.0,
                400,
                "{target}"
            );
        }
    }
}
