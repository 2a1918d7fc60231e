//! Entra ID: every grant, as a client sees it that was written from the contract alone.

use crate::outside::Outside;
use crate::sign_in::{SEND, SignIn, WithForm as _, claims};
use ms_messenger_emulator::{Emulator, EntraApprover};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_device_code_is_pending_once_and_then_gives_tokens_that_graph_accepts() {
    let at = SignIn::start(Emulator::builder().with_device_interval(0)).await;
    let (status, begun) = at.device(SEND).await;
    assert_eq!(status, 200, "{begun}");
    assert_eq!(begun["expires_in"], 900);
    assert_eq!(begun["interval"], 0);
    assert!(begun.get("verification_uri_complete").is_none());
    let (status, first) = at.poll(&begun).await;
    assert_eq!(
        (status, &first["error"]),
        (400, &json!("authorization_pending"))
    );
    assert_eq!(first["error_codes"], json!([70016]));
    let (status, tokens) = at.poll(&begun).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims(access)["scp"], "ChatMessage.Send");
    assert_eq!(
        claims(access)["oid"],
        at.out.emulator.seed().graph.users[0].id.as_str()
    );
    assert!(tokens["refresh_token"].is_string());
    assert!(tokens.get("id_token").is_none());
    assert_eq!(at.graph_send(access).await, 201);
    assert_eq!(at.poll(&begun).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused_by_graph() {
    let at = SignIn::start(Emulator::builder().with_entra_approver(EntraApprover::AtOnce)).await;
    let begun = at.device("User.Read").await.1;
    let (status, tokens) = at.poll(&begun).await;
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens.get("refresh_token").is_none());
    assert_eq!(
        at.graph_send(tokens["access_token"].as_str().unwrap())
            .await,
        403
    );
}

#[tokio::test]
async fn polling_faster_than_the_interval_is_slowed_down() {
    let at = SignIn::start(Emulator::builder()).await;
    let begun = at.device(SEND).await.1;
    assert_eq!(begun["interval"], 5);
    assert_eq!(at.poll(&begun).await.1["error"], "authorization_pending");
    assert_eq!(at.poll(&begun).await.1["error"], "slow_down");
}

#[tokio::test]
async fn a_user_approves_declines_or_lets_a_code_expire() {
    let at = SignIn::start(
        Emulator::builder()
            .with_entra_approver(EntraApprover::Manual)
            .with_device_interval(0),
    )
    .await;
    let bob = at.out.emulator.seed().graph.users[1].clone();
    let begun = at.device(SEND).await.1;
    for _ in 0..3 {
        assert_eq!(at.poll(&begun).await.1["error"], "authorization_pending");
    }
    let code = &begun["user_code"];
    let (status, _) = at
        .admin("approve", json!({"user_code": code, "user": bob.upn}))
        .await;
    assert_eq!(status, 204);
    let tokens = at.poll(&begun).await.1;
    assert_eq!(
        claims(tokens["access_token"].as_str().unwrap())["oid"],
        bob.id.as_str()
    );
    let (status, _) = at.admin("approve", json!({"user_code": code})).await;
    assert_eq!(status, 404);

    let begun = at.device(SEND).await.1;
    at.admin("decline", json!({"user_code": begun["user_code"]}))
        .await;
    assert_eq!(at.poll(&begun).await.1["error"], "authorization_declined");

    let begun = at.device(SEND).await.1;
    let (_, expired) = at
        .admin("expire", json!({"user_code": begun["user_code"]}))
        .await;
    assert_eq!(expired["expired"], 1);
    assert_eq!(at.poll(&begun).await.1["error"], "expired_token");

    let unknown = json!({"device_code": "nonsense"});
    assert_eq!(at.poll(&unknown).await.1["error"], "bad_verification_code");
}

