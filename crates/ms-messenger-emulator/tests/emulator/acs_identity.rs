//! ACS Identity: users, tokens that Chat accepts, and those that it does not any more.

use crate::outside::Outside;
use crate::outside::acs::CHAT;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

const IDENTITIES: &str = "/identities?api-version=2025-06-30";

fn of(id: &str, verb: &str) -> String {
    let id = id.replace(':', "%3A");
    format!("/identities/{id}{verb}?api-version=2023-10-01")
}

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// The status of Chat for a token.
async fn chat(out: &Outside, token: &str) -> u16 {
    let target = format!("/chat/threads?{CHAT}");
    out.bear(token, Method::GET, &target, Value::Null).await.0
}

#[tokio::test]
async fn a_user_is_created_with_and_without_a_token() {
    let out = Outside::start().await;
    for body in [
        Value::Null,
        json!({}),
        json!({"createTokenWithScopes": null}),
    ] {
        let (status, made) = out.keyed(Method::POST, IDENTITIES, body).await;
        assert_eq!(status, 201, "{made}");
        assert!(
            made["identity"]["id"]
                .as_str()
                .unwrap()
                .starts_with("8:acs:")
        );
        assert!(made.get("accessToken").is_none());
    }
    let body = json!({"createTokenWithScopes": ["chat", "voip"], "expiresInMinutes": 60});
    let (status, made) = out.keyed(Method::POST, IDENTITIES, body).await;
    assert_eq!(status, 201);
    let token = made["accessToken"]["token"].as_str().unwrap();
    let id = made["identity"]["id"].as_str().unwrap();
    let claims = claims(token);
    assert_eq!(format!("8:{}", claims["skypeid"].as_str().unwrap()), id);
    assert_eq!(claims["acsScope"], "chat,voip");
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        3600
    );
    let expires_on = made["accessToken"]["expiresOn"].as_str().unwrap();
    assert!(expires_on.ends_with(".0000000+00:00"), "{expires_on}");
    assert_eq!(chat(&out, token).await, 200);
    assert!(out.rows("").await.is_empty());
}

#[tokio::test]
async fn tokens_are_issued_revoked_and_end_with_their_user() {
    let out = Outside::start().await;
    let (_, made) = out.keyed(Method::POST, IDENTITIES, Value::Null).await;
    let id = made["identity"]["id"].as_str().unwrap().to_owned();
    let issue = async || {
        let target = of(&id, "/:issueAccessToken");
        let (status, issued) = out
            .keyed(Method::POST, &target, json!({"scopes": ["chat"]}))
            .await;
        assert_eq!(status, 200, "{issued}");
        issued["token"].as_str().unwrap().to_owned()
    };
    let (first, second) = (issue().await, issue().await);
    assert_ne!(first, second);
    assert_eq!(
        (chat(&out, &first).await, chat(&out, &second).await),
        (200, 200)
    );
    let revoke = of(&id, "/:revokeAccessTokens");
    assert_eq!(
        out.keyed(Method::POST, &revoke, Value::Null).await,
        (204, Value::Null)
    );
    assert_eq!(
        (chat(&out, &first).await, chat(&out, &second).await),
        (401, 401)
    );
    let third = issue().await;
    assert_eq!(chat(&out, &third).await, 200);
    assert_eq!(
        out.keyed(Method::DELETE, &of(&id, ""), Value::Null).await,
        (204, Value::Null)
    );
    assert_eq!(chat(&out, &third).await, 401);
    let issue = of(&id, "/:issueAccessToken");
    assert_eq!(
        out.keyed(Method::POST, &issue, json!({"scopes": ["chat"]}))
            .await
            .0,
        404
    );
    // A user that is gone comes into no thread, strict or not.
    let wanted = json!([{"communicationIdentifier": {"rawId": id}}]);
    let body = json!({"topic": "x", "participants": wanted});
    let (_, made) = out.chat_as(0, Method::POST, "", body).await;
    assert_eq!(made["invalidParticipants"][0]["code"], "404");
}

#[tokio::test]
async fn a_revoked_token_of_a_seeded_user_is_refused_by_messages_too() {
    let out = Outside::start().await;
    let user = out.emulator.seed().acs.users[0].clone();
    let list = "/messages/conversations?api-version=2025-04-01-preview";
    assert_eq!(
        out.bear(&user.token, Method::GET, list, Value::Null)
            .await
            .0,
        200
    );
    out.keyed(
        Method::POST,
        &of(&user.id, "/:revokeAccessTokens"),
        Value::Null,
    )
    .await;
    let (status, error) = out.bear(&user.token, Method::GET, list, Value::Null).await;
    assert_eq!((status, &error["error"]["code"]), (401, &json!("Denied")));
    out.emulator.reset();
    assert_eq!(chat(&out, &user.token).await, 200);
}

#[tokio::test]
async fn errors_are_reported_in_the_words_of_the_service() {
    let out = Outside::start().await;
    let id = out.acs_user(0);
    let issue = of(&id, "/:issueAccessToken");
    for (body, target, message) in [
        (json!({}), "Scopes", "Scopes: The Scopes field is required."),
        (
            json!({"scopes": []}),
            "Scopes",
            "Scopes: The Scopes field is required.",
        ),
        (
            json!({"scopes": ["chat"], "expiresInMinutes": 59}),
            "ExpiresInMinutes",
            "ExpiresInMinutes value 59 is invalid. Value must be within the [60, 1440] interval.",
        ),
        (
            json!({"scopes": ["fly"]}),
            "Scopes",
            "Scopes: The scope \"fly\" is invalid.",
        ),
    ] {
        let (status, error) = out.keyed(Method::POST, &issue, body).await;
        let expected = json!({"code": "ValidationError", "message": message, "target": target});
        assert_eq!((status, &error["error"]), (400, &expected));
    }
    let (status, error) = out
        .keyed(
            Method::POST,
            "/identities?api-version=1999-01-01",
            Value::Null,
        )
        .await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!("UnsupportedApiVersion"))
    );
    assert_eq!(out.keyed(Method::PUT, IDENTITIES, json!({})).await.0, 405);
}

