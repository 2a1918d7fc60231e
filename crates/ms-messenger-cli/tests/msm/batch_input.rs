//! The input of `msm batch`.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    batch_file::{Batch, line, outcomes, to_chat, wait_for_rows},
    support::{run, thread},
};

#[test]
fn every_bad_line_is_named_and_nothing_is_sent() {
    let batch = Batch::new(&[]);
    let thread = thread(batch.emulator.seed());
    let good = line(&thread, "acs-chat", "hunter2");
    let with = |name: &str, value: Value| {
        let mut form: Value = serde_json::from_str(&good).unwrap();
        form[name] = value;
        form.to_string()
    };
    let lines = vec![
        good.clone(),
        "hunter2".to_owned(),
        with("note", json!("hunter2")),
        with("id", json!("a")),
        with("id", json!("a")),
        with("platform", json!("hunter2")),
        with("not_before", json!("hunter2")),
        with("timeout_ms", json!(5)),
        with("id", json!("line-1-a")),
        with("id", json!("\u{1b}[31m")),
        with("to", json!("tel:+14255550123")),
        with("order_key", json!("k".repeat(201))),
        with("message", json!({"body": {"text": ""}})),
        "[".repeat(100_000),
        format!("{{\"id\":\"b\",\"id\":\"c\",{}", &good[1..]),
    ];
    batch.write(&lines);
    let ran = batch.run(&[]);
    assert_eq!((ran.code, &*ran.stdout), (4, ""), "{ran:?}");
    for (number, expected) in [
        (2, ": not JSON (column 1)"),
        (
            3,
            "note: a member that is not known: expected to, message, reply_to, id, not_before",
        ),
        (5, "id: is also the id of line 4"),
        (6, "platform: must be one of"),
        (7, "not_before: must be written like"),
        (8, "timeout_ms: is set by the outbox"),
        (9, "id: must not begin with line-"),
        (10, "id: must have no control characters"),
        (11, "to"),
        (12, "order_key: must have at most 200 bytes"),
        (13, "message.body"),
        (14, ": nested too deeply: at most 127 levels"),
        (15, "id: appears twice"),
    ] {
        let found = ran
            .stderr
            .lines()
            .find(|it| it.trim_start().starts_with(&format!("line {number}:")));
        assert!(
            found.is_some_and(|it| it.contains(expected)),
            "{number}: {}",
            ran.stderr
        );
    }
    for never in ["hunter2", "\u{1b}"] {
        assert!(!ran.stderr.contains(never), "{}", ran.stderr);
    }
    assert!(batch.texts().is_empty());
    assert!(!Path::new(&batch.path("in.jsonl.outbox")).exists());

    batch.write(&vec!["x".to_owned(); 30]);
    let ran = batch.run(&["--json"]);
    let report = ran.json();
    assert_eq!(
        (ran.code, report["problems"].as_array().unwrap().len()),
        (4, 20)
    );
    assert_eq!(report["advice"], "and 10 more problems");
}

