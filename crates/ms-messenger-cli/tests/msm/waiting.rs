//! Pipes that nothing is written to, and errors of any length.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use crate::support::{msm, run};

#[test]
fn an_error_of_any_length_can_be_read() {
    let long = "x".repeat(100_000);
    for words in [
        &["config", "check", "--config", &long][..],
        &["settle", "--evidence", &long],
        &["emulator", "--http", "127.0.0.1:0", "--faults", &long],
    ] {
        let ran = run(words, &[], "");
        assert!(
            ran.code != 0 && ran.stderr.len() < 3000,
            "{}",
            ran.stderr.len()
        );
        assert!(ran.stderr.contains("…xxx"), "{ran:?}");
    }
}

#[test]
fn a_pipe_without_a_writer_is_named_while_it_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let pipe = pipe.to_str().unwrap();
    let made = Command::new("mkfifo").arg(pipe).status().unwrap();
    assert!(made.success());
    let emulator = ["emulator", "--http", "127.0.0.1:0", "--faults"];
    let to = ["send", "--to", "channel:T/C", "--text", "x"];
    let record = [
        "emulator",
        "record",
        "--http",
        "127.0.0.1:0",
        "--upstream",
        "http://127.0.0.1:9",
        "--out",
        "new",
        "--upstream-ca",
    ];
    let cases: [&[&str]; 8] = [
        &["send", "--request"],
        &[&to[..], &["--msgraph-token-file"]].concat(),
        &[&to[..], &["--card"]].concat(),
        &["settle", "--evidence"],
        &["config", "show", "--config"],
        &["emulator", "env"],
        &emulator,
        &record,
    ];
    for words in cases {
        let mut command = msm();
        command.args(words).arg(pipe).current_dir(folder.path());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(
            line,
            format!(
                "waiting for what is written to {pipe}, which is no regular file; press Ctrl-C to stop\n"
            ),
            "{words:?}"
        );
    }
}