#[tokio::test]
async fn the_page_accepts_the_code_and_escapes_the_input() {
    let at = SignIn::start(
        Emulator::builder()
            .with_entra_approver(EntraApprover::Manual)
            .with_device_interval(0),
    )
    .await;
    let begun = at.device(SEND).await.1;
    let page = begun["verification_uri"].as_str().unwrap();
    assert!(page.ends_with("/devicelogin"), "{page}");
    let hostile = [("user_code", "\"><script>"), ("user", "alice@contoso.test")];
    let response = at
        .out
        .client
        .post(page)
        .with_form(&hostile)
        .send()
        .await
        .unwrap();
    let html = response.text().await.unwrap();
    assert!(html.contains("&quot;&gt;&lt;script&gt;"), "{html}");
    assert!(!html.contains("<script>"), "{html}");
    let code = begun["user_code"].as_str().unwrap().to_lowercase();
    let typed = [("user_code", code.as_str()), ("user", "carol@contoso.test")];
    let response = at
        .out
        .client
        .post(page)
        .with_form(&typed)
        .send()
        .await
        .unwrap();
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("You have signed in")
    );
    let tokens = at.poll(&begun).await.1;
    let access = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(access["upn"], "carol@contoso.test");
}

#[tokio::test]
async fn a_code_is_redeemed_once_with_its_verifier() {
    let at = SignIn::start(Emulator::builder()).await;
    let back = at
        .authorize(&[("login_hint", "bob@contoso.test"), ("nonce", "n-1")])
        .await;
    assert_eq!(back["state"], "s&1");
    let code = back["code"].clone();
    let wrong = at
        .redeem(&code, &[("code_verifier", &"x".repeat(43))])
        .await;
    assert_eq!((wrong.0, &wrong.1["error"]), (400, &json!("invalid_grant")));
    let wrong = at
        .redeem(&code, &[("redirect_uri", "http://localhost/other")])
        .await;
    assert_eq!(wrong.1["error_codes"], json!([50112]));
    let (status, tokens) = at
        .redeem(&code, &[("redirect_uri", "http://localhost:9/back")])
        .await;
    assert_eq!(status, 200, "{tokens}");
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id["nonce"], "n-1");
    assert_eq!(id["preferred_username"], "bob@contoso.test");
    assert_eq!(at.redeem(&code, &[]).await.1["error_codes"], json!([54005]));

    let code = at.authorize(&[]).await["code"].clone();
    at.admin("expire", json!({"code": code})).await;
    assert_eq!(at.redeem(&code, &[]).await.1["error_codes"], json!([70008]));
}

#[tokio::test]
async fn authorize_shows_the_users_with_manual_approval() {
    let at = SignIn::start(Emulator::builder().with_entra_approver(EntraApprover::Manual)).await;
    let url = at.authorize_url(&[("state", "\"><b>")]);
    let html = at
        .out
        .client
        .get(&url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        html.contains("carol@contoso.test") && !html.contains("<b>"),
        "{html}"
    );
    let chosen = [("user", "carol@contoso.test")];
    let response = at
        .plain()
        .post(&url)
        .with_form(&chosen)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    let declined = [("action", "decline")];
    let response = at
        .plain()
        .post(&url)
        .with_form(&declined)
        .send()
        .await
        .unwrap();
    let back = response.headers()["location"].to_str().unwrap();
    assert!(back.contains("error=access%5Fdenied"), "{back}");
    let back = at.authorize(&[("prompt", "none")]).await;
    assert_eq!(back["error"], "login_required");
}

#[tokio::test]
async fn a_foreign_redirect_uri_is_never_redirected_to() {
    let at = SignIn::start(Emulator::builder()).await;
    let url = at.authorize_url(&[("redirect_uri", "https://evil.test/<b>")]);
    let response = at.plain().get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let html = response.text().await.unwrap();
    assert!(
        html.contains("AADSTS50011") && !html.contains("<b>"),
        "{html}"
    );
}