#[tokio::test]
async fn only_the_key_and_entra_create_users_and_the_request_id_is_returned() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    for (token, expected) in [
        (&world.acs.entra_token, 201),
        (&world.acs.users[0].token, 401),
        (&world.graph.token, 401),
    ] {
        let (status, response) = out.bear(token, Method::POST, IDENTITIES, json!({})).await;
        assert_eq!(status, expected);
        if status == 401 {
            let denied = json!({"code": "Denied", "message": "Denied by the resource provider."});
            assert_eq!(response["error"], denied);
        }
    }
    let unsigned = out.post(IDENTITIES).json(&json!({}));
    assert_eq!(Outside::ask(unsigned).await.0, 401);
    let request = out
        .post(IDENTITIES)
        .bearer_auth(&world.acs.entra_token)
        .header("x-ms-client-request-id", "abc");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-ms-client-request-id"], "abc");
}

#[tokio::test]
async fn strict_mode_knows_its_users_only() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let scopes = json!({"scopes": ["chat"]});
    let issue = of("8:acs:x_y", "/:issueAccessToken");
    assert_eq!(out.keyed(Method::POST, &issue, scopes.clone()).await.0, 404);
    let issue = of(&out.acs_user(2), "/:issueAccessToken");
    assert_eq!(out.keyed(Method::POST, &issue, scopes).await.0, 200);
}

#[tokio::test]
async fn a_teams_user_exchanges_only_their_own_token() {
    let out = Outside::start().await;
    let user = out.emulator.seed().graph.users[0].clone();
    let app = claims(&user.token)["appid"].clone();
    let exchange = "/teamsUser/:exchangeAccessToken?api-version=2023-10-01";
    let body = json!({"token": user.token, "appId": app, "userId": user.id});
    let (status, token) = out.keyed(Method::POST, exchange, body.clone()).await;
    assert_eq!(status, 200, "{token}");
    let issued = claims(token["token"].as_str().unwrap());
    assert_eq!(issued["skypeid"], json!(format!("orgid:{}", user.id)));
    assert!(token["expiresOn"].is_string());
    for (name, wrong) in [
        ("token", json!("garbled")),
        ("userId", json!(out.emulator.seed().graph.users[1].id)),
        ("appId", json!("2c3e1e83-8fd7-4615-ad2b-b8c1229845ac")),
    ] {
        let mut body = body.clone();
        body[name] = wrong;
        let (status, error) = out.keyed(Method::POST, exchange, body).await;
        let expected =
            json!({"code": "InvalidAccessToken", "message": "Provided access token is not valid."});
        assert_eq!((status, &error["error"]), (401, &expected), "{name}");
    }
    let (status, error) = out
        .keyed(Method::POST, exchange, json!({"token": "x"}))
        .await;
    assert_eq!((status, &error["error"]["target"]), (400, &json!("AppId")));
}

#[tokio::test]
async fn an_entra_token_is_exchanged_for_the_same_user_each_time() {
    let out = Outside::start().await;
    let token = out.emulator.seed().graph.users[0].token.clone();
    let entra = "/access/entra/:exchangeAccessToken?api-version=2025-03-02-preview";
    let (status, first) = out.bear(&token, Method::POST, entra, json!({})).await;
    assert_eq!(status, 200, "{first}");
    let (_, second) = out.bear(&token, Method::POST, entra, json!({})).await;
    assert_eq!(first["identity"], second["identity"]);
    assert_eq!(
        chat(&out, first["accessToken"]["token"].as_str().unwrap()).await,
        200
    );
    let extension = "/access/teamsExtension/:exchangeAccessToken?api-version=2025-06-30";
    let (status, made) = out.bear(&token, Method::POST, extension, json!({})).await;
    assert_eq!(status, 200);
    let id = made["identity"]["id"].as_str().unwrap();
    assert_eq!(id.split('_').count(), 3, "{id}");
    assert_eq!(
        out.bear("garbled", Method::POST, extension, json!({}))
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn assignments_are_put_read_and_deleted() {
    let out = Outside::start().await;
    let target = "/access/teamsExtension/tenants/T/assignments/O?api-version=2025-06-30";
    assert_eq!(out.keyed(Method::GET, target, Value::Null).await.0, 404);
    let body = json!({"principalType": "user", "clientIds": ["a"]});
    assert_eq!(out.keyed(Method::PUT, target, body.clone()).await.0, 201);
    let (status, put) = out.keyed(Method::PUT, target, body).await;
    assert_eq!(status, 200);
    assert_eq!(
        out.keyed(Method::GET, target, Value::Null).await,
        (200, put.clone())
    );
    assert_eq!(put["clientIds"], json!(["a"]));
    assert_eq!(
        out.keyed(Method::PUT, target, json!({"principalType": "dog"}))
            .await
            .0,
        400
    );
    assert_eq!(out.keyed(Method::DELETE, target, Value::Null).await.0, 204);
    assert_eq!(out.keyed(Method::GET, target, Value::Null).await.0, 404);
}
