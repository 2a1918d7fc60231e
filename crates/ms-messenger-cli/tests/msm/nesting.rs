//! Input that is nested more deeply than can be read, or read again: the error says so, and nothing
//! is sent or stored.

use std::fs;

use ms_messenger_emulator::{FaultAction, When};

use crate::support::{channel, fail_next, msgraph_chat, run, start};

const AT_MOST: &str = "nested too deeply: at most";

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

fn request(to: &str, levels: usize) -> String {
    let payload = nested(levels);
    format!(
        r#"{{"id":"a","to":"{to}","message":{{"body":{{"native":{{"platform":"msgraph-chat","payload":{payload}}}}}}}}}"#
    )
}

fn card(levels: usize) -> String {
    let (body, more) = (r#"[{"type":"TextBlock","text":"hi"}]"#, nested(levels));
    format!(r#"{{"type":"AdaptiveCard","version":"1.4","body":{body},"msteams":{more}}}"#)
}

#[test]
fn what_is_nested_too_deeply_is_not_said_to_be_no_json() {
    let emulator = start(false);
    let to = channel(emulator.seed());
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let store = format!("sqlite:{}", folder.path().join("o.db").display());
    let plain = request(&to, 200).replacen(r#""id":"a","#, "", 1);
    let whole = write("request.json", plain);
    let line = write("line.jsonl", request(&to, 200));
    let kept = write("kept.jsonl", request(&to, 101));
    let (deep, deeper) = (write("101", card(100)), write("200", card(200)));
    let faults = write("faults.json", format!(r#"{{"rules":{}}}"#, nested(200)));
    let text = request(&to, 101);
    let later = ["--at", "1h", "--store", &store];
    let emulate = ["emulator", "--http", "127.0.0.1:0", "--faults", &faults];
    let mut environment = msgraph_chat(emulator.seed());
    for (words, input, expected) in [
        (&["send", "--request", &whole][..], "", "127 levels"),
        (&["batch", &line], "", "127 levels"),
        (&["batch", &kept], "", "100 levels"),
        (&["outbox", "add", "--store", &store], &text, "100 levels"),
        (&["send", "--to", &to, "--card", &deeper], "", "127 levels"),
        (&["send", "--to", &to, "--card", &deep], "", "100 levels"),
        (
            &[&["send", "--to", &to, "--card", &deep], &later[..]].concat(),
            "",
            "100 levels",
        ),
        (&emulate, "", "127 levels"),
    ] {
        let ran = run(words, &environment, input);
        let error = format!("{AT_MOST} {expected}");
        assert_eq!(ran.stderr.matches(&error).count(), 1, "{words:?}: {ran:?}");
        assert!(matches!(ran.code, 3 | 4), "{words:?}: {ran:?}");
        assert!(!ran.stderr.contains("not JSON"), "{words:?}: {ran:?}");
    }
    assert!(emulator.messages().is_empty());
    let ran = run(&["outbox", "list", "--store", &store], &environment, "");
    assert!(!ran.stdout.contains("\"id\""), "{ran:?}");
    let config = write("config.toml", format!("a = {}", nested(200)));
    environment.push(("MSM_CONFIG", config));
    let ran = run(&["config", "check"], &environment, "");
    assert!(ran.stderr.contains("at most 80 levels"), "{ran:?}");
}

#[test]
fn what_is_sent_at_once_can_also_wait_and_be_settled() {
    let emulator = start(false);
    let to = channel(emulator.seed());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("card.json"), card(99)).unwrap();
    let environment = msgraph_chat(emulator.seed());
    let store = format!("sqlite:{}", path("o.db"));
    let send = ["send", "--to", &to, "--card", &path("card.json")];
    let later = [&send[..], &["--at", "1ms", "--store", &store]].concat();
    let ran = run(&later, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let words = ["outbox", "run", "--until-empty", "--store", &store];
    let ran = run(&words, &environment, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages().len(), 1);
    fail_next(
        &emulator,
        FaultAction::Close {
            when: When::AfterStore,
        },
    );
    let ran = run(&[&send[..], &["--json"]].concat(), &environment, "");
    assert_eq!(ran.code, 8, "{ran:?}");
    let ran = run(&["settle", "--evidence", "-"], &environment, &ran.stdout);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(emulator.messages().len(), 2);
}
