//! Several requests in one, and what is known of each.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use ms_messenger_core::{
    Attachment, Card, CardKind, Delivery, ErrorKind, Evidence, FileUpload, Message, Messenger as _,
    RetryPolicy, SendRequest, Settled, StaticToken, Target,
};
use ms_messenger_emulator::{FaultAction, FaultRule, Faults, When};
use ms_messenger_testkit::{ReceivedRequest, Reply};
use msgraph_chat::{BatchPart, GraphChatClient, NewChatMessage, models::User};
use serde_json::{Value, json};

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, USER, assert_invalid, emulated, http, losing, own_client, refusal,
    replying, scripted, seen,
};

fn posted(id: usize) -> Value {
    json!({"id": id.to_string(), "status": 201, "headers": {"Content-Type": "application/json"},
        "body": {"id": format!("161{id}"), "body": {"contentType": "text", "content": "x"}}})
}

fn failed(id: usize, status: u16, code: &str) -> Value {
    json!({"id": id.to_string(), "status": status,
        "headers": {"Retry-After": "0.01", "Content-Type": "application/json", "request-id": "rp"},
        "body": {"error": {"code": code, "message": "No."}}})
}

fn responses(parts: &[Value]) -> Reply {
    Reply::json(200, &json!({"responses": parts}))
}

fn three() -> [BatchPart; 3] {
    [
        BatchPart::to_chat(CHAT, "one"),
        BatchPart::to_chat(CHAT, "two").with_dependency(0),
        BatchPart::get("/me?$select=id"),
    ]
}

/// A server whose first reply is `first`, and that posts every message after it.
async fn then_posting(first: Reply) -> (ms_messenger_testkit::HttpDouble, GraphChatClient) {
    let count = AtomicUsize::new(0);
    scripted(
        move |_: &ReceivedRequest| match count.fetch_add(1, Ordering::SeqCst) {
            0 => first.clone(),
            n => Reply::json(201, &json!({"id": format!("90{n}")})),
        },
    )
    .await
}

