//! Changes of messages that their worker knows: they are not read, and yet nothing is overlooked.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Acceptance, Evidence, Receipt};
use ms_messenger_outbox::{
    Attempt, Beat, Change, Claim, Head, Outbox, OutboxErrorKind, Query, SqliteStore, State, Step,
    Store as _, WorkerId,
};

use super::envelope;

fn begin() -> Step {
    let now = SystemTime::now();
    let evidence = Evidence::new(now).with_platform("teams");
    Step::Begin(Attempt::new(evidence, now, now))
}

fn sent(id: &str) -> Step {
    Step::Sent {
        receipt: Some(Receipt::new(Acceptance::Posted).with_message_id(id)),
        erase: id.ends_with('7'),
        attempts: 1,
    }
}

/// An outbox of so many messages, every third with an order key of its own, all claimed.
async fn claimed(store: SqliteStore, count: usize) -> (Outbox<SqliteStore>, WorkerId, Vec<Head>) {
    let outbox = Outbox::new(store);
    let envelopes = (0..count).map(|i| {
        let envelope = envelope(&format!("m{i:03}"));
        if i % 3 == 0 {
            envelope.with_order_key(format!("key{i}"))
        } else {
            envelope
        }
    });
    outbox.enqueue_all(envelopes).await.unwrap();
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(60), true);
    assert!(outbox.store().beat(&beat).await.unwrap());
    let claim = Claim::new(worker.clone(), "teams", 1000, SystemTime::now());
    let claimed = outbox.store().claim(&claim).await.unwrap().messages;
    let heads: Vec<Head> = claimed.into_iter().map(|it| it.head).collect();
    assert_eq!(heads.len(), count);
    (outbox, worker, heads)
}

async fn apply(
    outbox: &Outbox<SqliteStore>,
    worker: &WorkerId,
    heads: &[Head],
    step: impl Fn(&Head) -> Step,
) -> Vec<Result<Head, OutboxErrorKind>> {
    let change = |it: &Head| Change::by_worker(it, worker, step(it));
    let changes = heads.iter().map(change).collect();
    let applied = outbox.store().apply(changes).await.unwrap();
    let kinds = applied.into_iter();
    kinds.map(|it| it.map_err(|error| error.kind())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_every_size_are_stored_as_they_are_returned() {
    let dir = tempfile::tempdir().unwrap();
    for count in [1, 2, 3, 25, 64, 65, 150, 600] {
        let path = dir.path().join(format!("{count}.db"));
        let store = SqliteStore::open(path).await.unwrap();
        let (outbox, worker, heads) = claimed(store, count).await;
        let begun = apply(&outbox, &worker, &heads, |_| begin()).await;
        let begun: Vec<Head> = begun.into_iter().map(Result::unwrap).collect();
        let ended = apply(&outbox, &worker, &begun, |it| sent(it.id.as_str())).await;
        for ended in ended {
            let ended = ended.unwrap();
            let stored = outbox.get(&ended.id).await.unwrap().unwrap();
            assert_eq!(stored.head, ended);
            assert_eq!((ended.state, &ended.owner), (State::Sent, &None));
            assert_eq!(stored.content.is_none(), ended.id.as_str().ends_with('7'));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_several_workers_at_once_are_each_made_under_their_own_lease() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("outbox.db"))
        .await
        .unwrap();
    let (outbox, first, own) = claimed(store, 6).await;
    let second = WorkerId::random();
    let beat = Beat::new(second.clone(), Duration::from_secs(60), true);
    assert!(outbox.store().beat(&beat).await.unwrap());
    outbox
        .enqueue_all((0..6).map(|i| envelope(&format!("n{i}"))))
        .await
        .unwrap();
    let claim = Claim::new(second.clone(), "teams", 1000, SystemTime::now());
    let others = outbox.store().claim(&claim).await.unwrap().messages;
    let others: Vec<Head> = others.into_iter().map(|it| it.head).collect();
    assert_eq!(others.len(), 6);

    // The last of each is changed under the lease of the other.
    let mut changes = Vec::new();
    for (own, other) in own.iter().zip(&others) {
        let (mut workers, is_last) = ([&first, &second], own.seq == 6);
        if is_last {
            workers.reverse();
        }
        changes.push(Change::by_worker(own, workers[0], begin()));
        changes.push(Change::by_worker(other, workers[1], begin()));
    }
    let applied = outbox.store().apply(changes).await.unwrap();
    for (i, applied) in applied.into_iter().enumerate() {
        match applied {
            Ok(head) => assert_eq!((i < 10, head.state), (true, State::Sending)),
            Err(error) => assert_eq!((i >= 10, error.kind()), (true, OutboxErrorKind::LeaseLost)),
        }
    }
    let sending = Query::default().with_state(State::Sending);
    assert_eq!(outbox.list(&sending).await.unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_changed_meanwhile_is_refused_for_itself() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let (outbox, worker, heads) = claimed(store, 10).await;
    // By another process.
    let other = Outbox::new(SqliteStore::open(&path).await.unwrap());
    other.cancel(&heads[4].id).await.unwrap();
    let begun = apply(&outbox, &worker, &heads, |_| begin()).await;
    for (i, begun) in begun.iter().enumerate() {
        match begun {
            Ok(head) => assert_eq!((i != 4, head.state), (true, State::Sending)),
            Err(kind) => assert_eq!((i, *kind), (4, OutboxErrorKind::LeaseLost)),
        }
    }
    let cancelled = other.get(&heads[4].id).await.unwrap().unwrap().head;
    assert_eq!(
        (cancelled.state, cancelled.attempt),
        (State::Cancelled, None)
    );

    // A worker that knows them as they were before.
    let again = apply(&outbox, &worker, &heads[..4], |_| begin()).await;
    assert_eq!(again, vec![Err(OutboxErrorKind::NotAllowed); 4]);
    let session = other.store().sessions().await.unwrap().remove(0);
    let now = SystemTime::now();
    assert!(other.store().bury(&session, now).await.unwrap());
    let begun: Vec<Head> = begun.into_iter().flatten().collect();
    let late = apply(&outbox, &worker, &begun, |it| sent(it.id.as_str())).await;
    assert_eq!(late, vec![Err(OutboxErrorKind::LeaseLost); 9]);
    for head in &begun {
        let stored = other.get(&head.id).await.unwrap().unwrap().head;
        assert_eq!((stored.state, stored.receipt), (State::Sending, None));
    }
}
