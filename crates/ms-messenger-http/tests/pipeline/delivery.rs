//! The table of what a failure proves, row by row, against a socket that behaves so.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Delivery, Error, ErrorKind, RetryPolicy};
use ms_messenger_http::{Call, Proxy, Response, ServiceProfile};
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use url::Url;

use crate::server::{
    Act, Server,
    client::{Numbered, SERVICE, all_that_is_said, options, pipeline, pipeline_to, read, send},
    created, response, status,
};

/// Asserts kind, delivery and attempts of a failure.
fn assert_failure(error: &Error, kind: ErrorKind, delivery: Delivery, attempts: u32) {
    assert_eq!(
        (error.kind(), error.delivery(), error.attempts()),
        (kind, delivery, attempts),
        "{error:?}"
    );
    assert_eq!(error.platform(), Some("test"));
}

#[tokio::test]
async fn a_success_is_handed_over_whole() {
    let server = Server::start([created()]).await;
    let response = pipeline(&server).call(send()).await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.request_id(), Some("req-1"));
    assert_eq!(response.json::<Value>().unwrap()["id"], "1");
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line(), "POST /messages?api-version=1 HTTP/1.1");
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[0].header("authorization"), Some("attempt 1"));
    assert_eq!(seen[0].body(), crate::server::client::BODY);
}

/// Bound but not listening: the port refuses connections and stays reserved.
fn refusing() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).unwrap();
    socket
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent_and_is_retried() {
    let socket = refusing();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let pipeline = pipeline_to(&SERVICE, &url, &options(), Numbered::default());
    let before = SystemTime::now();
    let error = pipeline.call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::Connect, Delivery::NotSent, 4);
    assert_eq!(
        error.message(),
        format!("no connection to 127.0.0.1:{port}")
    );
    let said = all_that_is_said(&error);
    assert!(said.contains("refused"), "the innermost cause: {said}");
    let began_at = error.began_at().unwrap();
    assert!(before <= began_at && began_at <= SystemTime::now());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_proves_that_nothing_was_sent() {
    // A label of more than 63 letters: rejected by the resolver without a query.
    let host = format!("{}.test", "a".repeat(64));
    let call = Call::post("send", "/hunter2?code=hunter2");
    let pipeline = pipeline_to(
        &SERVICE,
        &format!("https://{host}/hunter2"),
        &options(),
        Numbered::default(),
    );
    let error = pipeline.call(call).await.unwrap_err();
    assert_failure(&error, ErrorKind::Connect, Delivery::NotSent, 4);
    let expected = format!("no connection to {host}:443: the name does not resolve");
    assert_eq!(error.message(), expected);
    assert!(!all_that_is_said(&error).contains("hunter2"));

    let proxy = Url::parse(&format!("http://user:hunter2@{host}:8080")).unwrap();
    let options = options().with_proxy(Proxy::Url(proxy));
    let pipeline = pipeline_to(
        &SERVICE,
        "https://contoso.test",
        &options,
        Numbered::default(),
    );
    let error = pipeline.call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::Connect, Delivery::NotSent, 4);
    let expected = format!(
        "no connection to contoso.test:443 through the proxy {host}:8080: \
         the name of the proxy does not resolve"
    );
    assert_eq!(error.message(), expected);
    let said = all_that_is_said(&error);
    assert!(
        said.contains("failed to lookup address"),
        "the innermost cause: {said}"
    );
    assert!(!said.contains("hunter2"));
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_named_without_its_password() {
    let socket = refusing();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    let proxy = Url::parse(&format!("http://user:hunter2@127.0.0.1:{port}/hunter2")).unwrap();
    let options = options().with_proxy(Proxy::Url(proxy));
    let pipeline = pipeline_to(
        &SERVICE,
        "https://contoso.test",
        &options,
        Numbered::default(),
    );
    let error = pipeline.call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::Connect, Delivery::NotSent, 4);
    let place = format!("no connection to contoso.test:443 through the proxy 127.0.0.1:{port}");
    assert_eq!(error.message(), place);
    assert!(!all_that_is_said(&error).contains("hunter2"));
}

#[tokio::test]
async fn a_connection_closed_without_a_response_leaves_it_unknown() {
    let server = Server::start([Act::Close]).await;
    let error = pipeline(&server).call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::Transport, Delivery::Unknown, 1);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_pooled_connection_closed_under_a_request_leaves_it_unknown() {
    let server = Server::responding(|request| match request.nth {
        1 => created(),
        _ => Act::Close,
    })
    .await;
    let pipeline = pipeline(&server);
    let mut calls = 0;
    // Usually the second call; one more whenever the pool was not ready yet.
    let error = loop {
        calls += 1;
        assert!(calls < 100, "no connection is used twice");
        if let Err(error) = pipeline.call(send()).await {
            break error;
        }
    };
    assert_failure(&error, ErrorKind::Transport, Delivery::Unknown, 1);
    let seen = server.seen();
    assert_eq!(seen.len(), calls, "one of the requests was repeated");
    assert_eq!(seen[calls - 1].nth, 2);
}

