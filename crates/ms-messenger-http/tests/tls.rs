//! TLS: what a failed handshake proves, which certificates are trusted, and which version of HTTP is used.
#![cfg(any(feature = "rustls", feature = "rustls-ring"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod server;

use std::{sync::atomic::Ordering, time::Duration};

use h2::Reason;
use ms_messenger_core::{Delivery, Error, ErrorKind};
use ms_messenger_http::{
    Bytes, Call, HttpClient, HttpOptions, HttpVersions, Pipeline, ServiceProfile,
    UNTRUSTED_CERTIFICATE,
};
use server::{
    Act, Server,
    client::{Numbered, SERVICE, all_that_is_said, options, pipeline_to, quick, send},
    created,
    tls::{self, Identity},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinSet};
use tokio_rustls::rustls::{NamedGroup, crypto::CryptoProvider};

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
async fn a_handshake_without_a_response_proves_that_nothing_was_sent() {
    // Never accepts: the system does, and no byte follows.
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = options().with_connect_timeout(Duration::from_millis(100));
    let pipeline = pipeline(port, &options).with_retry_policy(quick().with_max_attempts(2));
    let error = pipeline.call(send()).await.unwrap_err();
    assert_never_connected(&error, 2);
}

#[tokio::test]
async fn connecting_always_ends_before_the_attempt_does() {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = options()
        .with_connect_timeout(Duration::from_secs(3600))
        .with_timeout(Duration::from_secs(2));
    let pipeline = pipeline(port, &options).with_retry_policy(quick().with_max_attempts(1));
    let error = pipeline.call(send()).await.unwrap_err();
    assert_never_connected(&error, 1);
}

