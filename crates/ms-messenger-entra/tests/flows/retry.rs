//! What a retry policy repeats at the token endpoint, and what it does not.

use std::time::Duration;

use mockito::{Mock, Server, ServerGuard};
use ms_messenger_core::{Error, ErrorKind, RetryPolicy, TokenProvider, TokenRequest};
use ms_messenger_entra::Application;

use crate::support::{SCOPES, application};

const TOKEN: &str = "/contoso.com/oauth2/v2.0/token";
const ATTEMPTS: u32 = 3;

/// An application with a policy of three attempts without a pause.
fn retrying(server: &ServerGuard) -> Application {
    let retry = RetryPolicy::default()
        .with_max_attempts(ATTEMPTS)
        .with_backoff(Duration::ZERO, Duration::ZERO);
    application(server).with_retry_policy(retry)
}

/// Responds to each request with `status`, and expects `requests` of them.
async fn failing(server: &mut ServerGuard, status: usize, requests: u32) -> Mock {
    let body = match status {
        400 => r#"{"error":"invalid_client"}"#,
        _ => r#"{"error":"temporarily_unavailable"}"#,
    };
    server
        .mock("POST", TOKEN)
        .with_status(status)
        .with_body(body)
        .expect(requests as usize)
        .create_async()
        .await
}

async fn failure(provider: impl TokenProvider) -> Error {
    let request = TokenRequest::new(&SCOPES);
    provider.token(&request).await.unwrap_err()
}

#[tokio::test]
async fn nothing_is_retried_by_default() {
    for status in [429, 503] {
        let mut server = Server::new_async().await;
        let mock = failing(&mut server, status, 1).await;
        failure(application(&server).client_secret("s").unwrap()).await;
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn a_request_of_the_application_itself_is_retried_after_any_passing_failure() {
    for (status, requests) in [(429, ATTEMPTS), (503, ATTEMPTS), (400, 1)] {
        let mut server = Server::new_async().await;
        let kind = match status {
            429 => ErrorKind::RateLimited,
            503 => ErrorKind::Service,
            _ => ErrorKind::Config,
        };
        let mock = failing(&mut server, status, requests).await;
        let credentials = retrying(&server).client_secret("s").unwrap();
        let error = failure(credentials.on_behalf_of("token")).await;
        mock.assert_async().await;
        assert_eq!(error.kind(), kind);
    }
}

/// The response to a used refresh token may be lost: another attempt could end the sign-in.
#[tokio::test]
async fn a_refresh_token_is_used_again_only_when_it_was_refused_unread() {
    for (status, requests) in [(429, ATTEMPTS), (503, 1)] {
        let mut server = Server::new_async().await;
        let mock = failing(&mut server, status, requests).await;
        failure(retrying(&server).refresh_token("R1").unwrap()).await;
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn a_retry_that_succeeds_returns_its_token() {
    let mut server = Server::new_async().await;
    let first = failing(&mut server, 503, 1).await;
    let second = server
        .mock("POST", TOKEN)
        .with_body(r#"{"token_type":"Bearer","expires_in":60,"access_token":"T"}"#)
        .create_async()
        .await;
    let provider = retrying(&server).client_secret("s").unwrap();
    let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
    assert_eq!(token.secret(), "T");
    first.assert_async().await;
    second.assert_async().await;
}
