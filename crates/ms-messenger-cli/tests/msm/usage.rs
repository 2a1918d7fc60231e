//! The command line: what is refused, in which form, and that every output has one schema.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{
    acs_chat, acs_messages, channel, closed_port, msgraph_chat, run, start, thread,
};

#[test]
fn wrong_usage_with_json_is_one_line_of_json() {
    for words in [
        &["send", "--json", "--to", "foo", "--text", "hi"][..],
        &["send", "--to", "user:a", "--json"],
        &[
            "send", "--json", "--to", "user:a", "--text", "a", "--html", "b",
        ],
        &[
            "send",
            "--json",
            "--to",
            "user:a",
            "--text",
            "a",
            "--caption",
            "b",
        ],
        &["send", "--json", "--nonsense"],
        &["send", "--json", "--to", "user:a", "hello"],
        &["doctor", "--json", "--platform", "mars"],
        &["login", "--json", "--timeout", "soon"],
        &["launch", "--json"],
        &["--json"],
    ] {
        let ran = run(words, &[], "");
        assert_eq!((ran.code, ran.stderr.as_str()), (2, ""), "{words:?}");
        let line = ran.json();
        assert_eq!(line["status"], "error", "{words:?}");
        assert_eq!(line["exit_code"], 2);
        assert_eq!(line["delivery"], "not_sent");
        assert_eq!(line["kind"], "usage");
        assert!(!line["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn every_outcome_has_the_same_members() {
    let emulator = start(false);
    let world = emulator.seed();
    let (_kept, port) = closed_port();
    let unreachable = vec![
        ("MSGRAPH_BASE_URL", format!("http://127.0.0.1:{port}/v1.0")),
        ("MSGRAPH_TOKEN", "t".to_owned()),
    ];
    let members = |words: &[&str], environment: &[(&str, String)], code: i32| -> Vec<String> {
        let words = [&["send", "--json", "--retries", "0"], words].concat();
        let ran = run(&words, environment, "");
        assert_eq!(ran.code, code, "{ran:?}");
        let line = ran.json();
        let members = line.as_object().unwrap();
        // The order of the line, which a map does not keep.
        let mut names: Vec<(usize, String)> = members
            .keys()
            .map(|name| {
                (
                    ran.stdout.find(&format!("\"{name}\":")).unwrap(),
                    name.clone(),
                )
            })
            .collect();
        names.sort();
        names.into_iter().map(|(_, name)| name).collect()
    };
    let (thread, to) = (thread(world), channel(world));
    let sent = members(&["--to", &thread, "--text", "x"], &acs_chat(world), 0);
    assert_eq!(sent[..3], ["status", "exit_code", "delivery"]);
    for (words, environment, code) in [
        (
            &["--to", &thread, "--text", "x", "--dry-run"][..],
            acs_chat(world),
            0,
        ),
        (
            &["--to", "tel:+14255550123", "--text", "x"],
            acs_messages(world),
            0,
        ),
        (&["--to", "nowhere", "--text", "x"], vec![], 2),
        (&["--to", &to, "--text", "x"], vec![], 3),
        (&["--to", &thread, "--text", ""], acs_chat(world), 4),
        (&["--to", &to, "--text", "x"], unreachable, 7),
    ] {
        assert_eq!(members(words, &environment, code), sent, "{words:?}");
    }
}

#[test]
fn a_receipt_has_all_its_members() {
    let emulator = start(false);
    let world = emulator.seed();
    let words = ["send", "--json", "--to", "tel:+14255550123", "--text", "x"];
    let line = run(&words, &acs_messages(world), "").json();
    assert_eq!(
        (&line["exit_code"], &line["delivery"]),
        (&0.into(), &"sent".into())
    );
    let receipt = line["receipt"].as_object().unwrap();
    for name in [
        "acceptance",
        "message_id",
        "conversation",
        "accepted_at",
        "request_id",
        "web_url",
    ] {
        assert!(receipt.contains_key(name), "{name}: {line}");
    }
    assert_eq!(receipt["conversation"], Value::Null);
}

#[test]
fn a_file_that_is_not_there_is_3_and_json_in_every_command() {
    for words in [
        &["send", "--json", "--request", "/nonexistent"][..],
        &[
            "send",
            "--json",
            "--to",
            "user:a",
            "--text",
            "x",
            "--msgraph-token-file",
            "/nonexistent",
        ],
        &["doctor", "--json", "--msgraph-token-file", "/nonexistent"],
    ] {
        let ran = run(words, &[], "");
        assert_eq!(ran.code, 3, "{ran:?}");
        let line = ran.json();
        assert_eq!(line["kind"], "config");
        let problem = &line["problems"][0];
        assert_eq!(
            (&problem["field"], &problem["rule"]),
            (&"/nonexistent".into(), &"no such file".into())
        );
    }
}

#[cfg(unix)]
#[test]
fn a_source_without_an_end_is_refused_at_its_limit() {
    let send = ["send", "--json", "--to", "user:a", "--text", "x"];
    for (words, code) in [
        (&["send", "--json", "--request", "/dev/zero"][..], 4),
        (
            &[&send[..], &["--msgraph-token-file", "/dev/zero"]].concat(),
            3,
        ),
        (&[&send[..], &["--config", "/dev/zero"]].concat(), 3),
        (&[&send[..], &["--card", "/dev/zero"]].concat(), 4),
        (&[&send[..], &["--file", "/dev/zero"]].concat(), 3),
    ] {
        let ran = run(words, &[], "");
        let line = ran.json();
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(line["problems"][0]["field"], "/dev/zero", "{ran:?}");
    }
}

#[test]
fn a_text_that_begins_with_a_dash_is_sent() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = channel(world);
    for (words, sent) in [
        (&["--text", "- item"][..], "- item"),
        (&["--text", "-5 °C"], "-5 °C"),
        (&["--text", "--json"], "--json"),
        (&["--html", "- <b>x</b>"], "- <b>x</b>"),
        (&["--subject", "-s", "--text", "t"], "t"),
        (&["--html", "h", "--text-alternative", "-a"], "h"),
    ] {
        emulator.reset();
        let words = [&["send", "--to", &to], words].concat();
        let ran = run(&words, &msgraph_chat(world), "");
        assert_eq!(ran.code, 0, "{words:?} {ran:?}");
        assert_eq!(emulator.messages()[0].text, sent);
    }
    for words in [
        &[
            "--template",
            "reminder",
            "--language",
            "en_US",
            "--value",
            "-1",
        ][..],
        &["--image", "https://contoso.com/a.jpg", "--caption", "- A"],
    ] {
        let words = [&["send", "--to", "tel:+14255550123"], words].concat();
        let ran = run(&words, &acs_messages(world), "");
        assert_eq!(ran.code, 0, "{words:?} {ran:?}");
    }
}

#[test]
fn blanks_of_a_paste_name_no_other_target() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = format!(" {} ", channel(world));
    let ran = run(
        &["send", "--json", "--to", &to, "--text", "x"],
        &msgraph_chat(world),
        "",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages()[0].conversation, world.graph.channel_id);
    let request = serde_json::json!({
        "to": format!("{} ", channel(world)), "message": {"body": {"text": "x"}},
    });
    let words = ["send", "--json", "--request", "-"];
    let ran = run(&words, &msgraph_chat(world), &request.to_string());
    assert_eq!(ran.code, 0, "{ran:?}");
    for row in emulator.messages() {
        assert_eq!(row.conversation, world.graph.channel_id);
    }
}

#[test]
fn marks_and_escapes_of_a_pipe_are_removed_or_named() {
    let emulator = start(false);
    let world = emulator.seed();
    let to = thread(world);
    let words = ["send", "--json", "--to", &to, "-"];
    let coloured = "\u{feff}\u{1b}[31mred\u{1b}[0m\n";
    let line = run(&words, &acs_chat(world), coloured).json();
    assert_eq!(line["exit_code"], 0);
    let warning = line["warnings"][0]["rule"].as_str().unwrap();
    assert!(warning.contains("--strip-ansi"), "{line}");
    let words = [&words[..], &["--strip-ansi"]].concat();
    let line = run(&words, &acs_chat(world), coloured).json();
    assert_eq!(
        (&line["exit_code"], &line["warnings"]),
        (&0.into(), &serde_json::json!([]))
    );
    let texts: Vec<String> = emulator
        .messages()
        .iter()
        .map(|row| row.text.clone())
        .collect();
    assert_eq!(texts, ["\u{1b}[31mred\u{1b}[0m", "red"]);
}

#[test]
fn an_option_after_two_dashes_is_said_to_be_one_that_ended_too_early() {
    let words = ["emulator", "record", "--http", "--", "--upstream", "real"];
    let ran = run(&words, &[], "");
    assert_eq!(ran.code, 2, "{ran:?}");
    let error =
        "error: there is no option --upstream after --, which ends the options: put it before";
    assert!(ran.stderr.starts_with(error), "{ran:?}");
}

#[test]
fn an_empty_or_decorated_token_is_refused_with_its_name() {
    for (token, rule) in [
        ("", "is empty"),
        (" ", "is empty"),
        ("Bearer abc", "Bearer"),
        ("a\u{1b}[31mb", "must have visible ASCII characters only"),
        ("ab\u{202e}c", "must have visible ASCII characters only"),
        ("two words", "must have visible ASCII characters only"),
    ] {
        let words = [
            "send",
            "--to",
            "channel:t/c",
            "--text",
            "x",
            "--msgraph-token",
            token,
        ];
        let ran = run(&words, &[], "");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains("--msgraph-token"), "{ran:?}");
        assert!(ran.stderr.contains(rule), "{ran:?}");
    }
}

