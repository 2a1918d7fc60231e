//! What a hostile or broken server can not do, and where calls do not go.

use std::{
    process::Command,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Delivery, ErrorKind, IdempotencyKey, RetryPolicy};
use ms_messenger_http::{
    Call, HttpClient, HttpOptions, Proxy, Response, ServiceError, ServiceProfile,
};
use url::Url;

use crate::server::{
    Act, Server,
    client::{Numbered, SERVICE, options, pipeline, pipeline_to, read, send},
    created, response, status,
};

fn url(server: &Server) -> Url {
    Url::parse(&server.url()).unwrap()
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for code in [301, 302, 303, 307, 308] {
        let elsewhere = Server::start([created()]).await;
        let location = format!("{}/messages", elsewhere.url());
        let moved = status(code, &[("Location", &location)], "");
        let server = Server::responding(move |_| moved.clone()).await;
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

fn capped(server: &Server, service: &'static ServiceProfile) -> ms_messenger_http::Pipeline {
    let options = options().with_max_response_bytes(1000);
    pipeline_to(service, &server.url(), &options, Numbered::default())
}

#[tokio::test]
async fn a_response_of_exactly_the_allowed_size_is_read() {
    let server = Server::start([status(201, &[], &"x".repeat(1000))]).await;
    let response = capped(&server, &SERVICE).call(send()).await.unwrap();
    assert_eq!(response.body().len(), 1000);
}

#[tokio::test]
async fn a_success_beyond_the_allowed_size_is_sent_and_not_retried() {
    let told = response(201, &[], &"x".repeat(1001));
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let endless = format!(
        "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{}",
        chunk.repeat(1000)
    );
    for bytes in [told, endless.into_bytes()] {
        let server = Server::start([Act::Respond(bytes)]).await;
        let call = send().with_idempotency(IdempotencyKey::random());
        let error = capped(&server, &SERVICE).call(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.delivery(), Delivery::Sent);
        assert_eq!(error.status(), Some(201));
        assert_eq!(error.message(), "the response has more than 1000 bytes");
        assert_eq!(server.seen().len(), 1);
    }
}

/// Says how long the error body is.
const MEASURING: ServiceProfile = SERVICE.with_error_reader(|response: &Response| {
    let length = response.body().len().to_string();
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
        let server = Server::start([Act::Respond(bytes.into_bytes())]).await;
        let error = pipeline(&server).call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn unusual_but_valid_responses_are_understood() {
    for bytes in [
        &b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"[..],
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b"HTTP/1.1 200\r\nconnection: close\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n[\r\n1;x=y\r\n]\r\n0\r\na: b\r\n\r\n",
    ] {
        let server = Server::start([Act::RespondAndClose(bytes.into())]).await;
        let response = pipeline(&server).call(send()).await.unwrap();
        assert_eq!(&response.body()[..], b"[]");
    }
    let server = Server::start([status(204, &[], "")]).await;
    let response = pipeline(&server).call(send()).await.unwrap();
    assert!(response.body().is_empty());
}

#[tokio::test]
async fn a_proxy_that_is_named_never_sees_what_goes_to_this_machine_in_the_clear() {
    let server = Server::start([created(), created()]).await;
    let proxy = Server::start([]).await;
    for chosen in [Proxy::Url(url(&proxy)), Proxy::None] {
        let options = HttpOptions::default().with_proxy(chosen);
        let pipeline = pipeline_to(&SERVICE, &server.url(), &options, Numbered::default());
        pipeline.call(send()).await.unwrap();
    }
    assert_eq!(server.seen().len(), 2);
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_call_over_https_asks_the_proxy_that_is_named_for_a_tunnel_and_says_no_more() {
    let proxy = Server::start([status(502, &[], "")]).await;
    let options = HttpOptions::default().with_proxy(Proxy::Url(url(&proxy)));
    let pipeline = pipeline_to(
        &SERVICE,
        "https://contoso.test",
        &options,
        Numbered::default(),
    );
    let pipeline = pipeline.with_retry_policy(RetryPolicy::never());
    let error = pipeline.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    let seen = proxy.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line(), "CONNECT contoso.test:443 HTTP/1.1");
    assert_eq!(seen[0].header("authorization"), None);
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let server = Server::start([created()]).await;
    let at = format!("http://localhost:{}", server.address.port());
    let pipeline = pipeline_to(&SERVICE, &at, &options(), Numbered::default());
    pipeline.call(send()).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn no_duration_or_size_that_can_be_set_does_harm() {
    let ends = [Duration::ZERO, Duration::from_nanos(1), Duration::MAX];
    for (timeout, connect, idle) in ends
        .into_iter()
        .flat_map(|a| ends.map(|b| (a, b)))
        .flat_map(|(a, b)| ends.map(|c| (a, b, c)))
    {
        for bytes in [0, usize::MAX] {
            let server = Server::start([created(), created()]).await;
            let options = options()
                .with_timeout(timeout)
                .with_connect_timeout(connect)
                .with_pool_idle_timeout(idle)
                .with_max_response_bytes(bytes);
            let pipeline = pipeline_to(&SERVICE, &server.url(), &options, Numbered::default());
            let pipeline = pipeline.with_retry_policy(RetryPolicy::never());
            let outcome = pipeline.call(send()).await;
            let is_patient = timeout == Duration::MAX && connect == Duration::MAX;
            if is_patient && bytes == usize::MAX {
                outcome.unwrap();
            } else if is_patient {
                assert_eq!(outcome.unwrap_err().delivery(), Delivery::Sent);
            }
            let _ = pipeline.call(send().with_timeout(Duration::MAX)).await;
        }
    }
}

#[tokio::test]
async fn a_wait_that_is_absurdly_long_ends_the_call() {
    for asked in [
        "99999999999999999999",
        "1e30",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let server = Server::start([status(429, &[("retry-after", asked)], "")]).await;
        let retry = RetryPolicy::default().with_max_retry_after(Duration::from_secs(86_400));
        let pipeline = pipeline(&server).with_retry_policy(retry);
        let error = pipeline.call(send()).await.unwrap_err();
        assert_eq!(error.attempts(), 1);
        let wait = error.retry_after().unwrap();
        assert!(wait > Duration::from_secs(86_400));
        assert!(SystemTime::now().checked_add(wait).is_some());
    }
}

/// The environment of a process cannot be changed safely, so the test runs itself in another.
#[tokio::test]
async fn a_proxy_of_the_environment_never_sees_what_goes_to_this_machine_in_the_clear() {
    const NAME: &str =
        "limits::a_proxy_of_the_environment_never_sees_what_goes_to_this_machine_in_the_clear";
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

#[tokio::test]
async fn an_address_that_is_too_long_is_refused_before_any_connection() {
    let server = Server::responding(|_| created()).await;
    let begin = format!("{}/messages?q=", server.url()).len();
    let call = |length: usize| {
        let path = format!("/messages?q={}", "q".repeat(length - begin));
        Call::post("send", path)
    };
    let pipeline = pipeline(&server);
    assert!(pipeline.call(call(65_534)).await.is_ok());
    let connections = server.connections();
    let error = pipeline.call(call(65_535)).await.unwrap_err();
    let rule = "the address of the request is too long: at most 65534 bytes";
    assert_eq!(error.message(), rule);
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(server.connections(), connections);
}
