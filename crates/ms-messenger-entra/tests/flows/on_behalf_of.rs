//! A service that acts for the user who called it.

use mockito::Server;
use ms_messenger_core::{CachedTokenProvider, ErrorKind, TokenProvider, TokenRequest};
use ms_messenger_entra::TokenErrorCode;

use crate::support::{SCOPES, SECRET, application, exactly, ok, token_error};

const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");

#[tokio::test]
async fn the_token_of_the_caller_is_exchanged_under_the_secret_of_the_application() {
    let mut server = Server::new_async().await;
    let form = [
        GRANT,
        ("client_id", "the-client"),
        ("client_secret", SECRET),
        ("assertion", "caller.jwt"),
        ("requested_token_use", "on_behalf_of"),
        ("scope", SCOPES[0]),
    ];
    let mock = ok(exactly(&mut server, &form), "T1", None).expect(1);
    let mock = mock.create_async().await;
    let service = application(&server).client_secret(SECRET).unwrap();
    let provider = CachedTokenProvider::new(service.on_behalf_of("caller.jwt"));
    for _ in 0..2 {
        let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
        assert_eq!(token.secret(), "T1");
        assert!(token.expires_at().is_some());
    }
    mock.assert_async().await;
}

#[tokio::test]
async fn it_works_under_an_assertion_of_the_application_too() {
    let mut server = Server::new_async().await;
    let form = [
        GRANT,
        ("client_id", "the-client"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", "own.jwt"),
        ("assertion", "caller.jwt"),
        ("requested_token_use", "on_behalf_of"),
        ("scope", SCOPES[0]),
        (
            "claims",
            r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#,
        ),
    ];
    ok(exactly(&mut server, &form), "T1", None)
        .create_async()
        .await;
    let service = application(&server)
        .with_claims_challenges(true)
        .client_assertion(|| Ok("own.jwt".into()))
        .unwrap();
    let provider = service.on_behalf_of("caller.jwt");
    let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
    assert_eq!(token.secret(), "T1");
}

#[tokio::test]
async fn what_the_user_must_do_comes_up_as_claims_and_no_secret_with_it() {
    let mut server = Server::new_async().await;
    let body = serde_json::json!({
        "error": "interaction_required", "claims": "{\"access_token\":{\"polids\":{}}}",
        "error_description": format!("AADSTS50079: caller.jwt {SECRET}"),
    });
    server
        .mock("POST", "/contoso.com/oauth2/v2.0/token")
        .with_status(400)
        .with_body(body.to_string())
        .create_async()
        .await;
    let service = application(&server).client_secret(SECRET).unwrap();
    let provider = service.on_behalf_of("caller.jwt");
    let asked = provider.token(&TokenRequest::new(&SCOPES)).await;
    let error = asked.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let said = token_error(&error);
    assert_eq!(said.error, TokenErrorCode::InteractionRequired);
    assert_eq!(
        said.claims.as_deref(),
        Some("{\"access_token\":{\"polids\":{}}}")
    );
    let shown = format!("{error} {error:?} {said} {provider:?}");
    assert!(
        !shown.contains("s3cret") && !shown.contains("caller.jwt"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_response_without_a_token_is_an_error() {
    for body in ["", "[]", "{}", "{\"access_token\":\"LEAK\"}", "<html>LEAK"] {
        let mut server = Server::new_async().await;
        server
            .mock("POST", "/contoso.com/oauth2/v2.0/token")
            .with_body(body)
            .create_async()
            .await;
        let service = application(&server).client_secret(SECRET).unwrap();
        let provider = service.on_behalf_of("caller.jwt");
        let asked = provider.token(&TokenRequest::new(&SCOPES)).await;
        let error = asked.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert!(!format!("{error:?}").contains("LEAK"));
    }
}
