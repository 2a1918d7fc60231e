//! What goes over the wire, and what becomes of the answers.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{
    collections::BTreeMap,
    error::Error as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use mockito::{Matcher, Mock, Server, ServerGuard};
use ms_messenger_core::{
    CachedTokenProvider, Delivery, Error, ErrorKind, TokenProvider, TokenRequest,
};
use ms_messenger_entra::{Application, TokenError, TokenErrorCode};
use secrecy::ExposeSecret;

const SCOPES: [&str; 1] = ["https://graph.microsoft.com/.default"];
const SECRET: &str = "s3cret+&=% ä";

fn application(server: &ServerGuard) -> Application {
    Application::new("contoso.com", "the-client").with_authority(server.url())
}

/// Answers the token endpoint if the form is exactly `form`.
fn exactly(server: &mut ServerGuard, form: &[(&str, &str)]) -> Mock {
    let mut expected = BTreeMap::new();
    for (name, value) in form {
        expected.insert((*name).to_owned(), (*value).to_owned());
    }
    server
        .mock("POST", "/contoso.com/oauth2/v2.0/token")
        .match_header("content-type", "application/x-www-form-urlencoded")
        .match_header("authorization", Matcher::Missing)
        .match_request(move |request| {
            let body = request.body().unwrap();
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(body).into_owned().collect();
            let map: BTreeMap<String, String> = pairs.iter().cloned().collect();
            pairs.len() == map.len() && map == expected
        })
}

fn ok(mock: Mock, access: &str, refresh: Option<&str>) -> Mock {
    let mut body =
        serde_json::json!({"token_type": "Bearer", "expires_in": 3599, "access_token": access});
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    mock.with_header("content-type", "application/json; charset=utf-8")
        .with_body(body.to_string())
}

fn token_error(error: &Error) -> &TokenError {
    error.source().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn a_secret_goes_percent_encoded_into_the_form() {
    let mut server = Server::new_async().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "the-client"),
        ("client_secret", SECRET),
        ("scope", SCOPES[0]),
    ];
    let mock = ok(exactly(&mut server, &form), "T1", None)
        .create_async()
        .await;
    let provider = application(&server).client_secret(SECRET).unwrap();
    let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
    assert_eq!(token.secret(), "T1");
    assert!(token.expires_at().is_some());
    assert!(!format!("{provider:?}").contains("s3cret"));
    mock.assert_async().await;
}

#[tokio::test]
async fn the_file_of_an_assertion_is_read_for_each_token() {
    let mut server = Server::new_async().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let provider = application(&server)
        .federated_token_file(file.path())
        .unwrap();
    for jwt in ["jwt.one", "jwt.two"] {
        std::fs::write(file.path(), format!("{jwt}\n")).unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "the-client"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", jwt),
            ("scope", SCOPES[0]),
        ];
        let mock = ok(exactly(&mut server, &form), jwt, None)
            .create_async()
            .await;
        let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
        assert_eq!(token.secret(), jwt);
        mock.assert_async().await;
    }
    std::fs::write(file.path(), "").unwrap();
    let error = provider
        .token(&TokenRequest::new(&SCOPES))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_refresh_token_is_replaced_by_the_next_one_and_no_secret_is_sent() {
    let mut server = Server::new_async().await;
    let provider = application(&server).refresh_token("R1").unwrap();
    for (spent, next) in [("R1", Some("R2")), ("R2", None), ("R2", Some("R3"))] {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "the-client"),
            ("refresh_token", spent),
            (
                "scope",
                "https://graph.microsoft.com/.default offline_access",
            ),
        ];
        let mock = ok(exactly(&mut server, &form), "T", next)
            .create_async()
            .await;
        provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
        mock.assert_async().await;
        mock.remove_async().await;
    }
    assert_eq!(provider.current().await.expose_secret(), "R3");
    assert!(!format!("{provider:?}").contains("R3"));
}

