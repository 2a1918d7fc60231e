//! Places that hold no outbox.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    batch_file::to_chat,
    outbox::Outbox,
    support::{run, thread},
};

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
        // Also no file of a lock.
        assert_eq!(names(outbox.folder.path()), ["o.db"], "{words:?}");
    }
}

/// What is no database and cannot become one, and a part of what is said of it.
#[cfg(unix)]
fn unusable(folder: &Path) -> Vec<(String, &'static str)> {
    let at = |name: &str| folder.join(name).display().to_string();
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("text"), "{\"to\": \"sip:bob@contoso.com\"}\n").unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(at("fifo"))
        .status();
    assert!(made.unwrap().success());
    // The path stays after the listener has ended.
    drop(std::os::unix::net::UnixListener::bind(at("socket")).unwrap());
    vec![
        (at("folder"), "is a folder, not a file"),
        (at("text"), "is not a SQLite database"),
        (at("fifo"), "is not a regular file"),
        (at("socket"), "is not a regular file"),
        ("/dev/zero".to_owned(), "is not a regular file"),
        ("/dev/null".to_owned(), "is not a regular file"),
        #[cfg(target_os = "linux")]
        ("/proc/self/mem".to_owned(), "cannot be read"),
        #[cfg(target_os = "linux")]
        ("/proc/self/status".to_owned(), "is not a SQLite database"),
        (at("new.db?mode=rwc"), "none is created with ? or %"),
        (at("new%2Edb"), "none is created with ? or %"),
    ]
}

/// What stands beside the devices.
#[cfg(unix)]
fn devices() -> Vec<String> {
    let is_of_device = |name: &String| ["null", "zero"].iter().any(|it| name.starts_with(it));
    let names = names(Path::new("/dev")).into_iter();
    names.filter(is_of_device).collect()
}

#[cfg(unix)]
#[test]
fn what_can_hold_no_outbox_is_refused_by_every_command_and_nothing_is_left_beside_it() {
    let outbox = Outbox::new();
    let folder = outbox.folder.path();
    let all = unusable(folder);
    let (before, devices_before) = (names(folder), devices());
    let to = thread(outbox.emulator.seed());
    let line = json!({"id": "a", "to": to, "platform": "acs-chat",
        "message": {"body": {"text": "x"}}})
    .to_string();
    let keep = folder.join("events").display().to_string();
    let outbox_commands: [&[&str]; 4] = [
        &["outbox", "status"],
        &["outbox", "purge", "--before", "1d"],
        &["outbox", "add"],
        &["outbox", "run", "--until-empty"],
    ];
    let others: [&[&str]; 2] = [
        &[
            "send",
            "--to",
            &to,
            "--platform",
            "acs-chat",
            "--text",
            "x",
            "--at",
            "1h",
        ],
        &["listen", "--keep", &keep, "--address", "127.0.0.1:0"],
    ];
    let mut environment = outbox.environment();
    environment.push((
        "MSM_LISTEN_KEY",
        "0123456789abcdef0123456789abcdef".to_owned(),
    ));
    for (path, rule) in &all {
        let store = format!("sqlite:{path}");
        for words in outbox_commands.into_iter().chain(others) {
            let words = [words, &["--store", &store]].concat();
            let ran = run(&words, &environment, &line);
            assert_eq!(ran.code, 3, "{words:?} {ran:?}");
            assert!(ran.stderr.contains(path), "{words:?} {ran:?}");
            assert!(ran.stderr.contains(rule), "{words:?} {ran:?}");
            assert_eq!(names(folder), before, "{words:?}");
        }
    }
    assert_eq!(devices(), devices_before);
}

#[cfg(unix)]
#[test]
fn a_batch_and_a_listener_leave_what_is_no_file_of_theirs_as_it_is() {
    let batch = to_chat(1);
    let folder = Path::new(&batch.path("in.jsonl"))
        .parent()
        .unwrap()
        .to_owned();
    let all = unusable(&folder);
    let before = names(&folder);
    // The name of a file is no address.
    let files = all.iter().filter(|(path, _)| !path.contains("new"));
    for (path, rule) in files {
        for options in [&["--outbox", path][..], &["--outbox", path, "--dry-run"]] {
            let ran = batch.run(options);
            assert_eq!(ran.code, 3, "{options:?} {ran:?}");
            assert!(ran.stderr.contains(path), "{options:?} {ran:?}");
            assert!(ran.stderr.contains(rule), "{options:?} {ran:?}");
            assert_eq!(names(&folder), before, "{options:?}");
        }
        if path.ends_with("text") || path.ends_with("status") {
            continue;
        }
        let mut environment = batch.environment();
        environment.push((
            "MSM_LISTEN_KEY",
            "0123456789abcdef0123456789abcdef".to_owned(),
        ));
        let other = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", other.path().join("o.db").display());
        let words = [
            "listen",
            "--keep",
            path,
            "--store",
            &store,
            "--address",
            "127.0.0.1:0",
        ];
        let ran = run(&words, &environment, "");
        assert_eq!(ran.code, 3, "{words:?} {ran:?}");
        assert!(ran.stderr.contains(path), "{words:?} {ran:?}");
        assert_eq!(names(&folder), before, "{words:?}");
    }
    let odd = batch.path("50%?.outbox");
    assert_eq!(batch.run(&["--outbox", &odd]).code, 0);
    assert_eq!(batch.texts(), ["text 1"]);
    // As its summary names it.
    let ran = run(
        &["outbox", "status", "--store", &format!("sqlite:{odd}")],
        &batch.environment(),
        "",
    );
    assert!(ran.stdout.contains("sent"), "{ran:?}");
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
        assert!(!Path::new(&format!("{path}.lock")).exists());
    }
    // A dry run fills no empty file either.
    fs::write(&path, "").unwrap();
    assert_eq!(batch.run(&["--dry-run"]).code, 0);
    assert!(fs::read(&path).unwrap().is_empty());
    assert_eq!(batch.run(&[]).code, 0);
    assert_eq!(batch.texts(), ["text 1"]);
}
