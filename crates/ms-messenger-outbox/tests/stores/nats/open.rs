//! Opening a store.

use async_nats::jetstream::{self, stream::Config};
use ms_messenger_outbox::{NatsStore, Outbox, OutboxErrorKind};

use super::{
    envelope,
    raw::Raw,
    server::{Server, bucket, builder, open, shared},
};

#[tokio::test]
async fn bad_settings_are_named_before_anything_is_sent() {
    let builder = NatsStore::builder().with_bucket("a.b").with_replicas(0);
    let error = builder.connect("nats://127.0.0.1:9").await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Invalid);
    let fields: Vec<_> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["bucket", "replicas"]);
}

#[tokio::test]
async fn an_address_without_a_server_is_unavailable_and_its_password_not_shown() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("nats://outbox:pass-word@127.0.0.1:{port}");
    let error = NatsStore::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable);
    assert!(!format!("{error:?}").contains("pass-word"));
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_server_without_jetstream_is_reported() {
    let server = Server::start("").await;
    let error = builder("outbox").connect(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable);
    assert!(
        error.to_string().contains("JetStream is disabled"),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_newer_bucket_is_refused_and_not_touched() {
    let (server, bucket) = (shared().await, bucket());
    drop(open(&server.url(), &bucket).await);
    let raw = Raw::open(server.client().await, &bucket).await;
    raw.put("schema", r#"{"version": 2}"#).await;
    let before = raw.stream().get_info().await.unwrap().state.last_sequence;
    let error = builder(&bucket).connect(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NewerSchema);
    let after = raw.stream().get_info().await.unwrap().state.last_sequence;
    assert_eq!(before, after);
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_bucket_that_would_forget_messages_is_refused() {
    let (server, bucket) = (shared().await, bucket());
    let context = jetstream::new(server.client().await);
    let config = Config {
        name: format!("KV_{bucket}"),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        max_age: std::time::Duration::from_secs(60),
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let error = builder(&bucket).connect(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Invalid);
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn two_buckets_share_nothing() {
    let server = shared().await;
    let first = Outbox::new(open(&server.url(), &bucket()).await);
    let second = Outbox::new(open(&server.url(), &bucket()).await);
    first.enqueue(envelope("a")).await.unwrap();
    assert!(second.get(&"a".into()).await.unwrap().is_none());
    assert_eq!(second.counts().await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_bucket_that_has_to_exist_is_not_created_and_that_of_another_program_not_used() {
    let (server, bucket) = (shared().await, bucket());
    let existing = builder(&bucket).with_creation(false);
    let error = existing.clone().connect(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
    let context = jetstream::new(server.client().await);
    assert!(context.get_stream(format!("KV_{bucket}")).await.is_err());
    // The bucket of another program is like ours.
    let stream = format!("KV_{bucket}");
    let config = Config {
        name: stream.clone(),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        discard: jetstream::stream::DiscardPolicy::New,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let subject = format!("$KV.{bucket}.setting");
    context
        .publish(subject, "x".into())
        .await
        .unwrap()
        .await
        .unwrap();
    for builder in [builder(&bucket), existing.clone()] {
        let error = builder.connect(&server.url()).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
    }
    let contents = format!("KV_{bucket}_contents");
    assert!(context.get_stream(contents).await.is_err());
    context.delete_stream(&stream).await.unwrap();
    open(&server.url(), &bucket).await;
    existing.connect(&server.url()).await.unwrap();
}
