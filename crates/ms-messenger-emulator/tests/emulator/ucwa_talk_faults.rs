//! The faults of calls and messages, and what the service refuses by itself.

use std::time::Duration;

use crate::outside::Outside;
use crate::skype::{Endpoint, LIMIT, fast, rule, text};
use reqwest::Method;
use serde_json::{Value, json};

const BOB: &str = "sip:bob@contoso.test";

fn kind(kind: &str) -> Value {
    json!({"kind": kind})
}

#[tokio::test]
async fn a_message_is_lost_or_fails_or_the_other_side_leaves_first() {
    let out = fast(100.0).await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to(BOB).await;
    let failure = json!({"kind": "message_failed", "reason": {"code": "RemoteFailure", "subcode": "Unreachable"}});
    for (fault, subcode) in [
        (kind("message_lost"), "Timeout"),
        (failure, "Unreachable"),
        (json!({"kind": "message_failed", "reason": "Busy"}), "Busy"),
        (kind("ended_by_peer"), "Ended"),
    ] {
        out.faults(rule("send", fault)).await;
        let message = alice.send(&conversation, "x").await;
        if subcode == "Ended" {
            alice.until("conversation", "deleted").await;
        }
        let done = alice.until("message", "completed").await;
        assert_eq!(text(&done["link"]["href"]), message);
        assert_eq!(
            (&done["status"], &done["reason"]["subcode"]),
            (&json!("Failure"), &json!(subcode))
        );
    }
    assert_eq!(
        alice.say(&conversation, "x").send().await.unwrap().status(),
        404
    );
    assert_eq!(
        out.rows("?platform=ucwa").await.len(),
        4,
        "each was accepted"
    );
}

#[tokio::test]
async fn the_other_side_does_not_accept_the_call() {
    let out = fast(100.0).await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    for (fault, state, subcode) in [
        ("declined", "Declined", "Declined"),
        ("busy", "Failed", "Busy"),
        ("do_not_disturb", "Failed", "DoNotDisturb"),
        ("unanswered", "Failed", "Timeout"),
    ] {
        out.faults(rule("start", kind(fault))).await;
        let first = json!({"to": BOB, "_links": {"message": {"href": "data:text/plain,hi"}}});
        alice.start_with(first).await;
        let done = alice.until("messagingInvitation", "completed").await;
        assert_eq!(done["_embedded"]["messagingInvitation"]["state"], state);
        assert_eq!(
            (&done["status"], &done["reason"]["subcode"]),
            (&json!("Failure"), &json!(subcode))
        );
    }
    assert_eq!(
        out.rows("?platform=ucwa").await.len(),
        0,
        "no first message was delivered"
    );
}

#[tokio::test]
async fn a_conversation_has_no_link_or_no_html() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    out.faults(rule("start", kind("no_send_link"))).await;
    let conversation = alice.talk_to(BOB).await;
    let (_, messaging) = alice.get(&format!("{conversation}/messaging")).await;
    assert_eq!(messaging["state"], "Connected");
    assert!(messaging["_links"].get("sendMessage").is_none());
    assert_eq!(
        alice.say(&conversation, "x").send().await.unwrap().status(),
        409
    );

    for (fault, formats, status) in [
        (kind("html_not_negotiated"), json!(["Plain"]), 415),
        (
            json!({"kind": "delay", "ms": 0}),
            json!(["Plain", "Html"]),
            201,
        ),
    ] {
        out.faults(rule("start", fault)).await;
        let conversation = alice.talk_to(BOB).await;
        let (_, messaging) = alice.get(&format!("{conversation}/messaging")).await;
        assert_eq!(messaging["negotiatedMessageFormats"], formats);
        let html = alice.request(Method::POST, &format!("{conversation}/messaging/messages"));
        let html = html.header("content-type", "text/html").body("<b>x</b>");
        assert_eq!(Outside::ask(html).await.0, status);
    }
}

