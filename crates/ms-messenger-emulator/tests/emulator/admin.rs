//! The black-box contract: ledger, waiting, statistics, faults, injection, reset; driven from
//! outside.

use crate::outside::Outside;
use ms_messenger_emulator::Emulator;
use serde_json::json;

#[tokio::test]
async fn the_ledger_has_one_row_per_message_without_credentials() {
    let out = Outside::start().await;
    assert_eq!(out.chat("hello").await.status(), 201);
    let rows = out.rows("").await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    for member in [
        "seq",
        "platform",
        "operation",
        "conversation",
        "sender",
        "kind",
        "text",
        "subject",
        "edited_subject",
        "importance",
        "message_id",
        "request_id",
        "idempotency_key",
        "replays",
        "received_at",
        "duplicate_of",
        "request",
    ] {
        assert!(row.get(member).is_some(), "{member}: {row}");
    }
    assert_eq!(row["platform"], "acs-chat");
    assert_eq!(row["text"], "hello");
    assert_eq!(row["request"]["method"], "POST");
    let token = &out.emulator.seed().acs.users[0].token;
    assert!(!row.to_string().contains(token.as_str()));
    assert_eq!(out.rows("?platform=msgraph-chat").await.len(), 0);
    assert_eq!(out.rows("?since=1").await.len(), 0);
}

#[tokio::test]
async fn a_message_sent_twice_is_reported() {
    let out = Outside::start().await;
    let send = || {
        out.post(&out.thread_path())
            .bearer_auth(out.chat_token())
            .header("x-ms-client-request-id", "same")
            .json(&json!({"content": "x"}))
            .send()
    };
    send().await.unwrap();
    send().await.unwrap();
    let rows = out.rows("").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["duplicate_of"], json!(null));
    assert_eq!(rows[1]["duplicate_of"], rows[0]["seq"]);
}

#[tokio::test]
async fn waiting_ends_with_the_message_or_at_the_timeout() {
    let out = Outside::start().await;
    let none = out.get("/_emulator/wait?text=x&timeout_ms=1").await;
    assert_eq!(none.status(), 404);
    let url = format!("{}/_emulator/wait?text=later&timeout_ms=30000", out.base);
    let waiting = tokio::spawn(out.client.get(url).send());
    out.chat("other").await;
    out.chat("later").await;
    let found = waiting.await.unwrap().unwrap();
    assert_eq!(found.status(), 200);
    assert_eq!(
        found.json::<serde_json::Value>().await.unwrap()["text"],
        "later"
    );
}

#[tokio::test]
async fn reset_brings_back_the_seeded_world() {
    let out = Outside::start().await;
    out.faults(json!({"rules": [{"action": {"kind": "status", "status": 500}}]}))
        .await;
    assert_eq!(out.chat("x").await.status(), 500);
    assert_eq!(
        out.post("/_emulator/reset").send().await.unwrap().status(),
        204
    );
    assert_eq!(out.chat("x").await.status(), 201);
    assert_eq!(out.rows("").await[0]["seq"], 1);
    let stats: serde_json::Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["platforms"]["acs-chat"]["stored"], 1, "{stats}");
}

#[tokio::test]
async fn the_other_side_sends() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    for message in [
        json!({"platform": "acs-chat", "conversation": world.acs.thread_id, "sender": world.acs.users[1].id, "text": "a"}),
        json!({"platform": "acs-messages", "from": "+14255550199", "text": "b"}),
        json!({"platform": "msgraph-chat", "conversation": world.graph.chat_id, "sender": world.graph.users[1].id, "text": "c"}),
    ] {
        let response = out
            .post("/_emulator/inject")
            .json(&message)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{message}");
        assert!(response.json::<serde_json::Value>().await.unwrap()["message_id"].is_string());
    }
    let path = format!("/v1.0/chats/{}/messages", world.graph.chat_id);
    let list = out.graph_get(&path).await;
    assert_eq!(list["value"][0]["body"]["content"], "c");
    assert_eq!(list["value"][0]["from"]["user"]["displayName"], "Bob");
    let bad = out
        .post("/_emulator/inject")
        .json(&json!({"platform": "acs-chat"}))
        .send()
        .await
        .unwrap();
    assert_eq!(bad.status(), 400);
}

#[tokio::test]
async fn bad_rules_are_refused_by_name_and_nothing_changes() {
    let out = Outside::start().await;
    for (rules, named) in [
        (json!({"rules": [{"action": {"kind": "explode"}}]}), "kind"),
        (
            json!({"rules": [{"match": {"nth": [0]}, "action": {"kind": "delay", "ms": 1}}]}),
            "nth",
        ),
        (
            json!({"rules": [{"match": {"planet": 1}, "action": {"kind": "delay", "ms": 1}}]}),
            "planet",
        ),
        (json!([]), "object"),
    ] {
        let response = out
            .client
            .put(format!("{}/_emulator/faults", out.base))
            .json(&rules)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{rules}");
        let text = response.text().await.unwrap();
        assert!(text.contains(named), "{text}");
    }
    assert_eq!(out.chat("x").await.status(), 201);
}