#[test]
fn a_narrow_terminal_gets_everything() {
    let narrow = vec![("COLUMNS", "20".to_owned())];
    for words in [
        &["--help"][..],
        &["send", "--help"],
        &["send", "-h"],
        &["demo"],
        &["doctor"],
        &["config", "show"],
        &["schema"],
        &["send", "--to", "nowhere", "--text", "x"],
    ] {
        let (narrow, wide) = (run(words, &narrow, ""), run(words, &[], ""));
        assert_eq!(narrow.code, wide.code, "{words:?}: {narrow:?}");
        let words_of = |ran: &crate::support::Ran| ran.stdout.split_whitespace().count();
        let is_demo = words == ["demo"];
        assert!(
            is_demo || words_of(&narrow) >= words_of(&wide),
            "{words:?}: {narrow:?}"
        );
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_quietly() {
    for words in [
        &["--help"][..],
        &["completions", "bash"],
        &["schema", "send"],
        &["exit-codes"],
        &["config", "show"],
    ] {
        let mut command = crate::support::msm();
        let command = command.args(words).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error, "", "{words:?}");
        assert!(
            output.status.code().is_some(),
            "{words:?}: ended by a signal"
        );
    }
}

#[test]
fn a_short_help_is_short_and_a_long_one_has_examples() {
    let short = run(&["send", "-h"], &[], "");
    let long = run(&["send", "--help"], &[], "");
    assert!(
        short.stdout.lines().count() < 70,
        "{}",
        short.stdout.lines().count()
    );
    assert!(
        !short.stdout.contains("--acs-access-key"),
        "{}",
        short.stdout
    );
    assert!(long.stdout.contains("--acs-access-key"), "{}", long.stdout);
    assert!(long.stdout.contains("DOMAIN\\user"), "{}", long.stdout);
    for help in [&short, &long] {
        assert!(help.stdout.contains("Examples:"), "{}", help.stdout);
        assert_eq!(help.code, 0);
    }
    for command in ["login", "logout", "whoami", "doctor", "demo"] {
        let help = run(&[command, "--help"], &[], "");
        assert!(
            !help.stdout.contains("Exit codes:\n"),
            "{command}: {}",
            help.stdout
        );
    }
}

#[test]
fn the_options_of_every_command_come_first_in_its_help() {
    for words in [
        &["send"][..],
        &["read"],
        &["outbox", "add"],
        &["login"],
        &["emulator", "env"],
    ] {
        let help = run(&[words, &["--help"]].concat(), &[], "").stdout;
        let place = |text: &str| {
            help.find(text)
                .unwrap_or_else(|| panic!("{words:?}: {text}"))
        };
        let quiet = place("--quiet");
        assert!(place("\nOptions:\n") < quiet, "{words:?}");
        for heading in ["\nDelivery:\n", "\nProfile:\n", "\nExamples:\n"] {
            let at = help.find(heading);
            assert!(at.is_none_or(|at| quiet < at), "{words:?}: {heading}");
        }
    }
}

#[test]
fn a_number_below_zero_is_refused_by_its_option_and_rule() {
    let to = ["send", "--to", "user:a", "--text", "x"];
    let send = |words: &[&'static str]| [&to[..], words].concat();
    let rules = [
        (
            vec!["emulator", "--keep", "-5"],
            "--keep: must be a whole number from 1",
        ),
        (
            vec!["emulator", "--seed", "-1"],
            "--seed: must be a whole number from 0",
        ),
        (
            vec!["outbox", "list", "--after", "-1"],
            "--after: must be a whole number from 0",
        ),
        (
            vec!["batch", "f", "--concurrency", "-1"],
            "--concurrency: must be a whole number from 1 to 1000",
        ),
        (
            vec!["read", "user:a", "--last", "-1"],
            "--last: must be a whole number from 1 to 10000",
        ),
        (
            vec!["batch", "f", "--rate", "-1/s"],
            "--rate: must be a number of messages from 1",
        ),
        (
            send(&["--timeout", "-1s"]),
            "--timeout: must be a time like 30s",
        ),
        (
            send(&["--timeout", "-1"]),
            "--timeout: must be a time like 30s",
        ),
        (
            send(&["--settle", "-1m"]),
            "--settle: must be a time like 30s",
        ),
        (send(&["--at", "-1h"]), "--at: must be a time like"),
        (
            send(&["--retries", "-1"]),
            "--retries: must be a whole number from 0",
        ),
    ];
    for (words, rule) in rules {
        let ran = run(&words, &[], "");
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
        let begin = format!("error: {rule}");
        assert!(ran.stderr.starts_with(&begin), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_rejected_command_without_a_message_is_not_told_to_change_it() {
    let ran = run(&["read", "tel:+14255550123"], &[], "");
    assert_eq!(ran.code, 4, "{ran:?}");
    let remedy = "change what the error names";
    assert!(ran.stderr.trim_end().ends_with(remedy), "{ran:?}");
}
