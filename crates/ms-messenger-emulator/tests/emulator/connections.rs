//! How connections end, seen on the socket, and how the emulator itself does.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use crate::outside::Outside;
use ms_messenger_emulator::{Emulator, StartError};
use serde_json::{Value, json};

/// Sends a Graph message over a socket of our own; returns every byte, and how it ended.
fn exchange(out: &Outside) -> (String, Option<ErrorKind>) {
    let host = out.base.trim_start_matches("http://");
    let body = json!({"body": {"content": "x"}}).to_string();
    let request = format!(
        "POST {} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        out.graph_chat(),
        out.emulator.seed().graph.token,
        body.len(),
    );
    let mut socket = TcpStream::connect(host).unwrap();
    // One write: the emulator may end the connection as soon as it saw the head.
    socket.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    let ended = socket.read_to_end(&mut response).err().map(|e| e.kind());
    (String::from_utf8(response).unwrap(), ended)
}

async fn with(action: Value) -> Outside {
    let out = Outside::start().await;
    out.faults(json!({"rules": [{"match": {"operation": "send"}, "action": action}]}))
        .await;
    out
}

#[tokio::test]
async fn a_close_is_orderly_and_a_reset_is_not() {
    for when in ["before_read", "after_read", "after_store"] {
        let out = with(json!({"kind": "close", "when": when})).await;
        assert_eq!(exchange(&out), (String::new(), None), "{when}");
        let out = with(json!({"kind": "reset", "when": when})).await;
        assert_eq!(
            exchange(&out),
            (String::new(), Some(ErrorKind::ConnectionReset)),
            "{when}"
        );
    }
}

#[tokio::test]
async fn a_cut_body_announces_its_length_and_always_lacks_a_byte() {
    for (after, sent) in [(0, Some(0)), (10, Some(10)), (1_000_000, None)] {
        let out = with(json!({"kind": "cut_body", "after_bytes": after})).await;
        let (response, ended) = exchange(&out);
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 201"), "{head}");
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "))
            .unwrap();
        let length: usize = length.parse().unwrap();
        assert_eq!((body.len(), ended), (sent.unwrap_or(length - 1), None));
        assert_eq!(out.rows("").await.len(), 1);
    }
}

#[tokio::test]
async fn a_message_is_kept_when_no_client_waits_for_its_late_response() {
    let out = with(json!({"kind": "delay", "ms": 60_000})).await;
    let (path, body) = (out.graph_chat(), json!({"body": {"content": "late"}}));
    tokio::select! {
        early = out.graph(&path, &body) => panic!("answered: {early:?}"),
        stored = out.get("/_emulator/wait?text=late") => assert_eq!(stored.status(), 200),
    }
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn statistics_count_by_platform() {
    let out = Outside::start().await;
    out.faults(
        json!({"rules": [{"match": {"platform": "acs-chat"}, "times": 1,
                                 "action": {"kind": "status", "status": 503}}]}),
    )
    .await;
    for content in ["x", "x", ""] {
        out.chat(content).await;
    }
    out.get("/v1.0/nothing").await;
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    let expected = json!({"connections": 1, "requests": 3, "stored": 1, "rejected": 1, "faults": 1,
            "throttled": 0, "images": 0});
    assert_eq!(stats["platforms"]["acs-chat"], expected);
    assert_eq!(
        (&stats["requests"], &stats["rejected"]),
        (&json!(4), &json!(2))
    );
}

#[tokio::test]
async fn a_body_above_the_limit_is_rejected_unread() {
    let out = Outside::of(
        Emulator::builder()
            .with_max_body(1000)
            .start()
            .await
            .unwrap(),
    );
    let large = json!({"body": {"content": "x".repeat(2000)}});
    let (status, error) = out.graph(&out.graph_chat(), &large).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (413, &json!("RequestEntityTooLarge"))
    );

    let host = out.base.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).unwrap();
    let head = "POST /chat/threads/t/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(&[b'x'; 2000]).unwrap();
    let mut start = [0; 12];
    socket.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[tokio::test]
