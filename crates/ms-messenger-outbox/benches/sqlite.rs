//! Measures the SQLite store. `cargo bench -p ms-messenger-outbox --features sqlite --bench sqlite`
//! prints the table of `docs/numbers.md`; arguments after `--` choose parts of it.
#![allow(clippy::unwrap_used, reason = "a measurement ends by it")]

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{
    Acceptance, Capabilities, DeliveryStatus, Evidence, MemoryMessenger, Messenger, Receipt,
    SendRequest, Settled, Target, async_trait,
};
use ms_messenger_outbox::{
    Beat, Budget, Change, Claim, Claimed, Envelope, Outbox, Report, Route, SqliteStore, Step,
    Store as _, Worker, WorkerId,
};
use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinSet;

fn main() {
    let parts: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    let runs = |name: &str| parts.is_empty() || parts.iter().any(|it| it == name);
    let dir = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or(".".into())).unwrap();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if runs_on_one_thread() {
        runtime = tokio::runtime::Builder::new_current_thread();
    }
    runtime.enable_all().build().unwrap().block_on(async {
        if runs("groups") {
            groups(&dir.path().join("groups.db")).await;
        }
        if runs("single") {
            single(&dir.path().join("single.db")).await;
        }
        if runs("worker") {
            for concurrency in at_a_time() {
                let path = dir.path().join(format!("worker-{concurrency}.db"));
                worker(&path, concurrency).await;
            }
        }
        if runs("due") {
            due(dir.path()).await;
        }
    });
}

/// How many messages a worker sends at a time: those of `BENCH_AT_A_TIME`, or several.
fn at_a_time() -> Vec<u32> {
    let chosen = std::env::var("BENCH_AT_A_TIME").ok();
    let chosen = chosen.and_then(|it| it.parse().ok());
    chosen.map_or(vec![8, 64, 256], |it| vec![it])
}

/// With `BENCH_THREADS=1`, one thread runs everything but the connections.
fn runs_on_one_thread() -> bool {
    std::env::var("BENCH_THREADS").is_ok_and(|it| it == "1")
}

/// With `BENCH_REPORTS=1`, there are reports: an index of the ids that platforms give.
fn has_reports() -> bool {
    std::env::var("BENCH_REPORTS").is_ok_and(|it| it == "1")
}

async fn open(path: &Path) -> Outbox<SqliteStore> {
    Outbox::new(SqliteStore::open(path).await.unwrap())
}

fn envelope(i: usize) -> Envelope {
    let request = SendRequest::new(
        Target::conversation("19:abc@thread.v2"),
        "the order is shipped",
    );
    Envelope::new(format!("order-{i}"), "teams", request)
}

