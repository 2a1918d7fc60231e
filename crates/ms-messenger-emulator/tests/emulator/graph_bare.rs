//! What the field saw of Graph: refusals without a reason, expired tokens told as forbidden, pages
//! without items, and copied responses on HTTP/2.

use crate::outside::Outside;
use crate::outside::http2::Http2;
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, GraphFault, Platform};
use serde_json::{Value, json};

fn text(content: &str) -> Value {
    json!({"body": {"content": content}})
}

#[tokio::test]
async fn a_bare_status_gives_no_reason_before_and_after_storing() {
    for (kind, stored) in [("status", 0), ("status_after_store", 1)] {
        let out = Outside::start().await;
        out.faults(json!({"rules": [{"action": {"kind": kind, "status": 400, "bare": true}}]}))
            .await;
        let (status, error) = out.graph(&out.graph_chat(), &text("x")).await;
        assert_eq!(status, 400);
        assert_eq!(error["error"]["code"], "BadRequest");
        assert_eq!(error["error"]["message"], "Bad Request");
        assert!(error["error"]["innerError"]["request-id"].is_string());
        assert_eq!(out.rows("").await.len(), stored);
    }
    let bare = FaultAction::status(400).bare();
    let faults = Faults::new().with_rule(FaultRule::new(bare));
    assert_eq!(Faults::from_json(&faults.to_json()).unwrap(), faults);
    let both = json!({"kind": "status", "status": 400, "bare": true, "body": {}});
    assert!(Faults::from_json(&json!({"rules": [{"action": both}]})).is_err());
}

const FORBIDDEN: &str = "No authorization information present on the request.";

async fn fresh(out: &Outside, life: u64) -> String {
    let wish =
        json!({"platform": "msgraph-chat", "user": "alice@contoso.test", "expires_in_s": life});
    out.emulator.issue_token(&wish).unwrap()["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn send_with(out: &Outside, token: &str) -> (u16, Value) {
    let request = out
        .post(&out.graph_chat())
        .bearer_auth(token)
        .json(&text("x"));
    let (status, error) = Outside::ask(request).await;
    (status, error["error"].clone())
}

#[tokio::test]
async fn a_token_can_expire_as_forbidden_and_a_new_one_is_valid() {
    let out = Outside::start().await;
    out.emulator
        .fail_next(
            Platform::MSGRAPH_CHAT,
            "send",
            GraphFault::NoAuthorization.into(),
        )
        .unwrap();
    let old = out.emulator.seed().graph.token.clone();
    for _ in 0..2 {
        let (status, error) = send_with(&out, &old).await;
        assert_eq!(
            (status, &error["message"], &error["code"]),
            (403, &json!(FORBIDDEN), &json!(""))
        );
    }
    assert_eq!(send_with(&out, &fresh(&out, 60).await).await.0, 201);
    out.emulator.reset();
    assert_eq!(send_with(&out, &old).await.0, 201);
    // By the kind that tells 401, as ever.
    out.emulator
        .fail_next(Platform::MSGRAPH_CHAT, "send", FaultAction::TokenExpiry)
        .unwrap();
    assert_eq!(send_with(&out, &old).await.0, 401);
}

#[tokio::test]
async fn an_expired_token_is_forbidden_where_the_emulator_is_set_so() {
    let builder = Emulator::builder().with_graph_forbidding_expired_tokens(true);
    let out = Outside::of(builder.start().await.unwrap());
    let over = fresh(&out, 0).await;
    let (status, error) = send_with(&out, &over).await;
    assert_eq!((status, &error["message"]), (403, &json!(FORBIDDEN)));
    assert_eq!(send_with(&out, "garbled").await.0, 401);
    assert_eq!(send_with(&out, &fresh(&out, 60).await).await.0, 201);
}

#[tokio::test]
async fn an_empty_page_leads_to_the_page_itself() {
    let out = Outside::start().await;
    assert_eq!(out.chat("x").await.status(), 201);
    out.graph(&out.graph_chat(), &text("x")).await;
    let action = json!({"kind": "empty_page"});
    out.faults(json!({"rules": [{"match": {"platform": "msgraph-chat", "operation": "list"}, "action": action, "times": 2},
        {"match": {"platform": "acs-chat", "operation": "list"}, "action": action, "times": 1}]})).await;
    let graph_token = out.emulator.seed().graph.token.clone();
    for (first, link, token, empties) in [
        (
            format!("{}?$top=5", out.graph_chat()),
            "@odata.nextLink",
            graph_token.as_str(),
            2,
        ),
        (out.thread_path(), "nextLink", out.chat_token(), 1),
    ] {
        let (mut target, mut links) = (first, Vec::new());
        let page = loop {
            let (status, page) = Outside::ask(out.read(&target, token)).await;
            assert_eq!(status, 200, "{page}");
            let Some(next) = page[link].as_str() else {
                break page;
            };
            assert_eq!(page["value"], json!([]));
            target = next.to_owned();
            assert!(!links.contains(&target), "{target}");
            links.push(target.clone());
        };
        assert_eq!(links.len(), empties);
        assert!(!page["value"].as_array().unwrap().is_empty(), "{page}");
    }
    let elsewhere = json!({"rules": [{"match": {"operation": "send"}, "action": action}]});
    assert!(Faults::from_json(&elsewhere).is_err());
}

#[tokio::test]
async fn on_http2_each_response_after_a_copied_one_is_that_of_the_request_before() {
    let any = ([127, 0, 0, 1], 0).into();
    let emulator = Emulator::builder()
        .with_https_address(any)
        .start()
        .await
        .unwrap();
    let out = Outside::of(emulator);
    out.faults(json!({"rules": [{"match": {"operation": "send", "nth": [2]}, "action": {"kind": "duplicate_answer"}}]})).await;
    let mut http2 = Http2::connect(&out);
    let mut responses = Vec::new();
    for text in ["a", "b", "c", "d"] {
        let stream = http2.send(&out, text);
        responses.push(http2.response(stream)["body"]["content"].clone());
    }
    assert_eq!(responses, ["a", "b", "b", "c"]);
    // Every one was carried out, and another connection is in order.
    assert_eq!(out.rows("").await.len(), 4);
    let mut other = Http2::connect(&out);
    let stream = other.send(&out, "e");
    assert_eq!(other.response(stream)["body"]["content"], "e");
}
