//! What people run into: certificates of a company, tokens of another service, keys that are used
//! again, signals.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

use ms_messenger_emulator::{Emulator, FaultAction, When};
use serde_json::{Value, json};

use crate::support::{
    Environment, acs_chat, acs_messages, channel, closed_port, fail_next, msgraph_chat, msm, run,
    start, thread,
};

/// A channel by the form of its ids.
const NOWHERE: &str = "channel:fbe2bf47-16c8-47cf-b4a5-4b9b187c508b/19:4a95f7@thread.tacv2";

/// An emulator that is reached over HTTPS, and the certificate of its authority.
fn with_https() -> (Emulator, tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let builder = Emulator::builder()
        .with_https("127.0.0.1:0".parse().unwrap())
        .with_ca_out(&ca);
    let emulator = runtime.unwrap().block_on(builder.start()).unwrap();
    (emulator, folder, ca.display().to_string())
}

#[test]
fn an_untrusted_certificate_says_what_to_set_and_never_to_come_again() {
    let (emulator, _folder, ca) = with_https();
    let world = emulator.world();
    let base = format!("{}/v1.0", emulator.https_url().unwrap());
    let environment = vec![
        ("MSGRAPH_BASE_URL", base),
        ("MSGRAPH_TOKEN", world.graph.token.clone()),
    ];
    let to = channel(world);
    let words = ["send", "--to", &to, "--text", "x"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("SSL_CERT_FILE"), "{ran:?}");
    assert!(!ran.stderr.contains("with_"), "{ran:?}");
    let json = run(&[&words[..], &["--json"]].concat(), &environment, "");
    let line = json.json();
    assert_eq!(
        (&line["exit_code"], &line["attempts"]),
        (&3.into(), &1.into())
    );
    assert!(
        line["causes"].to_string().contains("UnknownIssuer"),
        "{line}"
    );
    assert!(line["advice"].as_str().unwrap().contains("SSL_CERT_FILE"));
    let doctor = run(&["doctor", "--platform", "msgraph-chat"], &environment, "");
    assert_eq!(doctor.code, 3, "{doctor:?}");
    let reachable = doctor
        .stdout
        .lines()
        .find(|line| line.contains("reachable"));
    assert!(reachable.unwrap().contains("UnknownIssuer"), "{doctor:?}");
    assert!(reachable.unwrap().contains("SSL_CERT_FILE"), "{doctor:?}");
    let trusting = [environment, vec![("SSL_CERT_FILE", ca)]].concat();
    assert_eq!(run(&words, &trusting, "").code, 0);
}

#[test]
fn a_refused_connection_is_among_the_causes() {
    let (_kept, port) = closed_port();
    let environment = vec![
        ("MSGRAPH_BASE_URL", format!("http://127.0.0.1:{port}/v1.0")),
        ("MSGRAPH_TOKEN", "t".to_owned()),
    ];
    let words = ["send", "--to", NOWHERE, "--text", "x", "--retries", "0"];
    let line = run(&[&words[..], &["--json"]].concat(), &environment, "").json();
    let causes = line["causes"].as_array().unwrap();
    let innermost = causes.last().unwrap().as_str().unwrap().to_lowercase();
    assert!(innermost.contains("refused"), "{line}");
    let people = run(&words, &environment, "");
    assert!(
        people.stderr.to_lowercase().contains("refused"),
        "{people:?}"
    );
    let doctor = run(&["doctor"], &environment, "");
    assert!(
        doctor.stdout.to_lowercase().contains("refused"),
        "{doctor:?}"
    );
}

/// The same with another value of `name`.
fn with(mut environment: Environment, name: &'static str, value: &str) -> Environment {
    environment.retain(|(known, _)| *known != name);
    environment.push((name, value.to_owned()));
    environment
}

#[test]
fn a_dry_run_refuses_what_a_send_refuses_of_a_token() {
    let emulator = start(false);
    let world = emulator.world();
    let user = &world.graph.users[0];
    let soon = SystemTime::now() + Duration::from_secs(600);
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let (soon, past) = (seconds(soon), seconds(SystemTime::now()) - 60);
    let of_graph = |token: &str| with(msgraph_chat(world), "MSGRAPH_TOKEN", token);
    let of_chat = |token: &str| with(acs_chat(world), "ACS_CHAT_TOKEN", token);
    let alice = &world.acs.users[0].id;
    for (to, environment, code, said) in [
        (
            channel(world),
            of_graph(&world.graph.app_token),
            5,
            "application",
        ),
        (channel(world), of_graph("bad\u{1}"), 3, "header"),
        (
            channel(world),
            of_graph(&world.graph_token(user, &["ChannelMessage.Send"], past)),
            5,
            "expired",
        ),
        (
            channel(world),
            of_graph(&world.graph_token(user, &["ChatMessage.Send"], soon)),
            5,
            "ChannelMessage.Send",
        ),
        (
            channel(world),
            of_graph(&world.acs.users[0].token),
            5,
            "Azure Communication Services",
        ),
        (
            thread(world),
            of_chat(&world.acs_token(alice, &["voip"], soon)),
            5,
            "scope chat",
        ),
        (
            thread(world),
            of_chat(&world.acs_token(alice, &["chat"], past)),
            5,
            "expired",
        ),
        (
            thread(world),
            of_chat(&world.graph.token),
            5,
            "graph.microsoft.com",
        ),
    ] {
        let words = ["send", "--to", &to, "--text", "x", "--dry-run", "--json"];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, code, "{said}: {ran:?}");
        assert!(
            ran.json()["message"].as_str().unwrap().contains(said),
            "{said}: {ran:?}"
        );
        // The doctor sees it too, unless the token is of use for another target.
        let doctor = match said {
            "ChannelMessage.Send" => 0,
            _ => code,
        };
        assert_eq!(run(&["doctor"], &environment, "").code, doctor, "{said}");
    }
    assert_eq!(emulator.stats()["stored"], 0);
}