#[tokio::test]
async fn a_claims_challenge_passes_the_cache_and_is_merged_with_cp1() {
    let mut server = Server::new_async().await;
    let provider = application(&server)
        .with_claims_challenges()
        .client_secret(SECRET)
        .unwrap();
    let provider = CachedTokenProvider::new(provider);
    let form = |claims: &'static str| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", "the-client"),
            ("client_secret", SECRET),
            ("scope", SCOPES[0]),
            ("claims", claims),
        ]
    };
    let plain = form(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#);
    let plain = ok(exactly(&mut server, &plain), "T1", None)
        .create_async()
        .await;
    let merged = form(r#"{"access_token":{"nbf":{"value":"1"},"xms_cc":{"values":["cp1"]}}}"#);
    let merged = ok(exactly(&mut server, &merged), "T2", None)
        .create_async()
        .await;
    let request = TokenRequest::new(&SCOPES);
    assert_eq!(provider.token(&request).await.unwrap().secret(), "T1");
    let challenged = request.with_claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#);
    assert_eq!(provider.token(&challenged).await.unwrap().secret(), "T2");
    assert_eq!(provider.token(&request).await.unwrap().secret(), "T2");
    plain.assert_async().await;
    merged.assert_async().await;
}

#[tokio::test]
async fn every_refusal_has_its_kind_and_repeats_no_secret() {
    let cases = [
        (400, "invalid_grant", ErrorKind::Unauthenticated),
        (400, "interaction_required", ErrorKind::Unauthenticated),
        (401, "invalid_client", ErrorKind::Config),
        (400, "unauthorized_client", ErrorKind::Config),
        (400, "invalid_scope", ErrorKind::Config),
        (400, "temporarily_unavailable", ErrorKind::Service),
        (500, "server_error", ErrorKind::Service),
        (503, "brand_new", ErrorKind::Service),
        (429, "brand_new", ErrorKind::RateLimited),
        (400, "brand_new", ErrorKind::Unauthenticated),
    ];
    for (status, code, kind) in cases {
        let mut server = Server::new_async().await;
        let body = serde_json::json!({
            "error": code, "suberror": "basic_action", "claims": "{\"a\":1}",
            "error_description": format!("AADSTS1: no\r\n{SECRET}"), "error_codes": [1],
            "timestamp": "2026-01-01 00:00:00Z", "trace_id": "tr", "correlation_id": "co",
        });
        server
            .mock("POST", "/contoso.com/oauth2/v2.0/token")
            .with_status(status)
            .with_header("retry-after", "7")
            .with_body(body.to_string())
            .create_async()
            .await;
        let provider = application(&server).client_secret(SECRET).unwrap();
        let error = provider
            .token(&TokenRequest::new(&SCOPES))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {code}");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(error.request_id(), Some("co"));
        let said = token_error(&error);
        assert_eq!(said.error, TokenErrorCode::from(code));
        assert_eq!(said.error_codes, [1]);
        assert_eq!(said.claims.as_deref(), Some("{\"a\":1}"));
        assert!(said.description.starts_with("AADSTS1: no"));
        let shown = format!("{error} {error:?} {said} {said:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[tokio::test]
async fn hostile_answers_give_no_token_and_are_not_repeated_in_the_error() {
    let cases = [
        (200, "application/json", "{\"access_token\":\"LEAK\""),
        (200, "text/html", "<html>LEAK"),
        (200, "application/json", ""),
        (
            200,
            "application/json",
            r#"{"access_token":"","token_type":"Bearer"}"#,
        ),
        (
            200,
            "application/json",
            r#"{"access_token":"LEAK","token_type":"mac"}"#,
        ),
        (
            302,
            "application/json",
            r#"{"access_token":"LEAK","token_type":"Bearer"}"#,
        ),
        (400, "application/json", "[\"LEAK\"]"),
    ];
    for (status, media, body) in cases {
        let mut server = Server::new_async().await;
        server
            .mock("POST", "/contoso.com/oauth2/v2.0/token")
            .with_status(status)
            .with_header("content-type", media)
            .with_body(body)
            .create_async()
            .await;
        let provider = application(&server).client_secret(SECRET).unwrap();
        let error = provider
            .token(&TokenRequest::new(&SCOPES))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert!(!format!("{error} {error:?}").contains("LEAK"), "{error:?}");
    }
}

async fn device_endpoint(server: &mut ServerGuard, expires_in: u64, interval: u64) -> Mock {
    let body = serde_json::json!({
        "user_code": "ABCD", "device_code": "DEVICE-SECRET", "expires_in": expires_in,
        "interval": interval, "verification_uri": "https://microsoft.com/devicelogin",
        "message": "Open the page and enter ABCD",
    });
    server
        .mock("POST", "/contoso.com/oauth2/v2.0/devicecode")
        .match_body(Matcher::AllOf(vec![
            Matcher::UrlEncoded("client_id".into(), "the-client".into()),
            Matcher::UrlEncoded(
                "scope".into(),
                "https://graph.microsoft.com/.default offline_access".into(),
            ),
        ]))
        .with_header("content-type", "application/json")
        .with_body(body.to_string())
        .create_async()
        .await
}

/// Answers polls with `errors` one after the other, then with a token.
async fn polls(server: &mut ServerGuard, errors: &[&str]) {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "the-client"),
        ("device_code", "DEVICE-SECRET"),
    ];
    for error in errors {
        let body =
            serde_json::json!({"error": error, "error_description": "AADSTS2 DEVICE-SECRET"});
        exactly(server, &form)
            .with_status(400)
            .with_body(body.to_string())
            .expect(1)
            .create_async()
            .await;
    }
    ok(exactly(server, &form), "T1", Some("R1"))
        .create_async()
        .await;
}

#[tokio::test]
async fn a_device_code_is_polled_at_the_interval_and_five_seconds_slower_when_told() {
    let mut server = Server::new_async().await;
    device_endpoint(&mut server, 900, 7).await;
    polls(
        &mut server,
        &[
            "authorization_pending",
            "slow_down",
            "authorization_pending",
        ],
    )
    .await;
    let (prompts, waits) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(vec![])));
    let (shown, waited) = (Arc::clone(&prompts), Arc::clone(&waits));
    let provider = application(&server)
        .device_code(move |prompt| shown.lock().unwrap().push(prompt.clone()))
        .unwrap()
        .with_sleep(move |wait| {
            waited.lock().unwrap().push(wait.as_secs());
            async {}
        });
    let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
    assert_eq!(token.secret(), "T1");
    assert_eq!(*waits.lock().unwrap(), [7, 7, 12, 12]);
    let shown = prompts.lock().unwrap().clone();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].user_code, "ABCD");
    assert_eq!(
        shown[0].verification_uri,
        "https://microsoft.com/devicelogin"
    );
    assert_eq!(shown[0].message, "Open the page and enter ABCD");
    assert_eq!(shown[0].expires_in, Duration::from_secs(900));

    // The second token comes by the refresh token, without a prompt.
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "the-client"),
        ("refresh_token", "R1"),
        (
            "scope",
            "https://graph.microsoft.com/.default offline_access",
        ),
    ];
    ok(exactly(&mut server, &form), "T2", Some("R2"))
        .create_async()
        .await;
    let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
    assert_eq!(token.secret(), "T2");
    assert_eq!(prompts.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn polling_ends_with_what_the_user_or_the_service_decided() {
    for code in [
        "authorization_declined",
        "expired_token",
        "bad_verification_code",
    ] {
        let mut server = Server::new_async().await;
        device_endpoint(&mut server, 900, 5).await;
        polls(&mut server, &["authorization_pending", code]).await;
        let provider = application(&server).device_code(|_| {}).unwrap();
        let provider = provider.with_sleep(|_| async {});
        let error = provider
            .token(&TokenRequest::new(&SCOPES))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{code}");
        assert_eq!(token_error(&error).error.as_str(), code);
        assert!(!format!("{error:?}{provider:?}").contains("DEVICE-SECRET"));
    }
}

#[tokio::test]
async fn a_code_that_nobody_uses_expires() {
    let mut server = Server::new_async().await;
    device_endpoint(&mut server, 0, 5).await;
    let provider = application(&server).device_code(|_| {}).unwrap();
    let provider = provider.with_sleep(|_| std::future::pending());
    let error = provider
        .token(&TokenRequest::new(&SCOPES))
        .await
        .unwrap_err();
    assert_eq!(token_error(&error).error, TokenErrorCode::ExpiredToken);
    assert_eq!(error.status(), None);
}

#[tokio::test]
async fn a_code_with_absurd_times_is_refused() {
    for (life, interval) in [(u64::MAX, 5), (900, u64::MAX)] {
        let mut server = Server::new_async().await;
        device_endpoint(&mut server, life, interval).await;
        let provider = application(&server).device_code(|_| {}).unwrap();
        let error = provider
            .token(&TokenRequest::new(&SCOPES))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
}

#[test]
fn an_application_that_cannot_work_is_refused_before_any_io() {
    let refused = |it: Application| it.client_secret(SECRET).unwrap_err().kind();
    let good = Application::new("contoso.com", "c");
    for bad in [
        good.clone()
            .with_authority("http://login.microsoftonline.com"),
        good.with_authority("ftp://localhost"),
        Application::new("", "c"),
        Application::new("..", "c"),
        Application::new("a/b", "c"),
        Application::new("contoso.com", ""),
        Application::new("common", "c"),
        Application::new("organizations", "c"),
    ] {
        assert_eq!(refused(bad), ErrorKind::Config);
    }
}
