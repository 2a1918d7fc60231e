//! Signals that were ignored when the program was started: `nohup` ignores SIGHUP, a shell without job
//! control SIGINT of what it starts with `&`.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::support::{http, msm};

/// The program, started with these signals ignored.
fn ignoring(signals: &str, words: &[&str]) -> Command {
    let program = msm();
    let mut command = Command::new("sh");
    let script = format!("trap '' {signals}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(words).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    line
}

#[test]
fn an_ignored_signal_does_not_end_the_emulator() {
    let words = [
        "emulator",
        "--http",
        "127.0.0.1:0",
        "--https",
        "127.0.0.1:0",
    ];
    for (ignored, ending, name) in [
        (&["HUP"][..], "-TERM", "SIGTERM"),
        (&["HUP", "INT"], "-TERM", "SIGTERM"),
        (&["TERM"], "-INT", "Ctrl-C"),
        (&["INT", "TERM"], "-HUP", "SIGHUP"),
    ] {
        let mut child = ignoring(&ignored.join(" "), &words).spawn().unwrap();
        let ready: Value = serde_json::from_str(&first_line(&mut child)).unwrap();
        let health = format!("{}/_emulator/health", ready["http"].as_str().unwrap());
        for name in ignored {
            signal(&child, &format!("-{name}"));
            assert_eq!(http("GET", &health, "").0, 200, "{ignored:?}");
        }
        signal(&child, ending);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{ignored:?}");
        let mut notes = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut notes).unwrap();
        let last = notes.lines().last().unwrap();
        assert!(last.starts_with(&format!("ending ({name}): ")), "{last}");
    }
}

#[test]
fn an_ignored_signal_is_ignored_by_the_command_of_exec_too() {
    let script = "kill -HUP $$; kill -INT $$; echo alive; read line; exit 4";
    let words = ["emulator", "exec", "--", "sh", "-c", script];
    let mut child = ignoring("HUP INT", &words).spawn().unwrap();
    assert_eq!(first_line(&mut child), "alive\n");
    signal(&child, "-HUP");
    signal(&child, "-INT");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(4));
}

#[test]
fn an_ignored_signal_does_not_end_what_is_read() {
    let mut child = ignoring("HUP INT TERM", &["emulator", "env", "-"])
        .spawn()
        .unwrap();
    // More than a pipe holds: once it is written, the program reads.
    let mut input = child.stdin.take().unwrap();
    input.write_all(&[b' '; 256 * 1024]).unwrap();
    for name in ["-HUP", "-INT", "-TERM"] {
        signal(&child, name);
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert!(error.starts_with("error: standard input: "), "{error}");
}
