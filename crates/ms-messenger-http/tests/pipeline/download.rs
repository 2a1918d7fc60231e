//! Bodies that are read as they arrive.

use std::time::Duration;

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_http::{Bytes, Endpoint, HttpClient, HttpRequest, Method};

use crate::server::{
    Act, Server,
    client::{Numbered, SERVICE, options, pipeline, pipeline_to, read},
    status,
};

/// The head of a response whose body is longer than what follows.
fn cut(announced: usize, body: &str) -> Act {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {announced}\r\n\r\n{body}");
    Act::RespondAndClose(head.into_bytes())
}

#[tokio::test]
async fn a_body_larger_than_a_response_may_be_is_read_piece_by_piece() {
    let body = "x".repeat(100_000);
    let server = Server::start([status(200, &[("content-type", "image/png")], &body)]).await;
    let small = options().with_max_response_bytes(1_000);
    let pipeline = pipeline_to(&SERVICE, &server.url(), &small, Numbered::default());
    let mut download = pipeline.download(read()).await.unwrap();
    assert_eq!(download.content_type(), Some("image/png"));
    assert_eq!(download.content_length(), Some(100_000));
    let mut length = 0;
    while let Some(chunk) = download.chunk().await.unwrap() {
        length += chunk.len();
    }
    assert_eq!(length, 100_000);
    assert!(!format!("{download:?}").contains("xx"));
}

#[tokio::test]
async fn a_limit_holds_for_what_is_announced_and_for_what_arrives() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    for act in [
        status(200, &[], "helloworld"),
        Act::Respond(chunked.as_bytes().to_vec()),
    ] {
        let server = Server::start([act.clone(), act.clone(), act.clone(), act]).await;
        let pipeline = pipeline(&server);
        let whole = pipeline.download(read()).await.unwrap().bytes(10).await;
        assert_eq!(whole.unwrap(), "helloworld");
        let more = pipeline.download(read()).await.unwrap().bytes(9).await;
        let error = more.unwrap_err();
        assert_eq!(error.message(), "the body has more than 9 bytes");
        assert_eq!(error.delivery(), Delivery::NotSent);
        let mut file = Vec::new();
        let download = pipeline.download(read()).await.unwrap();
        assert_eq!(download.write_to(&mut file, 10).await.unwrap(), 10);
        assert_eq!(file, b"helloworld");
        let download = pipeline.download(read()).await.unwrap();
        let error = download.write_to(&mut Vec::new(), 9).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_is_not_read_again() {
    let server = Server::start([cut(10, "hello"), cut(10, "hello")]).await;
    let download = pipeline(&server).download(read()).await.unwrap();
    let error = download.bytes(100).await.unwrap_err();
    let facts = (error.kind(), error.delivery(), error.platform());
    let expected = (ErrorKind::Transport, Delivery::NotSent, Some("test"));
    assert_eq!(facts, expected);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn attempts_are_made_until_a_response_begins() {
    let server = Server::start([
        Act::Close,
        status(503, &[], ""),
        status(200, &[], "hello"),
        status(404, &[], "gone"),
    ])
    .await;
    let pipeline = pipeline(&server);
    let download = pipeline.download(read()).await.unwrap();
    assert_eq!(download.bytes(100).await.unwrap(), "hello");
    assert_eq!(server.seen().len(), 3);
    let error = pipeline.download(read()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_body_that_stops_without_a_close_times_out() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello".to_vec();
    let server = Server::start([Act::Respond(head)]).await;
    let quick = options().with_timeout(Duration::from_millis(200));
    let pipeline = pipeline_to(&SERVICE, &server.url(), &quick, Numbered::default());
    let download = pipeline.download(read()).await.unwrap();
    let error = download.bytes(100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a_server_that_never_responds_times_out() {
    let server = Server::responding(|_| Act::Silence).await;
    let quick = options().with_timeout(Duration::from_millis(200));
    let pipeline = pipeline_to(&SERVICE, &server.url(), &quick, Numbered::default())
        .with_retry_policy(ms_messenger_core::RetryPolicy::never());
    let error = pipeline.download(read()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn an_address_of_its_own_is_read_without_a_credential_or_a_redirect() {
    let moved = status(302, &[("location", "/elsewhere")], "");
    let server = Server::start([status(200, &[], "hello"), moved]).await;
    let http = HttpClient::new(&options()).unwrap();
    let address = Endpoint::parse(&server.url())
        .unwrap()
        .address("/file")
        .unwrap();
    let request = || HttpRequest::new(Method::GET, address.clone(), Bytes::new());
    let download = http.download(request()).await.unwrap();
    assert_eq!(download.bytes(100).await.unwrap(), "hello");
    assert_eq!(server.seen()[0].header("authorization"), None);
    assert_eq!(
        http.download(request()).await.unwrap_err().status(),
        Some(302)
    );
    assert_eq!(server.seen().len(), 2);
}
