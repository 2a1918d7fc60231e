//! Idempotency keys that are used again.

use std::time::Duration;

use ms_messenger_emulator::{FaultAction, When};

use crate::support::{acs_messages, fail_next, run, start, with};

fn store_and_close() -> FaultAction {
    FaultAction::Close {
        when: When::AfterStore,
    }
}

#[test]
fn a_key_alone_can_be_used_again_and_sends_once() {
    let emulator = start(false);
    let world = emulator.seed();
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
    // By then, the time of the first use would differ by a second if it were not stored.
    std::thread::sleep(Duration::from_millis(1100));
    for _ in 0..2 {
        let again = run(&words, &environment, "");
        assert_eq!(again.code, 0, "{again:?}");
    }
    let rows = emulator.messages();
    assert_eq!((rows.len(), rows[0].replays), (1, 2));
    // Another message with the same key is not sent.
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
fn a_key_with_an_unknown_first_use_never_ends_with_not_sent() {
    let emulator = start(false);
    let world = emulator.seed();
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
fn a_key_that_cannot_be_stored_is_not_used() {
    let emulator = start(false);
    let file = tempfile::NamedTempFile::new().unwrap();
    let state = file.path().to_str().unwrap();
    let environment = with(acs_messages(emulator.seed()), "MSM_STATE_DIR", state);
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

#[test]
fn a_rejected_key_is_not_recommended_with_the_time_of_its_rejection() {
    let emulator = start(false);
    let world = emulator.seed();
    fail_next(&emulator, store_and_close());
    let environment = |machine: &tempfile::TempDir| {
        let folder = machine.path().to_str().unwrap();
        with(acs_messages(world), "MSM_STATE_DIR", folder)
    };
    let [one, two] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let words = ["send", "--to", "tel:+14255550123", "--text", "trap"];
    let words = [&words[..], &["--idempotency-key", "k", "--retries", "0"]].concat();
    let first = run(&words, &environment(&one), "");
    assert_eq!(first.code, 8, "{first:?}");
    assert!(first.stderr.contains("it can be run again"), "{first:?}");
    // By then, the time of the first use would differ by a second.
    std::thread::sleep(Duration::from_millis(1100));
    let text = run(&words, &environment(&two), "");
    assert_eq!(text.code, 8, "{text:?}");
    let first_use = "give the --first-sent of the first use";
    assert!(text.stderr.contains(first_use), "{text:?}");
    for wrong in ["it can be run again", "--first-sent 2", "msm settle"] {
        assert!(!text.stderr.contains(wrong), "{text:?}");
    }
    let line = run(&[&words[..], &["--json"]].concat(), &environment(&two), "");
    assert!(line.json()["advice"].as_str().unwrap().contains(first_use));
    let words = ["settle", "--evidence", "-"];
    let settled = run(&words, &environment(&two), &line.stdout);
    assert_eq!(settled.code, 8, "{settled:?}");
    assert!(settled.stderr.contains("--first-sent"), "{settled:?}");
    assert!(!settled.stderr.contains("--first-sent 2"), "{settled:?}");
    // As the advice says.
    let hint = first.stderr.lines().last().unwrap().trim();
    let hint: Vec<&str> = hint.split(' ').collect();
    let to = ["send", "--to", "tel:+14255550123", "--text", "trap"];
    let again = run(&[&to[..], &hint].concat(), &environment(&two), "");
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(emulator.messages().len(), 1);
}
