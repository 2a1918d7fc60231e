//! What the store in a PostgreSQL database costs, on the database in `OUTBOX_BENCH_POSTGRES`:
//! `cargo bench -p ms-messenger-outbox --features postgres --bench postgres`. It should wait for the
//! disk at each commit (`fsync`, `synchronous_commit`), and its user be allowed to `CHECKPOINT`. Its
//! schemas that begin with `outbox_bench` are dropped. Arguments after `--` choose parts of it.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by it")]

#[path = "postgres/claims.rs"]
mod claims;
#[path = "postgres/server.rs"]
mod server;

use std::time::Instant;

use ms_messenger_core::{SendRequest, Target};
use ms_messenger_outbox::{Envelope, Outbox, PostgresStore};
use tokio::task::JoinSet;

use crate::server::{Server, drop_schema, fresh};

fn main() {
    let Ok(url) = std::env::var("OUTBOX_BENCH_POSTGRES") else {
        println!("OUTBOX_BENCH_POSTGRES is not set: it names the database, e.g. postgres://…");
        return;
    };
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let parts: Vec<&str> = parts.iter().map(|it| &**it).collect();
    let parts: Vec<&str> = parts.into_iter().filter(|it| *it != "--bench").collect();
    let runs = |name: &str| parts.is_empty() || parts.contains(&name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if runs("groups") {
            for tasks in [1, 4, 16] {
                enqueue(&url, tasks, 100, 40_000).await;
            }
        }
        if runs("single") {
            enqueue(&url, 64, 1, 8_000).await;
        }
        if runs("due") {
            claims::measure(&url).await;
        }
    });
}

fn envelope(id: impl Into<String>) -> Envelope {
    let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "x".repeat(200));
    Envelope::new(id.into(), "bench", request)
}

/// Hands messages over in groups, from several tasks at a time.
async fn enqueue(url: &str, tasks: usize, group: usize, messages: usize) {
    let schema = "outbox_bench";
    let outbox: Outbox<PostgresStore> = fresh(url, schema, 32).await;
    let server = Server::of(outbox.store().pool(), schema).await;
    let each = messages / tasks;
    let before = server.state().await;
    let started = Instant::now();
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let outbox = outbox.clone();
        running.spawn(async move {
            for from in (0..each).step_by(group) {
                let messages = (from..from + group).map(|i| envelope(format!("{task}-{i}")));
                outbox.enqueue_all(messages).await.unwrap();
            }
        });
    }
    running.join_all().await;
    let rate = messages as f64 / started.elapsed().as_secs_f64();
    let after = server.state().await;
    let each = |all: f64| all / messages as f64;
    println!(
        "{rate:>8.0} enqueues/s in groups of {group} from {tasks} tasks; each {:.0} bytes of log, \
         {:.3} syncs",
        each(after.log - before.log),
        each(after.syncs - before.syncs),
    );
    drop_schema(outbox.store().pool(), schema).await;
}
