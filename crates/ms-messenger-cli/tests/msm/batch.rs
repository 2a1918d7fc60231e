//! `msm batch`: outcomes, signals, kills.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Stdio,
};

use ms_messenger_emulator::{FaultAction, FaultRule, Faults, When};
use serde_json::Value;

use crate::{
    batch_file::{Batch, line, outcomes, targets, to_chat, wait_for_rows},
    support::{fail_next, msm, run, thread, with},
};

#[test]
fn every_platform_is_sent_to_and_every_outcome_is_a_line() {
    let batch = Batch::new(&[]);
    let targets = targets(batch.emulator.seed());
    let lines = targets
        .iter()
        .map(|(platform, to)| line(to, platform, platform));
    batch.write(&lines.collect::<Vec<_>>());
    let ran = batch.run(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut platforms = BTreeMap::new();
    for outcome in outcomes(&ran.stdout) {
        assert_eq!(outcome["status"], "sent", "{outcome}");
        assert!(outcome["receipt"].is_object(), "{outcome}");
        let id = outcome["id"].as_str().unwrap().to_owned();
        let number = outcome["line"].as_u64().unwrap();
        assert!(id.starts_with(&format!("line-{number}-")), "{id}");
        platforms.insert(number, outcome["platform"].as_str().unwrap().to_owned());
    }
    let expected = (1..).zip(targets.map(|(platform, _)| platform.to_owned()));
    assert_eq!(platforms, expected.collect());
    assert_eq!(batch.texts().len(), 4);
    // The session was ended.
    assert!(batch.emulator.stats()["platforms"]["ucwa"].is_object());

    let again = batch.run(&[]);
    assert_eq!((again.code, &*again.stdout), (0, ""), "{again:?}");
    assert!(
        again
            .stderr
            .contains("4 sent (4 of them in an earlier run)"),
        "{again:?}"
    );
    assert_eq!(outcomes(&batch.run(&["--all"]).stdout).len(), 4);
    assert_eq!(batch.texts().len(), 4);
}

#[test]
fn a_batch_that_is_killed_is_continued_and_sends_nothing_twice() {
    let batch = Batch::new(&[]);
    let targets = targets(batch.emulator.seed());
    let text = |n: usize| format!("text {n}");
    let lines = (1..=200).map(|n| {
        let (platform, to) = &targets[n % 4];
        line(to, platform, &text(n))
    });
    batch.write(&lines.collect::<Vec<_>>());
    let slow = FaultRule::new(FaultAction::Delay { ms: 5 }).with_operation("send");
    batch.emulator.set_faults(Faults::new().with_rule(slow));
    let options = ["--timeout", "2s", "--settling-margin", "500ms"];
    for _ in 0..5 {
        let mut child = batch.spawn(&options);
        wait_for_rows(&batch.emulator, 23, &mut child);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let ran = batch.run(&options);
    assert!([0, 8].contains(&ran.code), "{ran:?}");
    let texts = batch.texts();
    let all = batch.run(&[&options[..], &["--all"]].concat());
    let all = outcomes(&all.stdout);
    assert_eq!(all.len(), 200);
    for outcome in all {
        let n = usize::try_from(outcome["line"].as_u64().unwrap()).unwrap();
        let copies = texts.iter().filter(|it| **it == text(n)).count();
        if outcome["platform"] == "ucwa" && outcome["status"] == "error" {
            // Skype for Business can be asked by its own session only, which was killed.
            assert_eq!(outcome["exit_code"], 8, "{outcome}");
            assert!(copies <= 1, "{outcome}");
        } else {
            assert_eq!(outcome["status"], "sent", "{outcome}");
            assert_eq!(copies, 1, "{outcome}");
        }
    }
    // Killed runs wrote whole lines, but for the last one of each.
    let printed = fs::read_to_string(batch.path("outcomes")).unwrap();
    assert!(
        printed
            .lines()
            .filter(|it| serde_json::from_str::<Value>(it).is_ok())
            .count()
            > 50
    );
}

#[test]
fn a_second_process_on_the_same_outbox_is_refused() {
    let batch = to_chat(1);
    let slow = FaultAction::Delay { ms: 600_000 };
    fail_next(&batch.emulator, slow);
    let mut child = batch.spawn(&[]);
    wait_for_rows(&batch.emulator, 1, &mut child);
    let ran = batch.run(&[]);
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(
        ran.stderr
            .contains("another msm batch or msm outbox run is at work"),
        "{ran:?}"
    );
    let store = format!("sqlite:{}", batch.path("in.jsonl.outbox"));
    let worker = run(
        &["outbox", "run", "--store", &store],
        &batch.environment(),
        "",
    );
    assert_eq!(worker.code, 7, "{worker:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_message_that_is_refused_or_in_doubt_decides_the_exit_code() {
    let batch = to_chat(2);
    fail_next(&batch.emulator, FaultAction::status(403));
    let ran = batch.run(&["--concurrency", "1"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let all = outcomes(&ran.stdout);
    let codes: BTreeSet<u64> = all
        .iter()
        .map(|it| it["exit_code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, BTreeSet::from([0, 5]));
    let refused = all.iter().find(|it| it["exit_code"] == 5).unwrap();
    assert_eq!(
        (&refused["delivery"], &refused["http_status"]),
        (&"not_sent".into(), &403.into())
    );
    // It stays the exit code of the batch.
    assert_eq!(batch.run(&[]).code, 4);
}

#[test]
fn without_a_valid_sign_in_the_batch_ends_and_its_messages_wait() {
    let batch = to_chat(2);
    let path = batch.path("in.jsonl");
    let wrong = with(batch.environment(), "ACS_CHAT_TOKEN", "hunter2");
    let ran = run(&["batch", &path], &wrong, "");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("2 waiting"), "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    assert!(batch.texts().is_empty());
}

#[test]
fn a_platform_that_cannot_sign_in_does_not_hold_up_the_others() {
    let batch = Batch::new(&[]);
    let targets = targets(batch.emulator.seed());
    let lines = (0..80).map(|n| {
        let (platform, to) = &targets[n % 4];
        line(to, platform, &format!("text {n}"))
    });
    batch.write(&lines.collect::<Vec<_>>());
    let path = batch.path("in.jsonl");
    let wrong = with(batch.environment(), "ACS_CHAT_TOKEN", "hunter2");
    let wrong = with(wrong, "UCWA_PASSWORD", "hunter2");
    let ran = run(&["batch", &path, "--concurrency", "1"], &wrong, "");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("40 sent, 40 waiting"), "{ran:?}");
    for platform in ["acs-chat", "ucwa"] {
        let notes = ran.stderr.lines();
        let told = notes.filter(|it| it.starts_with(&format!("{platform}: ")));
        assert_eq!(told.count(), 1, "{ran:?}");
    }
    assert_eq!((outcomes(&ran.stdout).len(), batch.texts().len()), (40, 40));

    let again = batch.run(&[]);
    assert_eq!(
        (again.code, outcomes(&again.stdout).len()),
        (0, 40),
        "{again:?}"
    );
    assert_eq!(batch.texts().len(), 80);
}

#[test]
fn without_a_valid_sign_in_a_message_in_doubt_waits_too() {
    let times = ["--timeout", "2s", "--settling-margin", "100ms"];
    // Found, or not found and sent again, as soon as the platform can be asked.
    for when in [When::AfterStore, When::AfterRead] {
        let batch = to_chat(1);
        let lost = FaultRule::new(FaultAction::Close { when }).with_operation("send");
        let refused = FaultRule::new(FaultAction::status(401)).with_operation("list");
        let faults = Faults::new().with_rule(lost).with_rule(refused);
        batch.emulator.set_faults(faults);
        let ran = batch.run(&times);
        assert_eq!((ran.code, &*ran.stdout), (8, ""), "{ran:?}");
        assert!(ran.stderr.contains("1 being sent"), "{ran:?}");

        batch.emulator.set_faults(Faults::new());
        let again = batch.run(&times);
        assert_eq!(again.code, 0, "{again:?}");
        assert_eq!(outcomes(&again.stdout)[0]["status"], "sent");
        assert_eq!(batch.texts().len(), 1);
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_batch_quietly() {
    let batch = to_chat(20);
    let mut command = msm();
    let command = command
        .arg("batch")
        .arg(batch.file())
        .envs(batch.environment());
    let command = command.args(["--concurrency", "1", "--rate", "1000/s"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        !stderr.contains("panic") && !stderr.contains("error"),
        "{stderr}"
    );
    let sent = batch.texts().len();
    assert!(sent < 20, "{sent}");
    let ran = batch.run(&["--all"]);
    assert_eq!((ran.code, outcomes(&ran.stdout).len()), (0, 20), "{ran:?}");
    assert_eq!(batch.texts().len(), 20);
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(killed.unwrap().success());
}

#[cfg(unix)]
#[test]
fn the_second_signal_ends_at_once_and_the_next_run_looks_for_the_message() {
    use std::io::{BufRead as _, BufReader};
    let batch = to_chat(1);
    fail_next(&batch.emulator, FaultAction::Delay { ms: 600_000 });
    let mut command = msm();
    let command = command
        .arg("batch")
        .arg(batch.file())
        .envs(batch.environment());
    let command = command.args(["--timeout", "60s", "--settling-margin", "1s"]);
    let piped = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    wait_for_rows(&batch.emulator, 1, &mut child);
    interrupt(&child);
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|it| it.unwrap().starts_with("interrupted")));
    interrupt(&child);
    // It is stored, and the program did not wait to hear so.
    assert_eq!(child.wait().unwrap().code(), Some(8));
    let ran = batch.run(&[]);
    assert_eq!((ran.code, outcomes(&ran.stdout).len()), (0, 1), "{ran:?}");
    assert_eq!(batch.texts(), ["text 1"]);
}

#[cfg(unix)]
#[test]
fn the_first_signal_lets_the_running_sends_end() {
    let batch = to_chat(50);
    let slow = FaultRule::new(FaultAction::Delay { ms: 50 }).with_operation("send");
    batch.emulator.set_faults(Faults::new().with_rule(slow));
    let mut child = batch.spawn(&["--concurrency", "2"]);
    wait_for_rows(&batch.emulator, 4, &mut child);
    interrupt(&child);
    // Everything that had begun has ended, so nothing is in doubt.
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let printed = outcomes(&fs::read_to_string(batch.path("outcomes")).unwrap());
    assert_eq!(printed.len(), batch.texts().len());
    assert!(printed.iter().all(|it| it["status"] == "sent"));
    assert_eq!(batch.run(&[]).code, 0);
    let distinct: BTreeSet<String> = batch.texts().into_iter().collect();
    assert_eq!((distinct.len(), batch.texts().len()), (50, 50));
}

#[cfg(unix)]
#[test]
fn what_is_added_to_the_input_while_it_is_sent_is_said_not_to_be_sent() {
    use std::io::Write as _;
    let batch = to_chat(20);
    let mut command = msm();
    let command = command
        .arg("batch")
        .arg(batch.file())
        .envs(batch.environment());
    let command = command.args(["--concurrency", "1", "--rate", "1/m"]);
    let piped = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    wait_for_rows(&batch.emulator, 1, &mut child);
    let more = line(&thread(batch.emulator.seed()), "acs-chat", "text 21");
    let mut file = fs::File::options().append(true).open(batch.file()).unwrap();
    write!(file, "\n{more}").unwrap();
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let said = "in.jsonl was changed after it was read: run the same command again";
    assert!(stderr.contains(said), "{stderr}");
    let ran = batch.run(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.stderr.contains("was changed"), "{ran:?}");
    let distinct: BTreeSet<String> = batch.texts().into_iter().collect();
    assert_eq!((distinct.len(), batch.texts().len()), (21, 21));
}
