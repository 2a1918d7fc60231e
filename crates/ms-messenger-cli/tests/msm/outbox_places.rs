//! Places that hold no outbox.

use std::{fs, path::Path};

use serde_json::json;

use crate::{batch_file::to_chat, outbox::Outbox, support::thread};

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A database as another program makes it: an empty one of SQLite that has a mark of its own.
fn foreign() -> Vec<u8> {
    // <https://sqlite.org/fileformat.html>: the header, then an empty page of the schema.
    let mut page = vec![0; 4096];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[16..24].copy_from_slice(&[0x10, 0, 1, 1, 0, 64, 32, 32]);
    for (at, value) in [(24, 1_u32), (28, 1), (44, 4), (56, 1), (68, 4711), (92, 1)] {
        page[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    page[100..108].copy_from_slice(&[13, 0, 0, 0, 0, 0x10, 0, 0]);
    page
}

/// Commands on an outbox that exists.
const READING: [&[&str]; 9] = [
    &["status"],
    &["list"],
    &["show", "a"],
    &["settle", "--all"],
    &["retry", "a"],
    &["cancel", "a"],
    &["confirm", "a"],
    &["give-up", "a"],
    &["purge", "--before", "1d"],
];

#[test]
fn reading_creates_no_outbox() {
    let outbox = Outbox::new();
    let folder = outbox.folder.path();
    for words in READING {
        let ran = outbox.run(words, "");
        assert_eq!(ran.code, 3, "{words:?} {ran:?}");
        assert!(
            ran.stderr.contains("o.db: there is no such file"),
            "{ran:?}"
        );
        assert!(names(folder).is_empty(), "{words:?}");
    }
    fs::write(folder.join("o.db"), "").unwrap();
    for words in READING {
        let ran = outbox.run(words, "");
        assert_eq!(ran.code, 3, "{words:?} {ran:?}");
        assert!(ran.stderr.contains("o.db: the file is empty"), "{ran:?}");
        assert_eq!(names(folder), ["o.db"], "{words:?}");
        assert!(fs::read(folder.join("o.db")).unwrap().is_empty());
    }
}

#[test]
fn the_database_of_another_program_is_left_as_it_is() {
    let outbox = Outbox::new();
    let path = outbox.folder.path().join("o.db");
    fs::write(&path, foreign()).unwrap();
    let line = json!({"id": "a", "to": thread(outbox.emulator.seed()), "platform": "acs-chat",
        "message": {"body": {"text": "x"}}})
    .to_string();
    let writing: [&[&str]; 3] = [&["add"], &["run"], &["run", "--until-empty"]];
    for words in READING.into_iter().chain(writing) {
        let ran = outbox.run(words, &line);
        assert_eq!(ran.code, 3, "{words:?} {ran:?}");
        let expected = "o.db: the file is the database of another program";
        assert!(ran.stderr.contains(expected), "{ran:?}");
        assert_eq!(fs::read(&path).unwrap(), foreign(), "{words:?}");
    }
}

#[test]
fn a_batch_leaves_the_database_of_another_program_as_it_is() {
    let batch = to_chat(1);
    let path = batch.path("in.jsonl.outbox");
    fs::write(&path, foreign()).unwrap();
    for options in [&[][..], &["--dry-run"]] {
        let ran = batch.run(options);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains("another program"), "{ran:?}");
        assert_eq!(fs::read(&path).unwrap(), foreign());
    }
    // A dry run fills no empty file either.
    fs::write(&path, "").unwrap();
    assert_eq!(batch.run(&["--dry-run"]).code, 0);
    assert!(fs::read(&path).unwrap().is_empty());
    assert_eq!(batch.run(&[]).code, 0);
    assert_eq!(batch.texts(), ["text 1"]);
}
