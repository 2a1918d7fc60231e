//! Messages in a transaction of the caller.

use std::time::Duration;

use ms_messenger_outbox::{Inserted, Outbox, OutboxErrorKind, State, Store as _};

use super::{
    envelope,
    server::{open, schema, shared, sql},
};

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn messages_exist_with_the_transaction_or_not_at_all() {
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    sql(&url, &schema, "CREATE TABLE {s}.orders (id text)").await;
    let order = format!("INSERT INTO {schema}.orders VALUES ($1)");
    for (id, commits) in [("kept", true), ("dropped", false)] {
        let mut transaction = outbox.store().pool().begin().await.unwrap();
        let query = sqlx::query(&order).bind(id);
        query.execute(&mut *transaction).await.unwrap();
        let group = [envelope(id), envelope(format!("{id}-2"))];
        let inserted = outbox.enqueue_in(&mut transaction, group).await.unwrap();
        assert_eq!(inserted, [Inserted::New, Inserted::New]);
        assert!(outbox.get(&id.into()).await.unwrap().is_none());
        if commits {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        assert_eq!(outbox.get(&id.into()).await.unwrap().is_some(), commits);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_refused_group_leaves_the_transaction_as_it_was() {
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    outbox.enqueue(envelope("taken")).await.unwrap();
    let mut transaction = outbox.store().pool().begin().await.unwrap();
    let other = envelope("taken").with_order_key("other");
    let group = [envelope("new"), other];
    let error = outbox
        .enqueue_in(&mut transaction, group)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Conflict);
    assert_eq!(error.id().unwrap().as_str(), "taken");
    let group = [envelope("taken"), envelope("later")];
    let inserted = outbox.enqueue_in(&mut transaction, group).await.unwrap();
    assert_eq!(inserted, [Inserted::Same(State::Queued), Inserted::New]);
    transaction.commit().await.unwrap();
    assert!(outbox.get(&"new".into()).await.unwrap().is_none());
    assert!(outbox.get(&"later".into()).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_commit_wakes_workers_elsewhere() {
    const LONGEST: Duration = Duration::from_secs(60);
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    let elsewhere = open(&url, &schema).await;
    let waiting = tokio::spawn(async move { elsewhere.changed(LONGEST).await });
    let mut sent = 0;
    // It may not listen yet when the first one is committed.
    while !waiting.is_finished() && sent < 100 {
        let mut transaction = outbox.store().pool().begin().await.unwrap();
        let group = [envelope(format!("message-{sent}"))];
        outbox.enqueue_in(&mut transaction, group).await.unwrap();
        transaction.commit().await.unwrap();
        sent += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(waiting.is_finished(), "after {sent} messages");
}
