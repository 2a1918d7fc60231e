//! What goes wrong on the server.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::MemoryMessenger;
use ms_messenger_outbox::{
    Beat, Claim, Inserted, Outbox, OutboxErrorKind, PostgresStore, Query, Route, State, Store as _,
    Worker, WorkerId,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::{
    envelope,
    server::{open, schema, shared, sql},
};

/// Lets each write of a message report an SQLSTATE, the first `times` times.
async fn fail(url: &str, schema: &str, state: &str, times: u32) {
    let text = format!(
        "CREATE SEQUENCE {{s}}.failures;
        CREATE FUNCTION {{s}}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('{{s}}.failures') <= {times} THEN
                RAISE EXCEPTION 'a fault with contents' USING ERRCODE = '{state}',
                    DETAIL = 'the contents of a row';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON {{s}}.message
        FOR EACH STATEMENT EXECUTE FUNCTION {{s}}.fail()"
    );
    sql(url, schema, &text).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn errors_of_the_server_have_a_kind_and_quote_no_rows() {
    use OutboxErrorKind::{Full, ReadOnly, Store, Unavailable};
    let url = shared().await;
    for (state, kind) in [
        ("53100", Full),
        ("53400", Full),
        ("25006", ReadOnly),
        ("42501", ReadOnly),
        ("53300", Unavailable),
        ("57P01", Unavailable),
        ("23514", Store),
    ] {
        let schema = schema();
        let outbox = Outbox::new(open(&url, &schema).await);
        fail(&url, &schema, state, 1).await;
        let error = outbox.enqueue(envelope("a")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{state}: {error:?}");
        let text = format!("{error:?}");
        assert!(text.contains(state) && !text.contains("contents of a row"));
        let inserted = outbox.enqueue(envelope("a")).await.unwrap();
        assert_eq!(inserted, Inserted::New, "nothing was stored: {state}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn transactions_that_the_server_rolled_back_are_made_again() {
    let url = shared().await;
    for state in ["40001", "40P01"] {
        let schema = schema();
        let outbox = Outbox::new(open(&url, &schema).await);
        fail(&url, &schema, state, 3).await;
        let inserted = outbox.enqueue(envelope("a")).await.unwrap();
        assert_eq!(inserted, Inserted::New);
    }
    let schema = schema();
    let outbox = Outbox::new(open(&url, &schema).await);
    fail(&url, &schema, "40001", 1_000).await;
    let error = outbox.enqueue(envelope("a")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_read_only_database_is_reported_and_still_read() {
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    outbox.enqueue(envelope("a")).await.unwrap();
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.options([("default_transaction_read_only", "on")]);
    let pool = PgPoolOptions::new().connect_lazy_with(options);
    let builder = PostgresStore::builder().with_schema(&schema);
    let outbox = Outbox::new(builder.open(pool).await.unwrap());
    let error = outbox.enqueue(envelope("b")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::ReadOnly, "{error:?}");
    assert_eq!(error.to_string(), "the database is read-only");
    assert!(outbox.get(&"a".into()).await.unwrap().is_some());
    assert_eq!(outbox.counts().await.unwrap()[0].messages, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_commit_is_on_disk_where_the_database_would_not_wait_for_it() {
    let (url, schema) = (shared().await, schema());
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.options([("synchronous_commit", "off")]);
    let pool = PgPoolOptions::new().connect_lazy_with(options);
    let builder = PostgresStore::builder().with_schema(&schema);
    let outbox = Outbox::new(builder.open(pool).await.unwrap());
    let note = "CREATE TABLE {s}.noted (level text);
        CREATE FUNCTION {s}.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO {s}.noted VALUES (current_setting('synchronous_commit'));
            RETURN NEW;
        END $$;
        CREATE TRIGGER note AFTER INSERT ON {s}.message
        FOR EACH STATEMENT EXECUTE FUNCTION {s}.note()";
    sql(&url, &schema, note).await;
    outbox.enqueue(envelope("a")).await.unwrap();
    let noted = format!("SELECT level FROM {schema}.noted");
    let noted: String = sqlx::query_scalar(&noted)
        .fetch_one(outbox.store().pool())
        .await
        .unwrap();
    assert_eq!(noted, "on");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_damaged_row_stops_no_other() {
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    let ids = ["damaged", "foreign", "whole"];
    outbox.enqueue_all(ids.map(envelope)).await.unwrap();
    let damage = "UPDATE {s}.message SET head = '{}' WHERE id = 'damaged';
        UPDATE {s}.message SET head = (SELECT head FROM {s}.message WHERE id = 'whole')
        WHERE id = 'foreign'";
    sql(&url, &schema, damage).await;
    for id in ["damaged", "foreign"] {
        let error = outbox.get(&id.into()).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Damaged);
        assert_eq!(error.id().unwrap().as_str(), id);
        let error = outbox.cancel(&id.into()).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Damaged);
    }
    let store = outbox.store();
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    assert!(store.beat(&beat).await.unwrap());
    let claim = Claim::new(
        worker,
        "memory",
        1,
        SystemTime::now() + Duration::from_secs(1),
    );
    let mut claimed = Vec::new();
    while claimed.is_empty() {
        claimed = store.claim(&claim).await.unwrap().messages;
    }
    assert_eq!(claimed[0].head.id.as_str(), "whole");
    let next = store.claim(&claim).await.unwrap();
    assert!(next.messages.is_empty());
    let listed = outbox.list(&Query::new()).await.unwrap();
    assert_eq!(listed.len(), 1);
    let counts = outbox.counts().await.unwrap();
    assert_eq!((counts[0].state, counts[0].messages), (State::Queued, 3));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_worker_that_ends_when_nothing_waits_reports_a_damaged_row() {
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    outbox.enqueue(envelope("damaged")).await.unwrap();
    let damage = "UPDATE {s}.message SET head = '{}' WHERE id = 'damaged'";
    sql(&url, &schema, damage).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let worker = Worker::builder(outbox.into_dyn())
        .with_route("memory", Route::new(MemoryMessenger::new()))
        .with_poll_interval(Duration::from_millis(1))
        .with_store_observer(move |error| hears.lock().unwrap().push(error.kind()))
        .build();
    let left = worker.run_until_empty().await.unwrap_err();
    assert_eq!(left.kind(), OutboxErrorKind::Damaged);
    assert_eq!(*heard.lock().unwrap(), [OutboxErrorKind::Damaged]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn debug_shows_neither_address_nor_password() {
    let (url, schema) = (shared().await, schema());
    let store = open(&url, &schema).await;
    let text = format!("{store:?}");
    assert_eq!(
        text,
        format!("PostgresStore {{ schema: \"{schema}\", .. }}")
    );
}
