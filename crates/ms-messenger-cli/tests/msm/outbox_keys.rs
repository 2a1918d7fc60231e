//! An outbox whose contents are encrypted, with a lost or another key.

use std::{fs, process::Stdio};

use serde_json::json;

use crate::{
    batch_file::to_chat,
    outbox::Outbox,
    support::{Environment, msm, run, thread, with},
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY_ID: &str = "8adc89f941958303";
const OTHER: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn add(outbox: &Outbox, environment: &Environment, id: &str) {
    let line = json!({"id": id, "to": thread(outbox.emulator.seed()), "platform": "acs-chat",
        "message": {"body": {"text": id}}});
    let ran = run(&["outbox", "add"], environment, &line.to_string());
    assert_eq!(ran.code, 0, "{ran:?}");
}

fn texts(outbox: &Outbox) -> Vec<String> {
    let rows = outbox.emulator.messages();
    rows.into_iter().map(|row| row.text).collect()
}

#[test]
fn a_run_with_an_end_names_the_missing_key_and_leaves_the_messages() {
    let outbox = Outbox::new();
    let right = with(outbox.environment(), "MSM_OUTBOX_KEY", KEY);
    let wrong = with(outbox.environment(), "MSM_OUTBOX_KEY", OTHER);
    add(&outbox, &right, "a");
    add(&outbox, &right, "b");
    let drain = ["outbox", "run", "--until-empty", "--rate", "1000/s"];
    for environment in [&wrong, &outbox.environment()] {
        let ran = run(&drain, environment, "");
        assert_eq!((ran.code, &*ran.stdout), (3, ""), "{ran:?}");
        for part in [KEY_ID, "message a, and 1 more", "--key-file"] {
            assert!(ran.stderr.contains(part), "{part}: {ran:?}");
        }
        assert_eq!(ran.stderr.matches(KEY_ID).count(), 1, "{ran:?}");
        assert_eq!(outbox.state("a"), "queued");
        assert!(texts(&outbox).is_empty());
    }
    // What has another key, or none, is sent.
    add(&outbox, &outbox.environment(), "c");
    let ran = run(&drain, &outbox.environment(), "");
    assert_eq!((ran.code, ran.stdout.lines().count()), (3, 1), "{ran:?}");
    assert_eq!(ran.stderr.matches(KEY_ID).count(), 1, "{ran:?}");
    assert_eq!(texts(&outbox), ["c"]);
    let ran = run(&drain, &right, "");
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 2), "{ran:?}");
    let ran = run(&["outbox", "show", "a", "--content"], &wrong, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains(KEY_ID), "{ran:?}");
}

#[test]
fn a_run_without_an_end_reports_the_missing_key_and_goes_on() {
    use std::io::{BufRead as _, BufReader};
    let outbox = Outbox::new();
    let right = with(outbox.environment(), "MSM_OUTBOX_KEY", KEY);
    add(&outbox, &right, "a");
    let mut command = msm();
    let command = command.args(["outbox", "run"]).envs(outbox.environment());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let (mut said, mut outcome) = (String::new(), String::new());
    stderr.read_line(&mut said).unwrap();
    assert!(
        said.contains(KEY_ID) && said.contains("waits for its key"),
        "{said}"
    );
    add(&outbox, &outbox.environment(), "b");
    stdout.read_line(&mut outcome).unwrap();
    assert!(outcome.contains("\"sent\""), "{outcome}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(texts(&outbox), ["b"]);
    assert_eq!(outbox.state("a"), "queued");
}

#[test]
fn a_batch_that_goes_on_with_another_key_names_the_first_one() {
    let batch = to_chat(3);
    let run = |key: Option<&str>, options: &[&str]| {
        let environment = match key {
            Some(key) => with(batch.environment(), "MSM_OUTBOX_KEY", key),
            None => batch.environment(),
        };
        let file = batch.path("in.jsonl");
        let words = [&["batch", &*file, "--rate", "1000/s"], options].concat();
        run(&words, &environment, "")
    };
    assert_eq!(run(Some(KEY), &[]).code, 0);
    for (key, options) in [(Some(OTHER), &[][..]), (None, &[]), (None, &["--dry-run"])] {
        let ran = run(key, options);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains(KEY_ID), "{ran:?}");
    }
    assert_eq!(run(Some(KEY), &[]).code, 0);
    assert_eq!(batch.texts().len(), 3);
    // The other way round.
    fs::remove_file(batch.path("in.jsonl.outbox")).unwrap();
    assert_eq!(run(None, &[]).code, 0);
    let ran = run(Some(KEY), &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("without a key"), "{ran:?}");
    assert_eq!(batch.texts().len(), 6);
}

#[test]
fn a_run_with_an_end_does_not_wait_behind_an_unconfirmed_message() {
    use ms_messenger_emulator::{FaultAction, FaultRule, Faults, When};
    let outbox = Outbox::new();
    let to = crate::support::conversation(outbox.emulator.seed());
    let line = |id: &str| {
        json!({"id": id, "to": to, "platform": "acs-messages", "order_key": "k",
            "message": {"body": {"text": id}}})
        .to_string()
    };
    let lines = [line("a"), line("b")].join("\n");
    assert_eq!(outbox.run(&["add"], &lines).code, 0);
    let lost = FaultRule::new(FaultAction::Close {
        when: When::AfterStore,
    });
    let denied = FaultRule::new(FaultAction::status(403)).with_operation("send");
    let rules = Faults::new().with_rule(lost.with_operation("send").with_times(1));
    outbox.emulator.set_faults(rules.with_rule(denied));
    for _ in 0..2 {
        let ran = outbox.drain();
        assert_eq!(ran.code, 8, "{ran:?}");
        assert!(ran.stderr.contains("(message b)"), "{ran:?}");
        assert!(ran.stderr.contains("list --state unconfirmed"), "{ran:?}");
    }
    assert_eq!(outbox.state("a"), "unconfirmed");
    assert_eq!(outbox.state("b"), "queued");
    outbox.emulator.set_faults(Faults::new());
    assert_eq!(outbox.run(&["confirm", "a"], "").code, 0);
    let ran = outbox.run(&["run", "--until-empty", "--rate", "1000/s"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(outbox.state("b"), "sent");
}
