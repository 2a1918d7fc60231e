//! Signals and time-outs during a send.

#[cfg(unix)]
use std::process::{Child, Command, Stdio};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

use ms_messenger_emulator::FaultAction;
use serde_json::{Value, json};

use crate::support::{Environment, acs_chat, closed_port, fail_next, msm, run, start, thread};

/// A channel by the form of its ids.
const NOWHERE: &str = "channel:fbe2bf47-16c8-47cf-b4a5-4b9b187c508b/19:4a95f7@thread.tacv2";

#[cfg(unix)]
fn spawn(words: &[&str], environment: &Environment) -> Child {
    let mut command = msm();
    let command = command.args(words).envs(environment.iter().cloned());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[cfg(unix)]
fn end(child: Child, signal: &str) -> (i32, Value) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    let line = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    (output.status.code().unwrap(), line)
}

#[cfg(unix)]
#[test]
fn every_signal_during_a_send_reports_its_delivery() {
    let emulator = start(false);
    let world = emulator.seed();
    for signal in ["-INT", "-TERM", "-HUP"] {
        emulator.reset();
        fail_next(&emulator, FaultAction::Delay { ms: 600_000 });
        let words = ["send", "--json", "--to", &thread(world), "--text", "x"];
        let child = spawn(&words, &acs_chat(world));
        // Stored, so the program waits for the response.
        while emulator.messages().is_empty() {
            std::thread::yield_now();
        }
        let (code, line) = end(child, signal);
        assert_eq!(
            (code, &line["delivery"]),
            (8, &"unknown".into()),
            "{signal}: {line}"
        );
        let message = line["message"].as_str().unwrap();
        assert!(message.starts_with("interrupted"), "{signal}: {line}");
        assert_eq!(line["request"]["message"], json!({"body": {"text": "x"}}));
    }
}

#[cfg(unix)]
#[test]
fn a_signal_between_attempts_that_sent_nothing_is_not_sent() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let environment = vec![
            ("MSGRAPH_BASE_URL", format!("http://{address}/v1.0")),
            ("MSGRAPH_TOKEN", "t".to_owned()),
        ];
        let words = ["send", "--json", "--to", NOWHERE, "--text", "x"];
        let child = spawn(&words, &environment);
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        let slow = "HTTP/1.1 429 Slow\r\nretry-after: 50\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(slow.as_bytes()).unwrap();
        // The client closes the connection once it has read the response, and waits from then on.
        stream.read_to_end(&mut request).unwrap();
        let (code, line) = end(child, signal);
        assert_eq!(
            (code, &line["delivery"], &line["exit_code"]),
            (7, &"not_sent".into(), &7.into()),
            "{line}"
        );
    }
}

/// Returns whether the process handles SIGINT, by the mask of the signals that it catches.
#[cfg(target_os = "linux")]
fn listens_for_interrupts(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & 2 != 0
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_after_refused_connections_is_not_sent() {
    let (_kept, port) = closed_port();
    let environment = vec![
        ("MSGRAPH_BASE_URL", format!("http://127.0.0.1:{port}/v1.0")),
        ("MSGRAPH_TOKEN", "t".to_owned()),
    ];
    let words = [
        "send",
        "--json",
        "--to",
        NOWHERE,
        "--text",
        "x",
        "--retries",
        "1000000",
    ];
    let child = spawn(&words, &environment);
    // Nothing can have been sent, whenever the signal arrives.
    while !listens_for_interrupts(child.id()) {
        std::thread::yield_now();
    }
    let (code, line) = end(child, "-INT");
    assert_eq!((code, &line["delivery"]), (7, &"not_sent".into()), "{line}");
}

#[test]
fn a_time_out_of_the_send_ends_it_with_its_evidence() {
    let emulator = start(false);
    let world = emulator.seed();
    fail_next(&emulator, FaultAction::Delay { ms: 600_000 });
    let words = [
        "send",
        "--json",
        "--to",
        &thread(world),
        "--text",
        "x",
        "--timeout",
        "300ms",
    ];
    let ran = run(&words, &acs_chat(world), "");
    assert_eq!(ran.code, 8, "{ran:?}");
    let line = ran.json();
    assert_eq!(line["kind"], "timeout");
    assert!(line["evidence"].is_object(), "{line}");
    // The time-out also ends a wait that the server asks for, and nothing was sent.
    emulator.reset();
    fail_next(
        &emulator,
        FaultAction::status(429).with_header("Retry-After", "50"),
    );
    let ran = run(&words, &acs_chat(world), "");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(emulator.messages().is_empty());
}