#[tokio::test]
async fn parts_have_ids_headers_and_dependencies_and_come_back_in_order() {
    let me = json!({"id": "3", "status": 200, "body": {"id": USER}});
    let (double, client) = replying(responses(&[me, posted(2), posted(1)])).await;
    let outcomes = client.run_batch(three()).await.unwrap();
    let id = |n: usize| {
        outcomes[n]
            .as_ref()
            .unwrap()
            .posted()
            .unwrap()
            .id
            .to_string()
    };
    assert_eq!((id(0), id(1)), ("1611".to_owned(), "1612".to_owned()));
    let me: User = outcomes[2].as_ref().unwrap().json().unwrap().unwrap();
    assert_eq!(me.id, USER);

    assert_eq!(seen(&double), ["POST /$batch"]);
    let mut body = double.requests()[0].json();
    let requests = body["requests"].as_array_mut().unwrap();
    let mut ids: Vec<String> = Vec::new();
    for request in requests.iter_mut() {
        let headers = request["headers"].as_object_mut().unwrap();
        let id = headers.remove("client-request-id").unwrap();
        ids.push(id.as_str().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let url = format!("/chats/{CHAT}/messages");
    let text = |text: &str| json!({"body": {"contentType": "text", "content": text}});
    let json = json!({"Content-Type": "application/json"});
    assert_eq!(
        *requests,
        vec![
            json!({"id": "1", "method": "POST", "url": url, "headers": json, "body": text("one")}),
            json!({"id": "2", "method": "POST", "url": url, "headers": json, "body": text("two"),
                "dependsOn": ["1"]}),
            json!({"id": "3", "method": "GET", "url": "/me?$select=id",
                "headers": {"prefer": "include-unknown-enum-members"}}),
        ]
    );
}

#[tokio::test]
async fn every_kind_of_message_has_its_path() {
    let all = [posted(1), posted(2), posted(3), posted(4)];
    let (double, client) = replying(responses(&all)).await;
    let request = SendRequest::new(Target::channel(TEAM, CHANNEL), Message::text("four"));
    let parts = [
        BatchPart::to_channel(TEAM, CHANNEL, "one"),
        BatchPart::reply(TEAM, CHANNEL, "7", "two"),
        BatchPart::quote(CHAT, ["7"], "three"),
        BatchPart::send(request),
    ];
    for outcome in client.run_batch(parts).await.unwrap() {
        outcome.unwrap();
    }
    let body = double.requests()[0].json();
    let urls: Vec<_> = body["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["url"].clone())
        .collect();
    let messages = format!("/teams/{TEAM}/channels/{CHANNEL}/messages");
    assert_eq!(
        urls,
        [
            json!(messages),
            json!(format!("{messages}/7/replies")),
            json!(format!("/chats/{CHAT}/messages/replyWithQuote")),
            json!(messages),
        ]
    );
    assert_eq!(body["requests"][2]["body"]["messageIds"], json!(["7"]));
}

#[tokio::test]
async fn a_bad_batch_is_refused_with_every_problem_of_every_part() {
    let (double, client) = replying(responses(&[])).await;
    let none: [BatchPart; 0] = [];
    assert_invalid(&double, &client.run_batch(none).await.unwrap_err(), "parts");
    let many = vec![BatchPart::get("/me"); 21];
    assert_invalid(&double, &client.run_batch(many).await.unwrap_err(), "parts");
    let parts = [
        BatchPart::to_chat("", ""),
        BatchPart::get("me"),
        BatchPart::get("/../beta"),
        BatchPart::get("/a#b"),
        BatchPart::get("/me").with_dependency(4),
        BatchPart::to_chat(CHAT, NewChatMessage::text("x").with_subject("s")),
    ];
    let error = client.run_batch(parts).await.unwrap_err();
    for field in [
        "parts[0].chat",
        "parts[0].body.content",
        "parts[1].path",
        "parts[2].path",
        "parts[3].path",
        "parts[4].dependencies",
        "parts[5].subject",
    ] {
        assert_invalid(&double, &error, field);
    }
    let client = GraphChatClient::builder(StaticToken::new("t"))
        .with_base_url(double.url())
        .with_one_on_one_chats("a")
        .with_max_call_bytes(Some(2_000))
        .build()
        .unwrap();
    let person = SendRequest::new(Target::user("b"), Message::text("hi"));
    let error = client
        .run_batch([BatchPart::send(person)])
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "parts[0].to");
    let named = SendRequest::new(
        Target::channel_name("Contoso", "General"),
        Message::text("hi"),
    );
    let upload = Attachment::Upload(FileUpload::bytes("plan.txt", *b"plan"));
    let with_file = Message::text("hi").with_attachment(upload);
    let with_file = SendRequest::new(Target::conversation(CHAT), with_file);
    let in_time = SendRequest::new(Target::conversation(CHAT), Message::text("hi"))
        .with_timeout(Duration::from_secs(1));
    let parts = [named, with_file, in_time].map(BatchPart::send);
    let error = client.run_batch(parts).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let fields: Vec<_> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    let expected = [
        "parts[0].to",
        "parts[1].message.attachments",
        "parts[2].timeout",
    ];
    assert_eq!(fields, expected);
    let long = BatchPart::to_chat(CHAT, "x".repeat(900));
    let error = client.run_batch(vec![long; 3]).await.unwrap_err();
    assert_invalid(&double, &error, "parts");
}

#[tokio::test]
async fn a_lost_batch_leaves_each_message_in_doubt_with_evidence_of_its_own() {
    let double = losing(responses(&[])).await;
    let client = own_client(&double, &http());
    let outcomes = client.run_batch(three()).await.unwrap();
    assert_eq!(double.requests().len(), 1);
    let sent = double.requests()[0].json();
    let mut ids = Vec::new();
    for n in [0, 1] {
        let error = outcomes[n].as_ref().unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "{error}");
        let evidence = Evidence::of(error).unwrap();
        assert_eq!(evidence.sender.as_deref(), Some(USER));
        assert!(evidence.pending_until > evidence.ended_at);
        let id = evidence.client_request_id.unwrap();
        assert_eq!(
            sent["requests"][n]["headers"]["client-request-id"],
            id.as_str()
        );
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
    let read = outcomes[2].as_ref().unwrap_err();
    assert_eq!(read.delivery(), Delivery::NotSent);
    assert!(Evidence::of(read).is_none());
}

#[tokio::test]
async fn a_batch_that_was_refused_or_only_reads_leaves_no_doubt() {
    let (double, client) = replying(refusal(403, "Forbidden", "No.")).await;
    for outcome in client.run_batch(three()).await.unwrap() {
        let error = outcome.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
    assert_eq!(double.requests().len(), 1);

    let me = json!({"id": "1", "status": 200, "body": {"id": USER}});
    let double = losing(responses(&[me])).await;
    let client = own_client(&double, &http());
    let outcomes = client.run_batch([BatchPart::get("/me")]).await.unwrap();
    outcomes[0].as_ref().unwrap();
    assert_eq!(double.requests().len(), 2);
}

#[tokio::test]
async fn a_part_that_fails_has_the_certainty_of_a_call_of_its_own() {
    for (status, kind, delivery) in [
        (403, ErrorKind::PermissionDenied, Delivery::NotSent),
        (404, ErrorKind::NotFound, Delivery::NotSent),
        (504, ErrorKind::Service, Delivery::Unknown),
        (409, ErrorKind::Conflict, Delivery::Unknown),
    ] {
        let parts = [
            failed(1, status, "code"),
            failed(2, 424, "FailedDependency"),
            posted(3),
        ];
        let (double, client) = replying(responses(&parts)).await;
        let outcomes = client.run_batch(three()).await.unwrap();
        let error = outcomes[0].as_ref().unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (kind, delivery),
            "{status}"
        );
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.request_id(), Some("rp"));
        assert_eq!(Evidence::of(error).is_some(), delivery == Delivery::Unknown);
        let waited = outcomes[1].as_ref().unwrap_err();
        assert_eq!(
            (waited.status(), waited.delivery()),
            (Some(424), Delivery::NotSent)
        );
        assert!(outcomes[2].is_ok());
        assert_eq!(double.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_throttled_part_is_retried_alone_and_then_what_waited_for_it() {
    let parts = [
        failed(1, 429, "TooManyRequests"),
        failed(2, 424, "FailedDependency"),
        json!({"id": "3", "status": 200, "body": {"id": USER}}),
    ];
    let (double, client) = then_posting(responses(&parts)).await;
    let outcomes = client.run_batch(three()).await.unwrap();
    let id = |n: usize| {
        outcomes[n]
            .as_ref()
            .unwrap()
            .posted()
            .unwrap()
            .id
            .to_string()
    };
    assert_eq!((id(0), id(1)), ("901".to_owned(), "902".to_owned()));
    let alone = format!("POST /chats/{CHAT}/messages");
    assert_eq!(
        seen(&double),
        ["POST /$batch".to_owned(), alone.clone(), alone]
    );
    let requests = double.requests();
    let batch = requests[0].json();
    for n in [0, 1] {
        let part = &batch["requests"][n];
        let alone = &requests[n + 1];
        assert_eq!(alone.json(), part["body"]);
        let id = part["headers"]["client-request-id"].as_str();
        assert_eq!(alone.header("client-request-id"), id);
    }
}

#[tokio::test]
async fn a_throttled_part_is_not_retried_against_the_policy() {
    let parts = [failed(1, 429, "TooManyRequests")];
    let (double, _) = replying(responses(&parts)).await;
    let client = GraphChatClient::builder(StaticToken::new("t"))
        .with_base_url(format!("{}/v1.0", double.url()))
        .with_retry_policy(RetryPolicy::never())
        .build()
        .unwrap();
    let outcomes = client
        .run_batch([BatchPart::to_chat(CHAT, "x")])
        .await
        .unwrap();
    let error = outcomes[0].as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 1)
    );
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(double.requests().len(), 1);
}

#[tokio::test]
async fn a_retry_of_a_part_that_is_lost_leaves_a_doubt() {
    let first = responses(&[failed(1, 429, "TooManyRequests")]);
    let count = AtomicUsize::new(0);
    let (double, client) = scripted(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => first.clone(),
        _ => Reply::close(),
    })
    .await;
    let outcomes = client
        .run_batch([BatchPart::to_chat(CHAT, "x")])
        .await
        .unwrap();
    let error = outcomes[0].as_ref().unwrap_err();
    assert_eq!((error.delivery(), error.attempts()), (Delivery::Unknown, 2));
    let evidence = Evidence::of(error).unwrap();
    let id = double.requests()[1]
        .header("client-request-id")
        .map(str::to_owned);
    assert_eq!(evidence.client_request_id, id);
}

#[tokio::test]
async fn a_response_that_does_not_name_a_part_once_leaves_it_in_doubt() {
    for body in [
        json!({"responses": []}),
        json!({"responses": [posted(1), posted(1), failed(1, 403, "Forbidden")]}),
        json!({"responses": [{"id": "1"}, {"id": 1, "status": 201}, "x", null]}),
        json!({"responses": [{"id": "0", "status": 201}, {"id": "99", "status": 201}]}),
        json!({"responses": {}}),
        json!([]),
    ] {
        let (_double, client) = replying(Reply::json(200, &body)).await;
        let outcomes = client
            .run_batch([BatchPart::to_chat(CHAT, "x")])
            .await
            .unwrap();
        let error = outcomes[0].as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert_eq!(error.delivery(), Delivery::Unknown, "{body}");
        assert!(Evidence::of(error).is_some());
    }
    // A success without an id was sent, whatever it says.
    let part = json!({"id": "1", "status": 201, "headers": null, "body": {}});
    let (_double, client) = replying(responses(&[part])).await;
    let outcomes = client
        .run_batch([BatchPart::to_chat(CHAT, "x")])
        .await
        .unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap_err().delivery(), Delivery::Sent);
}

