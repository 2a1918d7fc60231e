//! `msm outbox`.

use std::{fs, time::Duration};

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, When};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Environment, Ran, acs_chat, acs_messages, conversation, fail_next, http, msm, run, start,
    thread, with,
};

/// An outbox, and the emulator that it sends to.
pub(crate) struct Outbox {
    pub(crate) folder: TempDir,
    pub(crate) emulator: Emulator,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            emulator: start(false),
        }
    }

    pub(crate) fn environment(&self) -> Environment {
        let store = format!("sqlite:{}", self.folder.path().join("o.db").display());
        let world = self.emulator.seed();
        let own = vec![("MSM_OUTBOX", store)];
        [acs_messages(world), acs_chat(world), own].concat()
    }

    pub(crate) fn run(&self, words: &[&str], input: &str) -> Ran {
        run(&[&["outbox"], words].concat(), &self.environment(), input)
    }

    pub(crate) fn add(&self, id: &str, text: &str) {
        let thread = thread(self.emulator.seed());
        let line = json!({"id": id, "to": thread, "platform": "acs-chat",
            "message": {"body": {"text": text}}});
        let ran = self.run(&["add"], &line.to_string());
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    fn show(&self, id: &str) -> Value {
        self.run(&["show", id, "--json"], "").json()
    }

    pub(crate) fn state(&self, id: &str) -> String {
        self.show(id)["state"].as_str().unwrap().to_owned()
    }

    /// Sends what waits, with little patience for what nobody can settle.
    pub(crate) fn drain(&self) -> Ran {
        let run = ["run", "--until-empty", "--rate", "1000/s"];
        let times = ["--timeout", "2s", "--settling-margin", "100ms"];
        let patience = ["--settling-patience", "100ms"];
        self.run(&[&run[..], &times, &patience].concat(), "")
    }
}

#[test]
fn messages_are_added_sent_counted_and_deleted() {
    let outbox = Outbox::new();
    let world = outbox.emulator.seed();
    let line = |id: &str, to: &str, platform: &str| {
        json!({"id": id, "to": to, "platform": platform, "message": {"body": {"text": id}}})
            .to_string()
    };
    let lines = [
        line("a", &thread(world), "acs-chat"),
        line("b", &conversation(world), "acs-messages"),
    ];
    for (added, known) in [(2, 0), (0, 2)] {
        let ran = outbox.run(&["add", "--json"], &lines.join("\n"));
        let report = ran.json();
        assert_eq!(
            (&report["added"], &report["known"]),
            (&added.into(), &known.into()),
            "{ran:?}"
        );
    }
    let ran = outbox.run(&["status"], "");
    assert!(ran.stdout.contains("acs-chat      queued  1"), "{ran:?}");
    assert!(outbox.emulator.messages().is_empty());

    let ran = outbox.drain();
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 2), "{ran:?}");
    assert_eq!(outbox.emulator.messages().len(), 2);
    let ran = outbox.run(&["list", "--state", "sent", "--limit", "1"], "");
    let first = ran.json();
    assert_eq!(first["id"], "a");
    let after = first["seq"].to_string();
    let ran = outbox.run(&["list", "--after", &after], "");
    assert_eq!(ran.json()["id"], "b");

    let ran = outbox.run(&["purge", "--before", "1d", "--json"], "");
    assert_eq!(ran.json()["deleted"], 0);
    let ran = outbox.run(&["purge", "--before", "2099-01-01T00:00:00Z", "--json"], "");
    assert_eq!(ran.json()["deleted"], 2, "{ran:?}");
    assert_eq!(outbox.run(&["status"], "").stdout, "no messages\n");
}

#[test]
fn the_content_is_shown_on_request_only() {
    let outbox = Outbox::new();
    outbox.add("a", "attack at dawn");
    for words in [&["show", "a"][..], &["list"], &["status", "--json"]] {
        let ran = outbox.run(words, "");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.stdout.contains("dawn"), "{ran:?}");
    }
    let ran = outbox.run(&["show", "a", "--content", "--json"], "");
    assert_eq!(
        ran.json()["request"]["message"]["body"]["text"],
        "attack at dawn"
    );
}

