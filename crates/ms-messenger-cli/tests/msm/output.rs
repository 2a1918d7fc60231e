//! Standard output that fails, and text of others on a terminal.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Stdio,
};

use serde_json::{Value, json};

use crate::support::{Environment, acs_chat, channel, msgraph_chat, msm, run, start, thread, with};

/// What a terminal would obey, in every form.
const EVIL: &str = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\r\nforged";

/// Whether a terminal obeys nothing of it.
fn is_harmless(text: &str) -> bool {
    let is_obeyed = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !text.contains(is_obeyed)
}

/// Runs a command whose standard output is `output`; returns exit code and standard error.
fn with_output(words: &[&str], environment: &Environment, output: Stdio) -> (i32, String) {
    let environment = environment.iter().map(|(name, value)| (name, value));
    let mut command = msm();
    let command = command.args(words).envs(environment).stdout(output);
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_that_is_said_and_a_closed_pipe_is_none() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment = msgraph_chat(world);
    let to = channel(world);
    let sent = run(&["send", "--to", &to, "--text", "x"], &environment, "");
    assert_eq!(sent.code, 0, "{sent:?}");
    for words in [
        &["--version"][..],
        &["send", "--help"],
        &["exit-codes"],
        &["schema", "send"],
        &["completions", "bash"],
        &["config", "show"],
        &["list", "teams"],
        &["list", "teams", "--json"],
        &["read", &to],
        &["read", &to, "--json"],
        &["api", "GET", "/me"],
        &["api", "GET", "/me/joinedTeams", "--paginate"],
        &["doctor", "--platform", "msgraph-chat"],
        &["send", "--dry-run", "--to", &to, "--text", "x"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let (code, error) = with_output(words, &environment, full.into());
        assert_eq!(code, 1, "{words:?}: {error}");
        assert!(
            error.contains("standard output cannot be written to"),
            "{words:?}: {error}"
        );
        let (code, error) = with_output(words, &environment, Stdio::piped());
        assert_eq!((code, error.as_str()), (0, ""), "{words:?}");
    }
}

/// Answers each request with the same response, until the test ends.
fn serve(body: String, status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut read, mut part) = (Vec::<u8>::new(), [0; 4096]);
            // The body is not needed, but what is not read would reset the connection.
            while !read.windows(4).any(|it| it == b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(length) => read.extend(&part[..length]),
                }
            }
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\
                 content-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body.as_bytes());
        }
    });
    format!("http://{address}/v1.0")
}

/// A message of Teams, every text of which is hostile.
fn message() -> Value {
    json!({"id": EVIL, "createdDateTime": "2026-01-02T03:04:05Z", "messageType": "message",
        "subject": EVIL, "webUrl": EVIL, "importance": "normal", "etag": EVIL,
        "from": {"user": {"id": EVIL, "displayName": EVIL}},
        "body": {"contentType": "text", "content": EVIL},
        "attachments": [{"id": EVIL, "contentType": "reference", "name": EVIL}]})
}