#[tokio::test]
async fn bytes_of_a_read_are_decoded() {
    let part = |headers: Value, body: Value| {
        responses(&[json!({"id": "1", "status": 200, "headers": headers, "body": body})])
    };
    for (reply, bytes) in [
        (
            part(json!({"Content-Type": "image/png"}), json!("cG5n")),
            &b"png"[..],
        ),
        (
            part(json!({"Content-Type": "text/plain"}), json!("a b")),
            b"a b",
        ),
        (
            part(json!({"Content-Type": "application/json"}), json!("cG5n")),
            b"\"cG5n\"",
        ),
        (
            part(json!({"bad name": "x", "x": 7, "y": []}), json!({"a": 1})),
            b"{\"a\":1}",
        ),
    ] {
        let (_double, client) = replying(reply).await;
        let outcomes = client.run_batch([BatchPart::get("/x")]).await.unwrap();
        let response = outcomes[0].as_ref().unwrap().response().unwrap();
        assert_eq!(&response.body()[..], bytes);
    }
}

#[tokio::test]
async fn on_the_emulator_a_batch_posts_in_order_and_reads() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let (chat, team) = (graph.chat_id.as_str(), graph.team_id.as_str());
    let parts = [
        BatchPart::to_chat(chat, "one"),
        BatchPart::to_chat(chat, "two").with_dependency(0),
        BatchPart::to_channel(team, graph.channel_id.as_str(), "three"),
        BatchPart::get("/me"),
        BatchPart::get("/users/nobody@contoso.test"),
        BatchPart::to_chat(chat, "never").with_dependency(4),
    ];
    let outcomes = client.run_batch(parts).await.unwrap();
    assert!(outcomes[..4].iter().all(Result::is_ok));
    let missing = outcomes[4].as_ref().unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let waited = outcomes[5].as_ref().unwrap_err();
    assert_eq!(
        (waited.status(), waited.delivery()),
        (Some(424), Delivery::NotSent)
    );
    let texts: Vec<_> = emulator.messages().into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[tokio::test]
