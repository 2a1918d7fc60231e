//! The conformance suite, through two pools.

use std::sync::Arc;

use ms_messenger_outbox::{
    PostgresStore, Store,
    conformance::{self, Findings},
};

use super::server::{schema, shared};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_store_keeps_every_rule() {
    let findings = check(shared().await, false).await;
    assert!(findings.passed(), "{findings}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_store_keeps_every_rule_without_prepared_statements() {
    let findings = check(shared().await, true).await;
    assert!(findings.passed(), "{findings}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn random_runs_end_as_in_memory() {
    let (url, schema) = (shared().await, schema());
    let builder = PostgresStore::builder().with_schema(schema);
    let store: Arc<dyn Store> = Arc::new(builder.connect(&url).await.unwrap());
    for seed in 0..8 {
        let store = Arc::clone(&store);
        let open = move || {
            let store = Arc::clone(&store);
            async move { Ok(store) }
        };
        conformance::check_random(open, seed, 300).await.unwrap();
    }
}

pub(super) async fn check(url: String, has_pooler: bool) -> Findings {
    let builder = PostgresStore::builder()
        .with_schema(schema())
        .with_pooler(has_pooler);
    let open = move || {
        let (builder, url) = (builder.clone(), url.clone());
        async move { Ok(Arc::new(builder.connect(&url).await?) as Arc<dyn Store>) }
    };
    conformance::check(open).await
}
