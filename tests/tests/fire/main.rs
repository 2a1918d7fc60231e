//! The certainty suite: for each platform, each fault and each attempt that it strikes, fifty sends
//! (a thousand in CI), counted in the emulator's ledger and compared with what the client reported
//! about each. A receipt or "sent" means stored once, "not sent" means never, "unknown" at most
//! once; and nothing is ever stored twice. Every "unknown" is then settled, where the platform can
//! be asked, and the verdict is compared with the ledger too. The operations that are no plain sends
//! are struck once by each fault (`operations.rs`), and compared with what another client reads.
//!
//! ```sh
//! cargo test -p tests --test fire -- --nocapture     # prints the table
//! FIRE_SEED=7 FIRE_SENDS=1000 cargo test --profile suite -p tests --test fire -- --nocapture
//! ```
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod cell;
mod http_platform;
mod operations;
mod platform;
mod skype;
mod story;
mod tally;

use cell::Cell;
use http_platform::{HttpPlatform, Wire};
use ms_messenger_emulator::Emulator;
use platform::Platform;
use serde_json::{Value, json};
use skype::Skype;
use story::Story;
use tally::Tally;

/// Returns each fault by its name in the table.
fn faults() -> Vec<(&'static str, Value)> {
    vec![
        ("none", Value::Null),
        (
            "429",
            json!({"kind": "status", "status": 429, "headers": {"retry-after-ms": "1"}}),
        ),
        (
            "503, retry-after",
            json!({"kind": "status", "status": 503, "headers": {"retry-after-ms": "1"}}),
        ),
        ("500", json!({"kind": "status", "status": 500})),
        ("408", json!({"kind": "status", "status": 408})),
        (
            "stored, 504",
            json!({"kind": "status_after_store", "status": 504}),
        ),
        (
            "stored, 409",
            json!({"kind": "status_after_store", "status": 409}),
        ),
        (
            "closed unread",
            json!({"kind": "close", "when": "before_read"}),
        ),
        (
            "closed read",
            json!({"kind": "close", "when": "after_read"}),
        ),
        (
            "closed stored",
            json!({"kind": "close", "when": "after_store"}),
        ),
        ("reset read", json!({"kind": "reset", "when": "after_read"})),
        (
            "reset stored",
            json!({"kind": "reset", "when": "after_store"}),
        ),
        ("body cut", json!({"kind": "cut_body", "after_bytes": 5})),
        ("body malformed", json!({"kind": "malformed_body"})),
        ("late response", json!({"kind": "delay", "ms": 700})),
        (
            "body slow",
            json!({"kind": "slow_body", "pieces": 3, "ms": 1}),
        ),
        ("response twice", json!({"kind": "duplicate_answer"})),
        (
            "reset in the head",
            json!({"kind": "reset", "after_bytes": 20}),
        ),
        (
            "reset in the body",
            json!({"kind": "reset", "after_bytes": 300}),
        ),
        (
            "goaway read",
            json!({"kind": "go_away", "when": "after_read"}),
        ),
        (
            "goaway stored",
            json!({"kind": "go_away", "when": "after_store"}),
        ),
        ("token expired", json!({"kind": "token_expiry"})),
        ("claims challenge", json!({"kind": "claims_challenge"})),
    ]
}

/// Returns which attempts of a send a fault strikes, by its name in the table. A send has three
/// attempts at most; before the one that is struck, the others are rejected with 429. Requests of
/// UCWA have no id by which the emulator could count the attempts.
fn strikes(platform: &dyn Platform) -> Vec<(&'static str, Value)> {
    if platform.counts_attempts() {
        return vec![
            ("1st attempt", json!({"attempt": [1]})),
            ("2nd attempt", json!({"attempt": [2]})),
            ("3rd attempt", json!({"attempt": [3]})),
            ("every attempt", json!({})),
            ("half, at random", json!({"probability": 0.5})),
        ];
    }
    vec![
        ("every attempt", json!({})),
        ("every 2nd", json!({"every": 2})),
        ("every 3rd", json!({"every": 3})),
        ("half, at random", json!({"probability": 0.5})),
    ]
}

