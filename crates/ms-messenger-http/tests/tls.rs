//! TLS: what a failed handshake proves, who is trusted, and which HTTP is spoken over it.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod server;

use std::{sync::atomic::Ordering, time::Duration};

use h2::Reason;
use ms_messenger_core::{Delivery, Error, ErrorKind};
use ms_messenger_http::{HttpClient, HttpOptions, HttpVersions, Pipeline};
use server::{
    Act, Server,
    client::{Numbered, SERVICE, options, pipeline_to, quick, send},
    created,
    tls::{self, Identity},
};
use tokio::{io::AsyncWriteExt, net::TcpListener};

const LOCAL: &str = "127.0.0.1";

fn pipeline(port: u16, options: &HttpOptions) -> Pipeline {
    let url = format!("https://{LOCAL}:{port}");
    pipeline_to(&SERVICE, &url, options, Numbered::default())
}

fn trusting(identity: &Identity) -> HttpOptions {
    options().with_extra_roots(identity.authority.as_str())
}

fn assert_never_connected(error: &Error, attempts: u32) {
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.attempts(), attempts);
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_proves_that_nothing_was_sent() {
    // Never accepts: the system does, and nobody ever says a word.
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = options().with_connect_timeout(Duration::from_millis(100));
    let pipeline = pipeline(port, &options).with_retry(quick().with_max_attempts(2));
    let error = pipeline.call(send()).await.unwrap_err();
    assert_never_connected(&error, 2);
}

#[tokio::test]
async fn connecting_always_ends_before_the_try_does() {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = options()
        .with_connect_timeout(Duration::from_secs(3600))
        .with_timeout(Duration::from_secs(2));
    let pipeline = pipeline(port, &options).with_retry(quick().with_max_attempts(1));
    let error = pipeline.call(send()).await.unwrap_err();
    assert_never_connected(&error, 1);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() {
    let identity = Identity::new(LOCAL);
    let server = Server::start_tls(identity.acceptor(&[]), [created()]).await;
    let pipeline = pipeline(server.address.port(), &options());
    let error = pipeline.call(send()).await.unwrap_err();
    assert_never_connected(&error, 4);
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_before_anything_is_sent() {
    let identity = Identity::new("contoso.test");
    let server = Server::start_tls(identity.acceptor(&[]), [created()]).await;
    let pipeline = pipeline(server.address.port(), &trusting(&identity));
    let error = pipeline.call(send()).await.unwrap_err();
    assert_never_connected(&error, 4);
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_server_that_answers_without_tls_is_sent_nothing() {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = server::answer(400, &[], "");
            stream.write_all(&answer).await.unwrap();
        }
    });
    let error = pipeline(port, &options()).call(send()).await.unwrap_err();
    assert_never_connected(&error, 4);
}

#[tokio::test]
async fn an_extra_root_is_trusted() {
    let identity = Identity::new(LOCAL);
    let server = Server::start_tls(identity.acceptor(&[]), [created()]).await;
    let pipeline = pipeline(server.address.port(), &trusting(&identity));
    assert_eq!(pipeline.call(send()).await.unwrap().status(), 201);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn an_extra_root_that_is_no_certificate_is_refused() {
    for pem in [
        "",
        "no pem",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
    ] {
        let error = HttpClient::new(&options().with_extra_roots(pem)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().starts_with("extra_roots: "), "{error}");
    }
}

#[tokio::test]
async fn a_lone_call_goes_over_http_1_even_where_http_2_is_offered() {
    let identity = Identity::new(LOCAL);
    let both = identity.acceptor(&["h2", "http/1.1"]);
    let server = Server::start_tls(both, [created(), created()]).await;
    for versions in [HttpVersions::Adaptive, HttpVersions::Http1] {
        let options = trusting(&identity).with_versions(versions);
        let pipeline = pipeline(server.address.port(), &options);
        pipeline.call(send()).await.unwrap();
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_negotiated() {
    let identity = Identity::new(LOCAL);
    let (address, seen) = tls::http2(&identity, tls::created).await;
    let options = trusting(&identity).with_versions(HttpVersions::Negotiate);
    let answer = pipeline(address.port(), &options).call(send()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.request_id(), Some("req-2"));
    assert_eq!(&answer.body()[..], b"{\"id\":\"2\"}");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_closed_unanswered_beneath_tls_leaves_it_unknown() {
    for act in [Act::Close, Act::Reset] {
        let identity = Identity::new(LOCAL);
        let server = Server::start_tls(identity.acceptor(&[]), [act, created()]).await;
        let pipeline = pipeline(server.address.port(), &trusting(&identity));
        let error = pipeline.call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(server.seen().len(), 1);
    }
}

/// A stream that ends without an answer is not repeated by any layer, whatever its reason.
async fn assert_not_repeated(act: fn(h2::server::SendResponse<ms_messenger_http::Bytes>)) {
    let identity = Identity::new(LOCAL);
    let (address, seen) = tls::http2(&identity, act).await;
    let options = trusting(&identity).with_versions(HttpVersions::Negotiate);
    let pipeline = pipeline(address.port(), &options);
    let error = pipeline.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 1);
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_that_is_reset_leaves_it_unknown() {
    assert_not_repeated(|mut respond| respond.send_reset(Reason::INTERNAL_ERROR)).await;
}

#[tokio::test]
async fn a_stream_that_is_refused_after_the_request_is_not_repeated_behind_our_back() {
    assert_not_repeated(|mut respond| respond.send_reset(Reason::REFUSED_STREAM)).await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_leaves_it_unknown() {
    assert_not_repeated(drop).await;
}