#[test]
fn a_dry_run_refuses_what_a_send_refuses_without_asking() {
    let emulator = start(false);
    let world = emulator.world();
    let native = |payload: Value| {
        let body = json!({"native": {"platform": "msgraph-chat", "payload": payload}});
        json!({"to": channel(world), "message": {"body": body}}).to_string()
    };
    let (to, thread) = (channel(world), thread(world));
    let bob = world.ucwa.users[1].sip.clone();
    let (long, graph) = ("a".repeat(1_000_000), msgraph_chat(world));
    let long_chat = "a".repeat(29_000);
    let key = "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5";
    let old = "2020-01-01T00:00:00Z";
    for (words, environment, input) in [
        (&["--to", &to, "-"][..], &graph, long.as_str()),
        (
            &["--to", "tel:+14255550123", "--image", "file:///etc/passwd"],
            &acs_messages(world),
            "",
        ),
        (
            &["--to", &to, "--html", "<at id=\"0\">Bob</at>"],
            &graph,
            "",
        ),
        (&["--to", &to, "--text", "   "], &graph, ""),
        (
            &[
                "--to",
                "channel:not-a-guid/19:a@thread.tacv2",
                "--text",
                "x",
            ],
            &graph,
            "",
        ),
        (
            &[
                "--to",
                "tel:+14255550123",
                "--text",
                "x",
                "--idempotency-key",
                key,
                "--first-sent",
                old,
            ],
            &acs_messages(world),
            "",
        ),
        (&["--to", &thread, "-"], &acs_chat(world), &long_chat),
        (&["--to", &bob, "-"], &crate::support::skype(world), &long),
        (&["--request", "-"], &graph, &native(json!({"bogus": 1}))),
        (&["--request", "-"], &graph, &native(json!([]))),
        (
            &["--to", &thread, "--template", "t", "--language", "en"],
            &acs_chat(world),
            "",
        ),
    ] {
        let dry = run(
            &[&["send", "--json", "--dry-run"], words].concat(),
            environment,
            input,
        );
        let sent = run(&[&["send", "--json"], words].concat(), environment, input);
        assert_ne!(dry.code, 0, "{words:?}: {dry:?}");
        let (dry, sent) = (dry.json(), sent.json());
        assert_eq!(sent["attempts"], 0, "{sent}");
        for name in ["kind", "message", "problems"] {
            assert_eq!(dry[name], sent[name], "{words:?}");
        }
    }
    assert_eq!(emulator.stats()["stored"], 0);
}

#[test]
fn a_refused_token_says_what_is_wrong_with_it() {
    let emulator = start(false);
    let world = emulator.world();
    let expired = world.graph_token(
        &world.graph.users[0],
        &["ChannelMessage.Send"],
        1_700_000_000,
    );
    let environment = with(msgraph_chat(world), "MSGRAPH_TOKEN", &expired);
    let ran = run(
        &["send", "--to", &channel(world), "--text", "x"],
        &environment,
        "",
    );
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr
            .contains("MSGRAPH_TOKEN expired at 2023-11-14T22:13:20Z"),
        "{ran:?}"
    );
}