/// Returns whether this platform cannot have the fault.
fn is_foreign(platform: &dyn Platform, fault: &str) -> bool {
    match fault {
        "claims challenge" => platform.name() != "msgraph-chat",
        // With an access key there is no token, and UCWA has tickets.
        "token expired" => !["acs-chat", "msgraph-chat"].contains(&platform.name()),
        _ => false,
    }
}

/// Returns whether the fault costs time, as a late response and a missing event of UCWA do. It
/// strikes only a few sends.
fn is_slow(platform: &dyn Platform, fault: &str) -> bool {
    let without_event = [
        "503, retry-after",
        "500",
        "408",
        "closed unread",
        "closed read",
        "reset read",
    ];
    fault == "late response" || (platform.name() == "ucwa" && without_event.contains(&fault))
}

/// Returns faults that store late, by their names in the table.
fn late() -> Vec<(&'static str, Value)> {
    let late = |then: &str, ms: u64| json!({"kind": "late_store", "ms": ms, "then": then});
    vec![
        ("late, closed", late("close", 150)),
        ("late, reset", late("reset", 150)),
        (
            "late, 504",
            json!({"kind": "late_store", "ms": 150, "then": "status", "status": 504}),
        ),
        ("late, response", late("answer", 150)),
        ("late, silence", late("silence", 600)),
    ]
}

const HALF: &str = "half, at random";

/// Returns the faults that leave a send unknown: not stored, stored, and stored late.
fn uncertain() -> Vec<(&'static str, Value)> {
    let wanted = ["closed read", "closed stored", "late, closed"];
    let all = faults().into_iter().chain(late());
    all.filter(|(fault, _)| wanted.contains(fault)).collect()
}

/// A cell of the table, before it has a number.
struct Plan {
    fault: &'static str,
    strike: &'static str,
    action: Value,
    matching: Value,
    story: Story,
}

impl Plan {
    /// Returns whether settling has to wait, so that the cell has fewer sends.
    fn waits(&self) -> bool {
        self.story != Story::Plain || is_late(self.fault)
    }
}

/// Limit of the sends of a cell that waits.
const WAITING: usize = 200;

fn each_fault(platform: &dyn Platform) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (fault, action) in faults().into_iter().chain(late()) {
        if is_foreign(platform, fault) {
            continue;
        }
        for (strike, matching) in strikes(platform) {
            let slow = is_slow(platform, fault);
            let (strike, matching) = match (fault, slow) {
                ("none", _) if strike != "every attempt" => continue,
                (_, true) if strike != "every attempt" => continue,
                (_, true) => ("every 20th", json!({"every": 20})),
                _ if is_late(fault) && !["1st attempt", HALF].contains(&strike) => continue,
                // Only the long run has time for the third attempt.
                _ if is_short() && strike == "3rd attempt" => continue,
                _ if is_short() && is_late(fault) && strike != HALF => continue,
                _ => (strike, matching),
            };
            let action = action.clone();
            plans.push(Plan {
                fault,
                strike,
                action,
                matching,
                story: Story::Plain,
            });
        }
    }
    plans
}

fn is_late(fault: &str) -> bool {
    fault.starts_with("late,")
}

/// Returns each story with each fault that leaves sends unknown.
fn stories(stories: &[Story]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for story in stories {
        for (fault, action) in uncertain() {
            plans.push(Plan {
                fault,
                strike: HALF,
                action,
                matching: json!({"probability": 0.5}),
                story: *story,
            });
        }
    }
    plans
}

/// Returns sends that the caller ends while the service is slow.
fn ended_by_caller() -> Vec<Plan> {
    let mut plans = Vec::new();
    for story in [Story::TimedOut, Story::Cancelled] {
        for (fault, action) in [
            ("late, closed", late().swap_remove(0).1),
            ("late, response", late().swap_remove(3).1),
            ("slow, 150 ms", json!({"kind": "delay", "ms": 150})),
        ] {
            plans.push(Plan {
                fault,
                strike: HALF,
                action,
                matching: json!({"probability": 0.5}),
                story,
            });
        }
    }
    plans
}

/// Returns responses that arrive twice.
fn duplicate_responses() -> Vec<Plan> {
    let strikes = [
        ("every attempt", json!({})),
        ("every 3rd", json!({"every": 3})),
        (HALF, json!({"probability": 0.5})),
    ];
    let plan = |(strike, matching)| Plan {
        fault: "response twice",
        strike,
        action: json!({"kind": "duplicate_answer"}),
        matching,
        story: Story::Plain,
    };
    strikes.into_iter().map(plan).collect()
}

