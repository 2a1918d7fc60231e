//! The faults of connections and bytes, seen on HTTP/1.1 and HTTP/2 frame by frame.

use std::io::{ErrorKind, Read as _, Write as _};

use crate::outside::Outside;
use crate::outside::http2::{DATA, Frame, GOAWAY, HEADERS, Http2, RST_STREAM, bytes_of, tls};
use crate::outside::wire::response;
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use serde_json::{Value, json};

async fn with(action: Value) -> Outside {
    let any = ([127, 0, 0, 1], 0).into();
    let emulator = Emulator::builder()
        .with_https_address(any)
        .start()
        .await
        .unwrap();
    let out = Outside::of(emulator);
    out.faults(json!({"rules": [{"match": {"operation": "send", "nth": [1]}, "action": action}]}))
        .await;
    out
}

const CLOSE: &str = "connection: close\r\n";

fn kinds(frames: &[Frame]) -> Vec<(u8, u32)> {
    let told = [DATA, HEADERS, RST_STREAM, GOAWAY];
    let frames = frames.iter().filter(|f| told.contains(&f.kind));
    frames.map(|f| (f.kind, f.stream)).collect()
}

#[tokio::test]
async fn a_duplicate_response_arrives_twice_byte_by_byte() {
    let out = with(json!({"kind": "duplicate_answer"})).await;
    let (twice, ended) = out.exchange(&out.raw_send("x", CLOSE));
    assert_eq!(ended, None);
    let (first, second) = twice.split_at(twice.len() / 2);
    assert!(first.starts_with("HTTP/1.1 201 "), "{first}");
    assert_eq!(first, second);
    assert_eq!(out.rows("").await.len(), 1);
    let (once, _) = out.exchange(&out.raw_send("y", CLOSE));
    assert_eq!(once.matches("HTTP/1.1 201 ").count(), 1);
}

#[tokio::test]
async fn a_duplicate_response_keeps_its_place_among_pipelined_ones() {
    let out = with(json!({"kind": "status_after_store", "status": 503})).await;
    out.faults(json!({"rules": [{"match": {"nth": [2]}, "action": {"kind": "duplicate_answer"}}]}))
        .await;
    let mut socket = out.socket();
    // The second one asks for leave to send its body, and does not wait for it.
    let requests = ["a", "b", "c"].map(|text| {
        let expect = if text == "b" {
            "expect: 100-continue\r\n"
        } else {
            ""
        };
        out.raw_send(text, expect)
    });
    socket.write_all(requests.concat().as_bytes()).unwrap();
    let mut bodies = Vec::new();
    while bodies.len() < 4 {
        let (head, body) = response_after_interim(&mut socket);
        assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        bodies.push(body["body"]["content"].as_str().unwrap().to_owned());
    }
    assert_eq!(bodies, ["a", "b", "b", "c"]);
    assert_eq!(out.rows("").await.len(), 3);
}

/// The next response; `100 Continue` may come before it.
fn response_after_interim(socket: &mut std::net::TcpStream) -> (String, String) {
    let mut start = [0; 25];
    while socket.peek(&mut start).unwrap() < start.len() {}
    if &start == b"HTTP/1.1 100 Continue\r\n\r\n" {
        socket.read_exact(&mut start).unwrap();
    }
    response(socket)
}

#[tokio::test]
async fn a_reset_comes_after_the_byte() {
    for after in [0, 1, 17, 300, 900] {
        let out = with(json!({"kind": "reset", "after_bytes": after})).await;
        let (bytes, ended) = out.exchange(&out.raw_send("x", ""));
        assert_eq!(ended, Some(ErrorKind::ConnectionReset), "{after}");
        assert_eq!(bytes.len(), after, "{bytes}");
        assert_eq!(out.rows("").await.len(), 1);
    }
    // A shorter response arrives completely, even where the connection would be kept.
    let out = with(json!({"kind": "reset", "after_bytes": 1_000_000})).await;
    let (bytes, ended) = out.exchange(&out.raw_send("x", ""));
    assert_eq!(ended, Some(ErrorKind::ConnectionReset));
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
}

