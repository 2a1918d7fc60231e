//! `msm settle`, after exit code 8.

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, When};
use serde_json::Value;

use crate::support::{
    Environment, Ran, acs_chat, acs_messages, channel, chat, closed_port, conversation, fail_next,
    msgraph_chat, run, start, thread,
};

/// Sends a message whose delivery is unknown, stored by the platform or not.
fn send_unknown(emulator: &Emulator, to: &str, environment: &Environment, when: When) -> Ran {
    fail_next(emulator, FaultAction::Close { when });
    let words = [
        "send",
        "--json",
        "--retries",
        "0",
        "--to",
        to,
        "--text",
        "doubt",
    ];
    let ran = run(&words, environment, "");
    assert_eq!(ran.code, 8, "{ran:?}");
    let line = ran.json();
    assert!(line["evidence"].is_object(), "{line}");
    assert!(line["request"].is_object(), "{line}");
    ran
}

fn settle(environment: &Environment, line: &str) -> Ran {
    let words = ["settle", "--json", "--evidence", "-"];
    run(&words, environment, line)
}

#[test]
fn a_sent_message_is_found_and_nothing_is_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    for (to, environment) in [
        (thread(world), acs_chat(world)),
        (channel(world), msgraph_chat(world)),
        (chat(world), msgraph_chat(world)),
    ] {
        emulator.reset();
        let sent = send_unknown(&emulator, &to, &environment, When::AfterStore);
        let ran = settle(&environment, &sent.stdout);
        assert_eq!(ran.code, 0, "{ran:?}");
        let line = ran.json();
        assert_eq!(
            (&line["status"], &line["delivery"]),
            (&"found".into(), &"sent".into())
        );
        let [row] = &emulator.messages()[..] else {
            panic!("one row");
        };
        assert_eq!(line["receipt"]["message_id"], row.message_id.as_str());
    }
}

#[test]
fn a_failed_settle_leaves_the_delivery_unknown() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment = acs_chat(world);
    let sent = send_unknown(&emulator, &thread(world), &environment, When::AfterStore);
    let (_kept, port) = closed_port();
    let unreachable: Environment = vec![
        ("ACS_CHAT_ENDPOINT", format!("http://127.0.0.1:{port}")),
        ("ACS_CHAT_TOKEN", world.acs.users[0].token.clone()),
    ];
    for (environment, line) in [
        // Without settings, without a server, without evidence.
        (vec![], sent.stdout.as_str()),
        (unreachable, sent.stdout.as_str()),
        (environment.clone(), "{}"),
        (environment.clone(), "no json"),
        (environment.clone(), "{\"evidence\":null,\"request\":null}"),
    ] {
        let ran = settle(&environment, line);
        assert_eq!(ran.code, 8, "{line}: {ran:?}");
        let said = ran.json();
        assert_eq!(
            (&said["status"], &said["delivery"]),
            (&"cannot_tell".into(), &"unknown".into())
        );
    }
    let refusal = FaultRule::new(FaultAction::status(403)).with_operation("list");
    emulator.set_faults(Faults::new().with_rule(refusal));
    let ran = settle(&environment, &sent.stdout);
    assert_eq!(ran.code, 8, "{ran:?}");
}

#[test]
fn a_missing_message_is_not_yet_and_then_not_found() {
    let emulator = start(false);
    let world = emulator.seed();
    for (to, environment) in [
        (thread(world), acs_chat(world)),
        (channel(world), msgraph_chat(world)),
        (chat(world), msgraph_chat(world)),
    ] {
        emulator.reset();
        let sent = send_unknown(&emulator, &to, &environment, When::AfterRead);
        let ran = settle(&environment, &sent.stdout);
        assert_eq!(ran.code, 8, "{to}: {ran:?}");
        let line = ran.json();
        assert_eq!(line["status"], "not_yet", "{to}: {line}");
        let mut line = sent.json();
        let evidence = &mut line["evidence"];
        assert_eq!(
            ran.json()["settle_after"].as_str().map(|it| &it[..16]),
            evidence["pending_until"].as_str().map(|it| &it[..16])
        );
        // As if the margin had passed.
        evidence["pending_until"] = evidence["ended_at"].clone();
        let ran = settle(&environment, &line.to_string());
        assert_eq!(ran.code, 10, "{to}: {ran:?}");
        let line = ran.json();
        assert_eq!(
            (&line["status"], &line["delivery"]),
            (&"not_found".into(), &"not_sent".into())
        );
        assert!(emulator.messages().is_empty());
    }
}

#[test]
fn a_platform_that_cannot_be_asked_is_reported_and_nothing_is_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = conversation(world);
    let environment = acs_messages(world);
    let sent = send_unknown(&emulator, &to, &environment, When::BeforeRead);
    let ran = settle(&environment, &sent.stdout);
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(emulator.messages().is_empty());
}

#[test]
fn request_and_evidence_can_be_separate_files() {
    let emulator = start(false);
    let world = emulator.seed();
    let environment = acs_chat(world);
    let sent = send_unknown(&emulator, &thread(world), &environment, When::AfterStore).json();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, sent[name].to_string()).unwrap();
        path.display().to_string()
    };
    let words = [
        "settle",
        "--json",
        "--request",
        &file("request"),
        "--evidence",
        &file("evidence"),
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    for words in [
        &["settle", "--json"][..],
        &["settle", "--json", "--request", "-", "--evidence", "-"],
    ] {
        assert_eq!(run(words, &environment, "").code, 2, "{words:?}");
    }
}

#[test]
fn the_stored_evidence_and_its_command_are_printed_and_settling_deletes_the_file() {
    let emulator = start(false);
    let world = emulator.seed();
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().display().to_string();
    let environment = [msgraph_chat(world), vec![("MSM_STATE_DIR", folder)]].concat();
    fail_next(
        &emulator,
        FaultAction::Close {
            when: When::AfterStore,
        },
    );
    let words = [
        "send",
        "--retries",
        "0",
        "--to",
        &channel(world),
        "--text",
        "doubt",
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 8, "{ran:?}");
    let command = ran.stderr.lines().last().unwrap().trim();
    let words: Vec<&str> = command.strip_prefix("msm ").unwrap().split(' ').collect();
    let stored = words[2];
    let line: Value = serde_json::from_str(&std::fs::read_to_string(stored).unwrap()).unwrap();
    assert_eq!(line["exit_code"], 8);
    assert!(!line.to_string().contains(&world.graph.token));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(stored).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.starts_with("the message was sent: msgraph-chat"),
        "{ran:?}"
    );
    assert!(!std::path::Path::new(stored).exists(), "it is settled");
}

#[test]
fn evidence_that_cannot_be_stored_is_printed_for_settle() {
    let emulator = start(false);
    let world = emulator.seed();
    let file = tempfile::NamedTempFile::new().unwrap();
    let state = file.path().display().to_string();
    let environment = [msgraph_chat(world), vec![("MSM_STATE_DIR", state)]].concat();
    let action = FaultAction::Close {
        when: When::AfterStore,
    };
    fail_next(&emulator, action);
    let to = channel(world);
    let words = ["send", "--retries", "0", "--to", &to, "--text", "ro8"];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(ran.stderr.contains("could not be stored"), "{ran:?}");
    assert!(ran.stderr.contains("msm settle --evidence FILE"), "{ran:?}");
    let line = ran.stderr.lines().last().unwrap();
    assert!(!line.contains(&world.graph.token));
    let ran = settle(&environment, line);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["status"], "found");
}
