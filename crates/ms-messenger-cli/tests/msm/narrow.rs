//! A terminal of 20 columns.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    os::fd::OwnedFd,
    process::{Command, Stdio},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use serde_json::json;

use crate::support::{channel, msgraph_chat, msm, start};

const COLUMNS: u16 = 20;

/// Returns what `command` writes to a terminal, and its exit code.
fn on_terminal(command: &mut Command, stdout: bool) -> (String, i32) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: COLUMNS,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&controller, size).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let open = || -> OwnedFd {
        let path = name.to_str().unwrap();
        let options = File::options().read(true).write(true).open(path);
        options.unwrap().into()
    };
    command.stdin(Stdio::null()).stderr(open());
    command.stdout(if stdout { open().into() } else { Stdio::null() });
    let mut child = command.spawn().unwrap();
    // Else the terminal would never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut written = Vec::new();
    if let Err(error) = File::from(controller).read_to_end(&mut written) {
        // The terminal of a process that ended is gone (EIO).
        assert_ne!(error.kind(), ErrorKind::PermissionDenied);
    }
    let code = child.wait().unwrap().code().unwrap();
    (String::from_utf8(written).unwrap(), code)
}

/// Returns the lines of the examples in a help, each as one line with one space between words.
fn examples(help: &str) -> Vec<String> {
    let help = help.replace("\r\n", "\n").replace(" \\\n", " ");
    let lines = help.lines().skip_while(|line| !line.starts_with("Example"));
    let lines = lines.skip(1).take_while(|line| line.starts_with(' '));
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Returns every command, `outbox run` among them.
fn commands() -> Vec<Vec<String>> {
    let names = |help: &str| -> Vec<String> {
        let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let lines = lines.take_while(|line| !line.is_empty());
        let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        let names = names.filter(|name| !name.is_empty() && *name != "help");
        names.map(str::to_owned).collect()
    };
    let help = |words: &[String]| {
        let output = msm().args(words).arg("-h").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let mut all = Vec::new();
    for name in names(&help(&[])) {
        let inner = names(&help(std::slice::from_ref(&name)));
        all.extend(inner.into_iter().map(|it| vec![name.clone(), it]));
        all.push(vec![name]);
    }
    all
}

#[test]
fn an_example_in_a_help_is_the_same_command_at_any_width() {
    let all = commands();
    assert!(all.len() > 30, "{all:?}");
    let mut continued = 0;
    for words in all {
        for flag in ["-h", "--help"] {
            let wide = msm().args(&words).arg(flag).output().unwrap();
            let wide = String::from_utf8(wide.stdout).unwrap();
            let (narrow, code) = on_terminal(msm().args(&words).arg(flag), true);
            assert_eq!(code, 0);
            assert_eq!(examples(&narrow), examples(&wide), "{words:?} {flag}");
            continued += narrow.matches(" \\\r\n").count();
            let count = |help: &str| help.replace(" \\\r\n", " ").split_whitespace().count();
            assert!(count(&narrow) >= count(&wide), "{words:?} {flag}: {narrow}");
        }
    }
    assert!(continued > 100, "{continued}");
}

#[test]
fn a_bar_stays_in_its_line() {
    let emulator = start(false);
    let world = emulator.seed();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.jsonl");
    let line =
        |text: &str| json!({"to": channel(world), "message": {"body": {"text": text}}}).to_string();
    std::fs::write(&file, [line("a"), line("b")].join("\n")).unwrap();
    let mut batch = msm();
    batch.arg("batch").arg(&file).args(["--rate", "1000/s"]);
    let picture = folder.path().join("large.bin");
    std::fs::write(&picture, vec![7; 3 << 20]).unwrap();
    let mut send = msm();
    send.args(["send", "--to", &channel(world), "--text", "x", "--file"]);
    send.arg(&picture);
    let mut quiet = msm();
    quiet.args(send.get_args()).arg("--quiet");
    let (written, code) = on_terminal(quiet.envs(msgraph_chat(world)), false);
    assert_eq!((written.as_str(), code), ("", 0));
    for (mut command, begin) in [(batch, "0/2 0 sent"), (send, "upload ")] {
        command.envs(msgraph_chat(world));
        let (written, code) = on_terminal(&mut command, false);
        assert_eq!(code, 0, "{written:?}");
        assert!(written.contains(begin), "{written:?}");
        // Each time it is drawn, the line is erased first; a note follows at the end.
        let (drawn, _) = written.rsplit_once("\r\u{1b}[2K").unwrap();
        for line in drawn.split("\r\u{1b}[2K") {
            let length = line.trim_end().chars().count();
            assert!(length <= usize::from(COLUMNS), "{line:?}");
        }
    }
}
