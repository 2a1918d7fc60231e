//! What goes wrong, what it proves, and what is tried again.

use std::time::Duration;

use acs_identity::{AcsIdentityBuilder, AcsIdentityClient, TeamsUserToken, TokenOptions};
use mockito::{Matcher, Mock, Server, ServerGuard};
use ms_messenger_core::{Delivery, Error, ErrorKind, RetryPolicy};

const USER: &str = "8:acs:r_u";

fn client(server: &ServerGuard) -> AcsIdentityClient {
    let string = format!("endpoint={}/;accesskey=c2VjcmV0LWtleQ==", server.url());
    let quick = RetryPolicy::default()
        .with_max_attempts(3)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(1));
    let builder = AcsIdentityBuilder::from_connection_string(&string).unwrap();
    builder.with_retry_policy(quick).build().unwrap()
}

async fn response(server: &mut ServerGuard, method: &str, status: usize, body: &str) -> Mock {
    let mock = server.mock(method, Matcher::Any).with_status(status);
    mock.with_body(body).create_async().await
}

async fn respond_to_all(server: &mut ServerGuard, status: usize, body: &str) -> [Mock; 2] {
    let post = response(server, "POST", status, body).await;
    [post, response(server, "DELETE", status, body).await]
}

/// The outcome of every operation, by its name.
async fn all(client: &AcsIdentityClient) -> Vec<(&'static str, Error)> {
    let (user, chat) = (USER, TokenOptions::chat());
    let teams = TeamsUserToken::new("t", "a", "u");
    vec![
        ("create", client.create_user().await.unwrap_err()),
        (
            "create with token",
            client.create_user_with_token(&chat).await.unwrap_err(),
        ),
        ("issue", client.issue_token(user, &chat).await.unwrap_err()),
        (
            "exchange",
            client.exchange_teams_user_token(&teams).await.unwrap_err(),
        ),
        ("revoke", client.revoke_tokens(user).await.unwrap_err()),
        ("delete", client.delete_user(user).await.unwrap_err()),
    ]
}

#[tokio::test]
async fn what_may_have_been_executed_is_retried_only_where_it_changes_nothing() {
    let mut server = Server::new_async().await;
    let _mocks = respond_to_all(&mut server, 500, "").await;
    for (name, error) in all(&client(&server)).await {
        assert_eq!(error.kind(), ErrorKind::Service, "{name}");
        let expected = match name {
            "revoke" | "delete" => (3, Delivery::NotSent),
            _ => (1, Delivery::Unknown),
        };
        assert_eq!((error.attempts(), error.delivery()), expected, "{name}");
    }
}

#[tokio::test]
async fn what_was_not_executed_is_retried_everywhere() {
    for (status, header) in [(429, None), (503, Some(("retry-after", "0")))] {
        let mut server = Server::new_async().await;
        for method in ["POST", "DELETE"] {
            let mut mock = server.mock(method, Matcher::Any).with_status(status);
            if let Some((name, value)) = header {
                mock = mock.with_header(name, value);
            }
            mock.create_async().await;
        }
        for (name, error) in all(&client(&server)).await {
            let seen = (error.kind(), error.delivery(), error.attempts());
            let expected = (ErrorKind::RateLimited, Delivery::NotSent, 3);
            assert_eq!(seen, expected, "{status} {name}");
        }
    }
}