#[tokio::test]
async fn a_reset_counts_the_bytes_of_its_stream_on_http2() {
    for after in [0_usize, 1, 9, 40, 200, 1_000_000] {
        let out = with(json!({"kind": "reset", "after_bytes": after})).await;
        let mut http2 = Http2::connect(&out);
        let stream = http2.send(&out, "x");
        let (bytes, ended) = http2.rest();
        assert_eq!(ended, ErrorKind::ConnectionReset, "{after}");
        let sent = bytes_of(stream, &bytes);
        if after < 1_000_000 {
            assert_eq!(sent, after);
        } else {
            assert!(sent > 500, "{sent}");
        }
        assert_eq!(out.rows("").await.len(), 1);
    }
}

#[tokio::test]
async fn a_slow_body_comes_in_pieces_with_pauses() {
    let out = with(json!({"kind": "slow_body", "pieces": 4, "ms": 60})).await;
    let started = std::time::Instant::now();
    let mut response = out.graph_send(&out.graph_chat(), &json!({"body": {"content": "x"}}));
    response = response.timeout(std::time::Duration::from_secs(60));
    let mut response = response.send().await.unwrap();
    let announced = usize::try_from(response.content_length().unwrap()).unwrap();
    // Stored before the body is there.
    assert_eq!(out.rows("").await.len(), 1);
    let mut pieces = Vec::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        pieces.push(piece.len());
    }
    assert!(started.elapsed().as_millis() >= 180);
    assert_eq!(pieces.iter().sum::<usize>(), announced);
    assert!(pieces.len() <= 4, "{pieces:?}");
}

#[tokio::test]
async fn a_slow_body_is_one_data_frame_per_piece_on_http2() {
    let out = with(json!({"kind": "slow_body", "pieces": 3, "ms": 1})).await;
    let mut http2 = Http2::connect(&out);
    let stream = http2.send(&out, "x");
    let mut lengths = Vec::new();
    loop {
        let frame = http2.read().unwrap();
        if (frame.kind, frame.stream) == (DATA, stream) {
            lengths.push(frame.payload.len());
        }
        if frame.stream == stream && frame.flags & 1 == 1 {
            break;
        }
    }
    let data = lengths.iter().filter(|n| **n > 0).count();
    assert_eq!(data, 3, "{lengths:?}");
}

#[tokio::test]
async fn go_away_after_store_responds_and_accepts_no_more() {
    let out = with(json!({"kind": "go_away", "when": "after_store"})).await;
    let (bytes, ended) = out.exchange(&out.raw_send("x", ""));
    assert_eq!(ended, None);
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 201 ") && head.contains("connection: close"),
        "{head}"
    );
    assert!(serde_json::from_str::<Value>(body).is_ok());
    assert_eq!(out.rows("").await.len(), 1);

    let out = with(json!({"kind": "go_away", "when": "after_store"})).await;
    let mut http2 = Http2::connect(&out);
    let stream = http2.send(&out, "x");
    let (frames, _) = http2.frames();
    let data: Vec<u8> = frames
        .iter()
        .filter(|f| f.kind == DATA)
        .flat_map(|f| f.payload.clone())
        .collect();
    assert_eq!(
        serde_json::from_slice::<Value>(&data).unwrap()["body"]["content"],
        "x"
    );
    let last = frames.iter().rfind(|f| f.kind == GOAWAY).unwrap();
    assert_eq!((last.number(0), last.number(4)), (stream, 0));
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn go_away_before_says_that_the_request_was_not_processed() {
    for when in ["before_read", "after_read"] {
        let out = with(json!({"kind": "go_away", "when": when})).await;
        let (bytes, ended) = out.exchange(&out.raw_send("x", ""));
        assert_eq!((bytes, ended), (String::new(), None), "{when}");
        assert_eq!(out.rows("").await.len(), 0);

        out.faults(json!({"rules": [{"match": {"operation": "send", "nth": [1]}, "action": {"kind": "go_away", "when": when}}]}))
            .await;
        let mut http2 = Http2::connect(&out);
        http2.send(&out, "x");
        let go_away = loop {
            let frame = http2.read().unwrap();
            assert!(frame.stream == 0, "{frame:?}");
            if frame.kind == GOAWAY {
                break frame;
            }
        };
        assert_eq!((go_away.number(0), go_away.number(4)), (0, 0), "{when}");
        // What comes after it is not served either.
        http2.send(&out, "y");
        let (frames, ended) = http2.frames();
        assert_eq!(kinds(&frames), []);
        assert_eq!(ended, ErrorKind::UnexpectedEof);
        assert_eq!(out.rows("").await.len(), 0);
    }
}

