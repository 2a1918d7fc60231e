//! `msm emulator`.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::support::{http, msm, run};

/// The running program, which ends with the test.
pub(crate) struct Running {
    child: Child,
    pub(crate) ready: Value,
}

impl Running {
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::start_in(words, &[])
    }

    pub(crate) fn start_in(words: &[&str], environment: &[(&str, String)]) -> Self {
        // A free port for HTTPS follows from that for HTTP.
        let mut all = vec!["emulator"];
        if !words.contains(&"--http") {
            all.extend(["--http", "127.0.0.1:0"]);
        }
        let mut child = msm()
            .args(all)
            .args(words)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::with_capacity(1 << 20, stdout)
            .read_line(&mut line)
            .unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        Self { child, ready }
    }

    pub(crate) fn origin(&self) -> &str {
        self.ready["http"].as_str().unwrap()
    }

    /// Ends it in order, so that everything is written. Returns its standard error.
    pub(crate) fn stop(mut self) -> String {
        let authority = self.origin().to_owned();
        let id = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status();
        assert!(sent.unwrap().success(), "{authority}");
        assert!(self.child.wait().unwrap().success(), "{authority}");
        let mut text = String::new();
        let mut error = self.child.stderr.take().unwrap();
        error.read_to_string(&mut text).unwrap();
        text
    }

    pub(crate) fn get(&self, path: &str) -> (String, Value) {
        let authority = self.origin().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (
            head.lines().next().unwrap().to_owned(),
            serde_json::from_str(body).unwrap(),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_ready_line_has_what_a_client_needs_and_the_emulator_responds() {
    let running = Running::start(&["--seed", "7"]);
    for path in [
        "/acs/connection_string",
        "/acs/channel_registration_id",
        "/acs/users/0/token",
        "/acs/thread_id",
        "/acs/conversation_id",
        "/graph/base",
        "/graph/token",
        "/graph/team_id",
        "/graph/channel_id",
        "/graph/chat_id",
    ] {
        assert!(
            running.ready.pointer(path).is_some_and(Value::is_string),
            "{path}"
        );
    }
    let (status, health) = running.get("/_emulator/health");
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert_eq!(health["seed"], 7);
}

#[test]
fn the_program_sends_to_its_own_emulator() {
    let running = Running::start(&[]);
    let acs = &running.ready["acs"];
    let environment = [
        (
            "ACS_CHAT_ENDPOINT",
            acs["endpoint"].as_str().unwrap().to_owned(),
        ),
        (
            "ACS_CHAT_TOKEN",
            acs["users"][0]["token"].as_str().unwrap().to_owned(),
        ),
    ];
    let to = format!("conversation:{}", acs["thread_id"].as_str().unwrap());
    let ran = run(
        &["send", "--to", &to, "--text", "from the shell"],
        &environment,
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, rows) = running.get("/_emulator/messages");
    assert_eq!(rows[0]["text"], "from the shell");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_emulator_cleanly() {
    for (signal, name) in [("-TERM", "SIGTERM"), ("-INT", "Ctrl-C"), ("-HUP", "SIGHUP")] {
        let mut running = Running::start(&[]);
        let id = running.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap();
        assert!(sent.success());
        let status = running.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
        let mut rest = String::new();
        running
            .child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        assert_eq!(rest, "", "one line, and no more, is on standard output");
        let mut notes = String::new();
        let mut stderr = running.child.stderr.take().unwrap();
        stderr.read_to_string(&mut notes).unwrap();
        let last = notes.lines().last().unwrap();
        assert_eq!(last, format!("ending ({name}): 0 requests, 0 messages"));
    }
}

#[test]
fn an_address_other_than_loopback_is_rejected() {
    let ran = run(&["emulator", "--http", "0.0.0.0:0"], &[], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains("--listen-any"), "{}", ran.stderr);
}

#[test]
fn an_emulator_that_others_can_reach_is_named_by_its_host() {
    let running = Running::start(&["--http", "0.0.0.0:0", "--listen-any", "--host", "emulator"]);
    let port = running.origin().strip_prefix("http://emulator:").unwrap();
    let (status, _, _) = http(
        "GET",
        &format!("http://localhost:{port}/_emulator/health"),
        "",
    );
    assert_eq!(status, 200);
}

#[test]
fn two_emulators_beside_each_other_never_collide() {
    let (one, two) = (Running::start(&[]), Running::start(&[]));
    assert_ne!(one.ready["http"], two.ready["http"]);
    assert_ne!(one.ready["https"], two.ready["https"]);
}

#[test]
fn the_world_is_kept_between_two_starts_and_a_damaged_file_stays_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world");
    let words = ["--data", file.to_str().unwrap()];
    let running = Running::start(&words);
    let message = r#"{"platform":"acs-messages","from":"+14255550123","text":"kept"}"#;
    let (status, _, _) = http(
        "POST",
        &format!("{}/_emulator/inject", running.origin()),
        message,
    );
    assert_eq!(status, 200);
    running.stop();
    let running = Running::start(&words);
    let (_, rows) = running.get("/_emulator/messages");
    assert_eq!(rows[0]["text"], "kept");
    running.stop();
    std::fs::write(&file, "hello\n").unwrap();
    let all = [&["emulator", "--http", "127.0.0.1:0"][..], &words].concat();
    let ran = run(&all, &[], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
    assert!(
        ran.stderr.contains("is no data file of the emulator"),
        "{ran:?}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "hello\n");
}

#[cfg(unix)]
#[test]
fn the_data_of_an_emulator_is_a_regular_file() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe").display().to_string();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for (path, rule) in [
        ("/dev/zero", "is not a regular file"),
        ("/dev/null", "is not a regular file"),
        (&pipe, "is not a regular file"),
        (folder.path().to_str().unwrap(), "is a folder, not a file"),
    ] {
        let words = ["emulator", "--http", "127.0.0.1:0", "--data", path];
        let ran = run(&words, &[], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
        assert!(ran.stderr.contains(&format!("{path}: {rule}")), "{ran:?}");
    }
}

#[test]
fn the_ready_text_says_which_variable_takes_which_member() {
    let mut running = Running::start(&[]);
    let mut notes = String::new();
    let mut stderr = BufReader::new(running.child.stderr.take().unwrap());
    while !notes.contains("WHATSAPP_CHANNEL_ID") {
        assert!(stderr.read_line(&mut notes).unwrap() > 0, "{notes}");
    }
    let env = format!("eval \"$(msm emulator env {})\"", running.origin());
    assert!(notes.contains(&env), "{notes}");
    let line = notes
        .lines()
        .find(|line| line.contains(" MSGRAPH_TOKEN "))
        .unwrap();
    assert!(line.ends_with(" graph.token"), "{line}");
}

#[test]
fn an_address_in_use_is_named() {
    let running = Running::start(&[]);
    let taken = running.origin().strip_prefix("http://").unwrap();
    let ran = run(&["emulator", "--http", taken], &[], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains(taken), "{}", ran.stderr);
    let way_out = "--http 127.0.0.1:0 takes any free port";
    assert!(ran.stderr.contains(way_out), "{}", ran.stderr);
    let https = ["emulator", "--http", "127.0.0.1:0", "--https", taken];
    let ran = run(&https, &[], "");
    assert_eq!(ran.code, 3);
    let way_out = "--https 127.0.0.1:0 takes any free port";
    assert!(ran.stderr.contains(way_out), "{}", ran.stderr);
}

#[test]
fn every_failed_start_is_a_usage_or_configuration_error_and_names_its_option() {
    let missing = "/nonexistent/file";
    for (words, code, named) in [
        (&["--ucwa-time-scale", "-1"][..], 2, "--ucwa-time-scale"),
        (&["--ucwa-time-scale", "NaN"], 2, "--ucwa-time-scale"),
        (&["--host", "bad host"], 2, "--host"),
        (&["--clock-offset", "1e99"], 2, "--clock-offset"),
        (&["--retry-after", "date"], 2, "--retry-after"),
        (&["--faults", missing], 3, missing),
        (&["--ca-out", missing], 3, missing),
        (&["--https", "192.0.2.1:0"], 3, "192.0.2.1"),
        (
            &["--on-message", "http://example.org/"],
            2,
            "--receiver-host NAME",
        ),
        (
            &["--receiver-host", "example.org"],
            2,
            "--receiver-host needs --on-message",
        ),
        (&["--data", "/nonexistent/file"], 3, missing),
        (
            &["--data", "/nonexistent/file"],
            3,
            "cannot be opened: the folder /nonexistent does not exist",
        ),
        (&["--on-message", "nonsense"], 2, "--on-message: must be an"),
        (&["--env-out", "/"], 3, "/: is a folder, not a file"),
        (&["--ca-out", "/"], 3, "/: is a folder, not a file"),
        (&["--data", "/"], 3, "/: is a folder, not a file"),
        (&["--replay", "/"], 3, "/: is a folder, not a file"),
        (&["--faults", "/"], 3, "/: is a folder, not a file"),
        (
            &["--faults", "/no\nsuch"],
            3,
            "error: /no such: no such file",
        ),
        (&["--replay", missing], 3, "/nonexistent/file: no such file"),
        (&["--faults", missing], 3, "no such file"),
        (
            &["--ca-out", missing],
            3,
            "the folder /nonexistent does not exist: create it first",
        ),
    ] {
        let mut all = vec!["emulator", "--http", "127.0.0.1:0"];
        if !words.contains(&"--https") {
            all.extend(["--https", "127.0.0.1:0"]);
        }
        let words = [all.as_slice(), words].concat();
        let ran = run(&words, &[], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{words:?}");
        assert!(ran.stderr.contains(named), "{}", ran.stderr);
        assert!(!ran.stderr.contains("os error"), "{}", ran.stderr);
    }
}

#[test]
fn the_clock_of_the_services_can_be_offset() {
    let running = Running::start(&[
        "--clock-offset",
        "-7200",
        "--graph-expired",
        "403",
        "--ucwa-topology",
        "redirect",
    ]);
    let (_, clock) = running.get("/_emulator/clock");
    assert_eq!(clock["offset_ms"], -7_200_000);
}

#[test]
fn the_ready_line_names_the_https_address_and_the_certificate_authority() {
    let path = std::env::temp_dir().join(format!("msm-ca-{}.pem", std::process::id()));
    let running = Running::start(&["--ca-out", path.to_str().unwrap(), "--host", "mail.test"]);
    let written = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(written.starts_with("-----BEGIN CERTIFICATE"), "{written}");
    assert_eq!(running.ready["ca"], path.to_str().unwrap());
    let https = running.ready["https"].as_str().unwrap();
    assert!(https.starts_with("https://localhost:"), "{https}");
}
