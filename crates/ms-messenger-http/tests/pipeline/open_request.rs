//! Requests for any path: the bytes on the wire, the retries, and what is refused.

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_http::{HeaderName, HeaderValue, Method, OpenRequest, RetryClass};
use serde_json::{Value, json};

use crate::server::{Act, Server, client::pipeline, status};

const EXTRA: HeaderName = HeaderName::from_static("x-extra");

#[tokio::test]
async fn path_query_headers_and_body_go_out_as_stated_with_the_credential() {
    let server = Server::start([status(201, &[], r#"{"id":7}"#)]).await;
    let made: Value = OpenRequest::new(&pipeline(&server), Method::POST, "/pagers?api-version=1")
        .with_query("na me", "a&b=ü")
        .with_header(EXTRA, HeaderValue::from_static("yes"))
        .with_json(&json!({ "text": "hello" }))
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(made, json!({ "id": 7 }));
    let seen = &server.seen()[0];
    let line = "POST /pagers?api-version=1&na%20me=a%26b%3D%C3%BC HTTP/1.1";
    assert_eq!(seen.line(), line);
    assert_eq!(seen.header("x-extra"), Some("yes"));
    assert_eq!(seen.header("authorization"), Some("attempt 1"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.body(), r#"{"text":"hello"}"#);
}

#[tokio::test]
async fn the_retry_class_decides_about_a_second_attempt() {
    let lost = || Server::start([Act::Close, status(200, &[], "{}")]);
    let cases = [
        (Method::GET, None, 2),
        (Method::POST, None, 1),
        (Method::PUT, None, 1),
        (Method::PUT, Some(RetryClass::Repeatable), 2),
        (Method::POST, Some(RetryClass::Message), 1),
    ];
    for (method, class, attempts) in cases {
        let server = lost().await;
        let mut request = OpenRequest::new(&pipeline(&server), method.clone(), "/pagers/7");
        if let Some(class) = class {
            request = request.with_retry_class(class);
        }
        let outcome = request.send().await;
        assert_eq!(outcome.is_ok(), attempts == 2, "{method} {class:?}");
        assert_eq!(server.seen().len(), attempts, "{method} {class:?}");
        if let Err(error) = outcome {
            assert_eq!(error.delivery(), Delivery::Unknown);
        }
    }
}

#[tokio::test]
async fn a_path_that_leads_elsewhere_is_refused_before_any_request() {
    let server = Server::start([]).await;
    let pipeline = pipeline(&server);
    for path in [
        "",
        "pagers",
        "https://contoso.test/pagers",
        "//contoso.test/pagers",
        "/pagers/../users",
        "/pagers/%2e%2e/users",
        "/pagers/7#top",
        "/pagers/a b",
        "/pagers/\u{e4}",
        "/pagers\\7",
        "/pagers\r\nx: y",
    ] {
        let request = OpenRequest::new(&pipeline, Method::GET, path);
        let error = request.send().await.unwrap_err();
        let facts = (error.kind(), error.delivery(), error.platform());
        let expected = (ErrorKind::InvalidRequest, Delivery::NotSent, Some("test"));
        assert_eq!(facts, expected, "{path:?}");
        let mut pages = OpenRequest::new(&pipeline, Method::GET, path).pages::<Value>();
        assert!(pages.next_page().await.is_err(), "{path:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn pages_are_followed_with_the_headers_of_the_first() {
    let server = Server::start([
        status(200, &[], r#"{"value":[1],"nextLink":"/pagers?page=2"}"#),
        status(200, &[], r#"{"value":[2]}"#),
    ])
    .await;
    let request = OpenRequest::new(&pipeline(&server), Method::GET, "/pagers")
        .with_header(EXTRA, HeaderValue::from_static("yes"));
    let mut pages = request.pages::<u32>();
    assert_eq!(pages.next_page().await.unwrap(), Some(vec![1]));
    assert_eq!(pages.next_page().await.unwrap(), Some(vec![2]));
    assert_eq!(pages.next_page().await.unwrap(), None);
    let seen = server.seen();
    assert!(
        seen.iter()
            .all(|seen| seen.header("x-extra") == Some("yes"))
    );
}
