//! The configuration file: profiles, references, named targets, precedence and `msm config`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

use crate::support::{Environment, Ran, acs_chat, channel, msgraph_chat, run, start, thread};

/// An emulator, and a folder with a configuration file for it.
struct World {
    emulator: Emulator,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self {
            emulator: start(false),
            folder: tempfile::tempdir().unwrap(),
        };
        let seed = world.emulator.seed();
        world.secret("chat", &seed.acs.users[0].token, 0o600);
        world.secret("graph", &seed.graph.token, 0o600);
        world.write(&format!(
            "[targets]\nops = \"{}\"\nteam = \"{}\"\n\
             [profiles.default]\nacs_endpoint = \"{}\"\nacs_chat_token = \"file:chat\"\n\
             [profiles.teams]\nmsgraph_base_url = \"{}\"\nmsgraph_token = \"env:TEAMS_TOKEN\"\n\
             [profiles.teams.targets]\nops = \"{}\"\n",
            thread(seed),
            channel(seed),
            seed.acs.endpoint,
            seed.graph.base,
            channel(seed),
        ));
        world
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    fn secret(&self, name: &str, value: &str, mode: u32) {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("{value}\n")).unwrap();
        set_mode(&path, mode);
    }

    fn environment(&self) -> Environment {
        let token = self.emulator.seed().graph.token.clone();
        vec![
            ("MSM_CONFIG", self.path().display().to_string()),
            ("TEAMS_TOKEN", token),
        ]
    }

    fn run(&self, words: &[&str]) -> Ran {
        run(words, &self.environment(), "")
    }

    fn show(&self, words: &[&str], environment: &Environment) -> Value {
        let environment = [self.environment(), environment.clone()].concat();
        let ran = run(
            &[&["config", "show", "--json"], words].concat(),
            &environment,
            "",
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.json()
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// Returns value and origin of a setting that is shown.
fn setting(shown: &Value, variable: &str) -> (Value, String) {
    let settings = shown["settings"].as_array().unwrap();
    let found = settings.iter().find(|it| it["variable"] == variable);
    let found = found.unwrap_or_else(|| panic!("{variable}: {shown}"));
    (
        found["value"].clone(),
        found["origin"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn a_named_target_is_sent_to_over_the_settings_of_its_profile() {
    let world = World::new();
    for (words, platform) in [
        (
            &["send", "--json", "--to", "@ops", "--text", "a"][..],
            "acs-chat",
        ),
        (
            &[
                "send",
                "--json",
                "--to=@ops",
                "--text",
                "b",
                "--profile",
                "teams",
            ],
            "msgraph-chat",
        ),
        (
            &[
                "send",
                "--json",
                "--profile=teams",
                "--to",
                "@team",
                "--text",
                "c",
            ],
            "msgraph-chat",
        ),
    ] {
        let ran = world.run(words);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.json()["platform"], platform);
    }
    let texts: Vec<String> = world
        .emulator
        .messages()
        .iter()
        .map(|row| row.text.clone())
        .collect();
    assert_eq!(texts, ["a", "b", "c"]);
    let mut environment = world.environment();
    environment.push(("MSM_PROFILE", "teams".to_owned()));
    let ran = run(
        &["send", "--json", "--to", "@ops", "--text", "d"],
        &environment,
        "",
    );
    assert_eq!(ran.json()["platform"], "msgraph-chat");
}

#[test]
fn an_unknown_name_is_an_error_of_usage_that_suggests_the_near_one() {
    let world = World::new();
    let ran = world.run(&["send", "--to", "@teem", "--text", "x"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("did you mean @team?"), "{ran:?}");
    let ran = run(&["send", "--to", "@team", "--text", "x"], &[], "");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("msm config path"), "{ran:?}");
    let ran = world.run(&["send", "--to", "@ops", "--text", "x", "--profile", "team"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("did you mean teams?"), "{ran:?}");
    assert!(world.emulator.messages().is_empty());
}

#[test]
fn an_option_precedes_a_variable_that_precedes_the_profile_that_precedes_the_default() {
    let world = World::new();
    let variable = vec![("MSGRAPH_BASE_URL", "http://127.0.0.1:1/v1.0".to_owned())];
    let teams = ["--profile", "teams"];
    let option = [
        "--profile",
        "teams",
        "--msgraph-base-url",
        "http://127.0.0.1:2/v1.0",
    ];
    let base = json!(world.emulator.seed().graph.base);
    let line = format!("the profile `teams` ({}:8)", world.path().display());
    for (words, environment, value, origin) in [
        (
            &option[..],
            &variable,
            json!("http://127.0.0.1:2/v1.0"),
            "the command line",
        ),
        (
            &teams,
            &variable,
            json!("http://127.0.0.1:1/v1.0"),
            "the environment",
        ),
        (&teams, &Vec::new(), base, line.as_str()),
    ] {
        let shown = world.show(words, environment);
        assert_eq!(
            setting(&shown, "MSGRAPH_BASE_URL"),
            (value, origin.to_owned())
        );
    }
    let shown = world.show(&[], &Vec::new());
    let settings = shown["settings"].as_array().unwrap();
    assert!(
        settings
            .iter()
            .all(|it| it["variable"] != "MSGRAPH_BASE_URL")
    );
    // A variable that chooses another cloud displaces the address of the profile, too.
    let cloud = vec![("MSGRAPH_CLOUD", "china".to_owned())];
    let shown = world.show(&teams, &cloud);
    let settings = shown["settings"].as_array().unwrap();
    assert!(
        settings
            .iter()
            .all(|it| it["variable"] != "MSGRAPH_BASE_URL"),
        "{shown}"
    );
}

#[test]
fn a_credential_of_the_environment_displaces_those_of_the_profile() {
    let world = World::new();
    world.write(
        "[profiles.default]\nacs_endpoint = \"https://a.test\"\nacs_access_token = \"file:chat\"\n",
    );
    let environment = vec![("ACS_ACCESS_KEY", "c2VjcmV0".to_owned())];
    let shown = world.show(&[], &environment);
    assert_eq!(setting(&shown, "ACS_ACCESS_KEY").1, "the environment");
    let settings = shown["settings"].as_array().unwrap();
    assert!(
        settings
            .iter()
            .all(|it| it["variable"] != "ACS_ACCESS_TOKEN"),
        "{shown}"
    );
}

#[test]
fn secrets_are_never_shown() {
    let world = World::new();
    let token = world.emulator.seed().graph.token.clone();
    for words in [
        &["config", "show", "--profile", "teams"][..],
        &["config", "show", "--profile", "teams", "--json"],
        &["config", "show", "--msgraph-token", &token],
        &["config", "check"],
        &["config", "check", "--json"],
    ] {
        let ran = world.run(words);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!format!("{ran:?}").contains(&token), "{words:?}");
    }
    let shown = world.show(&["--profile", "teams"], &Vec::new());
    let (value, origin) = setting(&shown, "MSGRAPH_TOKEN");
    assert_eq!(value, Value::Null);
    assert!(origin.ends_with(":9, env:TEAMS_TOKEN)"), "{origin}");
    assert_eq!(shown["targets"][0]["name"], "ops");
}

#[test]
fn every_problem_is_reported_at_once_with_its_line_and_nothing_is_sent() {
    let world = World::new();
    world.write(
        "[profiles.default]\nacs_endpont = \"https://a.test\"\nacs_access_key = \"hunter2\"\n\
         [targets]\nops = \"nowhere\"\n",
    );
    for words in [
        &["config", "check"][..],
        &["config", "show"],
        &["send", "--to", "tel:+14255550123", "--text", "x"],
        &["send", "--to", "@ops", "--text", "x"],
        &["doctor"],
    ] {
        let ran = world.run(words);
        assert_eq!(ran.code, 3, "{words:?} {ran:?}");
        for part in [
            ":2: profiles.default.acs_endpont: unknown member: did you mean acs_endpoint?",
            ":3: profiles.default.acs_access_key: must be a reference",
            ":5: targets.ops: ",
        ] {
            assert!(ran.stderr.contains(part), "{words:?} {part}: {ran:?}");
        }
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    }
    let ran = world.run(&["config", "check", "--json"]);
    assert_eq!(ran.json()["problems"].as_array().unwrap().len(), 3);
}

#[test]
fn a_check_reads_the_secrets_of_every_profile() {
    let world = World::new();
    let ran = world.run(&["config", "check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.ends_with(": no problem found, 2 profiles\n"),
        "{ran:?}"
    );
    fs::remove_file(world.folder.path().join("chat")).unwrap();
    let environment = vec![("MSM_CONFIG", world.path().display().to_string())];
    let ran = run(&["config", "check"], &environment, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("no such file"), "{ran:?}");
    assert!(
        ran.stderr.contains("the variable TEAMS_TOKEN is not set"),
        "{ran:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_a_warning_and_one_that_they_can_change_an_error() {
    let world = World::new();
    let chat = world.folder.path().join("chat");
    let words = ["send", "--json", "--to", "@ops", "--text", "x"];
    set_mode(&chat, 0o644);
    let line = world.run(&words).json();
    assert_eq!(line["status"], "sent", "{line}");
    let rule = line["warnings"][0]["rule"].as_str().unwrap();
    assert!(
        rule.contains("other users can read it (mode 644)"),
        "{line}"
    );
    let ran = world.run(&["config", "check"]);
    assert!(ran.stderr.starts_with("warning: "), "{ran:?}");
    set_mode(&chat, 0o666);
    let ran = world.run(&words);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stdout.contains("other users can change it"), "{ran:?}");
}

#[test]
fn the_file_of_the_user_is_found_and_none_is_needed() {
    let home = tempfile::tempdir().unwrap();
    let environment = vec![("HOME", home.path().display().to_string())];
    let expected = home.path().join(".config/msm/config.toml");
    let ran = run(&["config", "path", "--json"], &environment, "");
    let line = ran.json();
    assert_eq!(line["path"], expected.display().to_string());
    assert_eq!(line["exists"], false);
    assert_eq!(run(&["config", "check"], &environment, "").code, 0);
    assert_eq!(run(&["config", "show"], &environment, "").code, 0);
    fs::create_dir_all(expected.parent().unwrap()).unwrap();
    fs::write(
        &expected,
        "[profiles.default]\nucwa_sip = \"sip:a@contoso.test\"\n",
    )
    .unwrap();
    let ran = run(&["config", "show"], &environment, "");
    assert!(ran.stdout.contains("sip:a@contoso.test"), "{ran:?}");
    // What is named must exist.
    for words in [
        &["config", "show", "--config", "/nonexistent.toml"][..],
        &[
            "send",
            "--config",
            "/nonexistent.toml",
            "--to",
            "user:a",
            "--text",
            "x",
        ],
    ] {
        let ran = run(words, &environment, "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(
            ran.stderr.contains("/nonexistent.toml: no such file"),
            "{ran:?}"
        );
    }
}

#[test]
fn files_that_are_no_configuration_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge.toml");
    fs::write(&huge, "# a\n".repeat(300_000)).unwrap();
    let binary = folder.path().join("binary.toml");
    fs::write(&binary, [0xff, 0xfe, 0, 1]).unwrap();
    for (path, rule) in [
        (folder.path(), "is a folder"),
        (&huge, "has more than 1 MiB"),
        (&binary, "is not UTF-8"),
    ] {
        let path = path.display().to_string();
        let ran = run(&["config", "check", "--config", &path], &[], "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains(rule), "{rule}: {ran:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_user_without_a_writable_home_can_send() {
    let world = World::new();
    let home = tempfile::tempdir().unwrap();
    set_mode(home.path(), 0o500);
    let mut environment = world.environment();
    environment.push(("HOME", home.path().display().to_string()));
    let ran = run(&["send", "--to", "@ops", "--text", "x"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    environment.retain(|(name, _)| *name != "HOME");
    environment.push(("HOME", "/nonexistent".to_owned()));
    let ran = run(&["send", "--to", "@ops", "--text", "x"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    set_mode(home.path(), 0o700);
    // The home of many services.
    let mut environment = acs_chat(world.emulator.seed());
    environment.push(("HOME", "/dev/null".to_owned()));
    let to = thread(world.emulator.seed());
    let ran = run(&["send", "--to", &to, "--text", "x"], &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run(&["whoami"], &environment, "");
    assert_eq!(ran.code, 5, "{ran:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_reference_to_a_keyring_that_is_not_there_is_a_clear_error() {
    let world = World::new();
    world.write("[profiles.default]\nacs_chat_token = \"keyring:hunter2\"\n");
    let mut environment = world.environment();
    // Where the keyring of this machine would be.
    let nowhere = "unix:path=/nonexistent".to_owned();
    environment.push(("DBUS_SESSION_BUS_ADDRESS", nowhere));
    let rule = if cfg!(feature = "keyring") {
        "this machine has no keyring, or it is not running"
    } else {
        "this msm is built without the feature keyring"
    };
    let to = thread(world.emulator.seed());
    for words in [
        &["send", "--json", "--to", &to, "--text", "x"][..],
        &["config", "check", "--json"],
    ] {
        let ran = run(words, &environment, "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stdout.contains(rule), "{ran:?}");
        assert!(ran.stdout.contains("env:NAME or file:PATH"), "{ran:?}");
    }
    assert!(world.emulator.messages().is_empty());
}

#[cfg(unix)]
#[test]
fn the_file_is_read_once() {
    let emulator = start(false);
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("config.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let text = format!("[targets]\nops = \"{}\"\n", channel(emulator.seed()));
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, text)
    });
    let pipe = pipe.to_str().unwrap();
    let words = ["send", "--config", pipe, "--to", "@ops", "--text", "x"];
    // A second read would wait for another writer.
    let ran = run(&words, &msgraph_chat(emulator.seed()), "");
    writer.join().unwrap().unwrap();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages().len(), 1);
}

#[test]
fn the_password_of_an_address_is_not_shown() {
    let environment = vec![
        ("MSGRAPH_BASE_URL", "https://bob:hunter2@h/v1.0".to_owned()),
        ("ACS_ENDPOINT", "https://bob:hun@ter2@h".to_owned()),
        ("UCWA_DISCOVERY_URL", "https://h/@bob".to_owned()),
    ];
    for form in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = run(form, &environment, "");
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(!shown.stdout.contains("bob:"), "{shown:?}");
        assert!(!shown.stdout.contains("ter2"), "{shown:?}");
        for text in [
            "https://(removed)@h/v1.0",
            "https://(removed)@h",
            "https://h/@bob",
        ] {
            assert!(shown.stdout.contains(text), "{text}: {shown:?}");
        }
    }
}
