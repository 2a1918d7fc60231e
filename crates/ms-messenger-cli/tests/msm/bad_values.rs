//! Values that cannot be meant: the error names what is wrong, and nothing is sent or written.

use std::fs;
#[cfg(unix)]
use std::os::unix::{ffi::OsStringExt as _, fs::FileTypeExt as _};

use serde_json::json;

use crate::support::{acs_chat, channel, msgraph_chat, msm, run, skype, start, thread};

/// Addresses at which nothing is known.
const HERE: [&str; 4] = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0"];

#[test]
fn a_time_that_no_clock_can_add_is_refused() {
    let emulator = start(false);
    let environment = acs_chat(emulator.seed());
    let (to, folder) = (thread(emulator.seed()), tempfile::tempdir().unwrap());
    let input = folder.path().join("in.jsonl").display().to_string();
    let line = format!(r#"{{"id":"a","to":"{to}","message":{{"body":{{"text":"x"}}}}}}"#);
    fs::write(&input, line).unwrap();
    let outbox = format!("{input}.outbox");
    let store = format!("sqlite:{outbox}");
    for (words, option) in [
        (&["batch", &input, "--outbox", &outbox][..], "--timeout"),
        (
            &["batch", &input, "--outbox", &outbox],
            "--settling-patience",
        ),
        (
            &["outbox", "run", "--until-empty", "--store", &store],
            "--timeout",
        ),
        (
            &["outbox", "run", "--until-empty", "--store", &store],
            "--settling-margin",
        ),
        (&["send", "--to", &to, "--text", "x"], "--timeout"),
        (&["send", "--to", &to, "--text", "x"], "--settle"),
        (&["read", &to, "--follow"], "--interval"),
        (&["read", &to, "--follow"], "--for"),
        (&["settle", "--evidence", &input], "--wait"),
        (&["list", "threads"], "--timeout"),
    ] {
        for time in ["18446744073709551615", "584000000000y", "1e300"] {
            let ran = run(&[words, &[option, time]].concat(), &environment, "");
            assert_eq!(ran.code, 2, "{words:?} {option}: {ran:?}");
            let error = format!("error: {option}: must be at most 36500d\n");
            assert!(ran.stderr.starts_with(&error), "{words:?}: {ran:?}");
        }
    }
    assert!(emulator.messages().is_empty());
    assert!(!fs::exists(&outbox).unwrap());
    let sent = run(
        &["send", "--to", &to, "--text", "x", "--timeout", "36500d"],
        &environment,
        "",
    );
    assert_eq!(sent.code, 0, "{sent:?}");
    let sent = run(
        &[
            "batch",
            &input,
            "--outbox",
            &outbox,
            "--timeout",
            "36500d",
            "--settling-margin",
            "36500d",
            "--settling-patience",
            "36500d",
            "--give-up-after",
            "36500d",
        ],
        &environment,
        "",
    );
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(emulator.messages().len(), 2);
}

#[test]
fn a_member_is_named_by_the_argument_that_gives_it() {
    let emulator = start(false);
    let channel = channel(emulator.seed());
    let graph = msgraph_chat(emulator.seed());
    let environment = [&graph[..], &skype(emulator.seed())].concat();
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("o").display());
    let added = run(&["outbox", "add", "--store", &store], &[], "");
    assert_eq!(added.code, 0, "{added:?}");
    for (words, error) in [
        (
            &["show", &channel, "1", "--root", ""][..],
            "--root: must not be empty",
        ),
        (
            &["delete", &channel, "1", "--root", " "],
            "--root: must not have",
        ),
        (&["list", "contacts", ""], "OF: must not be empty"),
        (
            &["api", "GET", "", "--platform", "msgraph-chat"],
            "PATH: must start with one slash",
        ),
        (
            &["outbox", "show", "", "--store", &store],
            "ID: must not be empty",
        ),
        (
            &["outbox", "cancel", "\u{1b}", "--store", &store],
            "ID: must have no control characters",
        ),
    ] {
        let ran = run(words, &environment, "");
        assert_eq!(ran.code, 4, "{words:?}: {ran:?}");
        let error = format!("error: {error}");
        assert!(ran.stderr.starts_with(&error), "{words:?}: {ran:?}");
    }
    for (words, error) in [
        (
            &["api", "GET", "/me", "--filter", "$["][..],
            "--filter: is not a JSONPath: wrong at character 2",
        ),
        (&["emulator", "env", ""], "SOURCE: must not be empty"),
        (
            &["emulator", "--receiver-host", "a"],
            "--receiver-host needs --on-message",
        ),
    ] {
        let ran = run(words, &environment, "");
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
        let error = format!("error: {error}\n");
        assert!(ran.stderr.starts_with(&error), "{words:?}: {ran:?}");
    }
}

