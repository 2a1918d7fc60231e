//! Rules of several handles.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{
    bench::Bench,
    expect::{Outcome, equal, that},
};

/// Who waits is woken by a message that is inserted through another handle.
pub(super) async fn wakes(bench: &Bench<'_>) -> Outcome {
    const LONGEST: Duration = Duration::from_secs(30);
    for store in [bench.store, bench.other] {
        let waiting = Arc::clone(store);
        let started = Instant::now();
        let mut waiting = tokio::spawn(async move { waiting.changed(LONGEST).await });
        let mut inserted = 0;
        // It may not wait yet when the first one is inserted.
        while timeout(Duration::from_millis(200), &mut waiting)
            .await
            .is_err()
        {
            let name = format!("{inserted} {}", ms_messenger_core::random_uuid());
            bench.insert([name.as_str()]).await?;
            inserted += 1;
        }
        let is_early = started.elapsed() < LONGEST / 2;
        that(is_early, "who waits to be woken by an inserted message")?;
    }
    Ok(())
}

/// It does not wait for longer than it was asked to.
pub(super) async fn waits_no_longer(bench: &Bench<'_>) -> Outcome {
    let waiting = bench.store.changed(Duration::from_millis(20));
    let ended = timeout(Duration::from_secs(10), waiting).await;
    that(ended.is_ok(), "waiting to end after the longest time")
}

/// Groups that are inserted at the same time with one id in common store it once.
pub(super) async fn same_at_once(bench: &Bench<'_>) -> Outcome {
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..16 {
        let store = if i % 2 == 0 { bench.store } else { bench.other };
        let store = Arc::clone(store);
        let group = vec![
            bench.message(&format!("own {i}")).into(),
            bench.message("common").into(),
        ];
        tasks.spawn(async move { store.insert(group).await });
    }
    let mut new = 0;
    while let Some(ended) = tasks.join_next().await {
        let inserted = ended.map_err(|it| super::expect::Broken(it.to_string()))??;
        new += inserted
            .iter()
            .filter(|it| **it == crate::Inserted::New)
            .count();
    }
    equal("how many messages are new", &new, &17)
}
