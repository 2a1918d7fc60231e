//! `msm listen`, called by the emulator as Event Grid and Graph call it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use ms_messenger_emulator::{EventSubscription, MessageStatuses};
use serde_json::{Value, json};

use crate::support::{Environment, acs_messages, http, msm, run, start};

/// `msm listen`, and its ready line.
pub(crate) struct Listening {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) ready: Value,
}

impl Listening {
    pub(crate) fn start(words: &[&str], environment: &Environment) -> Self {
        let mut command = msm();
        command
            .arg("listen")
            .args(words)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut listening = Self {
            child,
            out,
            ready: Value::Null,
        };
        listening.ready = listening.next();
        assert_eq!(listening.ready["event"], "ready");
        listening
    }

    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    pub(crate) fn address(&self, name: &str) -> String {
        self.ready[name].as_str().unwrap().to_owned()
    }

    pub(crate) fn end(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let Listening { mut child, out, .. } = Listening::start(&["--keep", &file], &secrets());
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

pub(crate) fn secrets() -> Environment {
    vec![
        ("MSM_LISTEN_KEY", "hunter2".to_owned()),
        ("MSM_LISTEN_CLIENT_STATE", "hunter3".to_owned()),
    ]
}

#[test]
fn statuses_of_messages_are_kept_printed_and_raise_those_of_the_outbox() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let store = format!("sqlite:{}", folder.path().join("out.db").display());
    let words = ["--keep", &file, "--store", &store];
    let mut listening = Listening::start(&words, &secrets());
    let url = format!("{}?key=hunter2", listening.address("event_grid"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let subscription = EventSubscription::new("deliveries", url);
        emulator.subscribe_events(&subscription).await.unwrap();
        let statuses = MessageStatuses::new().with_read(Some(5));
        emulator.set_message_statuses(&statuses).await;
    });
    let message = json!({"id": "a", "to": "tel:+14255550123", "message": {"body": {"text": "x"}}});
    let environment = acs_messages(world);
    let add = ["outbox", "add", "--store", &store];
    assert_eq!(run(&add, &environment, &message.to_string()).code, 0);
    let send = ["outbox", "run", "--until-empty", "--store", &store];
    assert_eq!(run(&send, &environment, "").code, 0);
    let mut last = Value::Null;
    while last["status"]["status"] != "read" {
        last = listening.next();
        assert_eq!(last["event"], "event", "{last}");
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("AdvancedMessageDeliveryStatusUpdated"),
        "{text}"
    );
    // An event can be faster than the receipt.
    let show = ["outbox", "show", "a", "--json", "--store", &store];
    let until = Instant::now() + Duration::from_secs(20);
    while run(&show, &[], "").json()["status"] != "read" {
        assert!(Instant::now() < until, "no status");
    }
    let words = [
        "send",
        "--json",
        "--to",
        "tel:+14255550123",
        "--text",
        "y",
        "--wait",
        "read",
        "20s",
    ];
    let ran = run(
        &[&words[..], &["--events", &file]].concat(),
        &environment,
        "",
    );
    assert_eq!(
        (ran.code, &ran.json()["reported"]),
        (0, &json!("read")),
        "{ran:?}"
    );
    listening.end();
}

#[test]
fn notifications_of_graph_need_their_client_state() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let mut listening = Listening::start(&["--keep", &file, "--once"], &secrets());
    let url = listening.address("graph");
    let (status, _, body) = http("POST", &format!("{url}?validationToken=a%20b"), "");
    assert_eq!((status, body.as_str()), (200, "a b"));
    let notification = |state: &str| {
        json!({"value": [{"subscriptionId": "s", "changeType": "created", "clientState": state,
            "resource": "chats('c')/messages('1')",
            "subscriptionExpirationDateTime": "2026-12-01T00:00:00Z", "tenantId": "t"}]})
        .to_string()
    };
    http("POST", &url, &notification("wrong"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    let (status, ..) = http("POST", &url, &notification("hunter3"));
    assert_eq!(status, 202);
    let line = listening.next();
    assert_eq!(
        (&line["event"], &line["subscription_id"]),
        (&json!("notification"), &json!("s"))
    );
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(
        kept.contains("chats('c')") && !kept.contains("hunter3"),
        "{kept}"
    );
    // One line, as `while read` takes it.
    assert!(
        kept.lines().count() == 1 && kept.ends_with("}\n"),
        "{kept:?}"
    );
    assert_eq!(listening.child.wait().unwrap().code(), Some(0));
}

#[test]
fn requests_without_the_secret_and_unusable_options_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let listening = Listening::start(&["--keep", &file], &secrets());
    let url = listening.address("event_grid");
    assert_eq!(http("POST", &format!("{url}?key=wrong"), "[]").0, 401);
    let other = url.replace("/events", "/other");
    assert_eq!(http("POST", &other, "[]").0, 404);
    listening.end();
    for (words, environment) in [
        (&["--keep", &file][..], vec![]),
        (&["--keep", "/nonexistent/file"], secrets()),
        (&["--keep", &file, "--address", "0.0.0.0:0"], secrets()),
        (
            &["--keep", &file, "--secret-file", "/nonexistent"],
            secrets(),
        ),
        // A key for an outbox that nothing names.
        (&["--keep", &file, "--key-file", &file], secrets()),
    ] {
        let ran = run(&[&["listen", "--json"], words].concat(), &environment, "");
        assert_eq!(ran.code, 3, "{words:?}: {ran:?}");
        assert!(!format!("{ran:?}").contains("hunter"), "{ran:?}");
    }
    let ran = run(
        &["listen", "--keep", &file, "--once", "--for", "10ms"],
        &secrets(),
        "",
    );
    assert_eq!(ran.code, 7, "{ran:?}");
    // An empty variable counts as missing.
    let mut environment = secrets();
    environment.push(("MSM_OUTBOX", " ".to_owned()));
    let words = ["listen", "--keep", &file, "--once", "--for", "10ms"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 7, "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_second_process_on_the_same_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let first = Listening::start(&["--keep", &file], &secrets());
    let words = ["listen", "--keep", &file, "--address", "127.0.0.1:0"];
    let ran = run(&words, &secrets(), "");
    assert_eq!(ran.code, 7, "{ran:?}");
    let said = format!("error: {file}: another msm listen is at work on it: name another file\n");
    assert!(ran.stderr.starts_with(&said), "{ran:?}");
    first.end();
    Listening::start(&["--keep", &file], &secrets()).end();
}

#[cfg(unix)]
#[test]
fn a_request_that_does_not_arrive_does_not_hold_up_the_end() {
    use std::{io::Write as _, net::TcpStream, process::Command};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let mut listening = Listening::start(&["--keep", &file], &secrets());
    let url = listening.address("event_grid");
    let address = url.trim_start_matches("http://").split('/').next().unwrap();
    let mut whole = TcpStream::connect(address).unwrap();
    let mut parts = TcpStream::connect(address).unwrap();
    let head = "POST /events?key=hunter2 HTTP/1.1\r\nhost: localhost\r\ncontent-length:";
    write!(parts, "{head} 9\r\n\r\n[").unwrap();
    // A response to a later connection: the part of the request was received.
    write!(whole, "{head} 2\r\n\r\n[]").unwrap();
    let mut line = String::new();
    BufReader::new(&whole).read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    let id = listening.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(listening.child.wait().unwrap().code(), Some(0));
    drop(parts);
}

#[test]
fn a_body_that_is_not_read_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let mut listening = Listening::start(&["--keep", &file], &secrets());
    let url = format!("{}?key=hunter2", listening.address("event_grid"));
    let mut errors = BufReader::new(listening.child.stderr.take().unwrap());
    let body = " ".repeat((4 << 20) + 1);
    assert_eq!(http("POST", &url, &body).0, 503);
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("larger than 4 MiB"), "{line}");
    listening.end();
}

