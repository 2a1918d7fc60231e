//! Nothing that is printed holds a credential, a body or a query.

use std::{fmt::Debug, time::Duration};

use ms_messenger_core::StaticToken;
use ms_messenger_http::{
    Bearer, Bytes, Call, Endpoint, HeaderName, HeaderValue, HttpClient, HttpOptions, HttpRequest,
    Method, Pipeline, Proxy, header,
};
use serde_json::Value;
use url::Url;

use crate::server::{
    Act, Server,
    client::{SERVICE, all_that_is_said, options, pipeline_to, quick},
    status,
};

/// Part of everything that must not be printed.
const SECRET: &str = "hunter2";

fn assert_tight(what: &str, text: &str) {
    let bytes = format!("{:?}", SECRET.as_bytes());
    let bytes = bytes.trim_matches(['[', ']']);
    assert!(
        !text.contains(SECRET) && !text.contains(bytes),
        "{what}: {text}"
    );
}

fn assert_debug_is_tight(what: &str, value: &impl Debug) {
    assert_tight(what, &format!("{value:?} {value:#?}"));
}

fn call() -> Call {
    Call::post("send", "/messages?code=hunter2")
        .with_header(
            HeaderName::from_static("x-secret"),
            HeaderValue::from_static("hunter2"),
        )
        .with_json_bytes(Bytes::from_static(br#"{"text":"hunter2"}"#))
}

fn pipeline(url: &str) -> Pipeline {
    Pipeline::new(
        &SERVICE,
        HttpClient::new(&options()).unwrap(),
        Endpoint::parse(url).unwrap(),
        Bearer::new(StaticToken::new("token-hunter2"), &["scope"]),
    )
    .with_retry_policy(quick())
}

#[test]
fn what_goes_out_is_not_printed() {
    assert_debug_is_tight("call", &call());
    let url = Url::parse("http://localhost:1/messages?code=hunter2").unwrap();
    let mut outgoing = HttpRequest::new(Method::POST, url, call().body().clone());
    let value = HeaderValue::from_static("Bearer hunter2");
    outgoing.headers.insert(header::AUTHORIZATION, value);
    assert_debug_is_tight("outgoing", &outgoing);
    assert_debug_is_tight("pipeline", &pipeline("http://localhost:1"));
}

#[test]
fn the_password_of_a_proxy_is_not_printed() {
    for url in [
        "http://user:hunter2@127.0.0.1:1",
        "hunter2:hunter2",
        "mailto:hunter2",
    ] {
        let proxy = Proxy::Url(Url::parse(url).unwrap());
        assert_debug_is_tight("proxy", &proxy);
        let options = HttpOptions::default().with_proxy(proxy);
        assert_debug_is_tight("options", &options);
        match HttpClient::new(&options) {
            Ok(client) => assert_debug_is_tight("client", &client),
            Err(error) => assert_tight("error", &all_that_is_said(&error)),
        }
    }
}

#[cfg(feature = "acs")]
#[test]
fn an_access_key_is_not_printed() {
    // The key is the secret itself, in Base64.
    const BASE64: &str = "aHVudGVyMg==";
    let key = ms_messenger_http::acs::AccessKey::parse(BASE64).unwrap();
    let pipeline = Pipeline::new(
        &SERVICE,
        HttpClient::new(&options()).unwrap(),
        Endpoint::parse("http://localhost:1").unwrap(),
        key,
    );
    assert_debug_is_tight("pipeline", &pipeline);
    assert!(!format!("{pipeline:?}").contains(BASE64));
}

#[tokio::test]
async fn a_response_is_printed_without_its_body_and_headers() {
    let act = status(201, &[("set-cookie", "hunter2")], r#"{"id":"hunter2"}"#);
    let server = Server::start([act]).await;
    let response = pipeline(&server.url()).call(call()).await.unwrap();
    assert_debug_is_tight("response", &response);
    assert_eq!(response.json::<Value>().unwrap()["id"], "hunter2");
    let error = response.json::<Vec<u8>>().unwrap_err();
    assert_tight("not a list", &all_that_is_said(&error));
    let error = response.json::<std::collections::HashMap<String, u8>>();
    assert_tight("not a number", &all_that_is_said(&error.unwrap_err()));
}

#[tokio::test]
async fn no_failure_prints_what_was_sent_or_received() {
    let raw = |text: &str| Act::RespondAndClose(text.as_bytes().to_vec());
    for act in [
        Act::Close,
        Act::Reset,
        raw("hunter2\r\n\r\n"),
        raw("HTTP/1.1 hunter2\r\nhunter2\r\n\r\n"),
        raw("HTTP/1.1 201 hunter2\r\nx: hunter2\r\ncontent-length: 99\r\n\r\n{\"hunter2\""),
        raw("HTTP/1.1 201 C\r\ntransfer-encoding: chunked\r\n\r\nhunter2\r\nhunter2"),
        status(
            302,
            &[("location", "http://127.0.0.1:1/?hunter2")],
            "hunter2",
        ),
        status(400, &[("x", "hunter2")], "hunter2"),
        status(401, &[("www-authenticate", "hunter2")], "hunter2"),
        status(503, &[("retry-after", "hunter2")], "hunter2"),
    ] {
        let what = format!("{act:?}");
        let server = Server::start([act]).await;
        let error = pipeline(&server.url()).call(call()).await.unwrap_err();
        assert_tight(&what, &all_that_is_said(&error));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_refused_connection_does_not_print_the_query() {
    let gone = Server::start([Act::CloseForGood]).await;
    let pipeline = pipeline(&gone.url());
    for _ in 0..2 {
        let error = pipeline.call(call()).await.unwrap_err();
        assert_tight("error", &all_that_is_said(&error));
    }
}

#[tokio::test]
async fn a_call_that_timed_out_does_not_print_the_query() {
    let server = Server::start([Act::Silence]).await;
    let options = options().with_timeout(Duration::from_secs(1));
    let token = Bearer::new(StaticToken::new("token-hunter2"), &["scope"]);
    let pipeline = pipeline_to(&SERVICE, &server.url(), &options, token);
    let error = pipeline.call(call()).await.unwrap_err();
    let place = server.url().replace("http://", "");
    let message = format!("no response from {place} in time");
    assert_eq!(error.message(), message);
    assert_tight("error", &all_that_is_said(&error));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_not_printed() {
    let pipeline = Pipeline::new(
        &SERVICE,
        HttpClient::new(&options()).unwrap(),
        Endpoint::parse("http://localhost:1").unwrap(),
        Bearer::new(StaticToken::new("hunter2\n"), &["scope"]),
    );
    let error = pipeline.call(call()).await.unwrap_err();
    assert_tight("error", &all_that_is_said(&error));
}

#[tokio::test]
async fn the_credential_is_marked_so_that_no_layer_prints_it() {
    use ms_messenger_core::AccessToken;
    use ms_messenger_http::Authorize;

    let url = Url::parse("http://localhost:1/").unwrap();
    let mut outgoing = HttpRequest::new(Method::GET, url, Bytes::new());
    let bearer = Bearer::new(StaticToken::new("hunter2"), &["scope"]);
    let used = bearer.authorize(&mut outgoing, None).await.unwrap();
    assert_eq!(used, Some(AccessToken::new("hunter2")));
    assert!(outgoing.headers[header::AUTHORIZATION].is_sensitive());
    assert_debug_is_tight("headers", &outgoing.headers);
}
