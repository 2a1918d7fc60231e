//! Kills and stops worker processes at random moments while the emulator injects faults, and then
//! compares the outbox with the ledger: nothing lost, nothing doubled, nothing claimed that is not
//! there, every unconfirmed message explained.
//!
//! `KILLS=200 KILLS_SEED=7 KILLS_STORES=sqlite cargo test -p kills -- --nocapture`
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod audit;
mod clients;
/// A server of the tests of the store.
#[path = "../../../../crates/ms-messenger-outbox/tests/stores/nats/server.rs"]
#[allow(dead_code, reason = "those tests use more of it")]
mod nats;
mod person;
mod plan;
/// A server of the tests of the store.
#[path = "../../../../crates/ms-messenger-outbox/tests/stores/postgres/server.rs"]
#[allow(dead_code, reason = "those tests use more of it")]
mod postgres;
mod worker;
mod workers;
mod world;

use crate::{plan::Plan, world::World};

fn main() {
    // The same program is the worker that is killed.
    if std::env::args().nth(1).as_deref() == Some(worker::ROLE) {
        return worker::run();
    }
    let plan = Plan::from_environment();
    if !plan.is_wanted() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
    let mut is_good = true;
    for store in &plan.stores {
        let audit = runtime.block_on(World::run(&plan, store));
        println!("{audit}");
        is_good &= audit.is_good();
    }
    assert!(is_good, "see the table above; KILLS_SEED={}", plan.seed);
}