async fn on_the_emulator_throttled_parts_are_posted_once_and_lost_ones_are_settled() {
    let (emulator, client) = emulated(0).await;
    let chat = emulator.seed().graph.chat_id.clone();
    let throttled = FaultAction::status(429);
    let rule = FaultRule::new(throttled)
        .with_operation("send")
        .with_nth([2]);
    emulator.set_faults(Faults::new().with_rule(rule));
    let parts = ["a", "b", "c"].map(|text| BatchPart::to_chat(chat.as_str(), text));
    let outcomes = client.run_batch(parts).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let mut texts: Vec<_> = emulator.messages().into_iter().map(|it| it.text).collect();
    texts.sort();
    assert_eq!(texts, ["a", "b", "c"]);

    let when = When::AfterStore;
    let lost = FaultRule::new(FaultAction::Close { when }).with_operation("send");
    emulator.set_faults(Faults::new().with_rule(lost.with_times(1)));
    let card = Card::new(
        CardKind::Adaptive,
        json!({"type": "AdaptiveCard", "version": "1.4"}),
    );
    let requests = [
        SendRequest::new(Target::conversation(chat.as_str()), Message::text("d")),
        SendRequest::new(
            Target::conversation(chat.as_str()),
            Message::text("e").with_attachment(Attachment::Card(card)),
        ),
    ];
    let parts = requests.clone().map(BatchPart::send);
    let outcomes = client.run_batch(parts).await.unwrap();
    assert_eq!(emulator.messages().len(), 5);
    for (outcome, request) in outcomes.iter().zip(&requests) {
        let error = outcome.as_ref().unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        let evidence = Evidence::of(error).unwrap();
        let settled = client.settle(request, &evidence).await;
        assert!(matches!(settled, Settled::Found(_)), "{settled:?}");
    }
}
