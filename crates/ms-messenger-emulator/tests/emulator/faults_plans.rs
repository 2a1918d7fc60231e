//! Schedules and weights, over the wire.

use crate::outside::Outside;
use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
use serde_json::{Value, json};

async fn statuses(out: &Outside, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(out.chat("x").await.status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_schedule_is_kept_request_by_request() {
    let schedule = json!([
        {"kind": "status", "status": 429},
        null,
        {"kind": "status_after_store", "status": 504},
    ]);
    let out = Outside::start().await;
    let mut rule =
        json!({"match": {"platform": "acs-chat", "operation": "send"}, "schedule": schedule});
    out.faults(json!({ "rules": [rule] })).await;
    out.get(&out.thread_path()).await;
    assert_eq!(statuses(&out, 5).await, [429, 201, 504, 201, 201]);
    assert_eq!(out.rows("").await.len(), 4);
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["platforms"]["acs-chat"]["faults"], 2);

    rule["repeat"] = json!(true);
    rule["times"] = json!(3);
    out.faults(json!({ "rules": [rule] })).await;
    assert_eq!(statuses(&out, 7).await, [429, 201, 504, 429, 201, 201, 201]);
}

#[tokio::test]
async fn weights_give_the_same_sequence_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let out = Outside::start().await;
        out.faults(json!({"seed": seed, "rules": [{"weighted": [
            {"weight": 3, "action": {"kind": "status", "status": 503}},
            {"weight": 7, "action": null},
        ]}]}))
        .await;
        let run = statuses(&out, 40).await;
        let failed = run.iter().filter(|s| **s == 503).count();
        assert!((4..=22).contains(&failed), "{run:?}");
        assert_eq!(out.rows("").await.len(), 40 - failed);
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn the_typed_form_is_the_document_that_was_put() {
    let out = Outside::start().await;
    let late = FaultAction::Delay { ms: 1 };
    let faults = Faults::new()
        .with_seed(1)
        .with_rule(FaultRule::scheduled([None, Some(late.clone())]).with_repeat(true))
        .with_rule(FaultRule::weighted([(1, Some(late)), (2, None)]).with_every(2));
    out.emulator.set_faults(faults.clone());
    let shown: Value = out.get("/_emulator/faults").await.json().await.unwrap();
    let expected = json!({"seed": 1, "rules": [
        {"match": {}, "schedule": [null, {"kind": "delay", "ms": 1}], "repeat": true},
        {"match": {"every": 2}, "weighted": [
            {"weight": 1, "action": {"kind": "delay", "ms": 1}}, {"weight": 2, "action": null}]},
    ]});
    assert_eq!(shown, expected);
    assert_eq!(Faults::from_json(&shown).unwrap(), faults);
}

#[tokio::test]
async fn a_bad_plan_is_refused_with_its_member() {
    let out = Outside::start().await;
    let bad = json!({"rules": [
        {"schedule": [null, {"kind": "reset", "after_bytes": "x"}]},
        {"weighted": [{"action": null}]},
    ]});
    let put = out
        .client
        .put(format!("{}/_emulator/faults", out.base))
        .json(&bad);
    let (status, error) = Outside::ask(put).await;
    assert_eq!(status, 400);
    let details = error["error"]["details"].as_array().unwrap();
    assert_eq!(
        details[0],
        "rules[0].schedule[1].after_bytes: must be a whole number from 0"
    );
    assert_eq!(
        details[1],
        "rules[1].weighted[0].weight: must be a whole number from 0 to 4294967295"
    );
    assert_eq!(statuses(&out, 1).await, [201]);
}
