//! Rules of deleting.

use std::time::{Duration, SystemTime};

use super::{
    bench::Bench,
    expect::{Outcome, equal, that},
    steps,
};
use crate::{
    state::State,
    step::Step,
    store::{Inserted, Purge, Store},
};

/// A time after every change.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

/// Deletes everything final that other rules have left.
pub(super) async fn clear(store: &dyn Store) -> Outcome {
    while store.purge(&Purge::new(later())).await? > 0 {}
    Ok(())
}

/// Only messages in a final state are deleted.
pub(super) async fn only_final(bench: &Bench<'_>) -> Outcome {
    clear(&**bench.store).await?;
    bench
        .insert(["sending", "parked", "sent", "refused"])
        .await?;
    let worker = bench.worker().await?;
    for head in bench.claim(&worker, 9).await? {
        let begin = steps::begin(bench.base, 1);
        let path = match head.id.as_str().rsplit(' ').next() {
            Some("parked") => vec![begin, steps::park()],
            Some("sent") => vec![begin, steps::sent("purge")],
            Some("refused") => vec![steps::refuse()],
            _ => vec![begin],
        };
        bench.steps(&head, path).await?;
    }
    bench.insert(["queued", "cancelled"]).await?;
    bench.by_person("cancelled", Step::Cancel).await?;
    let open = Purge::new(later())
        .with_state(State::Queued)
        .with_state(State::Unconfirmed);
    let purged = bench.store.purge(&open).await?;
    equal("how many open messages are deleted", &purged, &0)?;
    let early = Purge::new(bench.base);
    let purged = bench.store.purge(&early).await?;
    equal("how many are deleted that changed later", &purged, &0)?;
    let refused = Purge::new(later())
        .with_state(State::Refused)
        .with_state(State::Sending);
    let purged = bench.store.purge(&refused).await?;
    equal("how many refused ones are deleted", &purged, &1)?;
    let purged = bench.other.purge(&Purge::new(later())).await?;
    equal("how many of the others are deleted", &purged, &2)?;
    for (name, is_kept) in [
        ("queued", true),
        ("sending", true),
        ("parked", true),
        ("sent", false),
        ("refused", false),
        ("cancelled", false),
    ] {
        let stored = bench.store.get(&bench.id(name)).await?;
        let text = format!("the {name} message to be kept: {is_kept}");
        that(stored.is_some() == is_kept, text)?;
    }
    let again = bench
        .store
        .insert(vec![bench.message("sent").other().into()])
        .await?;
    equal("a deleted id", &again, &vec![Inserted::New])
}

/// No more than the limit is deleted by one call.
pub(super) async fn limit(bench: &Bench<'_>) -> Outcome {
    clear(&**bench.store).await?;
    for name in ["a", "b", "c"] {
        bench.insert([name]).await?;
        bench.by_person(name, Step::Cancel).await?;
    }
    let mut purge = Purge::new(later());
    purge.limit = 2;
    for expected in [2, 1, 0] {
        let purged = bench.store.purge(&purge).await?;
        equal("how many one call deletes", &purged, &expected)?;
    }
    Ok(())
}
