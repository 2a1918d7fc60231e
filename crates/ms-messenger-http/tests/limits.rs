//! What a hostile or broken server can not do, and where calls do not go.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod server;

use std::process::Command;

use ms_messenger_core::{Delivery, ErrorKind, IdempotencyKey};
use ms_messenger_http::{Answer, HttpClient, HttpOptions, Proxy, Service, ServiceError};
use server::{
    Act, Server, answer,
    client::{Numbered, SERVICE, options, pipeline, pipeline_to, read, send},
    created, status,
};
use url::Url;

fn url(server: &Server) -> Url {
    Url::parse(&server.url()).unwrap()
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for code in [301, 302, 303, 307, 308] {
        let elsewhere = Server::start([created()]).await;
        let location = format!("{}/messages", elsewhere.url());
        let moved = status(code, &[("Location", &location)], "");
        let server = Server::answering(move |_| moved.clone()).await;
        for call in [
            send(),
            send().with_idempotency(IdempotencyKey::random()),
            read(),
        ] {
            let error = pipeline(&server).call(call).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol);
            assert_eq!(error.status(), Some(code));
        }
        let error = pipeline(&server).call(send()).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(server.seen().len(), 4);
        assert_eq!(elsewhere.connections(), 0);
    }
}

fn capped(server: &Server, service: &'static Service) -> ms_messenger_http::Pipeline {
    let options = options().with_max_answer_bytes(1000);
    pipeline_to(service, &server.url(), &options, Numbered::default())
}

#[tokio::test]
async fn an_answer_of_just_the_size_allowed_is_read() {
    let server = Server::start([status(201, &[], &"x".repeat(1000))]).await;
    let answer = capped(&server, &SERVICE).call(send()).await.unwrap();
    assert_eq!(answer.body().len(), 1000);
}

#[tokio::test]
async fn a_success_beyond_the_size_allowed_is_sent_and_not_asked_for_again() {
    let told = answer(201, &[], &"x".repeat(1001));
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let endless = format!(
        "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{}",
        chunk.repeat(1000)
    );
    for bytes in [told, endless.into_bytes()] {
        let server = Server::start([Act::Answer(bytes)]).await;
        let call = send().with_idempotency(IdempotencyKey::random());
        let error = capped(&server, &SERVICE).call(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.delivery(), Delivery::Sent);
        assert_eq!(error.status(), Some(201));
        assert_eq!(error.message(), "the answer has more than 1000 bytes");
        assert_eq!(server.seen().len(), 1);
    }
}

/// Says how long the error body is.
const MEASURING: Service = SERVICE.with_error_reader(|answer: &Answer| {
    let length = answer.body().len().to_string();
    ServiceError::new(Some(length), Some("a\r\nb".to_owned()))
});

#[tokio::test]
async fn an_error_body_beyond_the_size_allowed_is_left_unread() {
    let acts = [
        status(403, &[], &"x".repeat(1001)),
        status(403, &[], &"x".repeat(1000)),
    ];
    let server = Server::start(acts).await;
    let pipeline = capped(&server, &MEASURING);
    for length in ["0", "1000"] {
        let error = pipeline.call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.code(), Some(length));
        assert_eq!(error.message(), "a  b");
    }
}

#[tokio::test]
async fn a_flood_of_headers_does_no_harm() {
    let many = "x: y\r\n".repeat(100_000);
    let long = format!("x: {}\r\n", "y".repeat(4 << 20));
    for headers in [many, long] {
        let bytes = format!("HTTP/1.1 201 Created\r\n{headers}content-length: 0\r\n\r\n");
        let server = Server::start([Act::Answer(bytes.into_bytes())]).await;
        let error = pipeline(&server).call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn unusual_but_lawful_answers_are_understood() {
    for bytes in [
        &b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"[..],
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b"HTTP/1.1 200\r\nconnection: close\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n[\r\n1;x=y\r\n]\r\n0\r\na: b\r\n\r\n",
    ] {
        let server = Server::start([Act::AnswerAndClose(bytes.into())]).await;
        let answer = pipeline(&server).call(send()).await.unwrap();
        assert_eq!(&answer.body()[..], b"[]");
    }
    let server = Server::start([status(204, &[], "")]).await;
    let answer = pipeline(&server).call(send()).await.unwrap();
    assert!(answer.body().is_empty());
}

#[tokio::test]
async fn calls_go_through_the_proxy_that_is_named_and_through_none_otherwise() {
    let server = Server::start([created()]).await;
    let proxy = Server::start([created()]).await;
    for chosen in [Proxy::Url(url(&proxy)), Proxy::None] {
        let options = HttpOptions::default().with_proxy(chosen);
        let pipeline = pipeline_to(&SERVICE, &server.url(), &options, Numbered::default());
        pipeline.call(send()).await.unwrap();
    }
    let line = format!("POST {}/messages?api-version=1 HTTP/1.1", server.url());
    assert_eq!(proxy.seen().len(), 1);
    assert_eq!(proxy.seen()[0].line(), line);
    assert_eq!(server.seen().len(), 1);
}

/// The environment of a process cannot be changed safely, so the test runs itself in another.
#[tokio::test]
async fn a_proxy_of_the_environment_never_sees_what_goes_to_this_machine_in_the_clear() {
    const NAME: &str =
        "a_proxy_of_the_environment_never_sees_what_goes_to_this_machine_in_the_clear";
    if std::env::var_os("RUN_BEHIND_A_PROXY").is_some() {
        let server = Server::start([created()]).await;
        let options = HttpOptions::default();
        let pipeline = pipeline_to(&SERVICE, &server.url(), &options, Numbered::default());
        pipeline.call(send()).await.unwrap();
        assert_eq!(server.seen().len(), 1);
        return;
    }
    let proxy = Server::start([]).await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", NAME]).env("RUN_BEHIND_A_PROXY", "1");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, proxy.url());
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = tokio::task::spawn_blocking(move || child.output());
    let output = output.await.unwrap().unwrap();
    assert_eq!(proxy.connections(), 0);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
async fn the_application_stands_in_front_of_our_user_agent() {
    let server = Server::start([created()]).await;
    let options = options().with_application_id("contoso-alerts/1.2");
    let pipeline = pipeline_to(&SERVICE, &server.url(), &options, Numbered::default());
    pipeline.call(send()).await.unwrap();
    let agent = server.seen()[0].header("user-agent").unwrap().to_owned();
    assert!(
        agent.starts_with("contoso-alerts/1.2 ms-messenger/"),
        "{agent}"
    );

    let error = HttpClient::new(&options.with_application_id("two\nlines")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().starts_with("application_id: "));
}
