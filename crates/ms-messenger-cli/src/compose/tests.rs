use clap::Parser as _;
use ms_messenger::{Body, Importance};
use serde_json::json;

use super::*;
use crate::args::{Cli, Command, Relations as _};

fn composed(words: &[&str], input: &str) -> Result<SendRequest> {
    let cli = Cli::try_parse_from([&["msm", "send"], words].concat()).unwrap();
    let Command::Send(args) = cli.command else {
        panic!("not a send");
    };
    if let Some(violation) = args.violation() {
        panic!("{violation}");
    }
    compose(&args, &|| Ok(input.to_owned())).map(|mut composed| composed.requests.remove(0))
}

#[test]
fn every_option_sets_its_member_of_the_json_form() {
    let to = ["--to", "channel:t/c"];
    for (words, message) in [
        (&["--text", "hi"][..], json!({"body": {"text": "hi"}})),
        (&["-"][..], json!({"body": {"text": "read"}})),
        (&["--text", "-"][..], json!({"body": {"text": "read"}})),
        (
            &["--html", "<b>x</b>", "--text-alternative", "x"][..],
            json!({"body": {"html": {"html": "<b>x</b>", "text": "x"}}}),
        ),
        (
            &["--html", "-"][..],
            json!({"body": {"html": {"html": "read"}}}),
        ),
        (
            &[
                "--template",
                "t",
                "--language",
                "en",
                "--value",
                "1",
                "--value",
                "2",
            ][..],
            json!({"body": {"template": {"name": "t", "language": "en", "body": ["1", "2"]}}}),
        ),
        (
            &[
                "--document",
                "https://a.b/c",
                "--caption",
                "c",
                "--file-name",
                "f.pdf",
            ][..],
            json!({"body": {"media": {
                "kind": "document", "url": "https://a.b/c", "caption": "c", "file_name": "f.pdf",
            }}}),
        ),
        (
            &["--text", "hi", "--subject", "s", "--importance", "high"][..],
            json!({"body": {"text": "hi"}, "subject": "s", "importance": "high"}),
        ),
    ] {
        let request = composed(&[&to, words].concat(), "read\n").unwrap();
        let form = serde_json::to_value(&request).unwrap();
        assert_eq!(form, json!({"to": "channel:t/c", "message": message}));
    }
}

/// The words of an option, and the text that the request must contain when it is used.
fn sample(id: &str) -> Option<(&'static [&'static str], Option<&'static str>)> {
    Some(match id {
        "to" => (&["--to", "user:marked-to"], Some("user:marked-to")),
        "text" => (&["--text", "marked-text\u{1b}[1m"], Some("marked-text")),
        "html" => (&["--html", "marked-html\u{1b}[1m"], Some("marked-html")),
        "template" => (&["--template", "marked-template"], Some("marked-template")),
        "image" => (&["--image", "https://a.b/image"], Some("a.b/image")),
        "document" => (
            &["--document", "https://a.b/document"],
            Some("a.b/document"),
        ),
        "video" => (&["--video", "https://a.b/video"], Some("a.b/video")),
        "audio" => (&["--audio", "https://a.b/audio"], Some("a.b/audio")),
        "request" => (&["--request", "-"], Some("marked-input")),
        "stdin" => (&["-"], Some("marked-input")),
        "text_alternative" => (
            &["--text-alternative", "marked-alt\u{1b}[1m"],
            Some("marked-alt"),
        ),
        "language" => (&["--language", "marked-language"], Some("marked-language")),
        "value" => (&["--value", "marked-value\u{1b}[1m"], Some("marked-value")),
        "caption" => (
            &["--caption", "marked-caption\u{1b}[1m"],
            Some("marked-caption"),
        ),
        "file_name" => (
            &["--file-name", "marked-file\u{1b}[1m"],
            Some("marked-file"),
        ),
        "subject" => (
            &["--subject", "marked-subject\u{1b}[1m"],
            Some("marked-subject"),
        ),
        "importance" => (&["--importance", "urgent"], Some("urgent")),
        "reply_to" => (&["--reply-to", "marked-reply"], Some("marked-reply")),
        "idempotency_key" => (
            &["--idempotency-key", "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5"],
            Some("5b1f0a5e"),
        ),
        "first_sent" => (
            &["--first-sent", "2026-01-02T03:04:05Z"],
            Some("2026-01-02T03"),
        ),
        "strip_ansi" => (&["--strip-ansi"], None),
        "markdown" => (&["--markdown"], None),
        "mention" => (&["--mention", "marked@contoso.com"], None),
        other => return of_a_file(other),
    })
}

/// The words of an option that names a file.
fn of_a_file(id: &str) -> Option<(&'static [&'static str], Option<&'static str>)> {
    Some(match id {
        "card" => (
            &[
                "--card",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/msm/card.json"),
            ],
            Some("marked-card"),
        ),
        "picture" => (
            &[
                "--picture",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/msm/marked.gif"),
            ],
            Some("marked.gif"),
        ),
        "file" => (
            &[
                "--file",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/msm/main.rs"),
            ],
            Some("msm/main.rs"),
        ),
        other => return without_effect(other),
    })
}

