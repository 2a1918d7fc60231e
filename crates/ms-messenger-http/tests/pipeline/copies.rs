//! After a response that belongs to another request, the connections from before prove nothing.
#![cfg(any(feature = "rustls", feature = "rustls-ring"))]

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use http::Request;
use ms_messenger_core::{Delivery, Error, ErrorKind, Result, RetryPolicy};
use ms_messenger_http::{
    Bytes, Call, FOREIGN_RESPONSE, HttpVersions, Pipeline, Response, ServiceProfile,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::server::{
    Act, Seen, Server,
    client::{Numbered, SERVICE, options, pipeline_to},
    response,
    tls::{self, Identity, Stream},
};

static NUMBERED: ServiceProfile = SERVICE.with_unique_request_ids(true);

fn pipeline(identity: &Identity, address: SocketAddr, versions: HttpVersions) -> Pipeline {
    let options = options()
        .with_versions(versions)
        .with_extra_roots(identity.authority.as_str());
    let url = format!("https://{address}");
    pipeline_to(&NUMBERED, &url, &options, Numbered::default())
        .with_retry_policy(RetryPolicy::never())
}

/// Message number `n`.
fn message(n: usize) -> Call {
    Call::post("send", format!("/messages/{n}")).with_json_bytes("{}")
}

/// The number in the path of a message.
fn number(path: &str) -> usize {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

fn number_of(seen: &Seen) -> usize {
    number(seen.line().split(' ').nth(1).unwrap())
}

/// 201 for message `n`, which names no request.
fn stored(n: usize) -> Vec<u8> {
    let body = json!({ "id": n }).to_string();
    response(201, &[("request-id", &format!("r{n}"))], &body)
}

fn assert_own(outcome: Result<Response>, n: usize) {
    assert_eq!(outcome.unwrap().json::<Value>().unwrap()["id"], n);
}

fn assert_unknown(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.code(), Some(FOREIGN_RESPONSE));
}

/// A proxy in front of a server, on whose connections the `from`th response is a copy of that
/// before, and each later one that to the request before.
#[derive(Default)]
struct Shifted(HashMap<usize, Vec<usize>>);

impl Shifted {
    /// The message whose response is given to message `n` on `connection`.
    fn responds_with(&mut self, connection: usize, n: usize, from: usize) -> usize {
        let earlier = self.0.entry(connection).or_default();
        earlier.push(n);
        let nth = earlier.len();
        if nth >= from { earlier[nth - 2] } else { n }
    }
}

#[tokio::test]
async fn after_a_copy_the_next_request_goes_by_another_connection() {
    let identity = Identity::new("127.0.0.1");
    let mut shifted = Shifted::default();
    let server = Server::responding_tls(identity.acceptor(&[]), move |seen| {
        let n = number_of(seen);
        match shifted.responds_with(seen.connection, n, 2) {
            // What the server says to 3 itself is a refusal.
            3 => Act::Respond(response(400, &[("request-id", "r3")], "{}")),
            other => Act::Respond(stored(other)),
        }
    })
    .await;
    let pipeline = pipeline(&identity, server.address, HttpVersions::Http1);
    assert_own(pipeline.call(message(1)).await, 1);
    assert_unknown(&pipeline.call(message(2)).await.unwrap_err());
    let error = pipeline.call(message(3)).await.unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    let connections: Vec<usize> = server.seen().iter().map(|it| it.connection).collect();
    assert_eq!(connections, [1, 1, 2]);
}

#[tokio::test]
async fn after_a_response_that_names_another_the_next_request_goes_by_another_connection() {
    let identity = Identity::new("127.0.0.1");
    let server = Server::responding_tls(identity.acceptor(&[]), |seen| {
        let id = match seen.nth {
            1 => "0b5b1f64-7e4b-4a63-9d2c-0b8d7c9a5a11",
            _ => seen.header("client-request-id").unwrap(),
        };
        Act::Respond(response(201, &[("client-request-id", id)], "{}"))
    })
    .await;
    let pipeline = pipeline(&identity, server.address, HttpVersions::Http1);
    for n in 1..=2 {
        assert_unknown(&pipeline.call(message(n)).await.unwrap_err());
    }
    assert_eq!(server.connections(), 2);
}

/// Message 2 brings a copy while message 3 is under way on another connection; `own` makes the
/// response to 3.
async fn under_way(own: fn(&Seen) -> Vec<u8>) -> (Server, Pipeline, Result<Response>) {
    let identity = Identity::new("127.0.0.1");
    let (copy, late) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (when_copy, when_late) = (Arc::clone(&copy), Arc::clone(&late));
    let server =
        Server::responding_tls(identity.acceptor(&[]), move |seen| match number_of(seen) {
            2 => Act::RespondWhen(Arc::clone(&when_copy), stored(1)),
            3 => Act::RespondWhen(Arc::clone(&when_late), own(seen)),
            n => Act::Respond(stored(n)),
        })
        .await;
    let pipeline = pipeline(&identity, server.address, HttpVersions::Http1);
    assert_own(pipeline.call(message(1)).await, 1);
    let (second, third) = (pipeline.clone(), pipeline.clone());
    let second = tokio::spawn(async move { second.call(message(2)).await });
    server.wait_for(2).await;
    let third = tokio::spawn(async move { third.call(message(3)).await });
    server.wait_for(3).await;
    copy.notify_one();
    assert_unknown(&second.await.unwrap().unwrap_err());
    late.notify_one();
    let third = third.await.unwrap();
    (server, pipeline, third)
}

#[tokio::test]
async fn what_comes_after_a_copy_to_a_request_from_before_proves_nothing() {
    for own in [
        |_: &Seen| stored(3),
        |_: &Seen| response(400, &[("request-id", "r3")], "{}"),
    ] {
        let (server, pipeline, third) = under_way(own).await;
        assert_unknown(&third.unwrap_err());
        assert_own(pipeline.call(message(4)).await, 4);
        let last = server.seen().pop().unwrap();
        assert_eq!((last.connection, last.nth), (3, 1), "a new connection");
    }
}

#[tokio::test]
async fn what_names_its_request_is_believed_even_after_a_copy() {
    let named = |seen: &Seen| {
        let id = seen.header("client-request-id").unwrap();
        let headers = [("client-request-id", id), ("request-id", "r3")];
        response(201, &headers, r#"{"id":3}"#)
    };
    let (server, pipeline, third) = under_way(named).await;
    assert_own(third, 3);
    assert_own(pipeline.call(message(4)).await, 4);
    assert_eq!(server.seen().pop().unwrap().connection, 3);
}

/// An HTTP/2 server that shifts as `Shifted` does, from the second stream of a connection on.
async fn shifting_http2(identity: &Identity) -> (SocketAddr, Arc<Mutex<Vec<(usize, usize)>>>) {
    let seen: Arc<Mutex<Vec<(usize, usize)>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let mut shifted = Shifted::default();
    let script = move |connection, request: &Request<()>| {
        let n = number(request.uri().path());
        noted.lock().unwrap().push((connection, n));
        shifted.responds_with(connection, n, 2)
    };
    let script = Mutex::new(script);
    let address = tls::http2_streams(identity, move |mut stream: Stream<'_>| {
        let n = (script.lock().unwrap())(stream.connection, stream.request);
        let head = http::Response::builder()
            .status(201)
            .header("request-id", format!("r{n}"));
        let mut body = stream
            .respond
            .send_response(head.body(()).unwrap(), false)
            .unwrap();
        let json = json!({ "id": n }).to_string();
        body.send_data(Bytes::from(json), true).unwrap();
    })
    .await;
    (address, seen)
}

#[tokio::test]
async fn after_a_copy_over_http_2_the_next_request_goes_by_another_connection() {
    let identity = Identity::new("127.0.0.1");
    let (address, seen) = shifting_http2(&identity).await;
    let pipeline = pipeline(&identity, address, HttpVersions::Negotiate);
    assert_own(pipeline.call(message(1)).await, 1);
    assert_unknown(&pipeline.call(message(2)).await.unwrap_err());
    assert_own(pipeline.call(message(3)).await, 3);
    assert_unknown(&pipeline.call(message(4)).await.unwrap_err());
    assert_own(pipeline.call(message(5)).await, 5);
    let expected = [(1, 1), (1, 2), (2, 3), (2, 4), (3, 5)];
    assert_eq!(*seen.lock().unwrap(), expected);
}

/// Sends many messages side by side, and asserts that each success is that of its message.
async fn assert_no_lies(pipeline: &Pipeline) {
    const SENDERS: usize = 16;
    const EACH: usize = 50;
    let senders = (0..SENDERS).map(|sender| {
        let pipeline = pipeline.clone();
        tokio::spawn(async move {
            for n in (0..EACH).map(|it| sender * EACH + it) {
                match pipeline.call(message(n)).await {
                    Ok(response) => assert_own(Ok(response), n),
                    Err(error) => assert_unknown(&error),
                }
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn side_by_side_no_copy_makes_a_later_response_count() {
    let identity = Identity::new("127.0.0.1");
    let mut shifted = Shifted::default();
    let server = Server::responding_tls(identity.acceptor(&[]), move |seen| {
        let n = number_of(seen);
        Act::Respond(stored(shifted.responds_with(seen.connection, n, 4)))
    })
    .await;
    assert_no_lies(&pipeline(&identity, server.address, HttpVersions::Http1)).await;
    assert!(server.connections() > 16);
}