#[test]
fn a_line_that_was_changed_after_it_was_handed_over_is_a_conflict() {
    let batch = to_chat(3);
    assert_eq!(batch.run(&[]).code, 0);
    let mut lines: Vec<String> = fs::read_to_string(batch.file())
        .unwrap()
        .lines()
        .map(ToOwned::to_owned)
        .collect();
    let whole = lines.clone();
    lines[1] = lines[1].replace("text 2", "text two");
    batch.write(&lines);
    let ran = batch.run(&[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.stderr
            .contains("line 2: was changed after an earlier run"),
        "{ran:?}"
    );
    // A new line at the end is none.
    let added = whole[0].replace("text 1", "text 4");
    batch.write(&[whole, vec![added]].concat());
    let ran = batch.run(&[]);
    assert_eq!((ran.code, outcomes(&ran.stdout).len()), (0, 1), "{ran:?}");
    assert_eq!(batch.texts().len(), 4);
}

#[test]
fn a_message_that_is_no_longer_in_the_file_is_not_sent_in_silence() {
    let batch = to_chat(1);
    let thread = thread(batch.emulator.seed());
    let later = json!({"to": thread, "platform": "acs-chat", "message": {"body": {"text": "later"}},
        "id": "later", "not_before": "2099-01-01T00:00:00Z"});
    let first = fs::read_to_string(batch.file()).unwrap();
    batch.write(&[first.clone(), later.to_string()]);
    let mut child = batch.spawn(&[]);
    wait_for_rows(&batch.emulator, 1, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    batch.write(&[first]);
    let ran = batch.run(&[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.stderr
            .contains("message later: an earlier run handed it over"),
        "{ran:?}"
    );
    let store = format!("sqlite:{}", batch.path("in.jsonl.outbox"));
    let cancelled = run(&["outbox", "cancel", "later", "--store", &store], &[], "");
    assert_eq!(cancelled.code, 0, "{cancelled:?}");
    assert_eq!(
        batch
            .run(&["--timeout", "1s", "--settling-margin", "100ms"])
            .code,
        0
    );
    assert_eq!(batch.texts(), ["text 1"]);
}

#[test]
fn a_table_fills_a_template() {
    let batch = Batch::new(&[]);
    let thread = thread(batch.emulator.seed());
    let template = json!({"to": "{to}", "platform": "acs-chat", "id": "{number}",
        "message": {"body": {"text": "Dear {name}, {{sic}}"}}});
    fs::write(batch.path("template.json"), template.to_string()).unwrap();
    let table = format!("to,name,number\n{thread},\"Bob, {{name}}\",1\n{thread},Eve,2");
    batch.write(&[table]);
    let template = batch.path("template.json");
    let ran = batch.run(&["--csv", &template]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut texts = batch.texts();
    texts.sort();
    assert_eq!(texts, ["Dear Bob, {name}, {sic}", "Dear Eve, {sic}"]);
    batch.write(&["to,number\nx,3".to_owned()]);
    let ran = batch.run(&["--csv", &template]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.stderr
            .contains("the column 'name' of the template is missing"),
        "{ran:?}"
    );
}

#[test]
fn hostile_texts_are_sent_as_they_are() {
    let batch = Batch::new(&[]);
    let thread = thread(batch.emulator.seed());
    let texts = [
        "\u{1b}[31m\"}\n{name}",
        "\u{202e}\u{0}'; DROP TABLE x",
        "a".repeat(20_000).leak(),
    ];
    let lines = texts.map(|text| line(&thread, "acs-chat", text));
    batch.write(&lines);
    let ran = batch.run(&[]);
    assert_eq!((ran.code, outcomes(&ran.stdout).len()), (0, 3), "{ran:?}");
    assert!(
        !ran.stdout.contains('\u{1b}') && !ran.stderr.contains("DROP"),
        "{ran:?}"
    );
    let mut sent = batch.texts();
    let mut texts = texts.map(ToOwned::to_owned);
    sent.sort();
    texts.sort();
    assert_eq!(sent, texts);
}

#[test]
fn a_dry_run_sends_and_stores_nothing() {
    let batch = to_chat(2);
    let ran = batch.run(&["--dry-run", "--json"]);
    assert_eq!(
        (ran.code, &ran.json()["status"]),
        (0, &"checked".into()),
        "{ran:?}"
    );
    assert!(batch.texts().is_empty());
    assert!(!Path::new(&batch.path("in.jsonl.outbox")).exists());
}

#[test]
fn standard_input_needs_the_path_of_an_outbox() {
    let batch = to_chat(1);
    let input = fs::read_to_string(batch.file()).unwrap();
    let ran = run(&["batch", "-"], &batch.environment(), &input);
    assert_eq!(ran.code, 2, "{ran:?}");
    let outbox = batch.path("o");
    let words = ["batch", "-", "--outbox", &outbox, "--quiet"];
    let ran = run(&words, &batch.environment(), &input);
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{ran:?}");
    assert_eq!(batch.texts(), ["text 1"]);
}

#[test]
fn a_table_without_a_template_names_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.CSV");
    fs::write(&file, "to,text\ntel:+14255550123,hunter2\n").unwrap();
    let ran = run(&["batch", file.to_str().unwrap()], &[], "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("--csv"), "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}