#[test]
fn an_emulator_that_rejects_the_application_is_not_told_to_approve_it() {
    let emulator = start(false);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().display().to_string();
    let address = emulator.http_url().to_owned();
    for option in ["--client-id", "--tenant"] {
        let words = ["login", "--emulator", &address, "--state-dir", &state];
        let ran = run(&[&words[..], &[option, "nonsense"]].concat(), &[], "");
        assert_eq!(ran.code, 3, "{ran:?}");
        let error = "error: the server rejects the sign-in (status 400): check --client-id";
        assert!(ran.stderr.starts_with(error), "{ran:?}");
    }
}

#[test]
fn a_setting_of_skype_is_checked_before_a_dry_run_says_that_nothing_is_wrong() {
    let emulator = start(false);
    for (name, value, rule) in [
        ("UCWA_SIP", "alice", "sip:user@host"),
        ("UCWA_DISCOVERY_URL", "nowhere", "absolute address"),
        ("UCWA_DISCOVERY_URL", "ftp://h/", "must be https"),
        ("UCWA_ENDPOINT_ID", "a\u{1b}b", "control characters"),
        ("UCWA_TRUSTED_DOMAIN", "https://h/", "must be a domain name"),
    ] {
        let mut environment = skype(emulator.seed());
        environment.retain(|(known, _)| *known != name);
        environment.push((name, value.to_owned()));
        let send = ["send", "--to", "sip:bob@contoso.test", "--text", "x"];
        for words in [&send[..], &[&send[..], &["--dry-run"]].concat()] {
            let ran = run(words, &environment, "");
            assert_eq!(ran.code, 3, "{name} {words:?}: {ran:?}");
            let error = format!("error: ucwa: {name}: ");
            assert!(ran.stderr.starts_with(&error), "{words:?}: {ran:?}");
            assert!(ran.stderr.contains(rule), "{words:?}: {ran:?}");
        }
        let doctor = run(&["doctor", "--platform", "ucwa"], &environment, "");
        assert_eq!(doctor.code, 3, "{name}: {doctor:?}");
        assert!(doctor.stdout.contains(&format!("{name}: ")), "{doctor:?}");
    }
    assert!(emulator.messages().is_empty());
}

