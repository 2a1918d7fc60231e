//! What goes over the wire, and what comes back: the samples of the contract.

use std::time::{Duration, UNIX_EPOCH};

use acs_identity::{
    AcsIdentityBuilder, AcsIdentityClient, CommunicationUserId, Credential, IdentityApiVersion,
    TeamsUserToken, TokenOptions, TokenScope,
};
use mockito::{Matcher, Mock, Server, ServerGuard};
use ms_messenger_core::{Delivery, ErrorKind, StaticToken};
use serde_json::json;

const USER: &str =
    "8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081";
const PATH: &str = "/identities/8%3Aacs%3A2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081";
const GUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const HTTP_DATE: &str = "^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$";
const SIGNED: &str =
    "^HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=[A-Za-z0-9+/]{43}=$";
/// The hash of no body at all.
const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// 2023-10-10T21:39:39.3244584Z.
const SAMPLE_END: Duration = Duration::new(1_696_973_979, 324_458_400);

fn builder(server: &ServerGuard) -> AcsIdentityBuilder {
    let string = format!("endpoint={}/;accesskey=c2VjcmV0LWtleQ==", server.url());
    AcsIdentityBuilder::from_connection_string(&string).unwrap()
}

fn client(server: &ServerGuard) -> AcsIdentityClient {
    builder(server).build().unwrap()
}

fn all_scopes() -> TokenOptions {
    TokenOptions::new([
        TokenScope::Chat,
        TokenScope::Voip,
        TokenScope::ChatJoin,
        TokenScope::ChatJoinLimited,
        TokenScope::VoipJoin,
    ])
    .with_expires_in_minutes(60)
}

/// A request that is signed and carries the version.
fn signed(server: &mut ServerGuard, method: &str, path: &str) -> Mock {
    server
        .mock(method, path)
        .match_query(Matcher::Exact("api-version=2025-06-30".into()))
        .match_header("authorization", Matcher::Regex(SIGNED.into()))
        .match_header("x-ms-date", Matcher::Regex(HTTP_DATE.into()))
        .match_header("x-ms-client-request-id", Matcher::Regex(GUID.into()))
        .match_header("accept", "application/json")
}

#[tokio::test]
async fn a_user_is_created_with_and_without_a_token() {
    let mut server = Server::new_async().await;
    let bare = signed(&mut server, "POST", "/identities")
        .match_body("{}")
        .with_status(201)
        .with_header("ms-cv", "cv.1")
        .with_body(json!({"identity": {"id": USER, "customId": "bot"}, "region": "eu"}).to_string())
        .create_async()
        .await;
    let with_token = signed(&mut server, "POST", "/identities")
        .match_header("content-type", "application/json")
        .match_body(Matcher::JsonString(
            json!({
                "createTokenWithScopes": ["chat", "voip", "chat.join", "chat.join.limited", "voip.join"],
                "expiresInMinutes": 60,
            })
            .to_string(),
        ))
        .with_status(201)
        .with_body(
            json!({
                "identity": {"id": USER},
                "accessToken": {"token": "token", "expiresOn": "2023-10-10T21:39:39.3244584+00:00"},
            })
            .to_string(),
        )
        .create_async()
        .await;

    let made = client(&server).create_user().await.unwrap();
    assert_eq!((made.id.as_str(), &made.token), (USER, &None));
    assert_eq!(made.request_id.as_deref(), Some("cv.1"));
    assert_eq!(
        (&made.properties["customId"], &made.other["region"]),
        (&json!("bot"), &json!("eu"))
    );
    assert_eq!(client(&server).endpoint(), server.url());

    let options = all_scopes();
    let made = client(&server).create_user_with_token(&options).await;
    let token = made.unwrap().token.unwrap();
    assert_eq!(token.token.secret(), "token");
    assert_eq!(token.expires_at(), Some(UNIX_EPOCH + SAMPLE_END));
    assert_eq!(token.time_left(), Some(Duration::ZERO));
    bare.assert_async().await;
    with_token.assert_async().await;
}

