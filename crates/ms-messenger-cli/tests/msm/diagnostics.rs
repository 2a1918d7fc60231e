//! `-v`, `--quiet`, `--log-format`, colours, and `msm report`.

use std::fs;

use ms_messenger_emulator::FaultAction;
use serde_json::{Value, json};

use crate::support::{
    acs_chat, acs_messages, channel, closed_port, conversation, fail_next, msgraph_chat, run,
    skype, start, thread, with,
};

const TEXT: &str = "attack at dawn";

#[test]
fn a_verbose_send_names_each_call_and_each_attempt_and_no_content() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = channel(world);
    let words = ["send", "--to", &to, "--text", TEXT];
    let environment = msgraph_chat(world);
    assert_eq!(run(&words, &environment, "").stderr, "");
    let retried = || {
        let action = FaultAction::status(429).with_header("Retry-After", "0");
        fail_next(&emulator, action);
    };
    retried();
    let ran = run(&[&words[..], &["-v"]].concat(), &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let calls: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|it| it.contains("msgraph-chat"))
        .collect();
    let [call] = calls[..] else { panic!("{ran:?}") };
    for part in [
        "status=201",
        "attempts=2",
        "delivery=sent",
        "request_id=",
        "took=",
    ] {
        assert!(call.contains(part), "{part}: {ran:?}");
    }
    assert!(!ran.stderr.contains("retrying"), "{ran:?}");
    retried();
    let ran = run(&[&["-vv"], &words[..]].concat(), &environment, "");
    assert_eq!(ran.stderr.matches(" attempt ").count(), 2, "{ran:?}");
    assert!(ran.stderr.contains("method=POST host=127.0.0.1"), "{ran:?}");
    assert!(ran.stderr.contains(" retrying attempt=1 "), "{ran:?}");
    assert!(!ran.stderr.contains(TEXT), "{ran:?}");
    assert!(!ran.stderr.contains(&world.graph.token), "{ran:?}");
}

#[test]
fn no_log_of_any_platform_has_a_secret_a_text_or_a_query() {
    let emulator = start(false);
    let world = emulator.seed();
    let bob = world.ucwa.users[1].sip.clone();
    for (to, environment) in [
        (conversation(world), acs_messages(world)),
        (thread(world), acs_chat(world)),
        (channel(world), msgraph_chat(world)),
        (bob, skype(world)),
    ] {
        let words = [
            "send",
            "-vv",
            "--log-format",
            "json",
            "--to",
            &to,
            "--text",
            TEXT,
        ];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stderr.lines().count() >= 2, "{ran:?}");
        for line in ran.stderr.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
            assert!(
                line["time"].is_string() && line["event"].is_string(),
                "{line}"
            );
        }
        assert!(!ran.stderr.contains(TEXT), "{ran:?}");
        assert!(!ran.stderr.contains('?'), "{ran:?}");
        for (name, value) in &environment {
            let is_secret = ["STRING", "TOKEN", "PASSWORD"]
                .iter()
                .any(|it| name.ends_with(it));
            assert!(
                !is_secret || !ran.stderr.contains(value.as_str()),
                "{name}: {ran:?}"
            );
        }
    }
}

#[test]
fn a_quiet_command_prints_errors_only() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = thread(world);
    let words = ["send", "--to", &to, "-"];
    let coloured = "\u{1b}[31mred\u{1b}[0m";
    let loud = run(&words, &acs_chat(world), coloured);
    assert!(loud.stderr.starts_with("warning: "), "{loud:?}");
    let quiet = run(&[&words[..], &["-q"]].concat(), &acs_chat(world), coloured);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
    assert!(!quiet.stdout.is_empty());
    let failed = run(&["send", "--quiet", "--to", &to, "--text", "x"], &[], "");
    assert_eq!(failed.code, 3);
    assert!(failed.stderr.starts_with("error: "), "{failed:?}");
    let usage = run(&["send", "--quiet", "--to"], &[], "");
    assert!(usage.stderr.starts_with("error: "), "{usage:?}");
}

#[test]
fn colours_obey_the_environment_and_are_absent_without_a_terminal() {
    let words = ["send", "--to", "channel:t/c", "--text", "x"];
    let colours = |environment: &[(&str, &str)]| {
        let environment: Vec<(&str, String)> = environment
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, 3, "{ran:?}");
        ran.stderr.contains('\u{1b}')
    };
    assert!(!colours(&[]));
    assert!(colours(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[("NO_COLOR", "1")]));
    assert!(!colours(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_report_has_what_is_needed_and_neither_accounts_nor_secrets() {
    let emulator = start(false);
    let world = emulator.seed();
    let home = tempfile::tempdir().unwrap();
    let mut environment = [acs_chat(world), msgraph_chat(world), skype(world)].concat();
    environment.push(("HOME", home.path().display().to_string()));
    let (_kept, port) = closed_port();
    let unreachable = with(
        environment.clone(),
        "MSGRAPH_BASE_URL",
        &format!("http://127.0.0.1:{port}/v1.0"),
    );
    let to = channel(world);
    let failed = run(
        &["send", "--retries", "0", "--to", &to, "--text", TEXT],
        &unreachable,
        "",
    );
    assert_eq!(failed.code, 7, "{failed:?}");
    let ran = run(&["report", "--json"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    let failure = &report["failures"][0];
    assert_eq!(failure["exit_code"], 7, "{report}");
    assert_eq!(failure["kind"], "connect");
    assert_eq!(failure["command"], "send");
    assert_eq!(report["doctor"]["platforms"][2]["platform"], "msgraph-chat");
    let used = |platform: &str, variable: Value, origin: Value| json!({"platform": platform, "variable": variable, "origin": origin});
    let from = |variable: &str| (json!(variable), json!("the environment"));
    let (token, place) = from("MSGRAPH_TOKEN");
    let credentials = report["configuration"]["credentials"].as_array().unwrap();
    assert!(
        credentials.contains(&used("msgraph-chat", token, place)),
        "{report}"
    );
    assert!(
        credentials.contains(&used("acs-messages", Value::Null, Value::Null)),
        "{report}"
    );
    let text = run(&["report"], &environment, "");
    assert_eq!(text.code, 0, "{text:?}");
    for printed in [&ran.stdout, &text.stdout] {
        for (name, value) in &environment {
            // The address of the emulator is that of Graph, too, which is no secret.
            let is_kept = [
                "MSGRAPH_BASE_URL",
                "ACS_CHAT_ENDPOINT",
                "UCWA_DISCOVERY_URL",
            ];
            let is_hidden = !is_kept.contains(name);
            assert!(
                !is_hidden || !printed.contains(value.as_str()),
                "{name}: {printed}"
            );
        }
        for secret in [TEXT, "alice@contoso.test", "accesskey"] {
            assert!(!printed.contains(secret), "{secret}: {printed}");
        }
    }
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_report_is_written_to_a_new_file_and_works_with_a_broken_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.txt");
    let name = file.display().to_string();
    let config = folder.path().join("config.toml");
    fs::write(&config, "[profiles.a]\nacs_endpont = \"x\"\n").unwrap();
    let environment = vec![("MSM_CONFIG", config.display().to_string())];
    let words = ["report", "--offline", "--output", &name];
    let ran = run(&words, &environment, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    let report = fs::read_to_string(&file).unwrap();
    assert!(report.contains("did you mean acs_endpoint?"), "{report}");
    let again = run(&words, &environment, "");
    assert_eq!(again.code, 3, "{again:?}");
    assert!(again.stderr.contains("exists already"), "{again:?}");
}
