//! What an emulator that runs as a program offers: the world, metrics, an export, posts, open listeners.

#[cfg(feature = "export")]
use std::io::Read as _;
use std::time::Duration;

use ms_messenger_emulator::{Emulator, StartError};
use serde_json::{Value, json};

use crate::{
    outside::Outside,
    receiver::{Receiver, Say},
};

#[tokio::test]
async fn the_world_is_the_ready_line() {
    let out = Outside::start().await;
    let world: Value = out.get("/_emulator/world").await.json().await.unwrap();
    assert_eq!(world, out.emulator.ready_line());
    assert_eq!(world["http"], out.base.as_str());
}

#[tokio::test]
async fn the_world_has_the_port_that_the_caller_reached() {
    let out = Outside::start().await;
    // The port of a container, as its host publishes it.
    let request = reqwest::Client::new().get(format!("{}/_emulator/world", out.base));
    let response = request.header("host", "localhost:9").send().await.unwrap();
    let world: Value = response.json().await.unwrap();
    assert_eq!(world["http"], "http://localhost:9");
    assert_eq!(world["graph"]["base"], "http://localhost:9/v1.0");
    assert_eq!(world["ucwa"]["discover"], "http://localhost:9/");
    let own = out.base.as_str();
    assert!(!world.to_string().contains(own), "{own}: {world}");
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn the_counters_are_open_metrics() {
    let out = Outside::start().await;
    out.chat("one").await;
    let response = out.get("/_emulator/metrics").await;
    let kind = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = response.text().await.unwrap();
    let prefix = "ms_messenger_emulator";
    for line in [
        format!(r#"{prefix}_requests_total{{platform="acs-chat"}} 1"#),
        format!(r#"{prefix}_messages_total{{platform="acs-chat"}} 1"#),
        format!(r#"{prefix}_faults_total{{platform="ucwa"}} 0"#),
        format!("{prefix}_kept_messages 1"),
        "# EOF".to_owned(),
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in {text}");
    }
    // In order, so that two scrapes can be compared.
    let counts = |it: &&str| it.starts_with("ms_messenger_emulator_requests_total{");
    let counts: Vec<&str> = text.lines().filter(counts).collect();
    assert!(counts.len() > 3 && counts.is_sorted(), "{text}");
}

/// The files of an export.
#[cfg(feature = "export")]
async fn exported(out: &Outside) -> Vec<(String, String)> {
    let response = out.get("/_emulator/export").await;
    assert_eq!(response.headers()["content-type"], "application/x-tar");
    let bytes = response.bytes().await.unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        files.push((name, content));
    }
    files
}

#[cfg(feature = "export")]
fn file<'a>(files: &'a [(String, String)], name: &str) -> &'a str {
    let found = files.iter().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("{name}")).1
}

#[cfg(feature = "export")]
#[tokio::test]
async fn the_export_has_a_file_for_each_message_and_its_raw_request() {
    let out = Outside::start().await;
    out.chat("hello").await;
    let files = exported(&out).await;
    let row: Value = serde_json::from_str(file(&files, "messages/000001-acs-chat.json")).unwrap();
    assert_eq!(row, out.rows("").await[0]);
    let request = file(&files, "exchanges/000001-acs-chat.request.http");
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let line = format!("POST {} HTTP/1.1\r\n", out.thread_path());
    assert!(head.starts_with(&line), "{head}");
    assert!(head.contains("\r\nauthorization: [removed]"), "{head}");
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap()["content"],
        "hello"
    );
    let stats: Value = serde_json::from_str(file(&files, "stats.json")).unwrap();
    assert_eq!(stats["stored"], 1);
    let is_secret = |(_, text): &(String, String)| text.contains(out.chat_token());
    assert!(!files.iter().any(is_secret));
}

#[cfg(all(feature = "export", feature = "inbox"))]
#[tokio::test]
async fn the_export_has_the_raw_response_where_the_client_got_one() {
    let out = Outside::start().await;
    out.chat("hello").await;
    out.faults(
        json!({"rules": [{"match": {"operation": "send"}, "times": 1,
        "action": {"kind": "status_after_store", "status": 504, "headers": {"x-why": "slow"}}}]}),
    )
    .await;
    out.chat("stored, and told otherwise").await;
    out.faults(
        json!({"rules": [{"match": {"operation": "send"}, "times": 1,
        "action": {"kind": "close", "when": "after_store"}}]}),
    )
    .await;
    assert!(out.chat_send("stored, and not told").send().await.is_err());
    out.faults(
        json!({"rules": [{"match": {"operation": "send"}, "times": 1, "action":
        {"kind": "status_after_store", "status": 500, "body": "x".repeat(100_000)}}]}),
    )
    .await;
    out.chat("stored, and told at length").await;
    let files = exported(&out).await;
    let told = file(&files, "exchanges/000001-acs-chat.response.http");
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");
    let row: Value = serde_json::from_str(file(&files, "messages/000001-acs-chat.json")).unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["id"], row["message_id"]);
    let told = file(&files, "exchanges/000002-acs-chat.response.http");
    assert!(
        told.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"),
        "{told}"
    );
    assert!(told.contains("\r\nx-why: slow\r\n"), "{told}");
    assert!(
        !files
            .iter()
            .any(|(name, _)| name.contains("000003-acs-chat.response"))
    );
    let cut = file(&files, "exchanges/000004-acs-chat.response.cut.http");
    assert!((65_536..70_000).contains(&cut.len()), "{}", cut.len());
    let overview: Value = serde_json::from_str(file(&files, "export.json")).unwrap();
    let responses = json!({"written": 3, "none": 1, "shared": 0, "left_out": 0});
    assert_eq!(overview, json!({"messages": 4, "responses": responses}));
    let is_secret = |(_, text): &(String, String)| {
        text.contains(out.chat_token()) || text.contains(&out.emulator.seed().graph.token)
    };
    assert!(!files.iter().any(is_secret));
}

