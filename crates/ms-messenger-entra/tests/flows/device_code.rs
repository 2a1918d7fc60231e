//! Sign-in by a code on another device.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mockito::{Matcher, Mock, Server, ServerGuard};
use ms_messenger_core::{ErrorKind, TokenProvider, TokenRequest};
use ms_messenger_entra::{SignInPolicy, TokenErrorCode};

use crate::support::{SCOPES, application, exactly, ok, token_error};

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
                "https://graph.microsoft.com/.default offline_access openid profile".into(),
            ),
        ]))
        .with_header("content-type", "application/json")
        .with_body(body.to_string())
        .create_async()
        .await
}

/// Responds to polls with `errors` one after the other, then with a token.
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
async fn a_device_code_is_polled_at_the_interval_and_five_seconds_slower_on_slow_down() {
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
async fn an_unused_code_expires() {
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

#[tokio::test]
async fn a_failure_that_passes_does_not_end_the_polling() {
    let mut server = Server::new_async().await;
    device_endpoint(&mut server, 900, 5).await;
    for (status, body) in [
        (503, "busy"),
        (500, "{}"),
        (429, "{\"error\":\"temporarily_unavailable\"}"),
    ] {
        server
            .mock("POST", "/contoso.com/oauth2/v2.0/token")
            .with_status(status)
            .with_body(body)
            .expect(1)
            .create_async()
            .await;
    }
    polls(&mut server, &[]).await;
    let prompts = Arc::new(Mutex::new(0));
    let shown = Arc::clone(&prompts);
    let provider = application(&server)
        .device_code(move |_| *shown.lock().unwrap() += 1)
        .unwrap()
        .with_sleep(|_| async {});
    let token = provider.token(&TokenRequest::new(&SCOPES)).await.unwrap();
    assert_eq!(token.secret(), "T1");
    assert_eq!(*prompts.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_policy_that_forbids_sign_in_by_code_advises_another_way() {
    for (body, codes, policy) in [
        (
            serde_json::json!({"error": "invalid_grant", "error_codes": [53003],
                "error_description": "AADSTS53003: Access has been blocked by Conditional Access policies.\r\nTrace ID: 1",
                "suberror": "message_only", "claims": "{}"}),
            vec![53003],
            SignInPolicy::ConditionalAccess,
        ),
        (
            serde_json::json!({"error": "interaction_required",
                "error_description": "AADSTS53000: Device is not in required device state."}),
            vec![53000],
            SignInPolicy::Device,
        ),
        (
            serde_json::json!({"error": "invalid_grant", "error_codes": [50105]}),
            vec![50105],
            SignInPolicy::Assignment,
        ),
    ] {
        let mut server = Server::new_async().await;
        device_endpoint(&mut server, 900, 1).await;
        server
            .mock("POST", "/contoso.com/oauth2/v2.0/token")
            .with_status(400)
            .with_body(body.to_string())
            .expect(1)
            .create_async()
            .await;
        let provider = application(&server).device_code(|_| {}).unwrap();
        let provider = provider.with_sleep(|_| async {});
        let error = provider
            .token(&TokenRequest::new(&SCOPES))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.message().contains("administrator"), "{error}");
        assert!(!error.message().contains("again"), "{error}");
        assert_eq!(token_error(&error).error_codes, codes);
        assert_eq!(token_error(&error).policy(), Some(policy));
        assert!(!format!("{}", token_error(&error)).contains('\n'));
    }
}
