//! One span per call, with the facts and nothing else.
#![cfg(any(feature = "rustls", feature = "rustls-ring"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod server;

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use ms_messenger_core::{IdempotencyKey, StaticToken};
use ms_messenger_http::{Bearer, Bytes, Call, HttpVersions, Pipeline};
use server::{
    Act, Server,
    client::{SERVICE, options, pipeline_to, quick},
    status,
    tls::{self, Identity},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// Everything that any layer says at any level.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Captured>>);

#[derive(Default)]
struct Captured {
    /// The spans of this crate: their fields, by number.
    calls: BTreeMap<u64, BTreeMap<String, String>>,
    /// The events of this crate: number of their span, then fields.
    events: Vec<(Option<u64>, BTreeMap<String, String>)>,
    text: String,
}

struct Fields<'a>(&'a mut BTreeMap<String, String>, &'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        writeln!(self.1, "{} = {value}", field.name()).unwrap();
        self.0.insert(field.name().to_owned(), value);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut captured = self.0.lock().unwrap();
        let captured = &mut *captured;
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields, &mut captured.text));
        let metadata = attributes.metadata();
        if metadata.target() == "ms_messenger" {
            fields.insert("name".to_owned(), metadata.name().to_owned());
            captured.calls.insert(id.into_u64(), fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Context<'_, S>) {
        let mut captured = self.0.lock().unwrap();
        let captured = &mut *captured;
        let mut other = BTreeMap::new();
        let fields = captured.calls.get_mut(&id.into_u64()).unwrap_or(&mut other);
        record.record(&mut Fields(fields, &mut captured.text));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let span = context.event_span(event).map(|span| span.id().into_u64());
        let mut captured = self.0.lock().unwrap();
        let captured = &mut *captured;
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields, &mut captured.text));
        if event.metadata().target() == "ms_messenger" {
            captured.events.push((span, fields));
        }
    }
}

/// Captures until the guard is dropped.
fn capture() -> (Capture, DefaultGuard) {
    let capture = Capture::default();
    let subscriber = tracing_subscriber::registry().with(capture.clone());
    (capture, tracing::subscriber::set_default(subscriber))
}

impl Capture {
    /// The fields of the only call, as `name=value` in the order of their names.
    fn only_call(&self) -> String {
        let captured = self.0.lock().unwrap();
        let calls: Vec<_> = captured.calls.values().collect();
        assert_eq!(calls.len(), 1);
        let fields = calls[0]
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        fields.collect::<Vec<_>>().join(" ")
    }
}

fn call() -> Call {
    Call::post("send", "/messages?code=hunter2")
        .with_json_bytes(Bytes::from_static(br#"{"text":"hunter2"}"#))
}

fn pipeline(server: &Server) -> Pipeline {
    let token = Bearer::new(StaticToken::new("token-hunter2"), &["scope"]);
    pipeline_to(&SERVICE, &server.url(), &options(), token)
}

fn created() -> Act {
    status(
        201,
        &[("request-id", "r1"), ("x", "hunter2")],
        r#"{"id":"hunter2"}"#,
    )
}

#[tokio::test]
async fn a_success_is_one_span_with_the_facts() {
    let server = Server::start([created()]).await;
    let (capture, _guard) = capture();
    pipeline(&server).call(call()).await.unwrap();
    assert_eq!(
        capture.only_call(),
        r#"attempts=1 delivery="sent" name=call operation="send" platform="test" request_id="r1" status=201"#
    );
}

#[tokio::test]
async fn several_attempts_are_one_span_and_an_event_for_each_and_for_each_that_failed() {
    let wait = status(429, &[("retry-after", "0")], "hunter2");
    let server = Server::start([wait.clone(), wait, created()]).await;
    let (capture, _guard) = capture();
    pipeline(&server).call(call()).await.unwrap();
    assert!(capture.only_call().starts_with("attempts=3 "));
    let captured = capture.0.lock().unwrap();
    let call = *captured.calls.keys().next().unwrap();
    assert!(captured.events.iter().all(|(span, _)| *span == Some(call)));
    let fields = captured.events.iter().map(|(_, fields)| fields);
    let (begun, failed): (Vec<_>, Vec<_>) = fields.partition(|it| it["message"] == "attempt");
    assert_eq!((begun.len(), failed.len()), (3, 2));
    for (index, fields) in begun.into_iter().enumerate() {
        assert_eq!(fields["attempt"], (index + 1).to_string());
        assert_eq!(fields["method"], "\"POST\"");
        assert_eq!(fields["host"], "\"127.0.0.1\"");
        assert_eq!(fields["path"], "\"/messages\"");
    }
    for (index, fields) in failed.into_iter().enumerate() {
        assert_eq!(fields["message"], "retrying");
        assert_eq!(fields["attempt"], (index + 1).to_string());
        assert_eq!(fields["kind"], "\"rate_limited\"");
        assert_eq!(fields["status"], "429");
        assert_eq!(fields["wait_ms"], "0");
    }
}

#[tokio::test]
async fn a_failure_reports_what_is_known_of_the_message() {
    for (act, facts) in [
        (
            Act::Close,
            r#"attempts=1 delivery="unknown" name=call operation="send" platform="test""#,
        ),
        (
            status(403, &[("request-id", "r2")], "hunter2"),
            r#"attempts=1 delivery="not_sent" name=call operation="send" platform="test" request_id="r2" status=403"#,
        ),
        (
            Act::RespondAndClose(b"HTTP/1.1 201 C\r\ncontent-length: 9\r\n\r\n{".to_vec()),
            r#"attempts=1 delivery="sent" name=call operation="send" platform="test" status=201"#,
        ),
    ] {
        let server = Server::start([act]).await;
        let (capture, _guard) = capture();
        pipeline(&server).call(call()).await.unwrap_err();
        assert_eq!(capture.only_call(), facts);
    }
}

/// What is logged through `log`, by the layers beneath.
static LOGGED: Mutex<String> = Mutex::new(String::new());

struct Log;

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(logged, "{}: {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn neither_token_nor_body_nor_query_is_logged_at_any_level() {
    log::set_logger(&Log).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let acts = [
        Act::Close,
        status(429, &[("retry-after", "0")], "hunter2"),
        created(),
    ];
    let server = Server::start(acts).await;
    let identity = Identity::new("127.0.0.1");
    let (address, _) = tls::http2(&identity, tls::created).await;
    let (capture, _guard) = capture();
    let call = call().with_idempotency(IdempotencyKey::random());
    pipeline(&server).call(call.clone()).await.unwrap();

    let options = options()
        .with_versions(HttpVersions::Negotiate)
        .with_extra_roots(identity.authority);
    let token = Bearer::new(StaticToken::new("token-hunter2"), &["scope"]);
    let url = format!("https://{address}");
    let secure = pipeline_to(&SERVICE, &url, &options, token).with_retry_policy(quick());
    secure.call(call).await.unwrap();

    let logged = &capture.0.lock().unwrap().text;
    assert!(logged.contains("retrying"), "{logged}");
    assert!(!logged.contains("hunter2"), "{logged}");
    let logged = LOGGED.lock().unwrap();
    assert!(logged.contains("reqwest"), "{logged}");
    assert!(!logged.contains("hunter2"), "{logged}");
}
