//! The store in memory, which has the reference's behaviour.

use std::sync::Arc;

use ms_messenger_outbox::{MemoryStore, Store, conformance};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_every_rule() {
    let database = Arc::new(MemoryStore::new());
    conformance::assert_conformance(move || {
        let handle: Arc<dyn Store> = Arc::<MemoryStore>::clone(&database);
        async move { Ok(handle) }
    })
    .await;
}
