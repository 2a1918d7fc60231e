//! The operations that are no plain sends: each row of the clients' tables, struck by each fault.
//! What is said to be done is there for another client, what is said not to be is not, what must
//! not be repeated is executed once at most, and what may be repeated converges.

mod admin;
mod chat;
mod driver;
mod fact;
mod fault;
mod graph;
mod graph_drives;
mod graph_files;
mod graph_messages;
mod graph_rest;
mod identity;
mod messages;
mod reading;
mod row;
mod scene;
mod skype;
mod skype_account;
mod skype_background;

use std::collections::BTreeSet;

use driver::Service;
use futures_util::{StreamExt as _, stream};
use row::Row;

/// Each operation has an emulator of its own, and mostly waits.
const CONCURRENCY: usize = 24;
/// A session signs in before each strike, and a message must not take long.
const SESSIONS: usize = 6;

async fn run<C: Clone + Send + Sync>(service: Service<C>) {
    let known: BTreeSet<_> = service.operations.iter().map(|it| it.name()).collect();
    let driven: BTreeSet<_> = service.drivers.iter().map(|it| it.name).collect();
    assert_eq!(known, driven, "each operation has a driver");
    let faults = fault::faults(crate::is_short());
    let rows = service.drivers.iter().map(async |driver| {
        let row = Row::new(&service, driver).await;
        row.strike(&faults).await
    });
    let wrong: Vec<_> = stream::iter(rows)
        .buffer_unordered(if service.is_session {
            SESSIONS
        } else {
            CONCURRENCY
        })
        .collect()
        .await;
    let wrong = wrong.concat();
    println!(
        "{}: {} operations, {} faults",
        service.name,
        service.drivers.len(),
        faults.len()
    );
    assert!(
        wrong.is_empty(),
        "{}: {} wrong\n{}",
        service.name,
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_of_acs_chat_under_fire() {
    run(chat::service()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_of_acs_identity_under_fire() {
    run(identity::service()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_of_acs_messages_under_fire() {
    run(messages::service()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_of_msgraph_chat_under_fire() {
    run(graph::service()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_of_ucwa_under_fire() {
    run(skype::service()).await;
}
