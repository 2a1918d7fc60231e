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
mod story;
mod tally;

use cell::Cell;
use ms_messenger_emulator::Emulator;
use platforms::{Platform, Wire};
use serde_json::{Value, json};
use story::Story;
use tally::Tally;

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

/// A late response takes its time, and an event of UCWA that does not come too: they strike seldom.
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

/// Late storage, by its name in the table, and what the client gets instead of a response.
fn late() -> Vec<(&'static str, Value)> {
    let late = |then: &str, ms: u64| json!({"kind": "late_store", "ms": ms, "then": then});
    vec![
        ("late, closed", late("close", 150)),
        ("late, reset", late("reset", 150)),
        (
            "late, 504",
            json!({"kind": "late_store", "ms": 150, "then": "status", "status": 504}),
        ),
        ("late, answered", late("answer", 150)),
        ("late, silence", late("silence", 600)),
    ]
}

const HALF: &str = "half, at random";

/// The faults that leave a send in doubt, not stored, stored, and stored late.
fn doubtful() -> Vec<(&'static str, Value)> {
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
    /// Whether whoever settles has to wait, so that fewer sends must do.
    fn waits(&self) -> bool {
        self.story != Story::Plain || is_late(self.fault)
    }
}

/// The most sends of a cell that waits.
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
                ("none", _) if strike != "every try" => continue,
                (_, true) if strike != "every try" => continue,
                (_, true) => ("every 20th", json!({"every": 20})),
                _ if is_late(fault) && !["1st try", HALF].contains(&strike) => continue,
                // What the third try adds is worth the time of the long run alone.
                _ if is_short() && strike == "3rd try" => continue,
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

/// Each story with each fault that leaves sends in doubt.
fn told(stories: &[Story]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for story in stories {
        for (fault, action) in doubtful() {
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

/// Callers who give up, while the service takes its time.
fn given_up() -> Vec<Plan> {
    let mut plans = Vec::new();
    for story in [Story::TimedOut, Story::Cancelled] {
        for (fault, action) in [
            ("late, closed", late().swap_remove(0).1),
            ("late, answered", late().swap_remove(3).1),
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

/// Responses that come twice.
fn copies() -> Vec<Plan> {
    let strikes = [
        ("every try", json!({})),
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

/// How many sends a cell has.
const SENDS: u64 = 50;

/// Everything that happens around sends to conversations.
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
        "duplicates, lies or wrong verdicts with seed {seed}:\n{}\n{}",
        Tally::heading(),
        wrong.join("\n")
    );
}

/// Whether this is the run that comes with all other tests.
fn is_short() -> bool {
    setting("FIRE_SENDS", SENDS) < 500
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
    // HTTP/1.1 over TLS: a response can come twice and does not name its request.
    let platform = platforms::Messages::new(emulator().await, Wire::Http1);
    let mut plans = each_fault(&platform);
    plans.extend(told(&[Story::Settled, Story::ServiceClock(300)]));
    plans.extend(given_up());
    run(platform, plans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acs_chat_under_fire() {
    let platform = platforms::Chat::new(emulator().await, Wire::Http2);
    let mut plans = each_fault(&platform);
    plans.extend(told(&STORIES));
    plans.extend(given_up());
    run(platform, plans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn msgraph_chat_under_fire() {
    let platform = platforms::Graph::new(emulator().await, Wire::Plain);
    let mut plans = each_fault(&platform);
    plans.extend(told(&STORIES));
    plans.extend(given_up());
    run(platform, plans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ucwa_under_fire() {
    let platform = platforms::Skype::new(emulator().await).await;
    let mut plans = each_fault(&platform);
    let talk = faults()
        .into_iter()
        .filter(|(fault, _)| !is_slow(&platform, fault) && !is_foreign(&platform, fault));
    plans.extend(talk.map(|(fault, action)| Plan {
        fault,
        strike: HALF,
        action,
        matching: json!({"probability": 0.5}),
        story: Story::Talk,
    }));
    plans.extend(given_up());
    run(platform, plans).await;
}

/// Over TLS a copy may be taken for the response to the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copied_responses_over_tls() {
    for wire in [Wire::Http1, Wire::Http2] {
        run(platforms::Messages::new(emulator().await, wire), copies()).await;
        run(platforms::Chat::new(emulator().await, wire), copies()).await;
        run(platforms::Graph::new(emulator().await, wire), copies()).await;
    }
}
