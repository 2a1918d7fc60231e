//! Tokens that end before their time, claims challenges, and where fresh tokens come from.

use crate::outside::Outside;
use crate::outside::acs::CHAT;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ms_messenger_emulator::{FaultAction, FaultRule, Faults, Platform};
use reqwest::Method;
use serde_json::{Value, json};

async fn expiring(platform: &str, operation: &str, nth: u64) -> Outside {
    let out = Outside::start().await;
    out.faults(json!({"rules": [{
        "match": {"platform": platform, "operation": operation, "nth": [nth]},
        "action": {"kind": "token_expiry"},
    }]}))
    .await;
    out
}

async fn fresh(out: &Outside, request: Value) -> String {
    let (status, made) = Outside::ask(out.post("/_emulator/tokens").json(&request)).await;
    assert_eq!(status, 200, "{made}");
    made["token"].as_str().unwrap().to_owned()
}

/// Sends to the seeded Graph chat; status and code of the error.
async fn graph(out: &Outside, token: &str) -> (u16, Value) {
    let body = json!({"body": {"content": "x"}});
    let (status, response) = out.bear(token, Method::POST, &out.graph_chat(), body).await;
    (status, response["error"]["message"].clone())
}

async fn chat(out: &Outside, token: &str) -> u16 {
    let body = json!({"content": "x", "type": "text"});
    let path = out.thread_path();
    out.bear(token, Method::POST, &path, body).await.0
}

#[tokio::test]
async fn tokens_of_graph_expire_during_a_run_and_new_ones_are_valid() {
    let out = expiring("msgraph-chat", "send", 2).await;
    let seeded = out.emulator.seed().graph.token.clone();
    let earlier = fresh(
        &out,
        json!({"platform": "msgraph-chat", "user": "alice@contoso.test"}),
    )
    .await;
    assert_eq!(graph(&out, &earlier).await.0, 201);
    let expired = json!("Lifetime validation failed, the token is expired.");
    for token in [&seeded, &earlier, &seeded] {
        assert_eq!(graph(&out, token).await, (401, expired.clone()));
    }
    // Reads are refused too, and so is everybody else's token of before.
    let bob = &out.emulator.seed().graph.users[1].token;
    let (status, _) = out
        .bear(bob, Method::GET, &out.graph_chat(), Value::Null)
        .await;
    assert_eq!(status, 401);
    assert_eq!(out.rows("").await.len(), 1);
    let renewed = fresh(
        &out,
        json!({"platform": "msgraph-chat", "user": "bob@contoso.test"}),
    )
    .await;
    assert_eq!(graph(&out, &renewed).await.0, 201);
    assert_eq!(out.rows("").await.len(), 2);
    // Other platforms were left alone, and a reset gives back what was seeded.
    assert_eq!(out.chat("x").await.status(), 201);
    out.emulator.reset();
    assert_eq!(graph(&out, &seeded).await.0, 201);
}

#[tokio::test]
async fn tokens_of_chat_expire_and_identity_issues_valid_ones() {
    let out = expiring("acs-chat", "send", 1).await;
    assert_eq!(chat(&out, out.chat_token()).await, 401);
    let target = format!("/chat/threads?{CHAT}");
    let (status, _) = out
        .bear(out.chat_token(), Method::GET, &target, Value::Null)
        .await;
    assert_eq!(status, 401);
    assert!(out.rows("").await.is_empty());
    // Identity has not ended its callers' own tokens.
    let issue = format!(
        "/identities/{}/:issueAccessToken?api-version=2023-10-01",
        out.acs_user(0).replace(':', "%3A")
    );
    let entra = out.emulator.seed().acs.entra_token.clone();
    let scopes = json!({"scopes": ["chat"]});
    let (status, made) = out.bear(&entra, Method::POST, &issue, scopes).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(chat(&out, made["token"].as_str().unwrap()).await, 201);
    for user in ["alice", &out.acs_user(1)] {
        let token = fresh(&out, json!({"platform": "acs-chat", "user": user})).await;
        assert_eq!(chat(&out, &token).await, 201, "{user}");
    }
    assert_eq!(out.rows("").await.len(), 3);
}

#[tokio::test]
async fn tokens_of_messages_expire_and_the_access_key_does_not() {
    let out = expiring("acs-messages", "send", 1).await;
    let target = "/messages/notifications:send?api-version=2024-08-30";
    let body = out.notification(&json!({"kind": "text", "content": "x"}));
    let (status, response) = out.keyed(Method::POST, target, body.clone()).await;
    assert_eq!(status, 202, "{response}");
    let entra = out.emulator.seed().acs.entra_token.clone();
    let (status, response) = out.bear(&entra, Method::POST, target, body.clone()).await;
    assert_eq!(
        (status, &response["error"]["code"]),
        (401, &json!("Denied"))
    );
    let renewed = fresh(&out, json!({"platform": "acs-messages"})).await;
    let (status, _) = out.bear(&renewed, Method::POST, target, body).await;
    assert_eq!(status, 202);
    assert_eq!(out.rows("").await.len(), 2);
}

