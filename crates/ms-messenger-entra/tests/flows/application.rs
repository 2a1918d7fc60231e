//! The requests of an application itself, and how responses are handled.

use std::time::Duration;

use mockito::Server;
use ms_messenger_core::{CachedTokenProvider, Delivery, ErrorKind, TokenProvider, TokenRequest};
use ms_messenger_entra::{Application, TokenErrorCode};
use secrecy::ExposeSecret;

use crate::support::{SCOPES, SECRET, application, exactly, ok, token_error};

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
async fn the_assertion_file_is_read_for_each_token() {
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
        .with_claims_challenges(true)
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
async fn hostile_responses_give_no_token_and_are_not_repeated_in_the_error() {
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