#[test]
fn contents_are_encrypted_under_a_key() {
    let outbox = Outbox::new();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let file = outbox.folder.path().join("key").display().to_string();
    fs::write(&file, format!("{key}\n")).unwrap();
    let line = json!({"id": "a", "to": thread(outbox.emulator.seed()), "platform": "acs-chat",
        "message": {"body": {"text": "attack at dawn"}}});
    let ran = outbox.run(&["add", "--key-file", &file], &line.to_string());
    assert_eq!(ran.code, 0, "{ran:?}");
    let held = |bytes: &[u8]| bytes.windows(4).any(|it| it == b"dawn");
    for entry in fs::read_dir(outbox.folder.path()).unwrap() {
        assert!(!held(&fs::read(entry.unwrap().path()).unwrap()));
    }
    let ran = outbox.run(&["show", "a", "--content"], "");
    assert_eq!(ran.code, 3, "{ran:?}");
    let with_key = with(outbox.environment(), "MSM_OUTBOX_KEY", key);
    let ran = run(&["outbox", "show", "a", "--content"], &with_key, "");
    assert!(
        ran.stdout.contains("dawn") && !ran.stdout.contains(key),
        "{ran:?}"
    );
    fs::write(&file, "hunter2").unwrap();
    let ran = outbox.run(&["show", "a", "--key-file", &file], "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}

#[test]
fn a_person_decides_on_what_is_refused_or_waits() {
    let outbox = Outbox::new();
    outbox.add("a", "x");
    fail_next(&outbox.emulator, FaultAction::status(403));
    let ran = outbox.drain();
    assert_eq!(ran.code, 4, "{ran:?}");
    assert_eq!(outbox.state("a"), "refused");
    assert_eq!(outbox.run(&["cancel", "a"], "").code, 4);
    assert_eq!(outbox.run(&["confirm", "a"], "").code, 4);
    let ran = outbox.run(&["retry", "a", "--json"], "");
    assert_eq!(
        (ran.code, &ran.json()["state"]),
        (0, &"queued".into()),
        "{ran:?}"
    );
    assert_eq!(outbox.run(&["cancel", "a"], "").stdout, "a: cancelled\n");
    assert_eq!(outbox.run(&["show", "nothing"], "").code, 6);
    assert_eq!(outbox.run(&["retry", "nothing"], "").code, 6);
    assert_eq!(
        outbox
            .run(&["purge", "--before", "0s", "--state", "queued"], "")
            .code,
        4
    );
    assert!(outbox.emulator.messages().is_empty());
}

#[test]
fn what_is_unconfirmed_is_settled_and_not_sent_again_unasked() {
    let outbox = Outbox::new();
    // Advanced Messaging can be asked under the key only, which is rejected from then on.
    let to = conversation(outbox.emulator.seed());
    let line = json!({"id": "b", "to": to, "platform": "acs-messages",
        "message": {"body": {"text": "x"}}});
    assert_eq!(outbox.run(&["add"], &line.to_string()).code, 0);
    let lost = FaultRule::new(FaultAction::Close {
        when: When::AfterStore,
    });
    let denied = FaultRule::new(FaultAction::status(403)).with_operation("send");
    let rules = Faults::new().with_rule(lost.with_operation("send").with_times(1));
    outbox.emulator.set_faults(rules.with_rule(denied));
    let ran = outbox.drain();
    assert_eq!(ran.code, 8, "{ran:?}");
    assert_eq!(outbox.state("b"), "unconfirmed");
    let printed: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&printed["delivery"], printed["request"].is_object()),
        (&"unknown".into(), true)
    );

    let ran = outbox.run(&["settle", "--all"], "");
    assert_eq!(
        (ran.code, &ran.json()["status"]),
        (8, &"cannot_tell".into()),
        "{ran:?}"
    );
    let ran = outbox.run(&["retry", "b"], "");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("--allow-duplicate"), "{ran:?}");
    assert_eq!(outbox.run(&["confirm", "b"], "").stdout, "b: sent\n");
    assert_eq!(outbox.run(&["settle", "--all"], "").code, 0);
    assert_eq!(outbox.run(&["settle"], "").code, 2);
    assert_eq!(outbox.emulator.messages().len(), 1);
}

#[test]
fn what_is_queued_again_in_doubt_and_then_refused_stays_in_doubt() {
    let outbox = Outbox::new();
    let to = conversation(outbox.emulator.seed());
    let line = json!({"id": "a", "to": to, "platform": "acs-messages",
        "message": {"body": {"text": "x"}}});
    assert_eq!(outbox.run(&["add"], &line.to_string()).code, 0);
    let lost = FaultRule::new(FaultAction::Close {
        when: When::AfterStore,
    });
    let denied = FaultRule::new(FaultAction::status(403)).with_operation("send");
    let rules = Faults::new().with_rule(lost.with_operation("send").with_times(1));
    outbox.emulator.set_faults(rules.with_rule(denied));
    assert_eq!(outbox.drain().code, 8);
    assert_eq!(outbox.state("a"), "unconfirmed");
    let retried = outbox.run(&["retry", "a", "--allow-duplicate"], "");
    assert_eq!(retried.code, 0, "{retried:?}");
    let ran = outbox.drain();
    assert_eq!(ran.code, 8, "{ran:?}");
    let outcome = ran.json();
    assert_eq!(
        (
            &outcome["state"],
            &outcome["delivery"],
            &outcome["exit_code"]
        ),
        (&"refused".into(), &"unknown".into(), &8.into()),
        "{ran:?}"
    );
    let advice = outcome["advice"].as_str().unwrap();
    assert!(
        advice.contains("an earlier attempt may have sent it"),
        "{advice}"
    );
    assert_eq!(outbox.show("a")["was_resent"], true);
    assert_eq!(outbox.emulator.messages().len(), 1);
}

