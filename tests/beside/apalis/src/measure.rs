//! The parts, and what they cost.

use std::{fs, path::Path, time::Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinSet;

use crate::contender::Contender;

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

pub(crate) async fn all<C: Contender>(parts: &[String]) {
    let folder = std::env::var("BENCH_DIR").unwrap_or(".".into());
    let folder = tempfile::tempdir_in(folder).unwrap();
    let runs = |name: &str| parts.is_empty() || parts.iter().any(|it| it == name);
    if runs("groups") {
        for tasks in [1, 4] {
            let queue = C::open(folder.path()).await;
            let what = format!("handed over in groups of 100 by {tasks} tasks");
            let cost = Cost::begin(&queue).await;
            hand_over(&queue, tasks, 100, 40_000).await;
            cost.end(&what, 40_000);
        }
    }
    if runs("single") {
        let queue = C::open(folder.path()).await;
        let cost = Cost::begin(&queue).await;
        hand_over(&queue, 64, 1, 16_000).await;
        cost.end("handed over one by one by 64 tasks", 16_000);
    }
    if runs("finish") {
        let queue = C::open(folder.path()).await;
        hand_over(&queue, 4, 100, 20_000).await;
        let cost = Cost::begin(&queue).await;
        queue.finish(20_000).await;
        cost.end("taken and finished by one worker", 20_000);
    }
    if runs("next") {
        for waiting in [FEW, MANY] {
            next::<C>(folder.path(), waiting).await;
        }
    }
}

async fn hand_over<C: Contender>(queue: &C, tasks: usize, group: usize, jobs: usize) {
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let queue = queue.clone();
        running.spawn(async move {
            for first in (task * group..jobs).step_by(tasks * group) {
                queue.hand_over(first, group).await;
            }
        });
    }
    running.join_all().await;
}

/// The median cost of taking the next job.
async fn next<C: Contender>(folder: &Path, waiting: usize) {
    const TAKEN: usize = 300;
    let queue = C::open(folder).await;
    hand_over(&queue, 4, 250, waiting).await;
    let server = queue.server().await;
    let (mut cpus, mut walls) = (Vec::new(), Vec::new());
    for _ in 0..TAKEN {
        let (started, before) = (Instant::now(), cpu(server));
        queue.next().await;
        walls.push(started.elapsed().as_secs_f64() * 1e6);
        cpus.push((cpu(server) - before) * 1e6);
    }
    for all in [&mut cpus, &mut walls] {
        all.sort_unstable_by(f64::total_cmp);
    }
    println!(
        "the next job beside {waiting}: {:.0} µs of CPU, {:.0} µs",
        cpus[TAKEN / 2],
        walls[TAKEN / 2]
    );
}

struct Cost {
    server: Option<u32>,
    cpu: f64,
    started: Instant,
}

impl Cost {
    async fn begin<C: Contender>(queue: &C) -> Self {
        let server = queue.server().await;
        Self {
            server,
            cpu: cpu(server),
            started: Instant::now(),
        }
    }

    fn end(self, what: &str, jobs: usize) {
        let rate = jobs as f64 / self.started.elapsed().as_secs_f64();
        let each = (cpu(self.server) - self.cpu) / jobs as f64 * 1e6;
        println!("{what}: {rate:.0}/s, {each:.1} µs of CPU each");
    }
}

/// The seconds that this process and the connections of the server have used so far.
fn cpu(server: Option<u32>) -> f64 {
    let own = clock_gettime(ClockId::ProcessCPUTime);
    let own = own.tv_sec as f64 + own.tv_nsec as f64 / 1e9;
    let children = server.map(|it| format!("/proc/{it}/task/{it}/children"));
    let children = children.and_then(|it| fs::read_to_string(it).ok());
    let children = children.unwrap_or_default();
    let of_one = |process: &str| {
        let times = fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
        let nanos = times
            .split(' ')
            .next()
            .and_then(|it| it.parse::<f64>().ok());
        nanos.unwrap_or_default() / 1e9
    };
    own + children.split_whitespace().map(of_one).sum::<f64>()
}