/// The body of the contract's test vector, to the byte, and its hash.
#[tokio::test]
async fn the_body_of_a_creation_is_that_of_the_test_vector() {
    let mut server = Server::new_async().await;
    let mock = signed(&mut server, "POST", "/identities")
        .match_body(r#"{"createTokenWithScopes":["chat"],"expiresInMinutes":60}"#)
        .match_header(
            "x-ms-content-sha256",
            "kET9vD/6sAVRB6ISkrpOL44L0M1olvugZ/QYxlSQK9k=",
        )
        .with_status(201)
        .with_body(
            json!({"identity": {"id": USER}, "accessToken": {"token": "t", "expiresOn": "soon"}})
                .to_string(),
        )
        .create_async()
        .await;
    let options = TokenOptions::chat().with_expires_in_minutes(60);
    let made = client(&server).create_user_with_token(&options).await;
    // A time that cannot be read does not cost the token.
    assert_eq!(made.unwrap().token.unwrap().expires_at(), None);
    mock.assert_async().await;
}

#[tokio::test]
async fn a_token_is_issued() {
    let mut server = Server::new_async().await;
    let path = format!("{PATH}/:issueAccessToken");
    let mock = signed(&mut server, "POST", &path)
        .match_body(
            r#"{"scopes":["chat","voip","chat.join","chat.join.limited","voip.join"],"expiresInMinutes":60}"#,
        )
        .with_body(r#"{"token":"token","expiresOn":"2023-10-10T21:39:39.3244584+00:00","hint":"secret-hint"}"#)
        .create_async()
        .await;
    let default = signed(&mut server, "POST", &path)
        .match_body(r#"{"scopes":["telepathy"]}"#)
        .with_body(r#"{"token":"e30.eyJleHAiOjE2NTE1MzUzMTAuNX0.c2ln"}"#)
        .create_async()
        .await;

    let client = client(&server);
    let token = client.issue_token(USER, &all_scopes()).await.unwrap();
    assert_eq!(token.expires_at(), Some(UNIX_EPOCH + SAMPLE_END));
    assert_eq!(token.other["hint"], "secret-hint");
    let printed = format!("{token:?}{token:#?}");
    assert!(
        !printed.contains("secret-hint") && !printed.contains("\"token\""),
        "{printed}"
    );

    // A scope of a later version goes out as it is; without `expiresOn` the token is asked.
    let options = TokenOptions::new([TokenScope::from("telepathy")]);
    let token = client.issue_token(USER, &options).await.unwrap();
    let end = UNIX_EPOCH + Duration::new(1_651_535_310, 500_000_000);
    assert_eq!(token.expires_at(), Some(end));
    mock.assert_async().await;
    default.assert_async().await;
}

#[tokio::test]
async fn tokens_are_revoked_and_users_deleted() {
    let mut server = Server::new_async().await;
    let path = format!("{PATH}/:revokeAccessTokens");
    let revoke = signed(&mut server, "POST", &path)
        .match_header("x-ms-content-sha256", EMPTY)
        .match_body("")
        .with_status(204)
        .create_async()
        .await;
    let delete = signed(&mut server, "DELETE", PATH)
        .match_header("x-ms-content-sha256", EMPTY)
        .with_status(204)
        .create_async()
        .await;
    let (client, user) = (client(&server), CommunicationUserId::new(USER));
    client.revoke_tokens(&user).await.unwrap();
    client.delete_user(&user).await.unwrap();
    revoke.assert_async().await;
    delete.assert_async().await;
}

#[tokio::test]
async fn the_token_of_a_teams_user_is_exchanged() {
    let mut server = Server::new_async().await;
    let mock = signed(&mut server, "POST", "/teamsUser/:exchangeAccessToken")
        .match_body(Matcher::JsonString(
            json!({
                "token": "AzureActiveDirectoryAccessTokenOfATeamsUser",
                "appId": "2c3e1e83-8fd7-4615-ad2b-b8c1229845ac",
                "userId": "32c0a5db-05ec-78ea-51ab-3f06b329397e",
            })
            .to_string(),
        ))
        .with_body(r#"{"token":"CommunicationIdentityAccessToken","expiresOn":"2023-10-10T21:39:39.3244584+00:00"}"#)
        .create_async()
        .await;
    let teams = TeamsUserToken::new(
        "AzureActiveDirectoryAccessTokenOfATeamsUser",
        "2c3e1e83-8fd7-4615-ad2b-b8c1229845ac",
        "32c0a5db-05ec-78ea-51ab-3f06b329397e",
    );
    assert!(!format!("{teams:?}").contains("AzureActive"));
    let token = client(&server)
        .exchange_teams_user_token(&teams)
        .await
        .unwrap();
    assert_eq!(token.token.secret(), "CommunicationIdentityAccessToken");
    mock.assert_async().await;
}

#[tokio::test]
async fn an_entra_token_and_another_version_go_out_as_they_were_set() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("DELETE", PATH)
        .match_query(Matcher::Exact("api-version=2023-10-01".into()))
        .match_header("authorization", "Bearer entra-token")
        .with_status(204)
        .create_async()
        .await;
    let credential = Credential::entra(StaticToken::new("entra-token"));
    let client = AcsIdentityClient::builder(server.url(), credential)
        .with_api_version(IdentityApiVersion::V2023_10_01)
        .build()
        .unwrap();
    client.delete_user(USER).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn what_the_service_would_refuse_is_refused_before_any_io_all_at_once() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let client = client(&server);
    let fields = |error: ms_messenger_core::Error| {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 0));
        assert_eq!(error.platform(), Some("acs-identity"));
        let fields = error.problems().iter().map(|p| p.field.clone());
        fields.collect::<Vec<_>>().join(" ")
    };
    let none = TokenOptions::new([]).with_expires_in_minutes(59);
    let error = client.create_user_with_token(&none).await.unwrap_err();
    assert_eq!(fields(error), "scopes expires_in_minutes");
    let long = TokenOptions::new(["".into()]).with_expires_in_minutes(1441);
    let error = client.issue_token("", &long).await.unwrap_err();
    assert!(error.message().contains("must be 60 to 1440"), "{error}");
    assert_eq!(fields(error), "user scopes[0] expires_in_minutes");
    for error in [
        client.revoke_tokens("").await.unwrap_err(),
        client.delete_user("").await.unwrap_err(),
    ] {
        assert_eq!(fields(error), "user");
    }
    let teams = TeamsUserToken::new("", "", "");
    let error = client.exchange_teams_user_token(&teams).await.unwrap_err();
    assert_eq!(fields(error), "token app_id user_id");
    mock.assert_async().await;

    for minutes in [60, 1440] {
        assert!(
            TokenOptions::chat()
                .with_expires_in_minutes(minutes)
                .check()
                .is_ok()
        );
    }
}

#[test]
fn unusable_settings_are_named_at_once_without_a_secret() {
    let credential = Credential::access_key("aHVudGVyMg==").unwrap();
    let error = AcsIdentityClient::builder("contoso", credential)
        .with_api_version("".into())
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.problems().len(), 2, "{error}");
    let string = "endpoint=https://contoso.communication.azure.com;accesskey=hunter2!";
    let refused = AcsIdentityBuilder::from_connection_string(string).unwrap_err();
    assert_eq!(refused.platform(), Some("acs-identity"));
    assert!(!format!("{error:?}{refused:?}").contains("hunter2"));
}
