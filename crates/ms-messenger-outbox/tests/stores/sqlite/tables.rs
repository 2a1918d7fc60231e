//! Tables of earlier versions are brought up to date, with what is in them.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Acceptance, DeliveryStatus, Evidence, Receipt};
use ms_messenger_outbox::{
    Attempt, Beat, Change, Claim, Head, Outbox, Query, Report, SqliteStore, State, Step,
    Store as _, Twins, WorkerId,
};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::envelope;

/// What made the tables of each earlier version.
const STEPS: [&str; 5] = [
    include_str!("../../../src/sqlite/schema/1.sql"),
    include_str!("../../../src/sqlite/schema/2.sql"),
    include_str!("../../../src/sqlite/schema/3.sql"),
    include_str!("../../../src/sqlite/schema/4.sql"),
    include_str!("../../../src/sqlite/schema/5.sql"),
];

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    options.create_if_missing(true).connect().await.unwrap()
}

/// Tables as a version made them, with the messages of another file.
async fn older(path: &Path, version: usize, messages: &Path) {
    let mut conn = connect(path).await;
    let schema = format!(
        "CREATE TABLE ms_outbox_schema (version INTEGER NOT NULL);
        INSERT INTO ms_outbox_schema VALUES ({version})"
    );
    sqlx::raw_sql(&schema).execute(&mut conn).await.unwrap();
    for step in &STEPS[..version] {
        sqlx::raw_sql(step).execute(&mut conn).await.unwrap();
    }
    let attach = sqlx::query("ATTACH ? AS present").bind(messages.to_str().unwrap());
    attach.execute(&mut conn).await.unwrap();
    for (table, columns) in [
        ("routes", "route, name, paused_until, next_slot"),
        ("sessions", "worker, beats, lease_ms, buried_at"),
        (
            "messages",
            "seq, id, route, state, held, due_at, expires_at, owner, fence, has_slot, order_key, \
            enqueued_at, changed_at, hash, twin, lane, message_id, rest",
        ),
        ("contents", "seq, content"),
    ] {
        let copy = format!(
            "INSERT INTO ms_outbox_{table} ({columns})
            SELECT {columns} FROM present.ms_outbox_{table}"
        );
        sqlx::query(&copy).execute(&mut conn).await.unwrap();
    }
}

async fn step(outbox: &Outbox<SqliteStore>, worker: &WorkerId, head: &Head, step: Step) -> Head {
    let change = Change::by_worker(head, worker, step);
    let applied = outbox.store().apply(vec![change]).await.unwrap();
    applied.into_iter().next().unwrap().unwrap()
}

fn begin() -> Step {
    let now = SystemTime::now();
    Step::Begin(Attempt::new(Evidence::new(now), now, now))
}

fn sent(id: &str) -> Step {
    Step::Sent {
        receipt: Some(Receipt::new(Acceptance::Posted).with_message_id(id)),
        erase: false,
        attempts: 1,
    }
}

/// Equal messages: one is sent, one being sent, one unconfirmed, and one waits.
async fn fill(outbox: &Outbox<SqliteStore>) -> WorkerId {
    let messages = ["sent", "sending", "unconfirmed", "waits"].map(envelope);
    outbox.enqueue_all(messages).await.unwrap();
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(60), true);
    assert!(outbox.store().beat(&beat).await.unwrap());
    let claim = Claim::new(worker.clone(), "teams", 3, SystemTime::now());
    for message in outbox.store().claim(&claim).await.unwrap().messages {
        let begun = step(outbox, &worker, &message.head, begin()).await;
        let error = serde_json::Value::Null;
        match begun.id.as_str() {
            "sent" => drop(step(outbox, &worker, &begun, sent("m1")).await),
            "unconfirmed" => drop(step(outbox, &worker, &begun, Step::Park { error }).await),
            _ => {}
        }
    }
    worker
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_every_earlier_version_are_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("present.db");
    let present = Outbox::new(SqliteStore::open(&path).await.unwrap());
    let worker = fill(&present).await;
    let heads = present.list(&Query::new()).await.unwrap();
    for version in 1..=STEPS.len() {
        let old = dir.path().join(format!("{version}.db"));
        older(&old, version, &path).await;
        let outbox = Outbox::new(SqliteStore::open(&old).await.unwrap());
        assert_eq!(outbox.list(&Query::new()).await.unwrap(), heads);
        let waits = &heads[3];
        let twins = outbox.store().twins(&waits.twin, &waits.id).await;
        assert_twins(&twins.unwrap(), &["m1"], 2);
        let report = Report::new("m1", DeliveryStatus::Read);
        assert_eq!(outbox.report(&report).await.unwrap(), 1);
        let claim = Claim::new(worker.clone(), "teams", 9, SystemTime::now());
        let claimed = outbox.store().claim(&claim).await.unwrap().messages;
        let claimed: Vec<&str> = claimed.iter().map(|it| it.head.id.as_str()).collect();
        assert_eq!(claimed, ["waits"]);
        let sending = &heads[1];
        let ended = step(&outbox, &worker, sending, sent("m2")).await;
        assert_eq!(ended.state, State::Sent);
        assert_eq!(outbox.get(&ended.id).await.unwrap().unwrap().head, ended);
    }
}

fn assert_twins(found: &Twins, sent: &[&str], in_doubt: usize) {
    let ids: Vec<&str> = found.sent.iter().map(|it| it.as_str()).collect();
    assert_eq!((&ids[..], found.in_doubt), (sent, in_doubt as u64));
    assert_eq!(found.doubts.len(), in_doubt);
}

async fn indexes(path: &Path) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema
        WHERE name IN ('ms_outbox_message_id', 'ms_outbox_twin') ORDER BY name";
    let mut conn = connect(path).await;
    let names = sqlx::query_scalar(sql).fetch_all(&mut conn);
    names.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_without_order_are_created_when_they_are_first_needed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    // Both have prepared their statements before the tables change under them.
    let outbox = Outbox::new(SqliteStore::open(&path).await.unwrap());
    let other = Outbox::new(SqliteStore::open(&path).await.unwrap());
    let worker = fill(&outbox).await;
    let heads = other.list(&Query::new()).await.unwrap();
    other.enqueue(envelope("more")).await.unwrap();
    assert!(indexes(&path).await.is_empty());
    for _ in 0..2 {
        let report = Report::new("unknown", DeliveryStatus::Read);
        assert_eq!(other.report(&report).await.unwrap(), 0);
        assert_eq!(indexes(&path).await, ["ms_outbox_message_id"]);
    }
    let (sending, waits) = (&heads[1], &heads[3]);
    for _ in 0..2 {
        let twins = outbox.store().twins(&waits.twin, &waits.id).await;
        assert_twins(&twins.unwrap(), &["m1"], 2);
    }
    assert_eq!(
        indexes(&path).await,
        ["ms_outbox_message_id", "ms_outbox_twin"]
    );
    // What is sent after that is found, too, by both.
    step(&outbox, &worker, sending, sent("m2")).await;
    for outbox in [&outbox, &other] {
        let report = Report::new("m2", DeliveryStatus::Delivered);
        assert_eq!(outbox.report(&report).await.unwrap(), 1);
        let twins = outbox.store().twins(&waits.twin, &waits.id).await;
        assert_twins(&twins.unwrap(), &["m2", "m1"], 1);
    }
}