#[tokio::test]
async fn a_message_with_a_lost_response_still_completes() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to(BOB).await;
    for action in [
        json!({"kind": "close", "when": "after_store"}),
        json!({"kind": "reset", "when": "after_store"}),
        json!({"kind": "status_after_store", "status": 504}),
        json!({"kind": "cut_body", "after_bytes": 3}),
    ] {
        out.faults(rule("send", action)).await;
        if let Ok(response) = alice.say(&conversation, "x").send().await {
            assert_eq!(response.status(), 504);
        }
        let done = alice.until("message", "completed").await;
        assert_eq!(done["status"], "Success");
    }
    assert_eq!(out.rows("?platform=ucwa").await.len(), 4);
    for (operation, body) in [("send", "ServiceUnavailable"), ("token", "server_error")] {
        out.faults(rule(operation, json!({"kind": "status", "status": 503})))
            .await;
        let response = if operation == "send" {
            alice.say(&conversation, "x").send().await.unwrap()
        } else {
            crate::skype::ticket(&out, &[("grant_type", "password")]).await
        };
        assert_eq!(response.status(), 503);
        assert!(response.text().await.unwrap().contains(body));
    }
    assert_eq!(out.rows("?platform=ucwa").await.len(), 4);
}

#[tokio::test]
async fn a_cut_request_for_events_is_retried_unchanged() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    for action in [
        json!({"kind": "close", "when": "before_read"}),
        json!({"kind": "close", "when": "after_store"}),
        json!({"kind": "cut_body", "after_bytes": 10}),
        json!({"kind": "malformed_body"}),
        json!({"kind": "status_after_store", "status": 502}),
        json!({"kind": "status", "status": 503}),
    ] {
        alice.start(BOB).await;
        out.faults(rule("events", action)).await;
        let broken = async {
            let response = alice.request(Method::GET, &alice.next).send().await?;
            response.error_for_status()?.json::<Value>().await
        };
        assert!(tokio::time::timeout(LIMIT, broken).await.unwrap().is_err());
        alice.connected().await;
    }
    let late = json!({"kind": "delay", "ms": 30});
    out.faults(rule("events", late)).await;
    alice.start(BOB).await;
    let begun = std::time::Instant::now();
    alice.connected().await;
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn a_misplaced_or_unsuitable_message_is_rejected_as_by_the_service() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to(BOB).await;
    let misplaced = alice
        .request(Method::POST, &format!("{conversation}/messaging"))
        .body("x");
    let (status, error) = Outside::ask(misplaced).await;
    assert_eq!((status, &error["code"]), (500, &json!("ServiceFailure")));
    assert!(error["debugInfo"]["errorReportId"].is_string());
    let send = |content_type: &str, body: &str| {
        let href = format!("{conversation}/messaging/messages");
        let request = alice
            .request(Method::POST, &href)
            .header("content-type", content_type);
        Outside::ask(request.body(body.to_owned()))
    };
    for (content_type, body, status) in [
        ("application/json", "{}", 415),
        ("text/html", "<b>not negotiated</b>", 415),
        ("text/plain", "", 400),
        ("text/plain", "x".repeat(8001).as_str(), 413),
    ] {
        assert_eq!(send(content_type, body).await.0, status, "{content_type}");
    }
    let long = format!(
        "{conversation}/messaging/messages?operationId={}",
        "x".repeat(51)
    );
    assert_eq!(
        Outside::ask(
            alice
                .request(Method::POST, &long)
                .header("content-type", "text/plain")
                .body("x")
        )
        .await
        .0,
        400
    );
    assert_eq!(alice.get(&alice.path("/unheard/of")).await.0, 404);
    assert_eq!(alice.delete(&alice.path("/me")).await, 405);
    let newer = alice
        .request(Method::GET, &alice.path("/me"))
        .header("x-ms-requiresminresourceversion", "3");
    assert_eq!(
        Outside::ask(newer).await.1["subcode"],
        "APIVersionNotSupported"
    );
    assert_eq!(out.rows("?platform=ucwa").await.len(), 0);
}

#[tokio::test]
async fn an_operation_id_used_twice_shows_in_the_ledger() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to(BOB).await;
    let send = |query: &str| {
        let href = format!("{conversation}/messaging/messages{query}");
        alice
            .request(Method::POST, &href)
            .header("content-type", "text/plain")
            .header("client-request-id", "always the same")
            .body("x")
            .send()
    };
    for query in ["?operationId=a", "?operationId=b", "", "", "?operationId=a"] {
        assert_eq!(send(query).await.unwrap().status(), 201);
    }
    let rows = out.rows("?platform=ucwa").await;
    let duplicates: Vec<_> = rows.iter().map(|row| row["duplicate_of"].clone()).collect();
    assert_eq!(
        duplicates,
        [json!(null), json!(null), json!(null), json!(null), json!(1)]
    );
    let stats = &out.emulator.stats()["platforms"]["ucwa"];
    assert_eq!(
        (&stats["stored"], &stats["rejected"]),
        (&json!(5), &json!(0))
    );
}
