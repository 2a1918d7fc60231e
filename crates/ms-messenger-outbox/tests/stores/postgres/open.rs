//! Opening a store.

use std::{
    net::TcpListener,
    time::{Duration, SystemTime},
};

use ms_messenger_outbox::{
    Inserted, Outbox, OutboxErrorKind, PostgresStore, Purge, Query, State, Store as _,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::{
    envelope,
    server::{open, schema, shared, sql},
};

#[tokio::test]
async fn a_server_that_is_not_there_is_reported_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("postgres://user:hidden@{address}/database");
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable);
    assert_eq!(error.to_string(), "the database cannot be reached");
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
}

// Its clock goes on by itself while nothing else happens.
#[tokio::test(start_paused = true)]
async fn a_server_that_gives_no_response_is_reported() {
    // Connections are made, and nothing is answered.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("postgres://user:hidden@{address}/database");
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable);
    assert_eq!(error.to_string(), "the database gave no response in time");
}

#[tokio::test]
async fn an_invalid_address_is_not_quoted() {
    for url in ["postgres://user:hidden@[/x", "mysql//hidden", "hidden"] {
        let error = PostgresStore::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Invalid, "{url}");
        assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
    }
}

#[tokio::test]
async fn an_invalid_schema_is_refused_before_any_connection() {
    for schema in [
        "",
        "1a",
        "Upper",
        "a\"; DROP SCHEMA public",
        &"x".repeat(64),
    ] {
        let builder = PostgresStore::builder().with_schema(schema);
        let error = builder.connect("postgres://localhost/x").await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Invalid, "{schema}");
        assert_eq!(error.problems()[0].field, "schema");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_wrong_password_is_reported_without_it() {
    let options: PgConnectOptions = shared().await.parse().unwrap();
    let (user, socket) = (options.get_username(), options.get_socket());
    let socket = socket.map(|it| format!("?host={}", it.display()));
    let (host, port) = (options.get_host(), options.get_port());
    let socket = socket.unwrap_or_default();
    let url = format!("postgres://{user}:hidden@{host}:{port}/postgres{socket}");
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database rejects the user name or the password"
    );
    assert_eq!(error.kind(), OutboxErrorKind::Denied);
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn many_that_open_at_once_make_the_schema_once() {
    let (url, schema) = (shared().await, schema());
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (url, schema) = (url.clone(), schema.clone());
        opening.spawn(async move { open(&url, &schema).await });
    }
    let stores = opening.join_all().await;
    let outbox = Outbox::shared(stores.into_iter().next().unwrap().into());
    outbox.enqueue(envelope("a")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_schema_of_a_newer_version_is_left_alone() {
    let (url, schema) = (shared().await, schema());
    drop(open(&url, &schema).await);
    sql(&url, &schema, "UPDATE {s}.version SET version = 99").await;
    let builder = PostgresStore::builder().with_schema(&schema);
    let error = builder.connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NewerSchema);
    assert!(error.to_string().contains("99"), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_schema_of_the_first_version_is_brought_up_to_date() {
    let (url, schema, other) = (shared().await, schema(), schema());
    let first = format!(
        "CREATE SCHEMA {{s}}; CREATE TABLE {{s}}.version (version integer NOT NULL);
        INSERT INTO {{s}}.version VALUES (1); {}",
        include_str!("../../../src/postgres/schema_1.sql")
    );
    sql(&url, &schema, &first).await;
    let elsewhere = Outbox::new(open(&url, &other).await);
    elsewhere.enqueue(envelope("a")).await.unwrap();
    let columns =
        "id, route, state, is_first, wakes_at, enqueued_at, changed_at, hash, twin, head, content";
    let copy =
        format!("INSERT INTO {{s}}.message ({columns}) SELECT {columns} FROM {other}.message");
    sql(&url, &schema, &copy).await;
    let outbox = Outbox::new(open(&url, &schema).await);
    let inserted = outbox.enqueue_all(["b", "a"].map(envelope)).await.unwrap();
    assert_eq!(inserted, [Inserted::New, Inserted::Same(State::Queued)]);
    let listed = outbox.list(&Query::new()).await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    outbox.cancel(&"a".into()).await.unwrap();
    let purge = Purge::new(SystemTime::now() + Duration::from_secs(60));
    assert_eq!(outbox.store().purge(&purge).await.unwrap(), 1);
    let again = outbox.enqueue(envelope("a")).await.unwrap();
    assert_eq!(again, Inserted::New);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_user_that_may_only_write_opens_a_schema_that_is_there() {
    let (url, schema) = (shared().await, schema());
    drop(open(&url, &schema).await);
    let grants = "CREATE ROLE {s} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA {s} TO {s}; \
                  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {s} TO {s}";
    sql(&url, &schema, grants).await;
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.username(&schema).password("x");
    let pool = PgPoolOptions::new().connect_lazy_with(options);
    let builder = PostgresStore::builder().with_schema(&schema);
    let store = builder.clone().open(pool.clone()).await.unwrap();
    let outbox = Outbox::new(store);
    outbox.enqueue(envelope("a")).await.unwrap();
    let missing = builder.with_schema(super::server::schema());
    let error = missing.open(pool).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::ReadOnly, "{error:?}");
    assert!(outbox.store().sessions().await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_schema_that_has_to_exist_is_not_created_and_that_of_another_program_not_used() {
    let (url, schema) = (shared().await, schema());
    let builder = || PostgresStore::builder().with_schema(&schema);
    let existing = builder().with_creation(false);
    for _ in 0..2 {
        let error = existing.clone().connect(&url).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
        assert!(error.to_string().contains(&schema), "{error}");
    }
    // The table of another program has the same name.
    sql(&url, &schema, "CREATE SCHEMA {s}").await;
    let made = "CREATE TABLE {s}.version (version integer)";
    sql(&url, &schema, made).await;
    for builder in [builder(), existing.clone()] {
        let error = builder.connect(&url).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
        assert!(error.to_string().contains("another program"), "{error}");
    }
    // An empty schema may have been created for the outbox.
    sql(&url, &schema, "DROP TABLE {s}.version").await;
    assert!(existing.clone().connect(&url).await.is_err());
    builder().connect(&url).await.unwrap();
    existing.connect(&url).await.unwrap();
}