/// Calls a server with `identity`, and asserts that its certificate is rejected for `reason`.
async fn assert_untrusted(identity: &Identity, options: HttpOptions, reason: &str) {
    let server = Server::start_tls(identity.acceptor(&[]), [created()]).await;
    let call = Call::post("send", "/hunter2?code=hunter2").with_json_bytes("hunter2");
    let pipeline = pipeline(server.address.port(), &options);
    let error = pipeline.call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert_eq!(error.code(), Some(UNTRUSTED_CERTIFICATE));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(!error.is_transient());
    assert_eq!(error.attempts(), 1, "it is permanent");
    assert_eq!(server.connections(), 1);
    assert_eq!(server.seen().len(), 0);
    let place = format!(
        "the certificate of {} is not trusted: {reason}",
        server.address
    );
    assert!(error.message().starts_with(&place), "{error}");
    for remedy in [
        "SSL_CERT_FILE",
        "the system's store",
        "HttpOptions::with_extra_roots",
    ] {
        assert!(error.message().contains(remedy), "{error}");
    }
    let said = all_that_is_said(&error);
    assert!(
        said.contains("invalid peer certificate"),
        "the innermost cause: {said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn an_untrusted_certificate_is_rejected_before_anything_is_sent() {
    let identity = Identity::new(LOCAL);
    assert_untrusted(&identity, options(), "its issuer is unknown").await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_before_anything_is_sent() {
    let identity = Identity::new("contoso.test");
    let options = trusting(&identity);
    assert_untrusted(&identity, options, "it is that of another host").await;
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_refused_before_anything_is_sent() {
    for (years, reason) in [
        ((2001, 2002), "it has expired"),
        ((4001, 4002), "it is not valid yet"),
    ] {
        let identity = Identity::valid(LOCAL, years);
        let options = trusting(&identity);
        assert_untrusted(&identity, options, reason).await;
    }
}

#[tokio::test]
async fn a_server_that_responds_without_tls_gets_nothing() {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let response = server::response(400, &[], "");
            stream.write_all(&response).await.unwrap();
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
async fn no_provider_of_cryptography_is_installed_for_the_process() {
    let identity = Identity::new(LOCAL);
    let server = Server::start_tls(identity.acceptor(&[]), [created()]).await;
    let pipeline = pipeline(server.address.port(), &trusting(&identity));
    pipeline.call(send()).await.unwrap();
    assert!(CryptoProvider::get_default().is_none());
}

/// Only aws-lc-rs can exchange keys by ML-KEM.
#[tokio::test]
async fn the_provider_is_that_of_the_feature_and_ring_where_both_are_on() {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let offered = tokio::spawn(tls::offered_groups(listener));
    let pipeline = pipeline(port, &options()).with_retry_policy(quick().with_max_attempts(1));
    assert_never_connected(&pipeline.call(send()).await.unwrap_err(), 1);
    assert_eq!(
        offered.await.unwrap().contains(&NamedGroup::X25519MLKEM768),
        cfg!(not(feature = "rustls-ring")),
    );
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
    let response = pipeline(address.port(), &options).call(send()).await;
    let response = response.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.request_id(), Some("req-2"));
    assert_eq!(&response.body()[..], b"{\"id\":\"2\"}");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn calls_whose_responses_do_not_name_them_share_no_connection() {
    static UNNAMED: ServiceProfile =
        ServiceProfile::new("unnamed").with_client_request_id("client-request-id");
    for versions in [HttpVersions::Adaptive, HttpVersions::Negotiate] {
        let identity = Identity::new(LOCAL);
        let both = identity.acceptor(&["h2", "http/1.1"]);
        let server = Server::responding_tls(both, |_| created()).await;
        let options = trusting(&identity).with_versions(versions);
        let url = format!("https://{LOCAL}:{}", server.address.port());
        let pipeline = pipeline_to(&UNNAMED, &url, &options, Numbered::default());
        let mut calls = JoinSet::new();
        for _ in 0..8 {
            let pipeline = pipeline.clone();
            calls.spawn(async move { pipeline.call(send()).await });
        }
        // The server speaks HTTP/1.1 alone: a request of HTTP/2 would fail.
        for outcome in calls.join_all().await {
            outcome.unwrap();
        }
        assert_eq!(server.seen().len(), 8);
    }
}

#[tokio::test]
async fn a_connection_closed_without_a_response_under_tls_leaves_it_unknown() {
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

/// Calls a server that does `act` to the stream of each request.
async fn failure_of_stream(act: fn(h2::server::SendResponse<Bytes>)) -> (Error, usize) {
    let identity = Identity::new(LOCAL);
    let (address, seen) = tls::http2(&identity, act).await;
    let options = trusting(&identity).with_versions(HttpVersions::Negotiate);
    let pipeline = pipeline(address.port(), &options);
    let error = pipeline.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    (error, seen.load(Ordering::SeqCst))
}

/// A stream that ends without a response is not repeated by any layer.
async fn assert_not_repeated(act: fn(h2::server::SendResponse<Bytes>)) {
    let (error, seen) = failure_of_stream(act).await;
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 1);
    assert_eq!(seen, 1);
}

#[tokio::test]
async fn a_stream_that_is_reset_leaves_it_unknown() {
    assert_not_repeated(|mut respond| respond.send_reset(Reason::INTERNAL_ERROR)).await;
    assert_not_repeated(|mut respond| respond.send_reset(Reason::CANCEL)).await;
}

#[tokio::test]
async fn a_stream_that_is_refused_was_not_executed_and_is_retried() {
    let refuse = |mut respond: h2::server::SendResponse<Bytes>| {
        respond.send_reset(Reason::REFUSED_STREAM);
    };
    let (error, seen) = failure_of_stream(refuse).await;
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.attempts(), 4);
    assert_eq!(seen, 4, "no other layer retries");
}

#[tokio::test]
async fn a_connection_that_says_farewell_leaves_its_streams_unknown_in_one_line() {
    let identity = Identity::new(LOCAL);
    let address = tls::farewell(&identity).await;
    let options = trusting(&identity).with_versions(HttpVersions::Negotiate);
    let error = pipeline(address.port(), &options)
        .call(send())
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown, "{error:?}");
    let said = all_that_is_said(&error);
    assert!(said.contains("connection error received"), "{said}");
    assert!(said.len() < 20_000, "{}", said.len());
}

#[tokio::test]
async fn a_stream_that_is_dropped_leaves_it_unknown() {
    assert_not_repeated(drop).await;
}
