//! Responses of a hostile service: nothing panics or loops, and no text forges a line.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mockito::{Server, ServerGuard};
use ms_messenger_core::{Error, ErrorKind, TokenProvider, TokenRequest};
use ms_messenger_entra::Application;
use serde_json::{Value, json};

use crate::support::{SCOPES, SECRET, application, ok, token_error};

const REQUEST: TokenRequest<'static> = TokenRequest::new(&SCOPES);

/// Words that would forge a line of a log, or fill it.
const FORGED: &str = "x\r\nERROR forged\u{1b}[31m\u{2028}y\u{202e}z";

async fn response(server: &mut ServerGuard, leaf: &str, status: usize, body: &str) {
    server
        .mock("POST", format!("/contoso.com/oauth2/v2.0/{leaf}").as_str())
        .with_status(status)
        .with_body(body)
        .create_async()
        .await;
}

fn assert_is_fit(error: &Error) {
    let shown = format!("{error}\n{error:?}");
    let text = error.to_string();
    let unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
    assert!(!text.contains(unfit), "{text:?}");
    assert!(
        shown.len() < 20_000,
        "{} bytes of another's words",
        shown.len()
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn numbers_of_a_token_response_are_used_or_rejected() {
    for (life, is_read) in [
        (json!(0), true),
        (json!(u64::MAX), true),
        (json!(i64::MAX), true),
        (Value::Null, true),
        (json!(-1), false),
        (json!(1e300), false),
        (json!(3599.5), false),
        (json!("3599"), false),
        (json!({}), false),
    ] {
        let mut server = Server::new_async().await;
        let body = json!({"token_type": "Bearer", "access_token": "T", "expires_in": life,
            "ext_expires_in": life, "refresh_token": "hunter2"});
        response(&mut server, "token", 200, &body.to_string()).await;
        let provider = application(&server).client_secret(SECRET).unwrap();
        match provider.token(&REQUEST).await {
            Ok(token) => assert!(is_read && token.secret() == "T", "{life}"),
            Err(error) => {
                assert!(!is_read, "{life}: {error}");
                assert_eq!(error.kind(), ErrorKind::Protocol);
                assert!(!format!("{error:?}").contains("hunter2"));
                assert_is_fit(&error);
            }
        }
    }
}

#[tokio::test]
async fn numbers_of_a_device_code_are_used_or_rejected() {
    for (life, interval) in [
        (json!(-1), json!(5)),
        (json!(1e300), json!(5)),
        (json!("900"), json!(5)),
        (Value::Null, json!(5)),
        (json!(900), json!(-1)),
        (json!(900), json!(1e9)),
        (json!(3601), json!(5)),
        (json!(u64::MAX), json!(u64::MAX)),
    ] {
        let mut server = Server::new_async().await;
        let body = json!({"user_code": "hunter2", "device_code": "hunter3", "expires_in": life,
            "interval": interval, "verification_uri": "https://microsoft.com/devicelogin"});
        response(&mut server, "devicecode", 200, &body.to_string()).await;
        let provider = application(&server).device_code(|_| {}).unwrap();
        let error = provider.token(&REQUEST).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert!(!format!("{error:?}").contains("hunter"), "{body}");
        assert_is_fit(&error);
    }
}

#[tokio::test]
async fn an_interval_of_zero_still_pauses_between_polls() {
    let mut server = Server::new_async().await;
    let code = json!({"user_code": "ABCD", "device_code": "D", "expires_in": 900, "interval": 0,
        "verification_uri": "https://microsoft.com/devicelogin"});
    response(&mut server, "devicecode", 200, &code.to_string()).await;
    let pending = json!({"error": "authorization_pending"}).to_string();
    let path = "/contoso.com/oauth2/v2.0/token";
    let mock = server.mock("POST", path).with_status(400);
    mock.with_body(pending).expect(3).create_async().await;
    let mock = server.mock("POST", path);
    ok(mock, "T", None).create_async().await;
    let waits = Arc::new(Mutex::new(vec![]));
    let waited = Arc::clone(&waits);
    let provider = application(&server).device_code(|_| {}).unwrap();
    let provider = provider.with_sleep(move |wait| {
        waited.lock().unwrap().push(wait);
        async {}
    });
    provider.token(&REQUEST).await.unwrap();
    assert_eq!(*waits.lock().unwrap(), [Duration::from_secs(1); 4]);
}

#[tokio::test]
async fn a_prompt_is_one_bounded_line() {
    let mut server = Server::new_async().await;
    let long = format!("{FORGED}{}", "m".repeat(100_000));
    let code = json!({"user_code": FORGED, "device_code": "D", "expires_in": 0, "interval": 5,
        "verification_uri": "https://microsoft.com/devicelogin?code=hunter2", "message": long});
    response(&mut server, "devicecode", 200, &code.to_string()).await;
    let prompts = Arc::new(Mutex::new(vec![]));
    let shown = Arc::clone(&prompts);
    let provider = application(&server)
        .device_code(move |prompt| shown.lock().unwrap().push(prompt.clone()))
        .unwrap();
    let provider = provider.with_sleep(|_| std::future::pending());
    provider.token(&REQUEST).await.unwrap_err();
    let prompt = prompts.lock().unwrap()[0].clone();
    for text in [&prompt.user_code, &prompt.message] {
        let unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
        assert!(!text.contains(unfit), "{text:?}");
        assert!(text.chars().count() <= 1001);
    }
    assert!(!format!("{prompt:?}").contains("hunter2"), "{prompt:?}");
}

#[tokio::test]
async fn text_of_an_error_is_bounded_lines_without_secrets() {
    let escaped = "s3cret%2B%26%3D%25+%C3%A4";
    for member in [
        "error",
        "error_description",
        "suberror",
        "claims",
        "correlation_id",
        "trace_id",
    ] {
        let mut server = Server::new_async().await;
        let words = format!("{FORGED}{SECRET}{escaped}{}", "w".repeat(200_000));
        let mut body = json!({"error": "invalid_grant", "error_description": "AADSTS1"});
        body[member] = words.into();
        response(&mut server, "token", 400, &body.to_string()).await;
        let provider = application(&server).client_secret(SECRET).unwrap();
        let error = provider.token(&REQUEST).await.unwrap_err();
        assert_is_fit(&error);
        let told = token_error(&error);
        let unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
        assert!(!told.to_string().contains(unfit), "{member}");
        assert!(format!("{told:?}").len() < 10_000, "{member}");
    }
}

#[tokio::test]
async fn numbers_of_an_error_are_bounded_and_no_number_panics() {
    for (codes, read) in [
        (json!([53003, u64::MAX]), Some(vec![53003, u64::MAX])),
        (json!(vec![1_u64; 100_000]), Some(vec![1; 16])),
        (Value::Null, Some(vec![7])),
        (json!([-1]), None),
        (json!([1.5]), None),
        (json!("53003"), None),
    ] {
        let mut server = Server::new_async().await;
        let body = json!({"error": "invalid_grant", "error_description": "AADSTS7: no",
            "error_codes": codes});
        response(&mut server, "token", 400, &body.to_string()).await;
        let provider = application(&server).client_secret(SECRET).unwrap();
        let error = provider.token(&REQUEST).await.unwrap_err();
        assert_is_fit(&error);
        match read {
            Some(read) => assert_eq!(token_error(&error).error_codes, read),
            None => assert_eq!(error.kind(), ErrorKind::Protocol),
        }
    }
}

#[test]
fn no_form_of_an_application_shows_user_info_or_query() {
    for authority in [
        "https://alice:hunter2@login.contoso.com",
        "alice:hunter2@login.contoso.com",
        "https://login.contoso.com/?code=hunter2&state=1",
        "https://login.contoso.com/#hunter2",
        "http://alice:hunter2@login.contoso.com/x?y",
    ] {
        let application = Application::new("contoso.com", "the-client").with_authority(authority);
        let shown = format!("{application:?} {application:#?}");
        let error = application.client_secret(SECRET).unwrap_err();
        let shown = format!("{shown} {error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
