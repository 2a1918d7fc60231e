//! Signals while a command reads something that does not end: a pipe, or standard input.

use std::{
    fs,
    io::Read as _,
    net::TcpListener,
    os::unix::{fs::OpenOptionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
};

use ms_messenger_emulator::FaultAction;
use serde_json::Value;

use crate::support::{Environment, acs_chat, fail_next, msm, start, thread, with};

const SIGNALS: [(&str, i32); 3] = [("-INT", 2), ("-TERM", 15), ("-HUP", 1)];

/// A command, with a standard input that stays open.
struct Reading {
    child: Child,
    _input: ChildStdin,
}

impl Reading {
    fn start(words: &[&str], environment: &Environment, folder: &Path) -> Self {
        let mut command = msm();
        let command = command.args(words).envs(environment.iter().cloned());
        let command = command.current_dir(folder).stdin(Stdio::piped());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _input = child.stdin.take().unwrap();
        Self { child, _input }
    }

    /// Waits until a signal does not simply end it.
    fn catches_signals(&self) {
        let status = format!("/proc/{}/status", self.child.id());
        loop {
            let status = fs::read_to_string(&status).unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
            // Those of SIGHUP, SIGINT and SIGTERM.
            let all = 1 | 1 << 1 | 1 << 14;
            if mask & all == all {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// Waits until it has opened the pipe.
    fn opened(&mut self, pipe: &Path) -> fs::File {
        loop {
            // Without a reader that is an error, not a wait.
            let opened = fs::File::options()
                .write(true)
                .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
                .open(pipe);
            if let Ok(writer) = opened {
                return writer;
            }
            if self.child.try_wait().unwrap().is_some() {
                let mut error = String::new();
                let _ = self.child.stderr.take().unwrap().read_to_string(&mut error);
                panic!("{error}");
            }
            std::thread::yield_now();
        }
    }

    /// Sends a signal; returns how it ended, and its output.
    fn end(self, signal: &str) -> (ExitStatus, String, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let output = self.child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status, text(output.stdout), text(output.stderr))
    }
}

/// A pipe in a folder, to which nothing is written.
fn pipe(folder: &Path) -> PathBuf {
    let path = folder.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path
}

#[test]
fn what_was_to_be_sent_is_not_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    let (to, environment) = (thread(world), acs_chat(world));
    let folder = tempfile::tempdir().unwrap();
    let pipe = pipe(folder.path());
    for (number, words) in [
        &["send", "--to", &to, "-"][..],
        &["send", "--to", &to, "--text", "-"],
        &["send", "--request", "pipe"],
        &[
            "send", "--to", &to, "--at", "1h", "--store", "sqlite:o", "-",
        ],
        &["reply", &to, "1", "-"],
        &["edit", &to, "1", "--text", "-"],
        &["api", "POST", "/x", "--input", "pipe"],
        &["api", "POST", "/x", "--input", "-"],
        &["batch", "pipe", "--outbox", "o"],
        &["batch", "-", "--outbox", "o"],
        &["outbox", "add", "--store", "sqlite:o"],
        &[
            "send",
            "--to",
            &to,
            "--text",
            "x",
            "--acs-chat-token-file",
            "pipe",
        ],
        &["delete", &to, "1", "--acs-chat-token-file", "pipe"],
    ]
    .into_iter()
    .enumerate()
    {
        let (signal, _) = SIGNALS[number % SIGNALS.len()];
        for json in [&[][..], &["--json"]] {
            let words = [words, json].concat();
            let mut reading = Reading::start(&words, &environment, folder.path());
            let _writer = words.contains(&"pipe").then(|| reading.opened(&pipe));
            reading.catches_signals();
            let (status, out, error) = reading.end(signal);
            assert_eq!(status.code(), Some(7), "{words:?}: {error}");
            if json.is_empty() {
                assert_eq!(out, "", "{words:?}");
                let begin = "error: interrupted before anything was sent\nexit code 7: ";
                assert!(error.starts_with(begin), "{words:?}: {error}");
            } else {
                let line: Value = serde_json::from_str(&out).unwrap();
                assert_eq!(
                    (&line["exit_code"], &line["delivery"], &line["kind"]),
                    (&7.into(), &"not_sent".into(), &"cancelled".into()),
                    "{words:?}: {line}"
                );
            }
            assert!(!folder.path().join("o").exists(), "{words:?}");
        }
    }
    assert!(emulator.messages().is_empty());
}

#[test]
fn what_runs_until_a_signal_ends_in_order_and_what_sends_nothing_as_any_program() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = pipe(folder.path());
    let secret = "--acs-chat-token-file";
    let token = [
        "--acs-chat-endpoint",
        "https://contoso.communication.azure.com",
        secret,
        "pipe",
    ];
    let thread = "conversation:19:a@thread.v2";
    for (number, (words, token, code)) in [
        (
            &["listen", "--keep", "k", "--secret-file", "pipe"][..],
            &[][..],
            Some(0),
        ),
        (
            &["emulator", "--http", "127.0.0.1:0", "--faults", "pipe"],
            &[],
            Some(0),
        ),
        (&["read", thread, "--follow"], &token, Some(0)),
        (&["read", thread], &token, Some(7)),
        (
            &["emulator", "exec", "--faults", "pipe", "--", "true"],
            &[],
            None,
        ),
        (&["emulator", "env", "pipe"], &[], None),
        (&["settle", "--evidence", "pipe"], &[], None),
        (&["doctor"], &token, None),
        (&["show", thread, "1"], &token, None),
        (&["api", "GET", "/x"], &token, None),
        (
            &[
                "outbox",
                "status",
                "--store",
                "sqlite:o",
                "--key-file",
                "pipe",
            ],
            &[],
            None,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let (signal, of_signal) = SIGNALS[number % SIGNALS.len()];
        let words = [words, token].concat();
        let mut reading = Reading::start(&words, &vec![], folder.path());
        let _writer = reading.opened(&pipe);
        let (status, out, error) = reading.end(signal);
        let ended = status.code().or(status.signal().map(|signal| 128 + signal));
        assert_eq!(ended, code.or(Some(128 + of_signal)), "{words:?}: {error}");
        assert_eq!(out, "", "{words:?}");
    }
}

#[test]
fn what_is_read_to_its_end_leaves_the_signals_to_the_send() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    fail_next(&emulator, FaultAction::Delay { ms: 600_000 });
    let to = thread(world);
    let words = ["send", "--json", "--to", &to, "-"];
    let Reading { child, mut _input } = Reading::start(&words, &acs_chat(world), folder.path());
    std::io::Write::write_all(&mut _input, b"x").unwrap();
    drop(_input);
    while emulator.messages().is_empty() {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(8), "{line}");
    assert_eq!(line["request"]["message"]["body"]["text"], "x");
}

#[test]
fn a_change_without_a_response_is_unknown_after_a_signal() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let to = thread(world);
    fs::write(
        folder.path().join("body"),
        r#"{"content":"x","type":"text"}"#,
    )
    .unwrap();
    let environment = with(acs_chat(world), "ACS_CHAT_ENDPOINT", &address);
    for (number, words) in [
        &["api", "POST", "/chat/threads", "--input", "body"][..],
        &["edit", &to, "1", "--text", "x"],
        &["delete", &to, "1"],
        &["api", "GET", "/chat/threads"],
    ]
    .into_iter()
    .enumerate()
    {
        let is_read = words[1] == "GET";
        // Nothing catches that of a read, and a job in the background may ignore the others.
        let number = if is_read { 1 } else { number };
        let (signal, of_signal) = SIGNALS[number % SIGNALS.len()];
        for json in [&[][..], &["--json"]] {
            let words = [words, json].concat();
            let reading = Reading::start(&words, &environment, folder.path());
            let (mut stream, _) = silent.accept().unwrap();
            stream.read_exact(&mut [0]).unwrap();
            let (status, out, error) = reading.end(signal);
            if is_read {
                // A read is the same as it was before.
                assert_eq!(status.signal(), Some(of_signal), "{error}");
                continue;
            }
            assert_eq!(status.code(), Some(8), "{words:?}: {out} {error}");
            if json.is_empty() {
                let begin = "error: interrupted before the response arrived\n  it is unknown";
                assert!(error.starts_with(begin), "{words:?}: {error}");
            } else {
                let line: Value = serde_json::from_str(&out).unwrap();
                assert_eq!(line["delivery"], "unknown", "{words:?}: {line}");
            }
        }
    }
}

#[test]
fn a_reader_that_does_not_read_does_not_hold_up_the_end() {
    let emulator = start(false);
    let folder = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let environment = with(acs_chat(emulator.seed()), "ACS_CHAT_ENDPOINT", &address);
    let words = ["api", "--json", "POST", "/chat/threads"];
    let mut reading = Reading::start(&words, &environment, folder.path());
    let (mut stream, _) = silent.accept().unwrap();
    stream.read_exact(&mut [0]).unwrap();
    // More than a pipe holds.
    let body = format!("{:?}", "x".repeat(1 << 20));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let length = body.len();
    let response = format!("{head}content-length: {length}\r\n\r\n{body}");
    std::io::Write::write_all(&mut stream, response.as_bytes()).unwrap();
    let mut first = [0];
    let out = reading.child.stdout.as_mut().unwrap();
    out.read_exact(&mut first).unwrap();
    let id = reading.child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(sent.success());
    assert_eq!(reading.child.wait().unwrap().code(), Some(8));
}
