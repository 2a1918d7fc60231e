//! The emulator, the outbox and the workers of one run.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ms_messenger::{SendRequest, Target};
use ms_messenger_emulator::{Emulator, Faults};
use ms_messenger_outbox::{
    Backoff, Envelope, NatsStore, Outbox, PostgresStore, Query, SqliteStore, State,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    audit::Audit,
    clients::{ROUTES, chats, target},
    nats,
    person::Person,
    plan::{Plan, Random},
    postgres,
    workers::Workers,
};

/// More open messages than these wait for slow workers: keys would be forgotten by the platform
/// before anybody asks for them. The strikes wait.
const BACKLOG: u64 = 300;

/// One run on one store.
pub(crate) struct World;

impl World {
    /// Hands messages over while workers are killed, waits until every message has its end, and
    /// compares.
    pub(crate) async fn run(plan: &Plan, store: &str) -> Audit {
        let began = Instant::now();
        let emulator = Emulator::builder()
            .with_documented_limits(false)
            .with_keep(1_000_000)
            .with_ucwa_time_scale(20.0)
            .start()
            .await
            .unwrap();
        let ready = emulator.ready_line();
        let folder = tempfile::tempdir().unwrap();
        let (mut postgres, mut nats) = (None, None);
        let address = match store {
            "postgres" => postgres.insert(postgres::Server::start().await).url(),
            "nats" => nats
                .insert(nats::Server::start(nats::JETSTREAM).await)
                .url(),
            _ => format!("sqlite:{}", folder.path().join("outbox.db").display()),
        };
        let outbox = open(&address).await;
        let chats = chats(&ready).await;
        emulator.set_faults(faults(plan.seed));
        let mut random = Random::new(plan.seed);
        let mut workers = Workers::start(&address, &ready);
        let mut person = Person::default();
        let mut envelopes = 0;
        while workers.killed + workers.stopped < plan.kills {
            hand_over(&outbox, &ready, &chats, envelopes, &mut random).await;
            envelopes += Plan::MESSAGES;
            workers.strike(&mut random).await;
            wait_until_at_most(BACKLOG, &outbox, &emulator, &mut person).await;
        }
        workers.go_on().await;
        emulator.set_faults(Faults::new());
        wait_until_at_most(0, &outbox, &emulator, &mut person).await;
        let struck = (workers.killed, workers.stopped);
        drop(workers);
        let heads = all(&outbox).await;
        Audit::new(
            store,
            plan,
            struck,
            &heads,
            &emulator.messages(),
            &person,
            began.elapsed(),
        )
    }
}

/// Opens the outbox in this process.
pub(crate) async fn open(address: &str) -> Outbox {
    let backoff =
        Backoff::default().with_pauses(Duration::from_millis(20), Duration::from_millis(500));
    if let Some(path) = address.strip_prefix("sqlite:") {
        let store = SqliteStore::open(path).await.unwrap();
        return Outbox::new(store).with_backoff(backoff).into_dyn();
    }
    if address.starts_with("nats:") {
        let store = NatsStore::connect(address).await.unwrap();
        return Outbox::new(store).with_backoff(backoff).into_dyn();
    }
    let store = PostgresStore::connect(address).await.unwrap();
    Outbox::new(store).with_backoff(backoff).into_dyn()
}

/// Every tenth of the messages, or so, meets one of these.
fn faults(seed: u64) -> Faults {
    let rule = |probability: f64, action: Value| json!({"match": {"operation": "send", "probability": probability}, "action": action});
    let rules = [
        rule(0.03, json!({"kind": "close", "when": "after_read"})),
        rule(0.03, json!({"kind": "reset", "when": "after_store"})),
        rule(0.02, json!({"kind": "status_after_store", "status": 504})),
        rule(
            0.03,
            json!({"kind": "status", "status": 429, "headers": {"Retry-After": "0.05"}}),
        ),
        rule(0.02, json!({"kind": "status", "status": 500})),
        rule(0.05, json!({"kind": "delay", "ms": 300})),
        rule(0.01, json!({"kind": "delay", "ms": 1_300})),
        rule(0.01, json!({"kind": "cut_body", "after_bytes": 3})),
    ];
    Faults::from_json(&json!({"seed": seed, "rules": rules})).unwrap()
}

/// Hands a group over: all routes in turn, some of it in order, some of it twice.
async fn hand_over(
    outbox: &Outbox,
    ready: &Value,
    chats: &[Target],
    first: usize,
    random: &mut Random,
) {
    let mut group = Vec::new();
    for number in first..first + Plan::MESSAGES {
        let route = ROUTES[number % ROUTES.len()];
        let id = format!("m{number:07}");
        let request = SendRequest::new(
            target(ready, chats, route, number),
            format!("text of {id}."),
        );
        let mut envelope = Envelope::new(id, route, request);
        // Behind an unconfirmed message of Skype the next ones would wait for a person.
        if route != "ucwa" && random.below(4) == 0 {
            envelope = envelope.with_order_key(format!("key{}", random.below(3)));
        }
        group.push(envelope);
    }
    let times = if random.below(4) == 0 { 2 } else { 1 };
    for _ in 0..times {
        enqueue(outbox, &group).await;
    }
}

/// Hands a group over, and again while the store is busy: a process may be stopped in the middle of
/// a transaction.
async fn enqueue(outbox: &Outbox, group: &[Envelope]) {
    while let Err(error) = outbox.enqueue_all(group.to_vec()).await {
        assert!(error.is_transient(), "{error:?}");
    }
}

/// Waits until at most so many messages are queued or being sent.
async fn wait_until_at_most(most: u64, outbox: &Outbox, emulator: &Emulator, person: &mut Person) {
    let limit = Instant::now() + Duration::from_secs(180);
    loop {
        let counts = outbox.counts().await.unwrap_or_default();
        let open = counts.iter().filter(|it| it.state.is_pending());
        if !counts.is_empty() && open.map(|it| it.messages).sum::<u64>() <= most {
            return;
        }
        assert!(
            Instant::now() < limit,
            "still open: {counts:?}; unconfirmed: {:?}",
            whys(outbox).await
        );
        person.decide(outbox, emulator).await;
        sleep(Duration::from_millis(200)).await;
    }
}

/// Why messages are unconfirmed, and how many are for each reason.
async fn whys(outbox: &Outbox) -> BTreeMap<String, usize> {
    let mut whys = BTreeMap::new();
    for head in all(outbox).await {
        if head.state == State::Unconfirmed {
            let error = head.error.unwrap_or_default();
            let why = format!("{}: {}", head.route, error["message"]);
            *whys.entry(why).or_default() += 1;
        }
    }
    whys
}

async fn all(outbox: &Outbox) -> Vec<ms_messenger_outbox::Head> {
    let mut heads = Vec::new();
    loop {
        let after = heads
            .last()
            .map_or(0, |it: &ms_messenger_outbox::Head| it.seq);
        let page = outbox
            .list(&Query::new().with_after(after).with_limit(1_000))
            .await;
        let page = page.unwrap();
        if page.is_empty() {
            return heads;
        }
        heads.extend(page);
    }
}
