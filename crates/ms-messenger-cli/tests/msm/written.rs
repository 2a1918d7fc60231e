//! Files and folders that are written: where there is no folder, and where `-` is given.

use std::fs;

use serde_json::Value;

use crate::support::{acs_chat, msm, run, start};

/// The line of a message to send.
const LINE: &str = r#"{"id":"a","to":"conversation:19:a@thread.v2","platform":"acs-chat","message":{"body":{"text":"x"}}}"#;

#[test]
fn a_missing_folder_is_named_with_what_to_create() {
    let emulator = start(false);
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let needed = missing.join("below");
    let file = needed.join("file").display().to_string();
    let store = format!("sqlite:{file}");
    let input = folder.path().join("in.jsonl").display().to_string();
    fs::write(&input, LINE).unwrap();
    let to = "conversation:19:a@thread.v2";
    let record = |option| {
        let record = [
            "emulator",
            "record",
            "--upstream",
            "http://127.0.0.1:9",
            "--http",
            "127.0.0.1:0",
        ];
        [&record[..], &["--out", &input, option, &file]].concat()
    };
    let here = ["--http", "127.0.0.1:0"];
    let emulator_with = |option| [&["emulator"][..], &here, &[option, &file]].concat();
    let exec_with = |option| [&["emulator", "exec", option, &file][..], &["--", "true"]].concat();
    let mut environment = acs_chat(emulator.seed());
    environment.push(("MSM_LISTEN_KEY", "hunter2".to_owned()));
    for words in [
        emulator_with("--env-out"),
        emulator_with("--ca-out"),
        emulator_with("--data"),
        exec_with("--env-out"),
        exec_with("--ca-out"),
        exec_with("--data"),
        record("--ca-out"),
        vec![
            "emulator",
            "record",
            "--upstream",
            "real",
            "--http",
            "127.0.0.1:0",
            "--out",
            &file,
        ],
        vec!["report", "--offline", "--output", &file],
        vec!["listen", "--keep", &file],
        vec!["batch", &input, "--outbox", &file],
        vec!["batch", &input, "--outbox", &file, "--dry-run"],
        vec!["outbox", "add", "--store", &store],
        vec!["outbox", "run", "--until-empty", "--store", &store],
        vec![
            "send", "--at", "1h", "--to", to, "--text", "x", "--store", &store,
        ],
    ] {
        let ran = run(&words, &environment, LINE);
        assert_eq!(ran.code, 3, "{words:?}: {ran:?}");
        let (missing, needed) = (missing.display(), needed.display());
        let text = format!("the folder {missing} does not exist: create {needed} first");
        assert!(ran.stderr.contains(&text), "{words:?}: {ran:?}");
        let first = ran.stderr.lines().next().unwrap();
        assert!(first.contains(&file), "{words:?}: {ran:?}");
    }
    assert!(!missing.exists());
}

#[test]
fn standard_output_is_refused_where_it_cannot_be_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (words, option, rule) in [
        (
            &["emulator", "--env-out", "-"][..],
            "--env-out",
            "`msm emulator env` prints",
        ),
        (
            &["emulator", "exec", "--env-out", "-", "--", "true"],
            "--env-out",
            "`msm emulator env` prints",
        ),
        (&["emulator", "--ca-out", "-"], "--ca-out", "./- is a file"),
        (&["emulator", "--data", "-"], "--data", "./- is a file"),
        (
            &["emulator", "exec", "--export", "-", "--", "true"],
            "--export",
            "./- is a folder",
        ),
        (&["emulator", "export", "-"], "DIR", "./- is a folder"),
        (
            &["emulator", "record", "--upstream", "real", "--out", "-"],
            "--out",
            "./- is a file",
        ),
        (
            &[
                "emulator",
                "record",
                "--upstream",
                "real",
                "--out",
                "x",
                "--ca-out",
                "-",
            ],
            "--ca-out",
            "./- is a file",
        ),
        (&["man", "-"], "FOLDER", "./- is a folder"),
        (&["listen", "--keep", "-"], "--keep", "./- is a file"),
        (
            &["batch", "-", "--outbox", "-"],
            "--outbox",
            "./- is a file",
        ),
        (
            &["outbox", "status", "--store", "sqlite:-"],
            "--store",
            "./- is a file",
        ),
        (
            &["outbox", "status", "--store", "sqlite://-"],
            "--store",
            "./- is a file",
        ),
        (
            &["login", "--state-dir", "-"],
            "--state-dir",
            "./- is a folder",
        ),
        (
            &["login", "--store-key-file", "-"],
            "--store-key-file",
            "./- is a file",
        ),
    ] {
        let output = msm()
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {error}");
        assert!(error.starts_with(&format!("error: {option}: ")), "{error}");
        assert!(error.contains(rule), "{words:?}: {error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{words:?}");
    }
}

#[test]
fn a_report_is_printed_for_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    for output in [&["--output", "-"][..], &["-o-"], &[]] {
        let words = [&["report", "--offline", "--json"], output].concat();
        let ran = msm()
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(0), "{output:?}");
        let line: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(line["status"], "ok", "{line}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            0,
            "{output:?}"
        );
    }
}

#[test]
fn a_file_that_is_not_standard_input_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("MSM_LISTEN_KEY", "hunter2")];
    let to = "channel:18fb8ab6-681d-4da3-bf6f-1b6e4f3807c9/19:a@thread.tacv2";
    let message = ["send", "--to", to, "--msgraph-token", "t"];
    for words in [
        [&message[..], &["--card", "-"]].concat(),
        [&message[..], &["--picture", "-"]].concat(),
        [&message[..], &["--file", "-"]].concat(),
        vec![
            "send",
            "--to",
            to,
            "--text",
            "x",
            "--msgraph-token-file",
            "-",
        ],
        vec!["listen", "--keep", "k", "--client-state-file", "-"],
        vec!["emulator", "--http", "127.0.0.1:0", "--faults", "-"],
        vec!["emulator", "--http", "127.0.0.1:0", "--replay", "-"],
        vec![
            "emulator",
            "exec",
            "--http",
            "127.0.0.1:0",
            "--replay",
            "-",
            "--",
            "true",
        ],
        vec![
            "emulator",
            "record",
            "--out",
            "x",
            "--upstream",
            "real",
            "--upstream-ca",
            "-",
        ],
        vec!["outbox", "status", "--store", "sqlite:o", "--key-file", "-"],
        vec!["config", "check", "--config", "-"],
    ] {
        let mut command = msm();
        let command = command.args(&words).envs(environment);
        let output = command.current_dir(folder.path()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{words:?}: {error}");
        let begin = "error: -: no such file: it is not standard input here";
        assert!(error.starts_with(begin), "{words:?}: {error}");
    }
    // A file of that name is one.
    fs::write(folder.path().join("-"), "{}").unwrap();
    let words = [&message[..], &["--card", "-"]].concat();
    let output = msm()
        .args(&words)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!error.contains("standard input"), "{error}");
}