/// The words of an option that does not change the request.
fn without_effect(id: &str) -> Option<(&'static [&'static str], Option<&'static str>)> {
    let words: &[&str] = match id {
        "platform" => &["--platform", "ucwa"],
        "timeout" => &["--timeout", "1s"],
        "retries" => &["--retries", "1"],
        "dry_run" => &["--dry-run"],
        "json" => &["--json"],
        _ => return None,
    };
    Some((words, None))
}

const INPUT: &str =
    "{\"to\":\"user:u\",\"message\":{\"body\":{\"text\":\"marked-input\\u001b[1m\"}}}";

#[test]
fn every_combination_of_options_is_used_or_rejected() {
    const CONTENT: [&str; 9] = [
        "text", "html", "template", "image", "document", "video", "audio", "request", "stdin",
    ];
    let command = crate::args::complete_command();
    let send = command.find_subcommand("send").unwrap();
    let ids: Vec<String> = send
        .get_arguments()
        .filter(|arg| arg.get_help_heading().is_none() && !arg.is_global_set())
        .filter(|arg| arg.get_id() != "help")
        .map(|arg| arg.get_id().to_string())
        .collect();
    let (mut used, mut rejected) = (0, 0);
    // Three, because an option that fits may hide one that does not.
    for (one, two, three) in triples(&ids) {
        let mut words = vec!["msm", "send"];
        let chosen = [one, two, three];
        let has = |id: &str| chosen.contains(&id);
        let mut markers = Vec::new();
        for id in ids.iter().filter(|id| has(id)) {
            let (own, marker) = sample(id).unwrap_or_else(|| panic!("no sample of {id}"));
            words.extend(own);
            markers.extend(marker);
        }
        if !CONTENT.iter().any(|id| has(id)) {
            words.extend(["--text", "any\u{1b}[1m"]);
        }
        if !has("to") && !has("request") {
            words.extend(["--to", "user:any"]);
        }
        let Ok(cli) = Cli::try_parse_from(&words) else {
            rejected += 1;
            continue;
        };
        let Command::Send(args) = cli.command else {
            panic!("not a send");
        };
        if args.violation().is_some() {
            rejected += 1;
            continue;
        }
        let input = if has("request") {
            INPUT
        } else {
            "marked-input\u{1b}[1m"
        };
        let composed = compose(&args, &|| Ok(input.to_owned())).unwrap();
        let form = serde_json::to_string(&composed.requests[0]).unwrap();
        for marker in markers {
            assert!(
                form.contains(marker),
                "{marker} of {words:?} is not in {form}"
            );
        }
        let has_escapes = form.contains("\\u001b");
        assert!(!(has("strip_ansi") && has_escapes), "{words:?}: {form}");
        assert_eq!(!composed.warnings.is_empty(), has_escapes, "{words:?}");
        used += 1;
    }
    assert!(used > 500 && rejected > 500, "{used} {rejected}");
}

fn triples(ids: &[String]) -> impl Iterator<Item = (&str, &str, &str)> {
    let pairs = ids
        .iter()
        .flat_map(move |one| ids.iter().map(move |two| (one, two)));
    pairs
        .filter(|(one, two)| one <= two)
        .flat_map(move |(one, two)| ids.iter().map(move |three| (one, two, three)))
        .filter(|(_, two, three)| two <= three)
        .map(|(one, two, three)| (one.as_str(), two.as_str(), three.as_str()))
}

#[test]
fn the_key_keeps_the_time_of_its_first_use() {
    let id = "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5";
    let words = ["--to", "tel:+14255550123", "-", "--idempotency-key", id];
    let request = composed(
        &[&words[..], &["--first-sent", "2026-04-01T12:34:56Z"]].concat(),
        "x",
    );
    let form = serde_json::to_value(request.unwrap()).unwrap();
    let key = json!({"id": id, "first_sent": "2026-04-01T12:34:56Z"});
    assert_eq!(form["idempotency"], key);
}

#[test]
fn one_line_ending_is_dropped_and_no_more() {
    for (input, text) in [
        ("a", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        ("\n", ""),
        (" a ", " a "),
    ] {
        let request = composed(&["--to", "user:u", "-"], input).unwrap();
        assert_eq!(
            request.message.body,
            Body::Text(text.to_owned()),
            "{input:?}"
        );
    }
}

#[test]
fn a_request_is_read_unchanged() {
    let json = r#"{"to":"user:u","message":{"body":{"text":"hi"},"importance":"urgent"}}"#;
    let request = composed(&["--request", "-"], json).unwrap();
    assert_eq!(request.message.importance, Importance::Urgent);
}

#[test]
fn an_invalid_request_is_rejected_with_the_path() {
    let json = r#"{"to":"user:u","message":{"body":{"text":"hi"},"colour":"red"}}"#;
    let error = composed(&["--request", "-"], json).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("message"), "{error}");
    let error = composed(&["--request", "no-such-file"], "").unwrap_err();
    assert_eq!(error.problems()[0].field, "no-such-file");
}
