//! The JSON form of fault rules.

use ms_messenger_emulator::Faults;
use serde_json::{Value, json};

#[test]
fn every_problem_is_named_with_its_member() {
    let document = json!({"rules": [
        {"match": {"platform": "slack", "nth": [0]}, "action": {"kind": "status"}},
        {"match": {"operation": "sned", "every": 0}, "action": {"kind": "explode"}},
        {"when": 1, "action": {"kind": "close", "when": "later"}},
    ]});
    let problems = Faults::from_json(&document).unwrap_err().problems;
    let paths: Vec<&str> = problems
        .iter()
        .filter_map(|p| p.split(": ").next())
        .collect();
    assert_eq!(
        paths,
        [
            "rules[0].action.status",
            "rules[0].match.platform",
            "rules[0].match.nth[0]",
            "rules[1].action.kind",
            "rules[1].match.operation",
            "rules[1].match.every",
            "rules[2].when",
            "rules[2].action.when",
        ]
    );
}

#[test]
fn operations_that_several_platforms_have_are_listed_once() {
    let document =
        json!({"rules": [{"match": {"operation": "sned"}, "action": {"kind": "malformed_body"}}]});
    let problems = Faults::from_json(&document).unwrap_err().problems;
    let [problem] = &problems[..] else {
        panic!("{problems:?}")
    };
    let names: Vec<&str> = problem
        .rsplit_once("must be one of ")
        .map_or(vec![], |(_, names)| names.split(", ").collect());
    let distinct: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert!(distinct.contains("send"), "{problem}");
    assert_eq!(distinct.len(), names.len(), "{problem}");
}

#[test]
fn a_document_is_written_back_as_it_was_read() {
    let document = json!({"seed": 7, "rules": [
        {"match": {"platform": "msgraph-chat", "operation": "send", "nth": [1, 3]},
         "action": {"kind": "status", "status": 429, "headers": {"retry-after-ms": "20"}, "body": {"a": 1}}},
        {"match": {"probability": 0.25}, "times": 2, "action": {"kind": "status_after_store", "status": 504}},
        {"match": {"every": 2}, "action": {"kind": "delay", "ms": 200}},
        {"match": {}, "action": {"kind": "close", "when": "before_read"}},
        {"match": {}, "action": {"kind": "reset", "when": "after_store"}},
        {"match": {}, "action": {"kind": "cut_body", "after_bytes": 10}},
        {"match": {}, "action": {"kind": "malformed_body"}},
        {"match": {}, "action": {"kind": "reset", "after_bytes": 0}},
        {"match": {}, "action": {"kind": "slow_body", "pieces": 4, "ms": 10}},
        {"match": {}, "action": {"kind": "duplicate_answer"}},
        {"match": {}, "action": {"kind": "go_away", "when": "before_read"}},
        {"match": {}, "action": {"kind": "token_expiry"}},
        {"match": {}, "action": {"kind": "claims_challenge", "claims": "{}"}},
        {"match": {}, "schedule": [null, {"kind": "delay", "ms": 1}]},
        {"match": {}, "schedule": [{"kind": "delay", "ms": 1}], "repeat": true},
        {"match": {}, "times": 3, "weighted": [
            {"weight": 3, "action": {"kind": "malformed_body"}}, {"weight": 7, "action": null}]},
    ]});
    assert_eq!(Faults::from_json(&document).unwrap().to_json(), document);
}

#[test]
fn bad_plans_are_named_with_their_members() {
    let late = json!({"kind": "delay", "ms": 1});
    let document = json!({"rules": [
        {"action": late, "schedule": [late]},
        {"schedule": [], "repeat": 1},
        {"schedule": [null]},
        {"schedule": [null, {"kind": "explode"}]},
        {"action": late, "repeat": true},
        {"weighted": [{"weight": -1, "action": late}, {"weight": 1}, 5]},
        {"weighted": [{"weight": 0, "action": late}]},
        {"match": {"platform": "acs-chat"}, "schedule": [late, {"kind": "claims_challenge"}]},
        {"match": {"platform": "ucwa"}, "weighted": [{"weight": 1, "action": {"kind": "token_expiry"}}]},
        {"match": {"operation": "events"}, "action": {"kind": "token_expiry"}},
        {"action": {"kind": "reset", "when": "after_store", "after_bytes": 1}},
        {"action": {"kind": "reset", "after_bytes": -1}},
        {"action": {"kind": "slow_body"}},
        {"action": {"kind": "go_away", "when": "never"}},
        {"action": {"kind": "claims_challenge", "claims": 1}},
    ]});
    let problems = Faults::from_json(&document).unwrap_err().problems;
    let paths: Vec<&str> = problems
        .iter()
        .filter_map(|p| p.split(": ").next())
        .collect();
    assert_eq!(
        paths,
        [
            "rules[0]",
            "rules[1].repeat",
            "rules[1].schedule",
            "rules[2].schedule",
            "rules[3].schedule[1].kind",
            "rules[4].repeat",
            "rules[5].weighted[0].weight",
            "rules[5].weighted[1].action",
            "rules[5].weighted[2]",
            "rules[6].weighted",
            "rules[7].schedule[1].kind",
            "rules[8].weighted[0].action.kind",
            "rules[9].action.kind",
            "rules[10].action",
            "rules[11].action.after_bytes",
            "rules[12].action.pieces",
            "rules[12].action.ms",
            "rules[13].action.when",
            "rules[14].action.claims",
        ]
    );
}

#[test]
fn a_kind_is_rejected_where_it_does_not_apply() {
    let rule = |matching: Value, action: Value| {
        Faults::from_json(&json!({"rules": [{"match": matching, "action": action}]}))
    };
    let resync = json!({"kind": "resync"});
    assert!(
        rule(
            json!({"platform": "ucwa", "operation": "events"}),
            resync.clone()
        )
        .is_ok()
    );
    assert!(rule(json!({"operation": "send"}), resync.clone()).is_err());
    assert!(rule(json!({"platform": "acs-chat"}), resync).is_err());
    let reason = json!({"kind": "message_failed", "reason": {"code": "Gone", "subcode": "x"}});
    assert!(rule(json!({}), reason).is_ok());
    assert!(rule(json!({}), json!({"kind": "message_failed", "reason": 1})).is_err());
    assert!(rule(json!({}), json!({"kind": "busy", "reason": "x"})).is_err());
}
