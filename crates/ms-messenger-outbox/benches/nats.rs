//! What the store in NATS JetStream costs, on the server in `OUTBOX_BENCH_NATS`:
//! `cargo bench -p ms-messenger-outbox --features nats --bench nats`. Its buckets that begin with
//! `outbox_bench` are made anew for each part, and stay.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by it")]

use std::time::{Duration, Instant, SystemTime};

use ms_messenger_core::{SendRequest, Target, random_uuid};
use ms_messenger_outbox::{
    Beat, Change, Claim, Envelope, NatsStore, Outbox, Step, Store as _, WorkerId,
};
use tokio::task::JoinSet;

fn main() {
    let Ok(url) = std::env::var("OUTBOX_BENCH_NATS") else {
        println!("OUTBOX_BENCH_NATS is not set: it names the server, e.g. nats://…");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for tasks in [1, 4] {
            enqueue(fresh(&url).await, tasks, 100, 20_000).await;
        }
        enqueue(fresh(&url).await, 64, 1, 8_000).await;
        claims(&fresh(&url).await).await;
    });
}

async fn fresh(url: &str) -> Outbox<NatsStore> {
    let bucket = format!("outbox_bench_{}", random_uuid().simple());
    let builder = NatsStore::builder().with_bucket(bucket);
    Outbox::new(builder.connect(url).await.unwrap())
}

fn envelope(task: usize, i: usize) -> Envelope {
    let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "x".repeat(200));
    Envelope::new(format!("{task}-{i}"), "bench", request)
}

/// Hands messages over in groups, from several tasks at a time.
async fn enqueue(outbox: Outbox<NatsStore>, tasks: usize, group: usize, messages: usize) {
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
async fn claims(outbox: &Outbox<NatsStore>) {
    let store = outbox.store();
    let worker = WorkerId::random();
    let lease = Duration::from_secs(600);
    let beat = Beat::new(worker.clone(), lease, true);
    assert!(store.beat(&beat).await.unwrap());
    let mut waiting = 0;
    for until in [1_000, 100_000] {
        while waiting < until {
            let group = (waiting..waiting + 500).map(|i| envelope(9, i));
            outbox.enqueue_all(group).await.unwrap();
            waiting += 500;
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
        let (median, most) = (times[250].as_micros(), times[475].as_micros());
        println!("{median:>8} µs a claim with {until} waiting (95 % within {most} µs)");
    }
}
