//! Rules of sessions.

use std::time::Duration;

use super::{
    bench::Bench,
    expect::{Outcome, equal, fails, some, that},
    steps,
};
use crate::{
    change::Change,
    error::OutboxErrorKind,
    id::WorkerId,
    step::Step,
    store::{Beat, Session},
};

const LEASE: Duration = Duration::from_millis(12_345);

fn beat(worker: &WorkerId, is_first: bool) -> Beat {
    Beat::new(worker.clone(), LEASE, is_first)
}

async fn session(bench: &Bench<'_>, worker: &WorkerId) -> Outcome<Option<Session>> {
    let sessions = bench.other.sessions().await?;
    Ok(sessions.into_iter().find(|it| it.worker == *worker))
}

/// The first beat opens a session, and each one counts.
pub(super) async fn beats(bench: &Bench<'_>) -> Outcome {
    let worker = WorkerId::random();
    let has = bench.store.beat(&beat(&worker, false)).await?;
    that(!has, "no session before the first beat")?;
    that(
        session(bench, &worker).await?.is_none(),
        "no session to be listed",
    )?;
    let mut last = 0;
    for is_first in [true, false, false] {
        let has = bench.store.beat(&beat(&worker, is_first)).await?;
        that(has, "a session after its first beat")?;
        let found = some(session(bench, &worker).await?, "a session")?;
        equal("the lease of a session", &found.lease, &LEASE)?;
        that(found.beats > last, "each beat to count up")?;
        last = found.beats;
    }
    Ok(())
}

/// A session is buried only by who has seen its last beat, and stays so.
pub(super) async fn bury(bench: &Bench<'_>) -> Outcome {
    let worker = WorkerId::random();
    bench.store.beat(&beat(&worker, true)).await?;
    let early = some(session(bench, &worker).await?, "a session")?;
    bench.store.beat(&beat(&worker, false)).await?;
    let is_buried = bench.other.bury(&early, bench.at(1)).await?;
    that(!is_buried, "a session with later beats to go on")?;
    let last = some(session(bench, &worker).await?, "a session")?;
    let is_buried = bench.other.bury(&last, bench.at(1)).await?;
    that(is_buried, "a session with the same beats to be buried")?;
    let is_buried = bench.store.bury(&last, bench.at(1)).await?;
    that(!is_buried, "a session to be buried once")?;
    for is_first in [false, true] {
        let has = bench.store.beat(&beat(&worker, is_first)).await?;
        that(!has, "a buried worker to have no session")?;
    }
    that(
        session(bench, &worker).await?.is_none(),
        "no buried session to be listed",
    )?;
    bench.insert(["a"]).await?;
    let claimed = bench.claim(&worker, 9).await?;
    equal("what a buried worker gets", &claimed.len(), &0)
}

/// The messages of a buried worker are due at once, and the worker changes none any more.
pub(super) async fn orphans(bench: &Bench<'_>) -> Outcome {
    bench.insert(["begun", "leased", "other"]).await?;
    let (old, new) = (bench.worker().await?, bench.worker().await?);
    let claimed = bench.claim(&old, 2).await?;
    let [begun, leased] = claimed.as_slice() else {
        return that(false, "two messages to be handed out");
    };
    let begun = bench.steps(begun, [steps::begin(bench.base, 1)]).await?;
    let other = bench.claim(&new, 9).await?;
    equal("what is left for another worker", &other.len(), &1)?;
    let last = some(session(bench, &old).await?, "a session")?;
    bench.store.bury(&last, bench.at(1)).await?;
    for head in [&begun, leased] {
        let mut expected = head.clone();
        expected.orphan(bench.at(1));
        let stored = some(bench.other.get(&head.id).await?, "an orphan")?;
        equal("an orphan", &stored.head, &expected)?;
    }
    let step = Step::Release { due_at: bench.base };
    for (head, step) in [(&begun, steps::sent("late")), (leased, step)] {
        let changed = bench.apply(Change::by_worker(head, &old, step)).await;
        fails(
            "a change of a buried worker",
            changed,
            OutboxErrorKind::LeaseLost,
        )?;
    }
    let claimed = bench.claim(&new, 9).await?;
    let ids: Vec<_> = claimed.iter().map(|it| it.id.clone()).collect();
    let expected = vec![bench.id("begun"), bench.id("leased")];
    equal("the orphans that another worker gets", &ids, &expected)?;
    let others = some(bench.store.get(&bench.id("other")).await?, "a message")?;
    equal("the message of the other worker", &others.head, &other[0])
}
