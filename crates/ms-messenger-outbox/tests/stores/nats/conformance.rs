//! The rules of every store.

use std::sync::Arc;

use ms_messenger_outbox::{Result, Store, conformance};

use super::server::{bucket, builder, shared};

async fn open(url: String, bucket: String) -> Result<Arc<dyn Store>> {
    let store = builder(&bucket).connect(&url).await?;
    Ok(Arc::new(store))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package nats-server"]
async fn nats_keeps_every_rule_with_two_connections() {
    let (url, bucket) = (shared().await.url(), bucket());
    conformance::assert_conformance(move || open(url.clone(), bucket.clone())).await;
}

/// More of the last rule, with other seeds.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package nats-server"]
async fn nats_does_what_the_store_in_memory_does() {
    let (url, bucket) = (shared().await.url(), bucket());
    let seed = fastrand::u64(..);
    let open = move || open(url.clone(), bucket.clone());
    let done = conformance::check_random(open, seed, 1500).await;
    done.unwrap();
}
