//! The certainty suite: for each platform, each fault and each try that it strikes, fifty sends (a
//! thousand in CI), counted in the emulator's ledger and held against what the client said of
//! each. A receipt or "sent" means stored once, "not sent" means never, "unknown" at most once;
//! and nothing is ever stored twice. Every "unknown" is then settled, where the platform can be
//! asked, and the verdict held against the ledger too.
//!
//! ```sh
//! cargo test -p tests --test fire -- --nocapture     # prints the table
//! FIRE_SEED=7 FIRE_SENDS=1000 cargo test --profile suite -p tests --test fire -- --nocapture
//! ```
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod cell;
mod platforms;

use cell::{Cell, Tally};
use ms_messenger_emulator::Emulator;
use platforms::Platform;
use serde_json::{Value, json};

/// Each fault by its name in the table.
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
        ("late answer", json!({"kind": "delay", "ms": 300})),
        (
            "body slow",
            json!({"kind": "slow_body", "pieces": 3, "ms": 1}),
        ),
        ("answer twice", json!({"kind": "duplicate_answer"})),
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

/// Which tries of a send a fault strikes, by its name in the table. A send has three tries at
/// most; one that is struck later gets there by harmless refusals. UCWA's calls have no id by
/// which the emulator could tell their tries.
fn strikes(platform: &dyn Platform) -> Vec<(&'static str, Value)> {
    if platform.tells_tries() {
        return vec![
            ("1st try", json!({"attempt": [1]})),
            ("2nd try", json!({"attempt": [2]})),
            ("3rd try", json!({"attempt": [3]})),
            ("every try", json!({})),
            ("half, at random", json!({"probability": 0.5})),
        ];
    }
    vec![
        ("every try", json!({})),
        ("every 2nd", json!({"every": 2})),
        ("every 3rd", json!({"every": 3})),
        ("half, at random", json!({"probability": 0.5})),
    ]
}

/// Faults that this platform cannot have.
fn is_foreign(platform: &dyn Platform, fault: &str) -> bool {
    match fault {
        "claims challenge" => platform.name() != "msgraph-chat",
        // With an access key there is no token, and UCWA has tickets.
        "token expired" => !["acs-chat", "msgraph-chat"].contains(&platform.name()),
        _ => false,
    }
}

/// A late answer takes its time, and an event of UCWA that does not come too: they strike seldom.
fn is_slow(platform: &dyn Platform, fault: &str) -> bool {
    let without_event = [
        "503, retry-after",
        "500",
        "408",
        "closed unread",
        "closed read",
        "reset read",
    ];
    fault == "late answer" || (platform.name() == "ucwa" && without_event.contains(&fault))
}

async fn run(platform: impl Platform) {
    let seed = setting("FIRE_SEED", 20_260_401);
    let sends = usize::try_from(setting("FIRE_SENDS", 50)).unwrap();
    println!("seed {seed}, {sends} sends a cell");
    println!("{}", Tally::heading());
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for (fault, action) in faults() {
        if is_foreign(&platform, fault) {
            continue;
        }
        for (strike, matching) in strikes(&platform) {
            let slow = is_slow(&platform, fault);
            let (strike, matching) = match (fault, slow) {
                ("none", _) if strike != "every try" => continue,
                (_, true) if strike != "every try" => continue,
                (_, true) => ("every 20th", json!({"every": 20})),
                _ => (strike, matching),
            };
            cells += 1;
            let cell = Cell {
                number: cells,
                fault,
                strike,
                action: action.clone(),
                matching,
                seed,
                sends,
            };
            for with_key in platform.keys() {
                let tally = cell.run(&platform, *with_key).await;
                println!("{tally}");
                if tally.is_wrong() {
                    wrong.push(tally.to_string());
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "duplicates or lies:\n{}\n{}",
        Tally::heading(),
        wrong.join("\n")
    );
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

async fn emulator() -> Emulator {
    let any_port = "127.0.0.1:0".parse().unwrap();
    Emulator::builder()
        .with_https(any_port)
        .start()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acs_messages_under_fire() {
    run(platforms::Messages::new(emulator().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acs_chat_under_fire() {
    run(platforms::Chat::new(emulator().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn msgraph_chat_under_fire() {
    run(platforms::Graph::new(emulator().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ucwa_under_fire() {
    run(platforms::Skype::new(emulator().await).await).await;
}