#[tokio::test]
async fn the_words_of_the_service_are_reported() {
    for (status, body, kind, code, words) in [
        (
            400,
            r#"{"error":{"code":"ValidationError","message":"Scopes: The Scopes field is required.","target":"Scopes"}}"#,
            ErrorKind::InvalidRequest,
            Some("ValidationError"),
            "Scopes: The Scopes field is required.",
        ),
        (
            401,
            r#"{"error":{"code":"InvalidAccessToken","message":"Provided access token is not valid."}}"#,
            ErrorKind::Unauthenticated,
            Some("InvalidAccessToken"),
            "Provided access token is not valid.",
        ),
        (
            401,
            r#"{"error":{"code":"Denied","message":"Denied by the resource provider."}}"#,
            ErrorKind::Unauthenticated,
            Some("Denied"),
            "Denied by the resource provider (ACS Identity accepts the access key",
        ),
        (
            401,
            "",
            ErrorKind::Unauthenticated,
            None,
            "ACS Identity accepts the access key",
        ),
        (
            403,
            r#"{"CommunicationError":{"Code":"Forbidden"}}"#,
            ErrorKind::PermissionDenied,
            Some("Forbidden"),
            "403 Forbidden",
        ),
        (404, "<html>", ErrorKind::NotFound, None, "404 Not Found"),
    ] {
        let mut server = Server::new_async().await;
        let _mocks = respond_to_all(&mut server, status, body).await;
        for (name, error) in all(&client(&server)).await {
            assert_eq!(
                (error.kind(), error.code()),
                (kind, code),
                "{name}: {error}"
            );
            assert_eq!(
                (error.delivery(), error.attempts()),
                (Delivery::NotSent, 1),
                "{name}"
            );
            assert_eq!(
                (error.status(), error.platform()),
                (Some(status as u16), Some("acs-identity"))
            );
            assert!(error.message().contains(words), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_used_says_that_the_call_was_executed() {
    for (status, body) in [
        (201, "{"),
        (201, r#"{"identity":{}}"#),
        (201, r#"{"identity":{"id":""}}"#),
        (200, r#"{"token":""}"#),
        (200, r#"{"token":7}"#),
        (200, ""),
        (202, r#"{"token":"hunter2","identity":{"id":"8:acs:r_u"}}"#),
        (204, ""),
    ] {
        let mut server = Server::new_async().await;
        let _mocks = respond_to_all(&mut server, status, body).await;
        let client = client(&server);
        let chat = TokenOptions::chat();
        for error in [
            client.create_user().await.unwrap_err(),
            client.issue_token(USER, &chat).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Protocol, "{status} {body}");
            assert_eq!(error.delivery(), Delivery::Sent, "{status} {body}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}

#[tokio::test]
async fn a_user_without_the_token_that_was_asked_for_is_not_lost() {
    for token in ["null", r#"{"token":""}"#] {
        let mut server = Server::new_async().await;
        let body = format!(r#"{{"identity":{{"id":"{USER}"}},"accessToken":{token}}}"#);
        let _mock = response(&mut server, "POST", 201, &body).await;
        let (client, chat) = (client(&server), TokenOptions::chat());
        let error = client.create_user_with_token(&chat).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Protocol, Delivery::Sent)
        );
        assert!(error.message().contains(USER), "{error}");
    }
}

#[tokio::test]
async fn the_id_of_a_user_without_a_token_is_one_bounded_line() {
    for (id, shown) in [
        (format!("8:acs:{}", "x".repeat(100_000)), 200),
        ("8:acs:a\r\nERROR forged\u{1b}[31m".to_owned(), 26),
        ("8:acs:a\u{2028}b\u{202e}c".to_owned(), 11),
    ] {
        let mut server = Server::new_async().await;
        let body = serde_json::json!({"identity": {"id": id}}).to_string();
        let _mock = response(&mut server, "POST", 201, &body).await;
        let (client, chat) = (client(&server), TokenOptions::chat());
        let error = client.create_user_with_token(&chat).await.unwrap_err();
        let message = error.message();
        let (head, tail) = ("the user ", " was created, but without a token");
        assert!(message.starts_with("the user 8:acs:"), "{message}");
        assert!(message.ends_with(tail), "{message}");
        let length = message.chars().count() - head.len() - tail.len();
        assert_eq!(length, shown, "{message}");
        let unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
        assert!(!error.to_string().contains(unfit), "{message}");
    }
}