#[test]
fn a_base_address_without_its_version_is_named() {
    let emulator = start(false);
    let world = emulator.world();
    let base = world.graph.base.trim_end_matches("/v1.0").to_owned();
    let environment = with(msgraph_chat(world), "MSGRAPH_BASE_URL", &base);
    let doctor = run(&["doctor", "--platform", "msgraph-chat"], &environment, "");
    assert_eq!(doctor.code, 6, "{doctor:?}");
    assert!(doctor.stdout.contains("/v1.0"), "{doctor:?}");
    let words = ["send", "--to", &channel(world), "--text", "x"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(
        ran.stderr.contains("MSGRAPH_BASE_URL ends in no version"),
        "{ran:?}"
    );
    let dry = run(
        &[&words[..], &["--dry-run", "--json"]].concat(),
        &environment,
        "",
    );
    assert_eq!(dry.json()["warnings"][0]["field"], "MSGRAPH_BASE_URL");
}

#[test]
fn the_doctor_takes_no_refusal_for_consent() {
    let emulator = start(false);
    let world = emulator.world();
    for (environment, path) in [
        (
            with(
                acs_chat(world),
                "ACS_CHAT_ENDPOINT",
                &format!("{}/elsewhere", world.acs.endpoint),
            ),
            6,
        ),
        (
            with(
                acs_messages(world),
                "ACS_CHANNEL_REGISTRATION_ID",
                "00000000-0000-0000-0000-000000000009",
            ),
            0,
        ),
    ] {
        let ran = run(&["doctor", "--json"], &environment, "");
        let text = ran.stdout.clone();
        assert!(!text.contains("accepts it (4"), "{text}");
        assert!(path == 0 || ran.code != 0, "{text}");
    }
}

fn store_and_close() -> FaultAction {
    FaultAction::Close {
        when: When::AfterStore,
    }
}

#[test]
fn a_key_alone_can_be_given_again_and_sends_once() {
    let emulator = start(false);
    let world = emulator.world();
    let state = tempfile::tempdir().unwrap();
    let environment = with(
        acs_messages(world),
        "MSM_STATE_DIR",
        state.path().to_str().unwrap(),
    );
    fail_next(&emulator, store_and_close());
    let words = [
        "send",
        "--to",
        "tel:+14255550123",
        "--text",
        "trap",
        "--idempotency-key",
        "build 42",
        "--retries",
        "0",
        "--json",
    ];
    let first = run(&words, &environment, "");
    assert_eq!(first.code, 8, "{first:?}");
    // A time of its own for each use would be another second by then.
    std::thread::sleep(Duration::from_millis(1100));
    for _ in 0..2 {
        let again = run(&words, &environment, "");
        assert_eq!(again.code, 0, "{again:?}");
    }
    let rows = emulator.messages();
    assert_eq!((rows.len(), rows[0].replays), (1, 2));
    // Another message under the same key is not sent, and says so truly.
    let mut other = words;
    other[4] = "another";
    let ran = run(&other, &environment, "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.json()["message"]
            .as_str()
            .unwrap()
            .contains("another message")
    );
    assert_eq!(emulator.messages().len(), 1);
    let kept = std::fs::read_dir(state.path().join("keys")).unwrap();
    for entry in kept {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(
            !text.contains("trap") && !text.contains("4255550123"),
            "{text}"
        );
    }
}

#[test]
fn a_key_whose_first_use_is_not_known_here_never_ends_in_not_sent() {
    let emulator = start(false);
    let world = emulator.world();
    fail_next(&emulator, store_and_close());
    let run_on = |machine: &tempfile::TempDir| {
        let environment = with(
            acs_messages(world),
            "MSM_STATE_DIR",
            machine.path().to_str().unwrap(),
        );
        let words = [
            "send",
            "--to",
            "tel:+14255550123",
            "--text",
            "trap",
            "--idempotency-key",
            "k",
            "--retries",
            "0",
            "--json",
        ];
        run(&words, &environment, "")
    };
    let machines = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    assert_eq!(run_on(&machines[0]).code, 8);
    std::thread::sleep(Duration::from_millis(1100));
    let elsewhere = run_on(&machines[1]);
    assert_eq!(elsewhere.code, 8, "{elsewhere:?}");
    assert_eq!(elsewhere.json()["delivery"], "unknown");
    assert_eq!(emulator.messages().len(), 1);
}

#[test]
fn a_key_that_cannot_be_remembered_is_not_used() {
    let emulator = start(false);
    let file = tempfile::NamedTempFile::new().unwrap();
    let state = file.path().to_str().unwrap();
    let environment = with(acs_messages(emulator.world()), "MSM_STATE_DIR", state);
    let words = [
        "send",
        "--to",
        "tel:+14255550123",
        "--text",
        "x",
        "--idempotency-key",
        "k",
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("--first-sent"), "{ran:?}");
    assert!(emulator.messages().is_empty());
}

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
fn every_signal_in_a_send_leaves_a_word() {
    let emulator = start(false);
    let world = emulator.world();
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
        // It closes the connection once it has read the response, and waits from then on.
        stream.read_to_end(&mut request).unwrap();
        let (code, line) = end(child, signal);
        assert_eq!(
            (code, &line["delivery"], &line["exit_code"]),
            (7, &"not_sent".into(), &7.into()),
            "{line}"
        );
    }
}

/// Whether the process handles SIGINT, by the mask of the signals that it catches.
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
    // Whenever it comes once it is listened for: nothing can have been sent.
    while !listens_for_interrupts(child.id()) {
        std::thread::yield_now();
    }
    let (code, line) = end(child, "-INT");
    assert_eq!((code, &line["delivery"]), (7, &"not_sent".into()), "{line}");
}

#[test]
fn a_time_out_of_the_send_ends_it_with_its_evidence() {
    let emulator = start(false);
    let world = emulator.world();
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
    // A wait for a server that asks for it ends there, too, and nothing was sent.
    emulator.reset();
    fail_next(
        &emulator,
        FaultAction::status(429).with_header("Retry-After", "50"),
    );
    let ran = run(&words, &acs_chat(world), "");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(emulator.messages().is_empty());
}
