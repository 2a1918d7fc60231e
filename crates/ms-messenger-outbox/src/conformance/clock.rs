//! Rules of clocks that are set back or forward.

use std::time::{Duration, SystemTime};

use super::{
    bench::Bench,
    claim::{list, next_by},
    expect::{Outcome, equal, fails, some, that},
    steps,
};
use crate::{
    budget::{Budget, Rate},
    change::Change,
    error::OutboxErrorKind,
    time::whole,
};

const HOUR: Duration = Duration::from_secs(3600);
const INTERVAL: Duration = Duration::from_secs(600);

/// A pause keeps its length when the clock is set back.
pub(super) async fn pause(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a"]).await?;
    let worker = bench.worker().await?;
    let now = whole(SystemTime::now());
    bench.store.pause(&bench.route, now + 2 * HOUR).await?;
    let mut claim = bench.asks(&worker, 9);
    let set_back = claim.now;
    let claimed = bench.other.claim(&claim).await?;
    that(claimed.messages.is_empty(), "no message of a paused route")?;
    // The pause was set a little later than `now`, and is as much shorter.
    next_by(claimed.next_at, set_back + 2 * HOUR)?;
    claim.now = set_back + HOUR;
    let names = bench.names(&claim).await?;
    equal("what goes before its length has passed", &names, &list([]))?;
    claim.now = set_back + 2 * HOUR;
    let claimed = bench.store.claim(&claim).await?;
    let names: Vec<String> = claimed.messages.iter().map(|it| bench.name(it)).collect();
    equal("what goes after its length", &names, &list(["a"]))
}

/// Slots of a target that were taken on a clock that was ahead stop nothing.
pub(super) async fn target(bench: &Bench<'_>) -> Outcome {
    let one = ["1", "2", "3"].map(|it| bench.message(it).lane("one").into());
    bench.insert_all(one).await?;
    let two = bench.message("two 1").lane("two");
    bench.insert_all([two.into()]).await?;
    let worker = bench.worker().await?;
    let budget = Budget::default().with_target(Some(Rate::new(INTERVAL, 1)));
    let mut claim = bench.asks(&worker, 99).with_budget(budget);
    let set_back = claim.now;
    claim.now += 2 * HOUR;
    let names = bench.names(&claim).await?;
    equal("one of each target", &names, &list(["1", "two 1"]))?;
    claim.now = set_back;
    let later = bench.message("two 2").lane("two");
    bench.insert_all([later.into()]).await?;
    let names = bench.names(&claim).await?;
    equal("what goes on the new time", &names, &list(["two 2"]))?;
    let recalled = bench.other.recall(&bench.route, set_back).await?;
    equal("how many that wait are made due", &recalled, &2)?;
    let claimed = bench.store.claim(&claim).await?;
    let names: Vec<String> = claimed.messages.iter().map(|it| bench.name(it)).collect();
    equal("the first of those that waited", &names, &list(["2"]))?;
    next_by(claimed.next_at, set_back + INTERVAL)?;
    let head = bench.get("3").await?.head;
    let expected = (true, set_back + INTERVAL, set_back);
    let found = (head.has_slot, head.due_at, head.changed_at);
    equal("the turn of the second, and its time", &found, &expected)?;
    claim.now = set_back + INTERVAL;
    let names = bench.names(&claim).await?;
    equal("what goes an interval later", &names, &list(["3"]))
}

/// Slots of a route that were taken on a clock that was ahead stop nothing.
pub(super) async fn route(bench: &Bench<'_>) -> Outcome {
    bench.insert(["1", "2", "3", "4", "5"]).await?;
    let worker = bench.worker().await?;
    let budget = Budget::default().with_route(Some(Rate::new(INTERVAL, 2)));
    let mut claim = bench.asks(&worker, 99).with_budget(budget);
    let set_back = claim.now;
    claim.now += 2 * HOUR;
    let names = bench.names(&claim).await?;
    equal("as many as go at once", &names, &list(["1", "2"]))?;
    claim.now = set_back;
    let claimed = bench.other.claim(&claim).await?;
    let names: Vec<String> = claimed.messages.iter().map(|it| bench.name(it)).collect();
    equal("what goes on the new time", &names, &list(["3", "4"]))?;
    next_by(claimed.next_at, set_back + INTERVAL)?;
    claim.now = set_back + INTERVAL;
    let names = bench.names(&claim).await?;
    equal("what goes an interval later", &names, &list(["5"]))
}

/// A clock that was set forward takes nothing from a worker; what is taken from it otherwise, e.g.
/// too early, it does not begin to send any more.
pub(super) async fn forward(bench: &Bench<'_>) -> Outcome {
    bench.insert(["taken", "begun"]).await?;
    let (old, new) = (bench.worker().await?, bench.worker().await?);
    let claimed = bench.claim(&old, 9).await?;
    let [taken, begun] = claimed.as_slice() else {
        return that(false, "two messages to be handed out");
    };
    let mut ahead = bench.asks(&new, 9);
    ahead.now += 24 * 365 * HOUR;
    let claimed = bench.other.claim(&ahead).await?;
    equal("what is taken a year later", &claimed.messages.len(), &0)?;
    let begun = bench.steps(begun, [steps::begin(bench.base, 1)]).await?;

    let sessions = bench.other.sessions().await?;
    let session = sessions.into_iter().find(|it| it.worker == old);
    let session = some(session, "the session of the worker")?;
    that(
        bench.other.bury(&session, ahead.now).await?,
        "the session to be buried",
    )?;
    let again = bench.claim(&new, 9).await?;
    let [first, second] = again.as_slice() else {
        return that(false, "both messages to be handed out again");
    };
    let late = steps::begin(bench.base, 2);
    for head in [taken, &begun] {
        let change = Change::by_worker(head, &old, late.clone());
        let refused = bench.apply(change).await;
        let what = "an attempt of a worker that has lost its lease";
        fails(what, refused, OutboxErrorKind::LeaseLost)?;
    }
    let queued = if first.id == taken.id { first } else { second };
    let only = bench.steps(queued, [steps::begin(bench.base, 3)]).await?;
    let change = Change::by_worker(taken, &old, late);
    let refused = bench.apply(change).await;
    fails("a second attempt", refused, OutboxErrorKind::LeaseLost)?;
    let stored = bench.get("taken").await?.head;
    equal("the only attempt", &stored.attempt, &only.attempt)
}
