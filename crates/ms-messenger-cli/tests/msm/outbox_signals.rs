//! Signals during `msm outbox run`.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
use serde_json::Value;

use crate::{batch_file::to_chat, outbox::Outbox, support::msm};

fn spawn(outbox: &Outbox) -> Child {
    let words = [
        "outbox",
        "run",
        "--platform",
        "acs-chat",
        "--concurrency",
        "1",
    ];
    let mut command = msm();
    let command = command.args(words).envs(outbox.environment());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([name, &id]).status();
    assert!(status.unwrap().success());
}

fn delay(outbox: &Outbox, ms: u64) {
    let rule = FaultRule::new(FaultAction::Delay { ms }).with_operation("send");
    outbox.emulator.set_faults(Faults::new().with_rule(rule));
}

/// Waits until a message is stored, whose response is late.
fn wait_for_a_send(outbox: &Outbox) {
    while outbox.emulator.messages().is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn a_signal_lets_the_running_send_end_and_gives_the_rest_back() {
    for name in ["-TERM", "-INT"] {
        let outbox = Outbox::new();
        let ids = ["a", "b", "c", "d"];
        ids.iter().for_each(|id| outbox.add(id, "x"));
        delay(&outbox, 700);
        let child = spawn(&outbox);
        wait_for_a_send(&outbox);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {error}");
        assert!(
            error.contains("interrupted: the running sends may end"),
            "{error}"
        );
        let lines = String::from_utf8(output.stdout).unwrap();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first["delivery"], "sent", "{name}: {first}");
        let stored = outbox.emulator.messages().len();
        assert_eq!(lines.lines().count(), stored, "{name}: {lines}");
        let states = ids.map(|id| outbox.state(id));
        let count = |state: &str| states.iter().filter(|it| *it == state).count();
        assert_eq!(
            (count("sent"), count("queued")),
            (stored, 4 - stored),
            "{name}"
        );
        assert!(stored < 4, "{name}: nothing was left to give back");
    }
}

#[test]
fn a_second_signal_ends_it_at_once_and_says_that_an_outcome_is_unknown() {
    let outbox = Outbox::new();
    outbox.add("a", "x");
    delay(&outbox, 600_000);
    let mut child = spawn(&outbox);
    wait_for_a_send(&outbox);
    signal(&child, "-TERM");
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("interrupted") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0);
    }
    signal(&child, "-INT");
    let status = child.wait().unwrap();
    let rest: Vec<String> = stderr.lines().map(Result::unwrap).collect();
    assert_eq!(status.code(), Some(8), "{rest:?}");
    assert!(
        rest.iter().any(|it| it.contains("the next run finds out")),
        "{rest:?}"
    );
    assert_eq!(outbox.state("a"), "sending");
    assert_eq!(outbox.emulator.messages().len(), 1);
}

#[test]
fn an_outbox_that_is_deleted_while_it_is_used_is_named() {
    let outbox = Outbox::new();
    ["a", "b", "c"].iter().for_each(|id| outbox.add(id, "x"));
    delay(&outbox, 700);
    let child = spawn(&outbox);
    wait_for_a_send(&outbox);
    let path = outbox.folder.path().join("o.db");
    std::fs::remove_file(&path).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{error}");
    let named = format!("{}: the database file was deleted", path.display());
    assert!(error.contains(&named), "{error}");
}

#[test]
fn the_outbox_of_a_batch_that_is_deleted_while_it_is_used_is_named() {
    let batch = to_chat(3);
    let rule = FaultRule::new(FaultAction::Delay { ms: 700 }).with_operation("send");
    batch.emulator.set_faults(Faults::new().with_rule(rule));
    let mut command = msm();
    let command = command
        .args(["batch", "--concurrency", "1"])
        .arg(batch.file());
    let command = command.envs(batch.environment()).stdin(Stdio::null());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    while batch.emulator.messages().is_empty() {
        std::thread::yield_now();
    }
    let path = batch.path("in.jsonl.outbox");
    std::fs::remove_file(&path).unwrap();
    let output = child.unwrap().wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{error}");
    let named = format!("{path}: the database file was deleted");
    assert!(error.contains(&named), "{error}");
}