/// Waits until the counters of the posts are these: delivered, failed, dropped, waiting.
async fn posts(out: &Outside, expected: [u64; 4]) {
    let names = ["delivered", "failed", "dropped", "waiting"];
    let look = async {
        loop {
            let posts = out.emulator.stats()["on_message"].clone();
            if names.map(|name| posts[name].as_u64().unwrap()) == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), look).await;
    assert!(in_time.is_ok(), "{}", out.emulator.stats()["on_message"]);
}

#[tokio::test]
async fn each_stored_message_is_posted_in_order_and_retried_within_bounds() {
    let receiver = Receiver::start().await;
    receiver.say([Say::Status(500), Say::Status(200)]);
    let builder = Emulator::builder().with_on_message(&receiver.url);
    let out = Outside::of(builder.start().await.unwrap());
    out.chat("one").await;
    let (status, _) = out
        .graph(&out.graph_chat(), &json!({"body": {"content": "two"}}))
        .await;
    assert_eq!(status, 201);
    posts(&out, [2, 0, 0, 0]).await;
    let texts = |got: &[crate::receiver::Got]| -> Vec<String> {
        let text = |got: &crate::receiver::Got| got.json()["text"].as_str().unwrap().to_owned();
        got.iter().map(text).collect()
    };
    assert_eq!(
        texts(&receiver.all()),
        ["one", "one", "two"],
        "retried once"
    );
    let row = receiver.all()[2].json();
    assert_eq!(row, out.rows("").await[1]);

    receiver.say([500, 400, 503].map(Say::Status));
    out.chat("three").await;
    posts(&out, [2, 1, 0, 0]).await;
    out.emulator.reset();
    out.chat("after").await;
    posts(&out, [3, 1, 0, 0]).await;
    assert_eq!(receiver.all().last().unwrap().json()["seq"], 1);
}

#[tokio::test]
async fn posts_go_to_loopback_and_permitted_hosts_alone() {
    for url in ["http://example.org/", "https://127.0.0.1/", "nonsense"] {
        let refused = Emulator::builder().with_on_message(url).start().await;
        let Err(StartError::Setting { name, .. }) = refused else {
            panic!("{url} was taken");
        };
        assert_eq!(name, "on message");
    }
    let permitted = Emulator::builder()
        .with_on_message("http://hook.test:81/")
        .with_receiver_host("hook.test");
    assert!(permitted.start().await.is_ok());
}

#[tokio::test]
async fn an_open_listener_serves_own_hosts_alone() {
    let refused = Emulator::builder().with_http_address(([0, 0, 0, 0], 0).into());
    assert!(matches!(
        refused.start().await,
        Err(StartError::NotLoopback(_))
    ));
    let builder = Emulator::builder()
        .with_http_address(([0, 0, 0, 0], 0).into())
        .with_https_address(([0, 0, 0, 0], 0).into())
        .with_any_address(true)
        .with_host("emulator");
    let emulator = builder.start().await.unwrap();
    let port = emulator
        .http_url()
        .strip_prefix("http://emulator:")
        .unwrap();
    let base = format!("http://127.0.0.1:{port}");
    assert!(
        emulator
            .https_url()
            .unwrap()
            .starts_with("https://emulator:")
    );
    let client = crate::outside::client();
    let chat = emulator.seed().graph.chat_id.clone();
    let service = format!("/v1.0/chats/{chat}/messages");
    for (host, status) in [
        ("emulator", 200),
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("evil.example", 403),
        ("emulator.evil.example", 403),
    ] {
        for path in ["/_emulator/health", &service] {
            let request = client.get(format!("{base}{path}")).header("host", host);
            let request = request.bearer_auth(&emulator.seed().graph.token);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status, "{host} {path}");
        }
    }
    let foreign = client
        .get(format!("{base}{service}"))
        .header("origin", "http://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}
