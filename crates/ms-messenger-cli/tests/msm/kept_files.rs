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