#[tokio::test]
async fn refresh_tokens_rotate_and_can_be_revoked() {
    let at = SignIn::start(Emulator::builder().with_token_lifetime(60)).await;
    let first = at.signed_in().await;
    let (status, second) = at.refresh(&first["refresh_token"], &[]).await;
    assert_eq!(status, 200, "{second}");
    assert_eq!(second["expires_in"], 60);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(at.refresh(&first["refresh_token"], &[]).await.0, 200);
    let acs = [("scope", "https://communication.azure.com/.default")];
    let (_, other) = at.refresh(&second["refresh_token"], &acs).await;
    assert_eq!(
        claims(other["access_token"].as_str().unwrap())["aud"],
        "https://communication.azure.com"
    );
    let one = json!({"refresh_token": first["refresh_token"]});
    assert_eq!(at.admin("revoke", one).await.1["revoked"], 1);
    let (status, refused) = at.refresh(&first["refresh_token"], &[]).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    assert_eq!(at.refresh(&second["refresh_token"], &[]).await.0, 200);
    at.admin("revoke", json!({"user": "alice@contoso.test"}))
        .await;
    assert_eq!(
        at.refresh(&second["refresh_token"], &[]).await.1["error"],
        "invalid_grant"
    );
    assert_eq!(
        at.refresh(&json!("1.nonsense"), &[]).await.1["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn an_application_gets_a_token_by_its_secret_that_graph_reads_with() {
    let at = SignIn::start(Emulator::builder()).await;
    let scope = "https://graph.microsoft.com/.default";
    let (status, tokens) = at.application(scope, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens.get("refresh_token").is_none());
    let access = tokens["access_token"].as_str().unwrap();
    assert!(claims(access).get("scp").is_none());
    assert_eq!(at.graph_list(access).await, 200);
    assert_eq!(at.graph_send(access).await, 412);
    let acs = "https://communication.azure.com//.default";
    let (_, tokens) = at.application(acs, &[]).await;
    let make = at.out.post("/identities?api-version=2025-06-30");
    let made = make.bearer_auth(tokens["access_token"].as_str().unwrap());
    assert_eq!(Outside::ask(made.json(&json!({}))).await.0, 201);
}

#[tokio::test]
async fn a_token_for_an_application_is_exchanged_on_behalf_of_its_user() {
    let at = SignIn::start(Emulator::builder()).await;
    let id = at.out.emulator.seed().entra.confidential_client_id.clone();
    let first = at.signed_in().await;
    let own = format!("api://{id}/access_as_user");
    let (_, incoming) = at
        .refresh(&first["refresh_token"], &[("scope", &own)])
        .await;
    let (status, tokens) = at.on_behalf_of(&incoming["access_token"]).await;
    assert_eq!(status, 200, "{tokens}");
    let access = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(
        (&access["upn"], &access["appid"]),
        (&json!("alice@contoso.test"), &json!(id))
    );
    assert_eq!(
        at.graph_send(tokens["access_token"].as_str().unwrap())
            .await,
        201
    );
    let graph = json!(at.out.emulator.seed().graph.token);
    assert_eq!(
        at.on_behalf_of(&graph).await.1["error_codes"],
        json!([500_131])
    );
    assert_eq!(
        at.on_behalf_of(&json!("x.y.z")).await.1["error_codes"],
        json!([50013])
    );
}

#[tokio::test]
async fn requested_claims_are_in_the_token() {
    let at = SignIn::start(Emulator::builder()).await;
    let wish = json!({"access_token": {
        "xms_cc": {"values": ["cp1"]}, "acrs": {"essential": true, "value": "c1"},
        "oid": {"value": "somebody else"},
    }});
    let first = at.signed_in().await;
    let wish = wish.to_string();
    let (_, tokens) = at
        .refresh(&first["refresh_token"], &[("claims", &wish)])
        .await;
    let access = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(
        (&access["xms_cc"], &access["acrs"]),
        (&json!(["cp1"]), &json!("c1"))
    );
    assert_eq!(
        access["oid"],
        at.out.emulator.seed().graph.users[0].id.as_str()
    );
    let bad = at
        .refresh(&first["refresh_token"], &[("claims", "{")])
        .await;
    assert_eq!(bad.1["error"], "invalid_request");
}