#[tokio::test]
async fn the_world_is_the_same_for_the_same_seed() {
    let (a, b) = (
        Emulator::start().await.unwrap(),
        Emulator::start().await.unwrap(),
    );
    let without_address = |emulator: &Emulator| {
        let line = emulator.ready_line().to_string();
        line.replace(emulator.http_url(), "")
    };
    assert_eq!(without_address(&a), without_address(&b));
    let other = Emulator::builder().with_seed(7).start().await.unwrap();
    assert_ne!(without_address(&a), without_address(&other));
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let out = Outside::start().await;
    assert_eq!(out.get("/_emulator/health").await.status(), 200);
    let (base, client) = (out.base.clone(), crate::outside::client());
    drop(out);
    assert!(
        client
            .get(format!("{base}/_emulator/health"))
            .send()
            .await
            .unwrap_err()
            .is_connect()
    );
}

#[tokio::test]
async fn hostile_bytes_do_not_bring_it_down() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let out = Outside::start().await;
    let address = out.base.trim_start_matches("http://").to_owned();
    for bytes in [
        &b"\0\xff\xfe GET\r\n\r\n"[..],
        b"POST /v1.0/chats/%ff/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n",
        b"GET /_emulator/messages?since=-1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut response = Vec::new();
        // A reset is a good response to garbage, too.
        let _ = stream.read_to_end(&mut response).await;
    }
    assert_eq!(out.chat("still here").await.status(), 201);
}

#[tokio::test]
async fn every_host_that_a_request_names_is_checked() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let out = Outside::start().await;
    let address = out.base.strip_prefix("http://").unwrap().to_owned();
    for (hosts, status) in [
        (vec!["localhost"], "200"),
        (vec!["localhost", "evil.example"], "403"),
        (vec!["evil.example", "localhost"], "403"),
    ] {
        let hosts: String = hosts.iter().map(|it| format!("host: {it}\r\n")).collect();
        let request = format!("GET /_emulator/health HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{hosts}: {response}"
        );
    }
}

#[tokio::test]
async fn a_member_that_is_given_twice_and_a_wait_that_is_too_long_are_refused() {
    let out = Outside::start().await;
    let body = r#"{"rules": [], "rules": [{"action": {"kind": "delay", "ms": 1}}]}"#;
    let request = out.client.put(format!("{}/_emulator/faults", out.base));
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let text = response.text().await.unwrap();
    assert!(text.contains("rules: is given twice"), "{text}");
    let wait = out.get("/_emulator/wait?timeout_ms=300001").await;
    assert_eq!(wait.status(), 400);
    let text = wait.text().await.unwrap();
    assert!(text.contains("from 0 to 300000"), "{text}");
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let builder = Emulator::builder().with_host("mail.test");
    let out = Outside::of(builder.start().await.unwrap());
    out.chat("x").await;
    let port = out.base.rsplit(':').next().unwrap();
    for (name, value, status) in [
        ("origin", "http://evil.example".to_owned(), 403),
        ("origin", "null".to_owned(), 403),
        ("origin", "http://127.0.0.1.evil.example".to_owned(), 403),
        ("origin", "http://localhost:3000".to_owned(), 200),
        ("origin", "https://mail.test".to_owned(), 200),
        ("host", "evil.example".to_owned(), 403),
        ("host", format!("evil.example:{port}"), 403),
        ("host", format!("localhost:{port}"), 200),
        ("host", format!("mail.test:{port}"), 200),
        ("host", "[::1]".to_owned(), 200),
        ("x-any", "nothing".to_owned(), 200),
    ] {
        for path in ["health", "messages", "stats", "clock", "templates"] {
            let request = out.client.get(format!("{}/_emulator/{path}", out.base));
            let response = request.header(name, &value).send().await.unwrap();
            assert_eq!(response.status(), status, "{name}: {value} {path}");
        }
    }
    let reset = out
        .post("/_emulator/reset")
        .header("origin", "http://evil.example");
    assert_eq!(reset.send().await.unwrap().status(), 403);
    assert_eq!(out.rows("").await.len(), 1, "it is all still there");
    // The services themselves respond under any host name.
    let service = out
        .chat_send("y")
        .header("host", "acs.example")
        .send()
        .await
        .unwrap();
    assert_eq!(service.status(), 201);
}

#[tokio::test]
async fn invalid_settings_are_rejected_by_name() {
    use ms_messenger_emulator::StartError;
    let builder = Emulator::builder;
    for (builder, named) in [
        (builder().with_ucwa_time_scale(0.0), "ucwa time scale"),
        (builder().with_ucwa_time_scale(-1.0), "ucwa time scale"),
        (builder().with_ucwa_time_scale(f64::NAN), "ucwa time scale"),
        (
            builder().with_ucwa_time_scale(f64::INFINITY),
            "ucwa time scale",
        ),
        (builder().with_host("bad host"), "host"),
        (builder().with_host("a.test:80"), "host"),
        (builder().with_host(""), "host"),
        (builder().with_keep(0), "keep"),
    ] {
        let refused = builder.start().await;
        let Err(StartError::Setting { name, .. }) = refused else {
            panic!("{named} was taken");
        };
        assert_eq!(name, named);
    }
}
