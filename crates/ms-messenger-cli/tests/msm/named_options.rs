//! Errors about a message name what was typed; its JSON form names the members.

use std::fs;

use serde_json::json;

use crate::support::{
    Environment, acs_chat, acs_messages, channel, msgraph_chat, run, start, thread,
};

struct Platforms {
    environment: Environment,
    thread: String,
    channel: String,
}

impl Platforms {
    fn new() -> (Self, ms_messenger_emulator::Emulator) {
        let emulator = start(false);
        let world = emulator.seed();
        let platforms = Self {
            environment: [acs_messages(world), acs_chat(world), msgraph_chat(world)].concat(),
            thread: thread(world),
            channel: channel(world),
        };
        (platforms, emulator)
    }

    /// Runs a command that is refused; returns what it says to a person, and the fields of its JSON.
    fn refused(&self, words: &[&str]) -> (String, Vec<String>) {
        let ran = run(words, &self.environment, "");
        assert_eq!(ran.code, 4, "{words:?} {ran:?}");
        let line = run(&[words, &["--json"]].concat(), &self.environment, "").json();
        let problems = line["problems"].as_array().unwrap().iter();
        let fields = problems.map(|it| it["field"].as_str().unwrap().to_owned());
        (ran.stderr, fields.collect())
    }
}

#[test]
fn a_person_reads_the_option_and_a_script_the_member() {
    let (platforms, emulator) = Platforms::new();
    let (chat, channel) = (&*platforms.thread, &*platforms.channel);
    let phone = "tel:+14255550123";
    let on_chat = ["send", "--platform", "acs-chat", "--to", chat];
    let long = "x".repeat(5000);
    let cases: [(&[&str], &[&str], &[&str]); 12] = [
        (
            &["--text", ""],
            &["--text: must not be empty"],
            &["message.body.text"],
        ),
        (
            &["--html", ""],
            &["--html: must not be empty"],
            &["message.body.html"],
        ),
        (
            &["--text", "", "--dry-run"],
            &["--text: must not be empty"],
            &["message.body.text"],
        ),
        (
            &["--text", "", "--at", "1h"],
            &["--text: must not be empty"],
            &["message.body.text"],
        ),
        (
            &["-"],
            &["standard input: must not be empty"],
            &["message.body.text"],
        ),
        (
            &[
                "--text",
                "x",
                "--subject",
                "y",
                "--importance",
                "high",
                "--reply-to",
                "5",
            ],
            &[
                "--subject: acs-chat does not",
                "--importance: acs-chat does not",
                "--reply-to: acs-chat does",
            ],
            &["message.subject", "message.importance", "reply_to"],
        ),
        (
            &["--text", "x", "--idempotency-key", "k"],
            &["--idempotency-key: acs-chat does not"],
            &["idempotency"],
        ),
        (
            &["--text", "   "],
            &["--text: must not be empty or blank"],
            &["content"],
        ),
        (
            &["--text", "   ", "--markdown"],
            &["--text: must not be empty"],
            &["message.body.html"],
        ),
        (
            &["--text", "x", "--card", "tests/msm/card.json"],
            &["--card: acs-chat does not"],
            &["message.attachments[0]"],
        ),
        (
            &["--text", "x", "--picture", "tests/msm/marked.gif"],
            &["--picture: acs-chat does not"],
            &["message.attachments[0]"],
        ),
        (
            &["--text", "x", "--file", "tests/msm/marked.gif"],
            &["--file: acs-chat does not"],
            &["message.attachments[0]"],
        ),
    ];
    let store = ["--store", "sqlite:never"];
    for (options, shown, fields) in cases {
        let words = [&on_chat[..], options].concat();
        let words = if options.contains(&"--at") {
            [&words[..], &store].concat()
        } else {
            words
        };
        let (text, found) = platforms.refused(&words);
        for shown in shown {
            assert!(text.contains(shown), "{words:?}: {text}");
        }
        assert!(!text.contains("message."), "{words:?}: {text}");
        assert_eq!(found, fields, "{words:?}");
    }
    for (words, shown) in [
        (
            &["--to", phone, "--text", &long][..],
            "--text: must have at most",
        ),
        (
            &["--to", phone, "--template", "t", "--language", "?"],
            "--language: must be two letters",
        ),
        (
            &["--to", channel, "--template", "t", "--language", "en"],
            "--template: msgraph-chat does",
        ),
        (
            &["--to", channel, "--image", "https://a.b/c.png"],
            "--image: msgraph-chat does not",
        ),
        (
            &["--to", "channel:a/b", "--text", "x"],
            "--to: must be a GUID",
        ),
    ] {
        let (text, _) = platforms.refused(&[&["send"], words].concat());
        assert!(text.contains(shown), "{words:?}: {text}");
    }
    // A target that no option gives alone.
    let words = [
        "send",
        "--to",
        channel,
        "--fallback",
        "channel:a/b",
        "--text",
        "x",
    ];
    let ran = run(&words, &platforms.environment, "");
    assert!(ran.stderr.contains("--fallback: must be a GUID"), "{ran:?}");
    assert!(emulator.messages().is_empty());
}

#[test]
fn the_arguments_of_a_change_and_of_a_reply_are_named() {
    let (platforms, emulator) = Platforms::new();
    let chat = &*platforms.thread;
    for (words, shown, field) in [
        (
            &["edit", chat, "5", "--platform", "acs-chat", "--text", ""][..],
            "--text: must",
            "content",
        ),
        (
            &[
                "edit",
                chat,
                "5",
                "--platform",
                "msgraph-chat",
                "--html",
                "",
            ],
            "--html: must",
            "body.content",
        ),
        (
            &["react", "a", chat, "5", "--platform", "msgraph-chat"],
            "EMOJI: must be one",
            "reaction",
        ),
        (
            &["delete", "channel:a/b", "5"],
            "TARGET: must be a GUID",
            "team",
        ),
        (&["read", "channel:a/b"], "TARGET: must be a GUID", "team"),
        (
            &["show", "channel:a/b", "5"],
            "TARGET: must be a GUID",
            "team",
        ),
        (
            &["list", "members", "channel:a/b"],
            "OF: must be a GUID",
            "team",
        ),
        (
            &["reply", "channel:a/b", "5", "--text", "x"],
            "TARGET: must be a GUID",
            "team",
        ),
        (
            &["reply", chat, "5", "--text", "x", "--platform", "acs-chat"],
            "MESSAGE: acs-chat does not",
            "reply_to",
        ),
    ] {
        let (text, fields) = platforms.refused(words);
        assert!(text.contains(shown), "{words:?}: {text}");
        assert_eq!(fields[0], field, "{words:?}");
    }
    assert!(emulator.messages().is_empty());
}

#[test]
fn a_request_in_a_file_and_a_line_have_members() {
    let (platforms, emulator) = Platforms::new();
    let folder = tempfile::tempdir().unwrap();
    let request = json!({"to": platforms.thread, "message": {"body": {"text": ""}}});
    let file = folder.path().join("request.json");
    fs::write(&file, request.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let words = ["send", "--request", file, "--platform", "acs-chat"];
    let (text, fields) = platforms.refused(&words);
    assert!(
        text.contains("message.body.text: must not be empty"),
        "{text}"
    );
    assert_eq!(fields, ["message.body.text"]);
    let words = ["batch", file, "--platform", "acs-chat"];
    let (text, fields) = platforms.refused(&words);
    assert!(
        text.contains("line 1: message.body.text: must not be empty"),
        "{text}"
    );
    assert_eq!(fields, ["line 1: message.body.text"]);
    assert!(emulator.messages().is_empty());
}