async fn hostile_json_is_refused_by_every_send() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let notifications = "/messages/notifications:send?api-version=2024-08-30".to_owned();
    let deep = "[".repeat(100_000);
    for body in [
        &deep,
        "",
        "null",
        "[]",
        "\"x\"",
        "{\"body\":[]}",
        "{\"to\":{},\"kind\":[]}",
        "\0",
    ] {
        for (path, token) in [
            (out.graph_chat(), &world.graph.token),
            ("/v1.0/chats".to_owned(), &world.graph.token),
            (out.thread_path(), &world.acs.users[0].token),
            (notifications.clone(), &world.acs.users[0].token),
        ] {
            let request = out.post(&path).bearer_auth(token).body(body.to_owned());
            let request = request.header("content-type", "application/json");
            assert_eq!(Outside::ask(request).await.0, 400, "{path} {body:.20}");
        }
    }
    assert!(out.rows("").await.is_empty());
}

#[tokio::test]
async fn the_port_is_closed_when_the_drop_returns() {
    let out = Outside::start().await;
    let host = out.base.trim_start_matches("http://").to_owned();
    let mut open = TcpStream::connect(&host).unwrap();
    drop(out);
    assert!(TcpStream::connect(&host).is_err());
    // An open connection is closed as well: end of stream, or a reset.
    assert!(matches!(open.read(&mut [0; 1]), Ok(0) | Err(_)));
}

#[tokio::test]
async fn shutdown_lets_an_open_request_finish() {
    let out = with(json!({"kind": "delay", "ms": 200})).await;
    let host = out.base.trim_start_matches("http://").to_owned();
    let send = out.graph_send(&out.graph_chat(), &json!({"body": {"content": "last"}}));
    let (response, ()) = tokio::join!(Outside::ask(send), async {
        assert_eq!(out.get("/_emulator/wait?text=last").await.status(), 200);
        out.emulator.shutdown().await;
    });
    assert_eq!(response.0, 201);
    assert!(TcpStream::connect(&host).is_err());
}

#[tokio::test(flavor = "current_thread")]
async fn a_blocking_client_on_the_only_thread_of_a_runtime_is_served() {
    let out = Outside::start().await;
    let host = out.base.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).unwrap();
    let head = "GET /_emulator/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}

#[tokio::test]
async fn the_ready_line_has_the_members_of_the_contract_and_no_others() {
    let line = Outside::start().await.emulator.ready_line();
    for pointer in [
        "/http",
        "/acs/connection_string",
        "/acs/endpoint",
        "/acs/channel_registration_id",
        "/acs/users/0/id",
        "/acs/users/0/name",
        "/acs/users/0/token",
        "/acs/thread_id",
        "/acs/conversation_id",
        "/graph/base",
        "/graph/token",
        "/graph/app_token",
        "/graph/users/0/id",
        "/graph/users/0/display_name",
        "/graph/users/0/upn",
        "/graph/team_id",
        "/graph/channel_id",
        "/graph/chat_id",
        "/entra/authority",
        "/entra/tenant",
        "/entra/public_client_id",
        "/entra/confidential_client_id",
        "/entra/client_secret",
        "/ucwa/discover",
        "/ucwa/users/0/sip",
        "/ucwa/users/0/username",
        "/ucwa/users/0/password",
    ] {
        assert!(
            line.pointer(pointer).is_some_and(Value::is_string),
            "{pointer}"
        );
    }
    let members: Vec<&String> = line.as_object().unwrap().keys().collect();
    assert_eq!(members, ["acs", "entra", "graph", "http", "ucwa"]);
}

#[tokio::test]
async fn addresses_that_cannot_be_served_are_refused() {
    let public = Emulator::builder()
        .with_http_address(([0, 0, 0, 0], 0).into())
        .start()
        .await;
    assert!(matches!(public.unwrap_err(), StartError::NotLoopback(_)));
    let first = Emulator::start().await.unwrap();
    let taken = first
        .http_url()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let second = Emulator::builder().with_http_address(taken).start().await;
    assert!(matches!(second.unwrap_err(), StartError::Listen { .. }));
}

#[tokio::test]
async fn no_two_responses_have_the_same_id_even_across_starts() {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..2 {
        let out = Outside::start().await;
        for _ in 0..3 {
            let graph = out.get("/v1.0/nothing").await;
            let chat = out.chat("x").await;
            for (response, name) in [(graph, "request-id"), (chat, "ms-cv")] {
                let id = response.headers()[name].to_str().unwrap().to_owned();
                assert!(seen.insert(id), "{seen:?}");
            }
        }
    }
}