#[tokio::test]
async fn a_reset_leaves_it_unknown() {
    let server = Server::start([Act::Reset]).await;
    let error = pipeline(&server).call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::Transport, Delivery::Unknown, 1);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_response_that_is_not_http_leaves_it_unknown() {
    for bytes in [
        &b"\0\x01\x02 nonsense\r\n\r\n"[..],
        b"HTTP/1.1 201 Cre",
        b"HTTP/1.1 201 Created\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"",
    ] {
        let server = Server::start([Act::RespondAndClose(bytes.into())]).await;
        let error = pipeline(&server).call(send()).await.unwrap_err();
        assert_failure(&error, ErrorKind::Transport, Delivery::Unknown, 1);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn no_response_in_time_leaves_it_unknown() {
    let server = Server::start([Act::Silence]).await;
    let options = options().with_timeout(Duration::from_secs(1));
    let pipeline = pipeline_to(&SERVICE, &server.url(), &options, Numbered::default());
    let error = pipeline.call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::Timeout, Delivery::Unknown, 1);
    assert_eq!(server.wait_for(1).await.len(), 1);
}

#[tokio::test]
async fn a_success_whose_body_is_cut_off_is_sent() {
    let cut = b"HTTP/1.1 201 Created\r\nrequest-id: r7\r\ncontent-length: 50\r\n\r\n{\"id\":";
    let endless =
        b"HTTP/1.1 201 Created\r\nrequest-id: r7\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n";
    for bytes in [&cut[..], endless] {
        let server = Server::start([Act::RespondAndClose(bytes.into())]).await;
        let error = pipeline(&server).call(send()).await.unwrap_err();
        assert_failure(&error, ErrorKind::Transport, Delivery::Sent, 1);
        assert_eq!(error.status(), Some(201));
        assert_eq!(error.request_id(), Some("r7"));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_success_whose_body_never_ends_in_time_is_sent() {
    let head = b"HTTP/1.1 202 Accepted\r\ncontent-length: 50\r\n\r\n{";
    let server = Server::start([Act::Respond(head.into())]).await;
    let options = options().with_timeout(Duration::from_secs(1));
    let pipeline = pipeline_to(&SERVICE, &server.url(), &options, Numbered::default());
    let error = pipeline.call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::Timeout, Delivery::Sent, 1);
    assert_eq!(error.status(), Some(202));
}

#[tokio::test]
async fn a_success_whose_body_is_not_what_it_should_be_is_sent() {
    let server = Server::start([status(201, &[("request-id", "r8")], "<html>")]).await;
    let response = pipeline(&server).call(send()).await.unwrap();
    let error = response.json::<Value>().unwrap_err();
    assert_failure(&error, ErrorKind::Protocol, Delivery::Sent, 1);
    assert_eq!(error.status(), Some(201));
    assert_eq!(error.request_id(), Some("r8"));
}

#[tokio::test]
async fn an_error_body_that_is_cut_off_takes_nothing_from_its_status() {
    let cut = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 50\r\n\r\n{".to_vec();
    let server = Server::start([Act::RespondAndClose(cut)]).await;
    let error = pipeline(&server).call(send()).await.unwrap_err();
    assert_failure(&error, ErrorKind::PermissionDenied, Delivery::NotSent, 1);
    assert_eq!(error.status(), Some(403));
}

/// Every status with what it proves, and how many attempts are made: without and with a key.
#[rustfmt::skip]
const STATUSES: &[(u16, ErrorKind, Delivery, u32, u32)] = &[
    (304, ErrorKind::Protocol, Delivery::Unknown, 1, 1),
    (400, ErrorKind::InvalidRequest, Delivery::NotSent, 1, 1),
    (401, ErrorKind::Unauthenticated, Delivery::NotSent, 1, 1),
    (403, ErrorKind::PermissionDenied, Delivery::NotSent, 1, 1),
    (404, ErrorKind::NotFound, Delivery::NotSent, 1, 1),
    (405, ErrorKind::InvalidRequest, Delivery::NotSent, 1, 1),
    (408, ErrorKind::Service, Delivery::Unknown, 1, 4),
    (409, ErrorKind::Conflict, Delivery::Unknown, 1, 4),
    (410, ErrorKind::NotFound, Delivery::NotSent, 1, 1),
    (412, ErrorKind::Conflict, Delivery::NotSent, 1, 1),
    (413, ErrorKind::InvalidRequest, Delivery::NotSent, 1, 1),
    (415, ErrorKind::InvalidRequest, Delivery::NotSent, 1, 1),
    (418, ErrorKind::Protocol, Delivery::Unknown, 1, 1),
    (429, ErrorKind::RateLimited, Delivery::NotSent, 4, 4),
    (500, ErrorKind::Service, Delivery::Unknown, 1, 4),
    (502, ErrorKind::Service, Delivery::Unknown, 1, 4),
    (503, ErrorKind::Service, Delivery::Unknown, 1, 4),
    (504, ErrorKind::Service, Delivery::Unknown, 1, 4),
    (599, ErrorKind::Service, Delivery::Unknown, 1, 4),
];

#[tokio::test]
async fn each_status_proves_what_the_table_says() {
    for &(code, kind, delivery, alone, keyed) in STATUSES {
        let server = Server::responding(move |_| status(code, &[("request-id", "r1")], "{}")).await;
        let pipeline = pipeline(&server);
        let error = pipeline.call(send()).await.unwrap_err();
        assert_failure(&error, kind, delivery, alone);
        assert_eq!(error.status(), Some(code));
        assert_eq!(error.request_id(), Some("r1"));

        let key = ms_messenger_core::IdempotencyKey::random();
        let call = send().with_idempotency(key);
        let error = pipeline.call(call).await.unwrap_err();
        assert_failure(&error, kind, delivery, keyed);
        assert_eq!(server.seen().len(), (alone + keyed) as usize, "{code}");
    }
}

const THROTTLING: ServiceProfile = SERVICE.with_throttling_503();

#[tokio::test]
async fn a_503_proves_throttling_only_where_that_is_documented_and_a_wait_is_asked_for() {
    let rows = [
        (&SERVICE, None, ErrorKind::Service, Delivery::Unknown, 1),
        (
            &SERVICE,
            Some("0"),
            ErrorKind::Service,
            Delivery::Unknown,
            1,
        ),
        (&THROTTLING, None, ErrorKind::Service, Delivery::Unknown, 1),
        (
            &THROTTLING,
            Some("soon"),
            ErrorKind::Service,
            Delivery::Unknown,
            1,
        ),
        (
            &THROTTLING,
            Some("0"),
            ErrorKind::RateLimited,
            Delivery::NotSent,
            4,
        ),
    ];
    for (service, wait, kind, delivery, attempts) in rows {
        let server = Server::responding(move |_| match wait {
            Some(wait) => status(503, &[("Retry-After", wait)], ""),
            None => status(503, &[], ""),
        })
        .await;
        let pipeline = pipeline_to(service, &server.url(), &options(), Numbered::default());
        let error = pipeline.call(send()).await.unwrap_err();
        assert_failure(&error, kind, delivery, attempts);
        assert_eq!(server.seen().len(), attempts as usize);
    }
}

/// Reads more than the status from the body.
const READING: ServiceProfile = SERVICE.with_classifier(|response: &Response| {
    match (response.status(), &response.body()[..]) {
        (400, b"mute") => Some((ErrorKind::InvalidRequest, Delivery::Unknown)),
        (412, b"may not") => Some((ErrorKind::PermissionDenied, Delivery::NotSent)),
        (500, b"expired") => Some((ErrorKind::Unauthenticated, Delivery::NotSent)),
        _ => None,
    }
});

#[tokio::test]
async fn a_service_reads_more_from_a_response_than_its_status() {
    for (code, body, kind, delivery) in [
        (400, "mute", ErrorKind::InvalidRequest, Delivery::Unknown),
        (400, "else", ErrorKind::InvalidRequest, Delivery::NotSent),
        (
            412,
            "may not",
            ErrorKind::PermissionDenied,
            Delivery::NotSent,
        ),
        (412, "else", ErrorKind::Conflict, Delivery::NotSent),
        (
            500,
            "expired",
            ErrorKind::Unauthenticated,
            Delivery::NotSent,
        ),
        (500, "else", ErrorKind::Service, Delivery::Unknown),
    ] {
        let server = Server::start([status(code, &[], body)]).await;
        let pipeline = pipeline_to(&READING, &server.url(), &options(), Numbered::default());
        let error = pipeline.call(send()).await.unwrap_err();
        assert_failure(&error, kind, delivery, 1);
        assert_eq!(error.status(), Some(code));
    }
}

#[tokio::test]
async fn a_call_without_a_message_never_leaves_a_delivery_unknown() {
    let cut = Act::RespondAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec());
    for (act, kind) in [
        (Act::Close, ErrorKind::Transport),
        (cut, ErrorKind::Transport),
        (status(504, &[], ""), ErrorKind::Service),
    ] {
        let server = Server::responding(move |_| act.clone()).await;
        let error = pipeline(&server).call(read()).await.unwrap_err();
        assert_failure(&error, kind, Delivery::NotSent, 4);
        let error = pipeline(&server)
            .with_retry_policy(RetryPolicy::never())
            .call(send().without_message())
            .await
            .unwrap_err();
        assert_failure(&error, kind, Delivery::NotSent, 1);
    }
    let server = Server::start([Act::Respond(response(200, &[], "<html>"))]).await;
    let response = pipeline(&server).call(read()).await.unwrap();
    let error = response.json::<Value>().unwrap_err();
    assert_failure(&error, ErrorKind::Protocol, Delivery::NotSent, 1);
}

#[tokio::test]
async fn an_address_that_cannot_be_asked_for_is_refused_before_any_connection() {
    let server = Server::start([]).await;
    let call = Call::post("send", "/chats/../messages");
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_failure(&error, ErrorKind::InvalidRequest, Delivery::NotSent, 0);
    assert_eq!(server.connections(), 0);
}
