//! What the next due message costs, beside few and very many others that wait.

use std::time::{Duration, Instant, SystemTime};

use ms_messenger_outbox::{
    Beat, Change, Claim, Envelope, Outbox, PostgresStore, Step, Store as _, WorkerId,
};
use tokio::task::JoinSet;

use crate::{
    envelope,
    server::{Server, drop_schema, fresh, open},
};

const CLAIMS: usize = 500;
const MANY: usize = 1_000_000;
const LATER: Duration = Duration::from_secs(24 * 60 * 60);

/// What waits beside the message that is claimed.
#[derive(Clone, Copy, Debug)]
enum Beside {
    Due,
    OneOrderKey,
    Later,
}

impl Beside {
    fn envelope(self, i: usize) -> Envelope {
        let envelope = envelope(format!("{i}"));
        match self {
            Self::Due => envelope,
            Self::OneOrderKey => envelope.with_order_key("key"),
            Self::Later => envelope.with_not_before(SystemTime::now() + LATER),
        }
    }
}

/// One outbox, and what its claims took.
struct Side {
    beside: Beside,
    waiting: usize,
    schema: String,
    outbox: Outbox<PostgresStore>,
    server: Server,
    worker: WorkerId,
    /// Of each claim: pages, bytes of the log, microseconds of the server's processor and of the clock.
    costs: [Vec<f64>; 4],
}

pub(crate) async fn measure(url: &str) {
    let mut sides = Vec::new();
    for (beside, waiting) in [
        (Beside::Due, 1_000),
        (Beside::Due, MANY),
        (Beside::OneOrderKey, MANY),
        (Beside::Later, MANY),
    ] {
        sides.push(Side::filled(url, beside, waiting).await);
    }
    // In turns: what else the machine does is the same for all.
    for i in 0..CLAIMS {
        for side in &mut sides {
            side.claim(i).await;
        }
    }
    for side in sides {
        side.report();
        drop_schema(side.outbox.store().pool(), &side.schema).await;
    }
}

impl Side {
    async fn filled(url: &str, beside: Beside, waiting: usize) -> Self {
        let schema = format!("outbox_bench_{beside:?}_{waiting}").to_lowercase();
        let outbox = fresh(url, &schema, 4).await;
        let mut running = JoinSet::new();
        for task in 0..4 {
            let outbox = outbox.clone();
            running.spawn(async move {
                for from in (task * 250..waiting).step_by(1_000) {
                    let messages = (from..from + 250).map(|i| beside.envelope(i));
                    outbox.enqueue_all(messages).await.unwrap();
                }
            });
        }
        running.join_all().await;
        // What the server does later about so many new rows is not the cost of a claim.
        let vacuum = format!("VACUUM ANALYZE {schema}.message");
        for statement in [&*vacuum, "CHECKPOINT"] {
            let upkeep = sqlx::query(statement).execute(outbox.store().pool());
            upkeep.await.unwrap();
        }
        let outbox = open(url, &schema, 1).await;
        let worker = WorkerId::random();
        let beat = Beat::new(worker.clone(), Duration::from_secs(600), true);
        assert!(outbox.store().beat(&beat).await.unwrap());
        Self {
            server: Server::of(outbox.store().pool(), &schema).await,
            costs: Default::default(),
            beside,
            waiting,
            schema,
            outbox,
            worker,
        }
    }

    /// Claims the next message, and ends it.
    async fn claim(&mut self, i: usize) {
        let store = self.outbox.store();
        if matches!(self.beside, Beside::Later) {
            let due = envelope(format!("due-{i}"));
            self.outbox.enqueue(due).await.unwrap();
        }
        let before = self.server.state().await;
        let (cpu, started) = (self.server.cpu(), Instant::now());
        let claim = Claim::new(self.worker.clone(), "bench", 1, SystemTime::now());
        let claimed = store.claim(&claim).await.unwrap();
        let wall = started.elapsed().as_secs_f64() * 1e6;
        let cpu = self.server.cpu() - cpu;
        let after = self.server.state().await;
        let costs = [
            after.pages - before.pages,
            after.log - before.log,
            cpu,
            wall,
        ];
        for (all, cost) in self.costs.iter_mut().zip(costs) {
            all.push(cost);
        }
        let error = serde_json::Value::Null;
        let refuse = Step::Refuse { error, attempts: 1 };
        let refuse = Change::by_worker(&claimed.messages[0].head, &self.worker, refuse);
        let refused = store.apply(vec![refuse]).await.unwrap();
        refused[0].as_ref().unwrap();
    }

    fn report(&self) {
        let mut costs = self.costs.clone();
        let median = |all: &mut Vec<f64>| {
            all.sort_unstable_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let [pages, log, cpu, wall] = costs.each_mut().map(median);
        let beside = match self.beside {
            Beside::Due => "that are due",
            Beside::OneOrderKey => "of one order key",
            Beside::Later => "of tomorrow",
        };
        println!(
            "a claim beside {} {beside}: {pages:.0} pages, {log:.0} bytes of log, {cpu:.0} µs of the \
             server's processor, {wall:.0} µs",
            self.waiting
        );
    }
}
