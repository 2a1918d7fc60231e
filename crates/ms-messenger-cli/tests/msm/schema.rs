//! Every JSON line that a command prints is what its schema says.

use std::fs;

use jsonschema::Validator;
use ms_messenger_emulator::{FaultAction, When};
use serde_json::{Value, json};

use crate::{
    home::Home,
    support::{
        Environment, acs_chat, acs_messages, channel, fail_next, msgraph_chat, run, skype, start,
        thread,
    },
};

pub(crate) fn schema(name: &str) -> Validator {
    let ran = run(&["schema", name], &[], "");
    let schema: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    jsonschema::validator_for(&schema).unwrap()
}

/// Asserts that each line is valid, and that the schema does not allow everything.
pub(crate) fn assert_lines(name: &str, lines: &str) {
    let schema = schema(name);
    assert!(!schema.is_valid(&json!({})), "{name} allows an empty line");
    assert!(!lines.is_empty(), "{name}");
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let errors: Vec<String> = schema.iter_errors(&line).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}: {line}");
    }
}

#[test]
fn the_lines_of_sends_and_failures_are_valid() {
    let emulator = start(false);
    let world = emulator.seed();
    let (thread, team) = (thread(world), channel(world));
    let sent = |words: &[&str], environment: &Environment| {
        let words = [&["send", "--json", "--retries", "0"], words].concat();
        let ran = run(&words, environment, "");
        assert_lines("send", &ran.stdout);
        ran
    };
    sent(&["--to", &thread, "--text", "x"], &acs_chat(world));
    sent(
        &["--to", "tel:+14255550123", "--text", "x"],
        &acs_messages(world),
    );
    sent(
        &["--to", &team, "--text", "x", "--dry-run"],
        &msgraph_chat(world),
    );
    sent(&["--to", &team, "--text", " "], &msgraph_chat(world));
    sent(&["--to", "nowhere", "--text", "x"], &vec![]);
    sent(&["--to", &team, "--text", "x"], &vec![]);
    fail_next(
        &emulator,
        FaultAction::status(429).with_header("Retry-After", "900"),
    );
    sent(&["--to", &team, "--text", "x"], &msgraph_chat(world));
    let action = FaultAction::Close {
        when: When::AfterStore,
    };
    fail_next(&emulator, action);
    let lost = sent(&["--to", &team, "--text", "y"], &msgraph_chat(world));
    assert_eq!(lost.code, 8, "{lost:?}");
    let words = ["settle", "--json", "--evidence", "-"];
    let settled = run(&words, &msgraph_chat(world), &lost.stdout);
    assert_eq!(settled.code, 0, "{settled:?}");
    assert_lines("send", &settled.stdout);
    for words in [
        &["login", "--json"][..],
        &["doctor", "--json", "--platform", "mars"],
    ] {
        assert_lines("send", &run(words, &[], "").stdout);
    }
}

#[test]
fn the_lines_of_batch_and_outbox_are_valid() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let mut environment = acs_messages(world);
    let store = format!("sqlite:{}", folder.path().join("o.db").display());
    environment.push(("MSM_OUTBOX", store));
    let line = |id: &str, text: &str| {
        json!({"id": id, "to": "tel:+14255550123", "message": {"body": {"text": text}}}).to_string()
    };
    let lines = [line("a", "x"), line("b", "y"), line("c", "z")].join("\n");
    let valid = |schema: &str, words: &[&str], input: &str| {
        let ran = run(words, &environment, input);
        assert!(ran.code == 0 || ran.code == 4, "{words:?} {ran:?}");
        assert_lines(schema, &ran.stdout);
    };
    valid("done", &["outbox", "add", "--json"], &lines);
    valid("done", &["outbox", "status", "--json"], "");
    valid("done", &["outbox", "cancel", "c", "--json"], "");
    fail_next(&emulator, FaultAction::status(400));
    valid("batch", &["outbox", "run", "--until-empty"], "");
    valid("outbox-head", &["outbox", "list"], "");
    valid(
        "outbox-head",
        &["outbox", "show", "a", "--content", "--json"],
        "",
    );
    valid(
        "done",
        &[
            "outbox",
            "purge",
            "--before",
            "2099-01-01T00:00:00Z",
            "--json",
        ],
        "",
    );
    let file = folder.path().join("m.jsonl");
    fs::write(&file, &lines).unwrap();
    valid("batch", &["batch", &file.display().to_string()], "");
}

#[test]
fn the_lines_of_all_other_commands_are_valid() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    fs::write(
        &config,
        "[targets]\nops = \"user:a\"\n[profiles.default]\nucwa_sip = \"sip:a@b.c\"\n",
    )
    .unwrap();
    let mut environment = [acs_chat(world), msgraph_chat(world), skype(world)].concat();
    environment.push(("MSM_CONFIG", config.display().to_string()));
    environment.push(("HOME", folder.path().display().to_string()));
    for (schema, words) in [
        ("demo", &["demo", "--json"][..]),
        ("doctor", &["doctor", "--json"]),
        ("config", &["config", "show", "--json"]),
        ("config", &["config", "check", "--json"]),
        ("config", &["config", "path", "--json"]),
        ("report", &["report", "--json"]),
        ("report", &["report", "--json", "--offline"]),
        ("exit-codes", &["exit-codes", "--json"]),
    ] {
        let ran = run(words, &environment, "");
        assert_eq!(ran.code, 0, "{words:?} {ran:?}");
        assert_lines(schema, &ran.stdout);
    }
    let to = thread(world);
    let words = [
        "send",
        "-vv",
        "--log-format",
        "json",
        "--to",
        &to,
        "--text",
        "x",
        "--platform",
        "acs-chat",
    ];
    assert_lines("log", &run(&words, &environment, "").stderr);
    let home = Home::new(3600);
    for (schema, words) in [
        ("sign-in", &["login", "--json"][..]),
        ("sign-in", &["whoami", "--json"]),
        ("done", &["logout", "--json"]),
    ] {
        assert_lines(schema, &home.run(words).stdout);
    }
}

#[test]
fn every_schema_is_listed_and_an_unknown_name_lists_them() {
    let list = run(&["schema"], &[], "").stdout;
    let names: Vec<&str> = list
        .lines()
        .skip(2)
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.len() >= 17, "{list}");
    for name in &names {
        schema(name);
    }
    let ran = run(&["schema", "sned"], &[], "");
    assert_eq!(ran.code, 2);
    assert!(
        names.iter().all(|name| ran.stderr.contains(name)),
        "{ran:?}"
    );
}