#[tokio::test]
async fn go_away_rejects_by_name_what_is_below_a_processed_request() {
    let out = with(json!({"kind": "go_away", "when": "after_read"})).await;
    let mut http2 = Http2::connect(&out);
    let slow = http2.open(&out);
    let quick = http2.send(&out, "quick");
    assert_eq!(http2.response(quick)["body"]["content"], "quick");
    http2.body(slow, "slow");
    let (frames, _) = http2.frames();
    assert_eq!(kinds(&frames), [(RST_STREAM, slow), (GOAWAY, 0)]);
    let [.., reset, go_away] = frames.as_slice() else {
        panic!("{frames:?}");
    };
    assert_eq!((reset.number(0), go_away.number(0)), (7, quick));
    let texts: Vec<Value> = out
        .rows("")
        .await
        .iter()
        .map(|row| row["text"].clone())
        .collect();
    assert_eq!(texts, ["quick"]);
}

#[tokio::test]
async fn go_away_lets_open_streams_below_finish() {
    let out = with(json!({"kind": "delay", "ms": 300})).await;
    let mut http2 = Http2::connect(&out);
    let late = http2.send(&out, "late");
    assert_eq!(out.get("/_emulator/wait?text=late").await.status(), 200);
    out.emulator
        .fail_next(
            Platform::MSGRAPH_CHAT,
            "send",
            FaultAction::GoAway {
                when: When::BeforeRead,
            },
        )
        .unwrap();
    let refused = http2.send(&out, "refused");
    let (frames, _) = http2.frames();
    let go_away = frames.iter().find(|f| f.kind == GOAWAY).unwrap();
    assert_eq!(go_away.number(0), late);
    assert!(frames.iter().all(|f| f.stream != refused), "{frames:?}");
    let ended = frames
        .iter()
        .any(|f| (f.kind, f.stream, f.flags & 1) == (DATA, late, 1));
    assert!(ended, "{frames:?}");
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn an_http2_client_learns_that_it_may_retry() {
    let out = with(json!({"kind": "go_away", "when": "before_read"})).await;
    let root = reqwest::Certificate::from_pem(out.emulator.ca_pem().unwrap().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([root])
        .build()
        .unwrap();
    let url = format!("{}{}", out.emulator.https_url().unwrap(), out.graph_chat());
    let send = || {
        let request = client
            .post(&url)
            .bearer_auth(&out.emulator.seed().graph.token);
        request.json(&json!({"body": {"content": "x"}})).send()
    };
    // This client automatically retries what a server did not process.
    assert_eq!(send().await.unwrap().status(), 201);
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn bytes_are_those_before_encryption_where_http11_runs_over_tls() {
    let out = with(json!({"kind": "reset", "after_bytes": 17})).await;
    let mut stream = tls(&out, b"http/1.1");
    stream.write_all(out.raw_send("x", "").as_bytes()).unwrap();
    let mut response = Vec::new();
    let ended = stream.read_to_end(&mut response).unwrap_err().kind();
    assert_eq!(
        (response.as_slice(), ended),
        (&b"HTTP/1.1 201 Crea"[..], ErrorKind::ConnectionReset)
    );
    let out = with(json!({"kind": "duplicate_answer"})).await;
    let mut stream = tls(&out, b"http/1.1");
    stream
        .write_all(out.raw_send("x", CLOSE).as_bytes())
        .unwrap();
    let mut twice = Vec::new();
    let _ = stream.read_to_end(&mut twice);
    let (first, second) = twice.split_at(twice.len() / 2);
    assert!(first.starts_with(b"HTTP/1.1 201 ") && first == second);
}