/// Number of sends of a cell.
const SENDS: u64 = 50;

/// Everything that can happen around sends to conversations.
const STORIES: [Story; 8] = [
    Story::ServiceClock(300),
    Story::ServiceClock(-300),
    Story::SenderClock(300),
    Story::SenderClock(-300),
    Story::Twins,
    Story::Noise,
    Story::Changed,
    Story::Settled,
];

async fn run(platform: impl Platform, plans: Vec<Plan>) {
    let seed = setting("FIRE_SEED", 20_260_401);
    let sends = usize::try_from(setting("FIRE_SENDS", SENDS)).unwrap();
    println!("seed {seed}, {sends} sends a cell");
    println!("{}", Tally::heading());
    let mut wrong = Vec::new();
    for (number, plan) in plans.into_iter().enumerate() {
        for with_key in platform.keys() {
            let cell = Cell {
                number,
                fault: plan.fault,
                strike: plan.strike,
                action: plan.action.clone(),
                matching: plan.matching.clone(),
                story: plan.story,
                seed,
                sends: sends.min(if plan.waits() { WAITING } else { usize::MAX }),
                with_key: *with_key,
            };
            let tally = cell.run(&platform).await;
            println!("{tally}");
            if tally.is_wrong() {
                println!("  {}", tally.wrong.join("\n  "));
                wrong.push(tally.to_string());
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "duplicates, false claims or wrong verdicts with seed {seed}:\n{}\n{}",
        Tally::heading(),
        wrong.join("\n")
    );
}

/// Returns whether this is the short run, with all other tests.
fn is_short() -> bool {
    setting("FIRE_SENDS", SENDS) < 500
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

async fn emulator() -> Emulator {
    let any_port = "127.0.0.1:0".parse().unwrap();
    Emulator::builder()
        .with_https_address(any_port)
        .start()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acs_messages_under_fire() {
    acs_messages(&[false]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acs_messages_with_keys_under_fire() {
    acs_messages(&[true]).await;
}

async fn acs_messages(keys: &'static [bool]) {
    // HTTP/1.1 over TLS: a response can arrive twice and does not name its request.
    let platform = HttpPlatform::messages(emulator().await, Wire::Http1).with_keys(keys);
    let mut plans = each_fault(&platform);
    plans.extend(stories(&[Story::Settled, Story::ServiceClock(300)]));
    plans.extend(ended_by_caller());
    run(platform, plans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acs_chat_under_fire() {
    let platform = HttpPlatform::chat(emulator().await, Wire::Http2);
    let mut plans = each_fault(&platform);
    plans.extend(stories(&STORIES));
    plans.extend(ended_by_caller());
    run(platform, plans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn msgraph_chat_under_fire() {
    let platform = HttpPlatform::graph(emulator().await, Wire::Plain);
    let mut plans = each_fault(&platform);
    plans.extend(stories(&STORIES));
    plans.extend(ended_by_caller());
    run(platform, plans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ucwa_under_fire() {
    let platform = Skype::new(emulator().await).await;
    let plans = each_fault(&platform);
    run(platform, plans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ucwa_in_a_talk_under_fire() {
    let platform = Skype::new(emulator().await).await;
    let talk = faults()
        .into_iter()
        .filter(|(fault, _)| !is_slow(&platform, fault) && !is_foreign(&platform, fault));
    let talk = talk.map(|(fault, action)| Plan {
        fault,
        strike: HALF,
        action,
        matching: json!({"probability": 0.5}),
        story: Story::Talk,
    });
    let mut plans: Vec<Plan> = talk.collect();
    plans.extend(ended_by_caller());
    run(platform, plans).await;
}

/// Over TLS a duplicate could be taken for the response to the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicate_responses_over_tls() {
    for wire in [Wire::Http1, Wire::Http2] {
        run(
            HttpPlatform::messages(emulator().await, wire),
            duplicate_responses(),
        )
        .await;
        run(
            HttpPlatform::chat(emulator().await, wire),
            duplicate_responses(),
        )
        .await;
        run(
            HttpPlatform::graph(emulator().await, wire),
            duplicate_responses(),
        )
        .await;
    }
}
