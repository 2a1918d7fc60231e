//! An input of `msm batch`, and the emulator that it is sent to.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Stdio},
};

use ms_messenger_emulator::{Emulator, Seed};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Environment, Ran, acs_chat, acs_messages, channel, conversation, msgraph_chat, msm, run, skype,
    start, thread,
};

/// A folder with an input, and the emulator that it is sent to.
pub(crate) struct Batch {
    folder: TempDir,
    pub(crate) emulator: Emulator,
}

impl Batch {
    pub(crate) fn new(lines: &[String]) -> Self {
        let batch = Self {
            folder: tempfile::tempdir().unwrap(),
            emulator: start(false),
        };
        batch.write(lines);
        batch
    }

    pub(crate) fn write(&self, lines: &[String]) {
        fs::write(self.file(), lines.join("\n")).unwrap();
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("in.jsonl")
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn environment(&self) -> Environment {
        environment(self.emulator.seed())
    }

    pub(crate) fn run(&self, options: &[&str]) -> Ran {
        let file = self.path("in.jsonl");
        let words = [&["batch", &*file, "--rate", "1000/s"], options].concat();
        run(&words, &self.environment(), "")
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let rows = self.emulator.messages();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// Starts a run whose outcomes are appended to a file.
    pub(crate) fn spawn(&self, options: &[&str]) -> Child {
        let outcomes = File::options()
            .create(true)
            .append(true)
            .open(self.path("outcomes"));
        let mut command = msm();
        command
            .args(["batch", "--rate", "1000/s"])
            .arg(self.file())
            .args(options)
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(outcomes.unwrap())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    }
}

pub(crate) fn environment(world: &Seed) -> Environment {
    [
        acs_messages(world),
        acs_chat(world),
        msgraph_chat(world),
        skype(world),
    ]
    .concat()
}

/// The targets of all platforms, with the name of each platform.
pub(crate) fn targets(world: &Seed) -> [(&'static str, String); 4] {
    [
        ("acs-messages", conversation(world)),
        ("acs-chat", thread(world)),
        ("msgraph-chat", channel(world)),
        ("ucwa", world.ucwa.users[1].sip.clone()),
    ]
}

pub(crate) fn line(to: &str, platform: &str, text: &str) -> String {
    let body = json!({"body": {"text": text}});
    json!({"to": to, "platform": platform, "message": body}).to_string()
}

pub(crate) fn outcomes(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    let read =
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
    read.collect()
}

/// A batch of `count` lines to one thread of acs-chat.
pub(crate) fn to_chat(count: usize) -> Batch {
    let batch = Batch::new(&[]);
    let thread = thread(batch.emulator.seed());
    let lines = (1..=count).map(|n| line(&thread, "acs-chat", &format!("text {n}")));
    batch.write(&lines.collect::<Vec<_>>());
    batch
}

/// Waits until the ledger has grown by so many rows, or the process has ended.
pub(crate) fn wait_for_rows(emulator: &Emulator, more: usize, child: &mut Child) {
    let before = emulator.messages().len();
    while emulator.messages().len() < before + more && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}
