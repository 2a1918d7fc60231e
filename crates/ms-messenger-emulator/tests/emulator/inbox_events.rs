//! Server-sent events: arrival, resuming, slow readers, and the end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    inbox::{inject, of_bob, read},
    outside::Outside,
    skype::Endpoint,
};

const LIMIT: Duration = Duration::from_secs(20);

/// A reader of events, over a response that is read as it comes.
pub(crate) struct Reader {
    response: reqwest::Response,
    text: String,
}

#[derive(Debug)]
pub(crate) struct Event {
    id: String,
    name: String,
    pub(crate) data: Value,
}

impl Reader {
    /// Opens the stream; `last` is the id of the last event.
    pub(crate) async fn open(out: &Outside, query: &str, last: Option<&str>) -> Self {
        let mut request = out
            .client
            .get(format!("{}/_emulator/events{query}", out.base));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut reader = Self {
            response,
            text: String::new(),
        };
        assert_eq!(reader.next().await.name, "hello");
        reader
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Event {
        tokio::time::timeout(LIMIT, self.wait())
            .await
            .unwrap()
            .unwrap()
    }

    async fn wait(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    lines
                        .map(|value| value.trim_start_matches([':', ' ']))
                        .next()
                };
                if let Some(name) = field("event") {
                    return Some(Event {
                        id: field("id").unwrap().to_owned(),
                        name: name.to_owned(),
                        data: serde_json::from_str(field("data").unwrap()).unwrap(),
                    });
                }
                continue;
            }
            let piece = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

/// The first conversation of Skype for Business.
async fn call(out: &Outside) -> Value {
    read(out, "conversations?platform=ucwa").await["conversations"][0].clone()
}

#[tokio::test]
async fn the_end_of_an_application_is_news() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let conversation = alice.talk_to("sip:bob@contoso.test").await;
    alice.send(&conversation, "hello").await;
    let open = call(&out).await;
    assert_eq!(open["inject"]["to"], "sip:alice@contoso.test");
    assert_eq!(open["people"][0]["id"], open["inject"]["to"]);
    let cursor = read(&out, "conversations").await["cursor"].clone();
    let query = format!("?after={}", cursor.as_str().unwrap());
    let mut reader = Reader::open(&out, &query, None).await;
    let request = out
        .post("/_emulator/ucwa/clock")
        .json(&json!({"advance_s": 86400}));
    assert_eq!(Outside::ask(request).await.0, 200);
    while call(&out).await["inject"].is_object() {
        assert_eq!(reader.next().await.name, "news");
    }
}

#[tokio::test]
async fn messages_requests_and_changes_arrive() {
    let out = Outside::start().await;
    let cursor = read(&out, "conversations").await["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut reader = Reader::open(&out, &format!("?after={cursor}"), None).await;
    out.chat("hello").await;
    let mut messages = Vec::new();
    let mut ended = 0;
    while messages.is_empty() || ended == 0 {
        let event = reader.next().await;
        assert_eq!(event.name, "news");
        messages.extend(event.data["messages"].as_array().unwrap().clone());
        ended += event.data["exchanges"].as_u64().unwrap();
    }
    assert_eq!(
        (messages[0]["text"].clone(), messages[0]["seq"].clone()),
        (json!("hello"), json!(1))
    );
    let id = inject(&out, &of_bob(&out, "x"))["message_id"].clone();
    assert_eq!(reader.next().await.data["newest"], 2);
    let thread = &out.emulator.seed().acs.thread_id;
    inject(
        &out,
        &json!({"platform": "acs-chat", "conversation": thread, "action": "delete", "message_id": id}),
    );
    let event = reader.next().await;
    assert_eq!(
        (
            event.data["changes"].clone(),
            event.data["messages"].clone()
        ),
        (json!(1), json!([]))
    );
}

#[tokio::test]
async fn a_reader_that_reconnects_resumes_where_it_left_off() {
    let out = Outside::start().await;
    let mut reader = Reader::open(&out, "", None).await;
    inject(&out, &of_bob(&out, "one"));
    let last = reader.next().await.id;
    drop(reader);
    for n in 0..50 {
        inject(&out, &of_bob(&out, &n.to_string()));
    }
    let mut reader = Reader::open(&out, "", Some(&last)).await;
    let event = reader.next().await;
    assert_eq!(
        (event.data["after"].clone(), event.data["newest"].clone()),
        (json!(1), json!(51))
    );
    assert_eq!(event.data["messages"].as_array().unwrap().len(), 20);
    assert_eq!(event.data["messages"][19]["text"], "49");
    // A reader that missed a reset, or was connected to another emulator, starts again.
    out.emulator.reset();
    assert_eq!(reader.next().await.name, "reset");
    let mut late = Reader::open(&out, "", Some(&last)).await;
    assert_eq!(late.next().await.name, "reset");
    let other = Outside::start().await;
    let mut stranger = Reader::open(&other, "", Some(&last)).await;
    assert_eq!(stranger.next().await.name, "reset");
}

#[tokio::test]
async fn a_slow_reader_costs_one_event_and_misses_nothing() {
    let out = Outside::start().await;
    let address = out.base.trim_start_matches("http://");
    let mut slow = TcpStream::connect(address).await.unwrap();
    let request = "GET /_emulator/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 2048];
    let read = slow.read(&mut head).await.unwrap();
    assert!(
        std::str::from_utf8(&head[..read])
            .unwrap()
            .contains("200 OK")
    );
    for n in 0..5_000 {
        inject(&out, &of_bob(&out, &format!("{n} {}", "x".repeat(500))));
    }
    // Whatever the socket holds: events say how far the emulator is, so few of them were made.
    let mut text = String::new();
    let mut room = vec![0; 64 * 1024];
    while !text.contains("\"newest\":5000") {
        let read = tokio::time::timeout(LIMIT, slow.read(&mut room))
            .await
            .unwrap()
            .unwrap();
        assert!(read > 0, "the stream ended");
        text.push_str(&String::from_utf8_lossy(&room[..read]));
    }
    assert!(text.len() < 1_000_000, "{}", text.len());
}

#[tokio::test]
async fn readers_are_counted_and_released() {
    let out = Outside::start().await;
    let mut readers = Vec::new();
    for _ in 0..64 {
        readers.push(Reader::open(&out, "", None).await);
    }
    let refused = out.get("/_emulator/events").await;
    assert_eq!(refused.status(), 503);
    readers.clear();
    // The emulator notices when the connections are gone.
    let mut status = 503;
    for _ in 0..2_000 {
        status = out.get("/_emulator/events").await.status().as_u16();
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(status, 200);
}

#[tokio::test]
async fn streams_end_when_the_emulator_shuts_down() {
    let out = Outside::start().await;
    let mut reader = Reader::open(&out, "", None).await;
    let begun = std::time::Instant::now();
    out.emulator.shutdown().await;
    assert!(reader.wait().await.is_none());
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "it did not wait for its limit"
    );
}