#[test]
fn a_worker_settles_after_the_margin_of_its_option() {
    let outbox = Outbox::new();
    let lost = FaultRule::new(FaultAction::Close {
        when: When::AfterRead,
    });
    let lost = lost.with_operation("send").with_times(1);
    outbox.emulator.set_faults(Faults::new().with_rule(lost));
    outbox.add("a", "lost");
    let run = ["run", "--until-empty", "--settling-margin", "1ms"];
    let ran = outbox.run(&run, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent = outbox.show("a");
    assert_eq!(
        (&sent["state"], &sent["attempts"]),
        (&"sent".into(), &2.into())
    );
    assert_eq!(outbox.emulator.messages().len(), 1);
    let at = |member: &str| {
        let time = sent["attempt"][member].as_str().unwrap();
        humantime::parse_rfc3339(time).unwrap()
    };
    let margin = at("pending_until").duration_since(at("ends_by")).unwrap();
    assert_eq!(margin, Duration::from_millis(1));
}

#[test]
fn a_worker_serves_its_counts_on_loopback() {
    use std::{
        io::{BufRead as _, BufReader},
        process::Stdio,
    };
    let outbox = Outbox::new();
    outbox.add("a", "x");
    let ran = outbox.run(&["run", "--metrics", "0.0.0.0:0"], "");
    assert_eq!(ran.code, 3, "{ran:?}");
    let mut command = msm();
    let words = ["outbox", "run", "--metrics", "127.0.0.1:0"];
    let command = command.args(words).envs(outbox.environment());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let (mut at, mut outcome) = (String::new(), String::new());
    stderr.read_line(&mut at).unwrap();
    stdout.read_line(&mut outcome).unwrap();
    let url = at.trim().strip_prefix("metrics at ").unwrap();
    let (status, _, body) = http("GET", url, "");
    let count = r#"ms_messenger_outbox_messages{route="acs-chat",state="sent"} 1"#;
    assert_eq!(status, 200);
    assert!(body.contains(count), "{body}");
    for line in [
        r#"changes_total{route="acs-chat",state="sent"} 1"#,
        r#"changes_last_minute{route="acs-chat",state="sent"} 1"#,
        r#"budget_per_minute{route="acs-messages"} 4800.0"#,
        r#"budget_burst{route="acs-messages"} 80"#,
    ] {
        assert!(body.contains(line), "{line}: {body}");
    }
    assert_eq!(http("GET", &url.replace("metrics", "other"), "").0, 404);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_outbox_is_named_and_of_this_build() {
    let none = run(&["outbox", "status"], &[], "");
    assert_eq!(none.code, 3, "{none:?}");
    assert!(none.stderr.contains("--store sqlite:PATH"), "{none:?}");
    let words = ["outbox", "status", "--store", "mysql://u:hunter2@h/db"];
    let other = run(&words, &[], "");
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.stderr.contains("sqlite:PATH"), "{other:?}");
    assert!(!other.stderr.contains("hunter2"), "{other:?}");
    // Before anything is sent: the password would go to another machine in clear.
    let clear = "postgres://u:hunter2@db.example/x?sslmode=disable";
    let clear = run(&["outbox", "status", "--store", clear], &[], "");
    assert_eq!(clear.code, 3, "{clear:?}");
    assert!(clear.stderr.contains("sslmode: must be"), "{clear:?}");
    assert!(!clear.stderr.contains("hunter2"), "{clear:?}");
    let missing = run(
        &["outbox", "status", "--store", "sqlite:/no/such.db"],
        &[],
        "",
    );
    assert_eq!(missing.code, 3, "{missing:?}");
    let damaged = tempfile::NamedTempFile::new().unwrap();
    fs::write(damaged.path(), "hunter2 ".repeat(1000)).unwrap();
    let store = format!("sqlite:{}", damaged.path().display());
    let damaged = run(&["outbox", "status", "--store", &store], &[], "");
    assert_eq!(damaged.code, 3, "{damaged:?}");
}