#[test]
fn no_text_of_a_service_reaches_a_terminal_as_a_command() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = channel(world);
    let evil = json!({"id": EVIL, "displayName": EVIL, "topic": EVIL, "chatType": EVIL, "email": EVIL,
        "roles": [EVIL], "members": [{"displayName": EVIL}]});
    let refused = json!({"error": {"code": EVIL, "message": EVIL, "innerError":
        {"request-id": EVIL, "code": EVIL}}});
    let list = json!({"value": [evil]});
    for (words, body, status) in [
        (&["list", "teams"][..], &list, "200 OK"),
        (&["list", "chats"], &list, "200 OK"),
        (&["list", "members", &to], &list, "200 OK"),
        (&["list", "teams", "--json"], &list, "200 OK"),
        (&["read", &to], &json!({"value": [message()]}), "200 OK"),
        (
            &["read", &to, "--json"],
            &json!({"value": [message()]}),
            "200 OK",
        ),
        (&["show", &to, "1"], &message(), "200 OK"),
        (&["show", &to, "1", "--json"], &message(), "200 OK"),
        (&["api", "GET", "/x"], &evil, "200 OK"),
        (&["api", "GET", "/x", "--json"], &evil, "200 OK"),
        (&["api", "GET", "/x", "--paginate"], &list, "200 OK"),
        (
            &["send", "--to", &to, "--text", "x"],
            &message(),
            "201 Created",
        ),
        (
            &["send", "--to", &to, "--text", "x", "--json"],
            &message(),
            "201 Created",
        ),
        (
            &["send", "--to", &to, "--text", "x"],
            &refused,
            "403 Forbidden",
        ),
        (
            &["send", "--to", &to, "--text", "x", "--json"],
            &refused,
            "400 Bad Request",
        ),
        (
            &["edit", &to, "1", "--text", "x"],
            &refused,
            "403 Forbidden",
        ),
        (
            &["doctor", "--platform", "msgraph-chat"],
            &refused,
            "403 Forbidden",
        ),
    ] {
        let address = serve(body.to_string(), status);
        let environment = with(msgraph_chat(world), "MSGRAPH_BASE_URL", &address);
        let words = [&["-vv"], words].concat();
        let ran = run(&words, &environment, "");
        assert!(is_harmless(&ran.stdout), "{words:?}: {ran:?}");
        assert!(is_harmless(&ran.stderr), "{words:?}: {ran:?}");
        if words.contains(&"--json") {
            for line in ran.stdout.lines() {
                let read = serde_json::from_str::<Value>(line);
                assert!(read.is_ok(), "{words:?}: {line}");
            }
        }
    }
}

#[test]
fn no_argument_and_no_file_name_reaches_a_terminal_as_a_command() {
    let environment = vec![("MSGRAPH_TOKEN", "t".to_owned())];
    for option in [
        "--file",
        "--picture",
        "--card",
        "--config",
        "--msgraph-user",
    ] {
        let words = ["send", "--to", "channel:t/c", "--text", "x", option, EVIL];
        let ran = run(&words, &environment, "");
        assert!([3, 4].contains(&ran.code), "{ran:?}");
        assert!(is_harmless(&ran.stderr), "{option}: {ran:?}");
    }
    let ran = run(&["settle", "--evidence", EVIL], &environment, "");
    assert!(is_harmless(&ran.stderr), "{ran:?}");
    let words = ["send", "--json", "--request", EVIL];
    let ran = run(&words, &environment, "");
    assert!(is_harmless(&ran.stdout), "{ran:?}");
    assert_eq!(ran.json()["problems"][0]["field"], EVIL);
}

#[test]
fn escapes_in_any_text_are_named_or_removed() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment = msgraph_chat(world);
    let to = channel(world);
    let words = [
        "send",
        "--json",
        "--to",
        &to,
        "--text",
        "x",
        "--subject",
        "\u{1b}[31mred\u{7}",
    ];
    let line = run(&words, &environment, "").json();
    assert_eq!(line["warnings"][0]["field"], "message.subject", "{line}");
    let line = run(&[&words[..], &["--strip-ansi"]].concat(), &environment, "").json();
    assert_eq!(
        (&line["exit_code"], &line["warnings"]),
        (&json!(0), &json!([])),
        "{line}"
    );
    let rows = serde_json::to_value(emulator.messages()).unwrap();
    let subject = |i: usize| {
        rows[i]["request"]["body"]["subject"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!([subject(0), subject(1)], ["\u{1b}[31mred\u{7}", "red"]);

    let id = line["receipt"]["message_id"].as_str().unwrap();
    let edit = ["edit", &to, id, "--text", "-"];
    let ran = run(&edit, &environment, "\u{1b}[1mnew\n");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "edited\n"), "{ran:?}");
    assert!(
        ran.stderr.contains("warning: --text: has terminal escapes"),
        "{ran:?}"
    );
    let ran = run(
        &[&edit[..], &["--strip-ansi"]].concat(),
        &environment,
        "\u{1b}[1mnew\n",
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let shown = run(&["show", &to, id, "--json"], &environment, "").json();
    assert_eq!(shown["text"], "new");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b.jsonl");
    let line = json!({"to": thread(world), "message": {"body": {"text": "\u{1b}[1mx"}}});
    fs::write(&file, line.to_string()).unwrap();
    let ran = run(&["batch", file.to_str().unwrap()], &acs_chat(world), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr
            .contains("warning: line 1: message.body.text: has"),
        "{ran:?}"
    );
}
