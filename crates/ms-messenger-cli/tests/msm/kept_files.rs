//! Files of messages that wait: they are sent as they were handed over.

use std::{fs, path::Path};

use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Environment, Ran, channel, msgraph_chat, run, start};

struct Later {
    folder: TempDir,
    emulator: Emulator,
}

impl Later {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            emulator: start(false),
        }
    }

    fn file(&self, contents: &[u8]) -> String {
        let path = self.folder.path().join("log.txt");
        fs::write(&path, contents).unwrap();
        path.display().to_string()
    }

    fn run(&self, words: &[&str], input: &str) -> Ran {
        let store = format!("sqlite:{}", self.folder.path().join("o.db").display());
        let mut environment: Environment = msgraph_chat(self.emulator.seed());
        environment.push(("MSM_OUTBOX", store));
        run(words, &environment, input)
    }

    fn line(&self, id: &str, path: &str) -> String {
        json!({"id": id, "to": channel(self.emulator.seed()), "message": {"body": {"text": id},
            "attachments": [{"upload": {"source": {"path": path}}}]}})
        .to_string()
    }

    /// Returns the name and the size of each file that the emulator has.
    fn stored(&self) -> Vec<(String, u64)> {
        let url = self.emulator.http_url();
        let (_, _, body) = crate::support::http("GET", &format!("{url}/_emulator/files"), "");
        let files: Value = serde_json::from_str(&body).unwrap();
        let files = files.as_array().unwrap();
        let stored = files.iter().map(|it| {
            let name = it["name"].as_str().unwrap().to_owned();
            (name, it["size"].as_u64().unwrap())
        });
        stored.collect()
    }
}

#[test]
fn a_file_is_sent_as_it_was_handed_over() {
    let later = Later::new();
    let to = channel(later.emulator.seed());
    let path = later.file(b"as it was");
    let words = [
        "send", "--to", &to, "--text", "x", "--file", &path, "--at", "1s",
    ];
    assert_eq!(later.run(&words, "").code, 0);
    let added = later.run(&["outbox", "add"], &later.line("a", &path));
    assert_eq!(added.code, 0, "{added:?}");
    fs::remove_file(&path).unwrap();
    let ran = later.run(&["outbox", "run", "--until-empty"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stdout.matches(r#""state":"sent""#).count(),
        2,
        "{ran:?}"
    );
    let stored = later.stored();
    assert_eq!(stored.len(), 2, "{stored:?}");
    for (name, size) in stored {
        assert!(name.starts_with("log") && size == 9, "{name}: {size}");
    }
    assert_eq!(later.emulator.messages().len(), 2);
}

#[test]
fn a_message_whose_file_is_gone_is_there_already() {
    let later = Later::new();
    let path = later.file(b"as it was");
    let lines = |id: &str| [later.line("a", &path), later.line(id, &path)].join("\n");
    assert_eq!(
        later.run(&["outbox", "add"], &later.line("a", &path)).code,
        0
    );
    fs::remove_file(&path).unwrap();
    let known = |text: &str| {
        let ran = later.run(&["outbox", "add", "--json"], &later.line("a", &path));
        assert_eq!((ran.code, &ran.json()["known"]), (0, &1.into()), "{ran:?}");
        assert!(
            ran.stderr.contains(&path) && ran.stderr.contains(text),
            "{ran:?}"
        );
    };
    known("stored already and stays as it is: it was compared but for this file");
    // A new message with this file, and another message with this id.
    let ran = later.run(&["outbox", "add"], &lines("b"));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr.contains("line 2: message.attachments[0].source"),
        "{ran:?}"
    );
    let other = later
        .line("a", &path)
        .replace(r#""text":"a""#, r#""text":"z""#);
    let ran = later.run(&["outbox", "add"], &other);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.stderr
            .contains("line 1: id: is the id of another message"),
        "{ran:?}"
    );
    let run = ["outbox", "run", "--until-empty", "--erase-content"];
    assert_eq!(later.run(&run, "").code, 0);
    known("its content was erased");
    assert_eq!(later.run(&run, "").code, 0);
    let stored = later.stored();
    assert_eq!((stored.len(), stored[0].1), (1, 9), "{stored:?}");
    assert_eq!(later.emulator.messages().len(), 1);
}

#[test]
fn a_batch_goes_on_after_the_file_of_a_sent_message_was_deleted() {
    let later = Later::new();
    let path = later.file(b"as it was");
    let input = later.folder.path().join("in.jsonl");
    let batch = || later.run(&["batch", input.to_str().unwrap(), "--rate", "1000/s"], "");
    fs::write(&input, later.line("a", &path)).unwrap();
    assert_eq!(batch().code, 0);
    fs::remove_file(&path).unwrap();
    let text = json!({"id": "b", "to": channel(later.emulator.seed()),
        "message": {"body": {"text": "b"}}});
    fs::write(&input, format!("{}\n{text}\n", later.line("a", &path))).unwrap();
    let ran = batch();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(later.emulator.messages().len(), 2);
}

#[test]
fn a_file_that_cannot_be_kept_is_refused_before_anything_is_stored() {
    let later = Later::new();
    let to = channel(later.emulator.seed());
    let large = later.file(&[]);
    let file = fs::File::options().write(true).open(&large).unwrap();
    file.set_len((16 << 20) + 1).unwrap();
    let words = [
        "send", "--to", &to, "--text", "x", "--file", &large, "--at", "1h",
    ];
    let ran = later.run(&words, "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("at most 16 MiB"), "{ran:?}");
    assert!(ran.stderr.contains(&large), "{ran:?}");
    let absent = later.folder.path().join("absent").display().to_string();
    for (path, code) in [(&large, 4), (&absent, 3)] {
        let ran = later.run(&["outbox", "add"], &later.line("a", path));
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains(path.as_str()), "{ran:?}");
    }
    assert!(later.emulator.messages().is_empty());
    // The outbox may exist, but it is empty.
    if Path::new(&later.folder.path().join("o.db")).exists() {
        let listed = later.run(&["outbox", "list"], "");
        assert_eq!(listed.stdout, "", "{listed:?}");
    }
}