/// Groups of 100, from 4 tasks.
async fn groups(path: &Path) {
    const GROUPS: usize = 1000;
    let outbox = open(path).await;
    let started = (Instant::now(), cpu());
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let outbox = outbox.clone();
        tasks.spawn(async move {
            for group in (task..GROUPS).step_by(4) {
                let envelopes = (0..100).map(|it| envelope(group * 100 + it));
                outbox.enqueue_all(envelopes).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    report("enqueued in groups of 100", GROUPS * 100, started);
}

/// One by one, from 64 tasks.
async fn single(path: &Path) {
    const MESSAGES: usize = 64_000;
    let outbox = open(path).await;
    let started = (Instant::now(), cpu());
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let outbox = outbox.clone();
        tasks.spawn(async move {
            for i in (task..MESSAGES).step_by(64) {
                outbox.enqueue(envelope(i)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    report("enqueued one by one from 64 tasks", MESSAGES, started);
}

/// Accepts every message. The one of the core keeps them, and looks at all of them for each key.
#[derive(Debug)]
struct Accepts;

#[async_trait]
impl Messenger for Accepts {
    fn platform(&self) -> &str {
        "bench"
    }

    fn capabilities(&self) -> Capabilities {
        MemoryMessenger::new().capabilities()
    }

    async fn send(&self, request: &SendRequest) -> ms_messenger_core::Result<Receipt> {
        if let Some(journal) = &request.journal {
            journal
                .attempt_begins(&Evidence::new(SystemTime::now()))
                .await?;
        }
        let id = ms_messenger_core::random_uuid().to_string();
        Ok(Receipt::new(Acceptance::Posted).with_message_id(id))
    }

    async fn settle(&self, _: &SendRequest, _: &Evidence) -> Settled {
        Settled::NotFound
    }
}

/// What a worker adds to each send.
async fn worker(path: &Path, concurrency: u32) {
    const MESSAGES: usize = 20_000;
    let request = envelope(0).request;
    let started = (Instant::now(), cpu());
    for _ in 0..MESSAGES {
        Accepts.send(&request).await.unwrap();
    }
    let own = report("sent by the messenger alone", MESSAGES, started);
    let outbox = open(path).await;
    if has_reports() {
        let unknown = Report::new("unknown", DeliveryStatus::Read);
        outbox.report(&unknown).await.unwrap();
    }
    for group in 0..MESSAGES / 1000 {
        let envelopes = (0..1000).map(|it| envelope(group * 1000 + it));
        outbox.enqueue_all(envelopes).await.unwrap();
    }
    let route = Route::new(Accepts)
        .with_budget(Budget::default())
        .with_concurrency(concurrency);
    let worker = Worker::builder(outbox.into_dyn());
    let worker = worker.with_route("teams", route).build();
    let started = (Instant::now(), cpu());
    worker.run_until_empty().await.unwrap();
    let all = report(
        &format!("sent by a worker, {concurrency} at a time"),
        MESSAGES,
        started,
    );
    println!(
        "  the worker adds {:.1} µs of CPU to a send",
        (all - own) * 1e6
    );
}

/// What waits beside the message that is due.
#[derive(Clone, Copy, Debug)]
enum Beside {
    Due,
    OneOrderKey,
    Later,
}

impl Beside {
    fn envelope(self, i: usize) -> Envelope {
        let day = Duration::from_secs(24 * 60 * 60);
        match self {
            Self::Due => envelope(i),
            Self::OneOrderKey => envelope(i).with_order_key("key"),
            Self::Later => envelope(i).with_not_before(SystemTime::now() + day),
        }
    }
}

/// The next due message beside few and very many others, in turns. It is finished after each claim.
async fn due(dir: &Path) {
    const MANY: usize = 1_000_000;
    let mut sides = Vec::new();
    let all = [Beside::Due, Beside::OneOrderKey, Beside::Later];
    let all = all.map(|beside| [(beside, 1_000), (beside, MANY)]);
    for (beside, waiting) in all.into_iter().flatten() {
        let path = dir.join(format!("due-{beside:?}-{waiting}.db"));
        let (outbox, worker) = filled(&path, beside, waiting).await;
        println!("{waiting} {beside:?} stored: resident {}", resident());
        sides.push((beside, waiting, outbox, worker, Vec::new()));
    }
    for i in 0..400 {
        for (beside, _, outbox, worker, times) in &mut sides {
            if matches!(beside, Beside::Later) {
                outbox.enqueue(envelope(usize::MAX - i)).await.unwrap();
            }
            let claim = Claim::new(worker.clone(), "teams", 1, SystemTime::now());
            let started = (Instant::now(), cpu());
            let claimed = outbox.store().claim(&claim).await.unwrap();
            times.push((cpu() - started.1, started.0.elapsed()));
            finish(outbox, worker, &claimed).await;
        }
    }
    for (beside, waiting, outbox, _, mut times) in sides {
        times.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (cpu, wall) = times[times.len() / 2];
        let cpu = cpu * 1e6;
        println!("next due beside {waiting} {beside:?}: median {cpu:.1} µs of CPU, {wall:?}");
        let started = Instant::now();
        outbox.counts().await.unwrap();
        println!("  counts: {:?}", started.elapsed());
    }
}

async fn finish(outbox: &Outbox<SqliteStore>, worker: &WorkerId, claimed: &Claimed) {
    let error = serde_json::Value::Null;
    let refuse = Step::Refuse { error, attempts: 1 };
    let refuse = Change::by_worker(&claimed.messages[0].head, worker, refuse);
    let refused = outbox.store().apply(vec![refuse]).await.unwrap();
    refused[0].as_ref().unwrap();
}

/// An outbox with so many messages that wait, and a worker.
async fn filled(path: &Path, beside: Beside, waiting: usize) -> (Outbox<SqliteStore>, WorkerId) {
    let outbox = open(path).await;
    for first in (0..waiting).step_by(1_000) {
        let envelopes = (first..first + 1_000).map(|it| beside.envelope(it));
        outbox.enqueue_all(envelopes).await.unwrap();
    }
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(3600), true);
    outbox.store().beat(&beat).await.unwrap();
    (outbox, worker)
}

/// Prints a rate. Returns the CPU seconds of one message.
fn report(what: &str, messages: usize, started: (Instant, f64)) -> f64 {
    let (wall, cpu) = (started.0.elapsed().as_secs_f64(), cpu() - started.1);
    let each = cpu / messages as f64;
    let rate = messages as f64 / wall;
    println!(
        "{what}: {rate:.0}/s, {:.1} µs of CPU each, resident {}",
        each * 1e6,
        resident()
    );
    each
}

/// User and system seconds of this process so far.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The resident memory of this process.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|it| it.starts_with("VmRSS:"));
    let kb = line.and_then(|it| it.split_whitespace().nth(1)?.parse::<u64>().ok());
    kb.map_or("unknown".into(), |it| format!("{} MB", it / 1024))
}
