//! `msm demo`.

use serde_json::json;

use crate::support::{run, start};

#[test]
fn the_demo_prints_a_row_per_receipt_and_one_per_lost_response() {
    let ran = run(&["demo"], &[], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    for (platform, message, acceptance) in [
        ("msgraph-chat", "post", "posted"),
        ("msgraph-chat", "reply", "posted"),
        ("msgraph-chat", "chat", "posted"),
        ("acs-chat", "html", "posted"),
        ("acs-messages", "text", "posted"),
        ("acs-messages", "template", "queued"),
    ] {
        let has_row = ran.stdout.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.starts_with(&[platform, message])
                && words.contains(&acceptance)
                && words.ends_with(&["once"])
        });
        assert!(has_row, "{platform} {message}: {}", ran.stdout);
    }
    let lost = |platform, delivery| {
        ran.stdout.lines().any(|line| {
            line.starts_with(platform)
                && line.contains(delivery)
                && line.split_whitespace().rev().take(2).eq(["yes", "once"])
        })
    };
    assert!(lost("msgraph-chat", "error    unknown"), "{}", ran.stdout);
    assert!(lost("acs-messages", "receipt  sent"), "{}", ran.stdout);
}

#[test]
fn the_commands_that_the_demo_suggests_work() {
    let ran = run(&["demo"], &[], "");
    let (_, next) = ran.stderr.split_once("msm send ").unwrap();
    let next = next.replace("\\\n", " ");
    let line = next.lines().next().unwrap();
    let emulator = start(false);
    // The command uses the default port, which a test must not take.
    let line = line.replace("http://127.0.0.1:8410", emulator.http_url());
    let words = line.replace('\'', "");
    let words: Vec<&str> = std::iter::once("send")
        .chain(words.split_whitespace())
        .collect();
    let ran = run(&words, &[], "");
    assert_eq!(ran.code, 0, "{words:?} {ran:?}");
    assert_eq!(emulator.messages().len(), 1);
}

#[test]
fn the_demo_as_json_is_one_document_that_agrees_with_the_ledger() {
    let ran = run(&["demo", "--json"], &[], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let report = ran.json();
    assert_eq!(report["status"], "ok");
    let receipts = report["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 7);
    for row in receipts {
        assert_eq!(row["stored"], 1, "{row}");
        assert!(row["message_id"].is_string(), "{row}");
    }
    let [unknown, recovered] = &report["certainty"].as_array().unwrap()[..] else {
        panic!("two lost responses: {report}");
    };
    for (claim, platform, outcome, delivery, recognised) in [
        (unknown, "msgraph-chat", "error", "unknown", 0),
        (recovered, "acs-messages", "receipt", "sent", 1),
    ] {
        assert_eq!(claim["platform"], platform);
        assert_eq!(claim["outcome"], outcome);
        assert_eq!(claim["delivery"], delivery);
        assert_eq!(claim["stored"], 1);
        assert_eq!(claim["recognised"], recognised);
        assert_eq!(claim["honest"], true);
        assert!(claim["message_id"].is_string(), "{claim}");
    }
    assert_eq!(unknown["settled"], "found");
    assert_eq!(recovered["settled"], json!(null));
    assert_eq!(report["ledger"], json!({"stored": 9, "duplicates": 0}));
}