#[tokio::test]
async fn tokens_for_identity_expire_by_its_own_operations() {
    let out = expiring("acs-chat", "identity.create", 1).await;
    let target = "/identities?api-version=2023-10-01";
    let entra = out.emulator.seed().acs.entra_token.clone();
    let (status, _) = out.bear(&entra, Method::POST, target, json!({})).await;
    assert_eq!(status, 401);
    assert_eq!(chat(&out, out.chat_token()).await, 201);
    let renewed = fresh(&out, json!({"platform": "acs-chat"})).await;
    let (status, _) = out.bear(&renewed, Method::POST, target, json!({})).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_claims_challenge_stores_nothing_and_carries_the_claims() {
    let out = Outside::start().await;
    let rule = FaultRule::scheduled([
        Some(FaultAction::claims_challenge()),
        Some(FaultAction::claims_challenge().with_claims("not JSON")),
    ]);
    out.emulator.set_faults(Faults::new().with_rule(rule));
    for expected in [None, Some("not JSON")] {
        let send = out.graph_send(&out.graph_chat(), &json!({"body": {"content": "x"}}));
        let response = send.send().await.unwrap();
        assert_eq!(response.status(), 401);
        let header = response.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .to_owned();
        let start = "Bearer realm=\"\", \
            authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
            error=\"insufficient_claims\", claims=\"";
        let claims = header
            .strip_prefix(start)
            .unwrap()
            .strip_suffix('"')
            .unwrap();
        let claims = String::from_utf8(STANDARD.decode(claims).unwrap()).unwrap();
        match expected {
            Some(text) => assert_eq!(claims, text),
            None => {
                let claims: Value = serde_json::from_str(&claims).unwrap();
                assert_eq!(claims["access_token"]["nbf"]["essential"], true);
            }
        }
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "InvalidAuthenticationToken");
    }
    assert!(out.rows("").await.is_empty());
    // It is Graph's alone: a rule for all platforms leaves the others alone.
    out.emulator
        .set_faults(Faults::new().with_rule(FaultRule::new(FaultAction::claims_challenge())));
    assert_eq!(out.chat("x").await.status(), 201);
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn the_handle_can_expire_tokens_once() {
    let out = Outside::start().await;
    out.emulator
        .fail_next(Platform::MSGRAPH_CHAT, "send", FaultAction::TokenExpiry)
        .unwrap();
    assert_eq!(graph(&out, &out.emulator.seed().graph.token).await.0, 401);
    let made = out
        .emulator
        .issue_token(&json!({"platform": "msgraph-chat", "user": "Alice"}));
    let made = made.unwrap();
    assert_eq!(made["user"], out.emulator.seed().graph.users[0].id.as_str());
    assert_eq!(graph(&out, made["token"].as_str().unwrap()).await.0, 201);
}

#[tokio::test]
async fn issued_tokens_have_the_requested_scopes_and_lifetime() {
    let out = Outside::start().await;
    let narrow =
        json!({"platform": "msgraph-chat", "user": "alice@contoso.test", "scopes": ["Chat.Read"]});
    assert_eq!(graph(&out, &fresh(&out, narrow).await).await.0, 403);
    let over = json!({"platform": "msgraph-chat", "user": "alice@contoso.test", "expires_in_s": 0});
    assert_eq!(graph(&out, &fresh(&out, over).await).await.0, 401);
    // Without a user it is the application's, which may not send.
    let app = fresh(&out, json!({"platform": "msgraph-chat"})).await;
    assert_eq!(graph(&out, &app).await.0, 412);
    let reader = json!({"platform": "acs-chat", "user": "alice", "scopes": ["voip"]});
    assert_eq!(chat(&out, &fresh(&out, reader).await).await, 403);
}

#[tokio::test]
async fn a_bad_token_request_is_refused_with_every_member_named() {
    let out = Outside::start().await;
    let bad = json!({"platform": "ucwa", "user": 1, "scopes": "x", "expires_in_s": -1, "life": 1});
    let (status, error) = Outside::ask(out.post("/_emulator/tokens").json(&bad)).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!("InvalidTokenRequest"))
    );
    let details = error["error"]["details"].as_array().unwrap();
    let mut members: Vec<&str> = details
        .iter()
        .filter_map(|d| d.as_str()?.split(": ").next())
        .collect();
    members.sort_unstable();
    assert_eq!(
        members,
        ["expires_in_s", "life", "platform", "scopes", "user"]
    );
    for platform in ["msgraph-chat", "acs-chat"] {
        let unknown = json!({"platform": platform, "user": "mallory"});
        let problems = out.emulator.issue_token(&unknown).unwrap_err().problems;
        assert!(problems[0].starts_with("user: must be"), "{problems:?}");
    }
    assert_eq!(out.get("/_emulator/tokens").await.status(), 405);
}
