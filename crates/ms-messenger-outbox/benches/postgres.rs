//! What the store in a PostgreSQL database costs, on the database in `OUTBOX_BENCH_POSTGRES`:
//! `cargo bench -p ms-messenger-outbox --features postgres --bench postgres`. It should wait for the
//! disk at each commit (`fsync`, `synchronous_commit`), and its user be allowed to `CHECKPOINT`. Its
//! schema `outbox_bench` is dropped.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by it")]

use std::time::{Duration, Instant, SystemTime};

use ms_messenger_core::{SendRequest, Target};
use ms_messenger_outbox::{
    Beat, Change, Claim, Envelope, Outbox, PostgresStore, Step, Store as _, WorkerId,
};
use tokio::task::JoinSet;

const SCHEMA: &str = "outbox_bench";

fn main() {
    let Ok(url) = std::env::var("OUTBOX_BENCH_POSTGRES") else {
        println!("OUTBOX_BENCH_POSTGRES is not set: it names the database, e.g. postgres://…");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for tasks in [1, 4, 16] {
            enqueue(fresh(&url).await, tasks, 100, 40_000).await;
        }
        enqueue(fresh(&url).await, 64, 1, 8_000).await;
        claims(&fresh(&url).await).await;
        drop_schema(&fresh(&url).await).await;
    });
}

async fn fresh(url: &str) -> Outbox<PostgresStore> {
    let builder = PostgresStore::builder()
        .with_schema(SCHEMA)
        .with_max_connections(32);
    let store = builder.clone().connect(url).await.unwrap();
    drop_schema(&Outbox::new(store)).await;
    Outbox::new(builder.connect(url).await.unwrap())
}

async fn drop_schema(outbox: &Outbox<PostgresStore>) {
    let drop = format!("DROP SCHEMA {SCHEMA} CASCADE");
    let pool = outbox.store().pool();
    sqlx::query(&drop).execute(pool).await.unwrap();
}

fn envelope(task: usize, i: usize) -> Envelope {
    let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "x".repeat(200));
    Envelope::new(format!("{task}-{i}"), "bench", request)
}

/// Hands messages over in groups, from several tasks at a time.
async fn enqueue(outbox: Outbox<PostgresStore>, tasks: usize, group: usize, messages: usize) {
    let each = messages / tasks;
    let started = Instant::now();
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let outbox = outbox.clone();
        running.spawn(async move {
            for from in (0..each).step_by(group) {
                let messages = (from..from + group).map(|i| envelope(task, i));
                outbox.enqueue_all(messages).await.unwrap();
            }
        });
    }
    running.join_all().await;
    let rate = messages as f64 / started.elapsed().as_secs_f64();
    println!("{rate:>8.0} enqueues/s in groups of {group} from {tasks} tasks");
}

/// Claims the next message, and ends it, with more and more that wait.
async fn claims(outbox: &Outbox<PostgresStore>) {
    let store = outbox.store();
    let worker = WorkerId::random();
    let lease = Duration::from_secs(600);
    let beat = Beat::new(worker.clone(), lease, true);
    assert!(store.beat(&beat).await.unwrap());
    let mut waiting = 0;
    for until in [1_000, 100_000, 1_000_000] {
        let mut running = JoinSet::new();
        for task in 0..4 {
            let outbox = outbox.clone();
            running.spawn(async move {
                for from in (waiting + task * 500..until).step_by(2_000) {
                    let until = until.min(from + 500);
                    let messages = (from..until).map(|i| envelope(9, i));
                    outbox.enqueue_all(messages).await.unwrap();
                }
            });
        }
        running.join_all().await;
        waiting = until;
        // What the server does later about so many new rows is not the cost of a claim.
        for statement in [&*format!("VACUUM ANALYZE {SCHEMA}.message"), "CHECKPOINT"] {
            let upkeep = sqlx::query(statement).execute(store.pool());
            upkeep.await.unwrap();
        }
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..500 {
            let claim = Claim::new(worker.clone(), "bench", 1, SystemTime::now());
            let started = Instant::now();
            let claimed = store.claim(&claim).await.unwrap();
            times.push(started.elapsed());
            let error = serde_json::Value::Null;
            let refuse = Step::Refuse { error, attempts: 1 };
            let refuse = Change::by_worker(&claimed.messages[0].head, &worker, refuse);
            store.apply(vec![refuse]).await.unwrap()[0]
                .as_ref()
                .unwrap();
        }
        times.sort_unstable();
        let (median, most) = (times[250], times[475]);
        let (median, most) = (median.as_micros(), most.as_micros());
        println!("{median:>8} µs a claim with {until} waiting (95 % within {most} µs)");
    }
}