/// An event, as Event Grid sends it.
fn event(id: &str) -> Value {
    json!([{"id": id, "topic": "/contoso", "subject": "s", "dataVersion": "1.0",
        "eventType": "T", "eventTime": "2026-01-02T03:04:05Z", "data": {}}])
}

#[test]
fn an_event_that_was_kept_before_a_restart_is_a_duplicate_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl").display().to_string();
    let store = format!("sqlite:{}", folder.path().join("out.db").display());
    let keep = ["--keep", &file];
    let with_store = [&keep[..], &["--store", &store]].concat();
    // What was not acknowledged is no duplicate: a crash cut its line.
    std::fs::write(&file, r#"{"id":"cut","topic":"/contoso","sub"#).unwrap();
    let mut seen = Vec::new();
    for (words, id) in [
        (&keep[..], "1"),
        (&keep[..], "2"),
        (&with_store, "1"),
        (&with_store, "cut"),
        (&keep[..], "3"),
        (&keep[..], "3"),
        (&with_store, "2"),
        (&keep[..], "cut"),
    ] {
        let mut listening = Listening::start(words, &secrets());
        let url = format!("{}?key=hunter2", listening.address("event_grid"));
        let (status, ..) = http("POST", &url, &event(id).to_string());
        assert_eq!(status, 200);
        let line = listening.next();
        assert_eq!(
            (&line["id"], &line["duplicate"]),
            (&json!(id), &json!(seen.contains(&id))),
            "{line}"
        );
        seen.push(id);
        listening.end();
    }
}
