//! The clock of the services: on every response, and wrong if told so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::outside::{Outside, client};
use crate::skype::{Endpoint, fast};
use ms_messenger_emulator::{Emulator, StartError};
use reqwest::{Certificate, Response, Version};
use serde_json::{Value, json};

const HOUR: i64 = 3600;

/// How many seconds the `Date` of a response is ahead of this machine.
fn ahead(response: &Response) -> i64 {
    let date = response.headers()["date"].to_str().unwrap();
    seconds(httpdate::parse_http_date(date).unwrap()) - seconds(SystemTime::now())
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn is_near(ahead: i64, expected: i64) -> bool {
    (ahead - expected).abs() <= 5
}

async fn put_clock(out: &Outside, body: Value) -> (u16, Value) {
    let url = format!("{}/_emulator/clock", out.base);
    Outside::ask(out.client.put(url).json(&body)).await
}

#[tokio::test]
async fn every_response_has_a_date_on_both_protocols() {
    let any = ([127, 0, 0, 1], 0).into();
    let emulator = Emulator::builder()
        .with_https_address(any)
        .start()
        .await
        .unwrap();
    let out = Outside::of(emulator);
    let root = Certificate::from_pem(out.emulator.ca_pem().unwrap().as_bytes()).unwrap();
    let secure = || {
        reqwest::Client::builder()
            .tls_certs_only([root.clone()])
            .no_proxy()
    };
    let https = out.emulator.https_url().unwrap().to_owned();
    let clients = [
        (client(), out.base.clone(), Version::HTTP_11),
        (
            secure().http1_only().build().unwrap(),
            https.clone(),
            Version::HTTP_11,
        ),
        (secure().build().unwrap(), https, Version::HTTP_2),
    ];
    for (client, base, version) in clients {
        for (path, status) in [
            ("/_emulator/health", 200),
            ("/_emulator/nothing", 404),
            ("/v1.0/nothing", 404),
            ("/v1.0/me", 401),
            ("/chat/threads", 401),
            ("/messages/notifications:send", 405),
            ("/Autodiscover/AutodiscoverService.svc/root", 200),
            ("/ucwa/oauth/v1/applications/x", 401),
            ("/contoso.test/v2.0/.well-known/openid-configuration", 200),
        ] {
            let response = client.get(format!("{base}{path}")).send().await.unwrap();
            assert_eq!(
                (response.version(), response.status().as_u16()),
                (version, status),
                "{path}"
            );
            assert!(is_near(ahead(&response), 0), "{path}");
        }
    }
}

#[tokio::test]
async fn faults_keep_the_date_set_another_or_drop_it() {
    let out = Outside::start().await;
    let past = "Tue, 01 Apr 2025 12:34:56 GMT";
    for kind in ["status", "status_after_store", "headers"] {
        for (date, shown) in [
            (None, None),
            (Some(json!(past)), Some(past)),
            (Some(Value::Null), Some("")),
        ] {
            let mut action = json!({"kind": kind, "headers": {"x-other": "1"}});
            if kind != "headers" {
                action["status"] = json!(503);
            }
            if let Some(date) = &date {
                action["headers"]["Date"] = date.clone();
            }
            out.faults(json!({"rules": [{"match": {"operation": "send"}, "action": action}]}))
                .await;
            let response = out.chat("x").await;
            assert_eq!(response.status(), if kind == "headers" { 201 } else { 503 });
            assert_eq!(response.headers()["x-other"], "1");
            match shown {
                None => assert!(is_near(ahead(&response), 0), "{kind}"),
                Some("") => assert!(!response.headers().contains_key("date"), "{kind}"),
                Some(date) => assert_eq!(response.headers()["date"], date, "{kind}"),
            }
        }
    }
    let stored = out.rows("").await.len();
    assert_eq!(stored, 6, "a status stores nothing");
}

#[tokio::test]
async fn a_wrong_clock_moves_dates_times_and_ids_of_all_platforms() {
    for offset in [-2 * HOUR, HOUR] {
        let builder = Emulator::builder().with_clock_offset(offset);
        let out = Outside::of(builder.start().await.unwrap());
        let (_, message) = out
            .graph(&out.graph_chat(), &json!({"body": {"content": "x"}}))
            .await;
        let id: u64 = message["id"].as_str().unwrap().parse().unwrap();
        let at = seconds(UNIX_EPOCH + Duration::from_millis(id)) - seconds(SystemTime::now());
        assert!(is_near(at, offset), "{message}");
        let expected = humantime(id);
        assert!(
            message["createdDateTime"]
                .as_str()
                .unwrap()
                .starts_with(&expected),
            "{message}"
        );
        let sent = out.chat("x").await;
        assert!(is_near(ahead(&sent), offset));
        let id: u64 = sent.json::<Value>().await.unwrap()["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let at = seconds(UNIX_EPOCH + Duration::from_millis(id)) - seconds(SystemTime::now());
        assert!(is_near(at, offset), "{id}");
        let row = out.rows("").await.pop().unwrap();
        assert!(
            row["received_at"]
                .as_str()
                .unwrap()
                .starts_with(&humantime(id)[..13]),
            "{row}"
        );
        // A signed date is judged by the service's clock.
        let target = "/messages/notifications:send?api-version=2024-08-30";
        let body = out
            .notification(&json!({"kind": "text", "content": "x"}))
            .to_string();
        let signed = |at| out.signed(at, target, &body).send();
        assert_eq!(signed(SystemTime::now()).await.unwrap().status(), 401);
        let distance = Duration::from_secs(offset.unsigned_abs());
        let theirs = if offset < 0 {
            SystemTime::now() - distance
        } else {
            SystemTime::now() + distance
        };
        assert_eq!(signed(theirs).await.unwrap().status(), 202);
    }
}

/// The beginning of the RFC 3339 form of a time, to its seconds.
fn humantime(ms: u64) -> String {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(ms));
    let parts: Vec<&str> = date.split(' ').collect();
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = months.find(parts[2]).unwrap() / 3 + 1;
    format!("{}-{month:02}-{}T{}", parts[3], parts[1], parts[4])
}

#[tokio::test]
async fn the_clock_is_set_and_read_while_it_runs_and_a_reset_brings_it_back() {
    let builder = Emulator::builder().with_clock_offset(60);
    let out = Outside::of(builder.start().await.unwrap());
    let url = format!("{}/_emulator/clock", out.base);
    let read = || async { Outside::ask(out.client.get(&url)).await.1["offset_ms"].clone() };
    assert_eq!(read().await, 60_000);
    let (status, clock) = put_clock(&out, json!({"offset_ms": -1500})).await;
    assert_eq!((status, &clock["offset_ms"]), (200, &json!(-1500)));
    assert!(clock["now"].is_string());
    out.emulator.set_clock_offset(3600).unwrap();
    assert_eq!(read().await, 3_600_000);
    let page = out.get("/_emulator/health").await;
    assert!(is_near(ahead(&page), 3600));
    out.emulator.reset();
    assert_eq!(read().await, 60_000);
    for bad in [
        json!({}),
        json!({"offset_ms": "1"}),
        json!({"offset_ms": 1.5}),
        json!({"offset_ms": i64::MAX}),
        json!({"offset_ms": 0, "x": 1}),
        json!([]),
    ] {
        assert_eq!(put_clock(&out, bad.clone()).await.0, 400, "{bad}");
    }
    assert!(out.emulator.set_clock_offset(i64::MIN).is_err());
    let refused = Emulator::builder()
        .with_clock_offset(i64::MAX)
        .start()
        .await;
    assert!(matches!(
        refused,
        Err(StartError::Setting {
            name: "clock offset",
            ..
        })
    ));
}

#[tokio::test]
async fn skype_reports_the_time_of_the_service() {
    let out = fast(100.0).await;
    out.emulator.set_clock_offset(7200).unwrap();
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut bob = Endpoint::online(&out, "bob").await;
    alice.start("sip:bob@contoso.test").await;
    bob.accept().await;
    let conversation = alice.connected().await;
    alice.send(&conversation, "x").await;
    let event = bob.until("message", "completed").await;
    let stamp = event["_embedded"]["message"]["timeStamp"]
        .as_str()
        .unwrap()
        .to_owned();
    let ms: u64 = stamp
        .trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .unwrap();
    let at = seconds(UNIX_EPOCH + Duration::from_millis(ms)) - seconds(SystemTime::now());
    assert!(is_near(at, 7200), "{stamp}");
}