#[test]
fn the_variable_is_named_that_holds_the_name_of_a_missing_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.toml").display().to_string();
    let environment = vec![("MSM_CONFIG", path.clone())];
    let ran = run(&["config", "show"], &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    let error = format!("error: MSM_CONFIG: {path}: no such file\n");
    assert!(ran.stderr.starts_with(&error), "{ran:?}");
    let ran = run(&["config", "show", "--config", &path], &environment, "");
    let error = format!("error: {path}: no such file\n");
    assert!(ran.stderr.starts_with(&error), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_unicode_does_not_count_as_missing() {
    let emulator = start(false);
    let (to, environment) = (thread(emulator.seed()), acs_chat(emulator.seed()));
    let send = ["send", "--to", &to, "--text", "x"];
    for name in [
        "MSM_PROFILE",
        "MSM_CONFIG",
        "MSM_STATE_DIR",
        "MSGRAPH_BASE_URL",
        "ACS_CHAT_TOKEN",
        "UCWA_SIP",
        "AZURE_TENANT_ID",
        "COMMUNICATION_SERVICES_CONNECTION_STRING",
    ] {
        for words in [&send[..], &["whoami"], &["doctor"]] {
            let mut command = msm();
            let command = command.args(words).envs(environment.iter().cloned());
            let value = std::ffi::OsString::from_vec(vec![b'h', 0xff]);
            let output = command.env(name, value).output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(3), "{name} {words:?}: {error}");
            let expected = format!("error: {name}: is not UTF-8\n");
            assert!(error.starts_with(&expected), "{words:?}: {error}");
        }
    }
    assert!(emulator.messages().is_empty());
    let folder = tempfile::tempdir().unwrap();
    for (name, rule) in [
        ("MSM_STATE_DIR", "must be a folder"),
        ("MSM_STORE_KEY_FILE", "must be a file"),
    ] {
        let mut command = msm();
        let command = command.args(["login", "--emulator"]).env(name, "-");
        let output = command.current_dir(folder.path()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{error}");
        assert!(error.starts_with(&format!("error: {name}: {rule}")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
    // What reads no settings needs none.
    let mut command = msm();
    let value = std::ffi::OsString::from_vec(vec![0xff]);
    let command = command.args(["exit-codes"]).env("MSM_PROFILE", value);
    assert!(command.output().unwrap().status.success());
}

/// A pipe in a folder.
#[cfg(unix)]
fn pipe(folder: &std::path::Path) -> String {
    let path = folder.join("pipe");
    let mut command = std::process::Command::new("mkfifo");
    assert!(command.arg(&path).status().unwrap().success());
    path.display().to_string()
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_in_one_step_replaces_no_pipe_and_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = pipe(folder.path());
    let recording = folder.path().join("r.jsonl").display().to_string();
    let record = ["emulator", "record", "--upstream", "http://127.0.0.1:9"];
    let record = [&record[..], &["--out", &recording]].concat();
    for (words, option) in [
        (&["emulator"][..], "--ca-out"),
        (&["emulator"], "--env-out"),
        (&["emulator", "exec"], "--ca-out"),
        (&["emulator", "exec"], "--env-out"),
        (&record, "--ca-out"),
    ] {
        let command: &[&str] = if words.contains(&"exec") {
            &["--", "true"]
        } else {
            &[]
        };
        let words = [words, &HERE, &[option, &pipe], command].concat();
        let ran = run(&words, &[], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{words:?}");
        assert!(ran.stderr.contains(&pipe), "{ran:?}");
        assert!(ran.stderr.contains("regular file"), "{ran:?}");
        let about = fs::symlink_metadata(&pipe).unwrap();
        assert!(about.file_type().is_fifo(), "{words:?}");
        let _ = fs::remove_file(&recording);
    }
    let (link, target) = (folder.path().join("link"), folder.path().join("target"));
    fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    for option in ["--ca-out", "--env-out"] {
        let link = link.display().to_string();
        let words = [&["emulator", "exec"], &HERE[..], &[option, &link]].concat();
        let ran = run(&[&words[..], &["--", "true"]].concat(), &[], "");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_ne!(fs::read_to_string(&target).unwrap(), "old");
        fs::write(&target, "old").unwrap();
    }
}

#[test]
fn a_file_of_events_is_not_standard_input() {
    let environment = [
        (
            "ACS_CONNECTION_STRING",
            "endpoint=http://127.0.0.1:9/;accesskey=aHVudGVyMg==".to_owned(),
        ),
        (
            "ACS_CHANNEL_REGISTRATION_ID",
            "5a6f2975-417d-4299-ba02-1665444d2c4e".to_owned(),
        ),
    ];
    let words = [
        "send",
        "--to",
        "tel:+14255550123",
        "--text",
        "x",
        "--wait",
        "read",
        "--events",
        "-",
    ];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    let error = "no such file: it is not standard input here";
    assert!(
        ran.stderr.contains("--events") && ran.stderr.contains(error),
        "{ran:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_recording_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = pipe(folder.path());
    let words = [&["emulator"], &HERE[..], &["--replay", &pipe]].concat();
    let ran = run(&words, &[], "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("it is no regular file"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_bundle_of_certificates_has_an_end() {
    let environment = [("SSL_CERT_FILE", "/dev/zero".to_owned())];
    let words = [&["emulator", "exec"], &HERE[..], &["--", "true"]].concat();
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr.contains("/dev/zero: ") && ran.stderr.contains("more than 64 MiB"),
        "{ran:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn an_outbox_whose_path_is_not_unicode_is_a_setting_to_correct() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = msm();
    let path = std::ffi::OsString::from_vec(vec![b'o', 0xff]);
    let command = command.args(["batch", "-", "--outbox"]).arg(path);
    let command = command.stdin(std::process::Stdio::null());
    let output = command.current_dir(folder.path()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert!(error.contains("the path is not UTF-8"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_dry_run_of_a_batch_looks_at_its_files() {
    let emulator = start(false);
    let environment = msgraph_chat(emulator.seed());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let to = channel(emulator.seed());
    let line = |id: &str, path: &str| {
        let source = json!({"upload": {"source": {"path": path}}});
        let message = json!({"body": {"text": "x"}, "attachments": [source]});
        json!({"id": id, "to": to, "message": message}).to_string()
    };
    fs::write(at("file"), "x").unwrap();
    fs::create_dir(at("folder")).unwrap();
    let lines = [
        line("a", &at("file")),
        line("b", &at("missing")),
        line("c", &at("folder")),
    ];
    fs::write(at("in.jsonl"), lines.join("\n")).unwrap();
    let ran = run(&["batch", &at("in.jsonl"), "--dry-run"], &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    for (number, rule) in [(2, "no such file"), (3, "is a folder, not a file")] {
        let error = format!("line {number}: message.attachments[0].source: ");
        let found = ran.stderr.lines().find(|line| line.contains(&error));
        assert!(found.unwrap().ends_with(rule), "{ran:?}");
    }
    assert!(!ran.stderr.contains("line 1"), "{ran:?}");
    assert!(emulator.messages().is_empty());
}
