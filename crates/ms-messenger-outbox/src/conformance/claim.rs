//! Rules of claiming.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::task::JoinSet;

use super::{
    bench::{Bench, heads},
    expect::{Broken, Outcome, equal, that},
    steps,
};
use crate::{
    budget::{Budget, Rate},
    step::Step,
    store::{Claim, Store},
    time::whole,
};

/// Only what is due is handed out, and `next_at` is no later than what is due next.
pub(super) async fn due(bench: &Bench<'_>) -> Outcome {
    let later = bench.message("later").due(bench.at(100));
    bench.insert_all([later.into()]).await?;
    let worker = bench.worker().await?;
    let claimed = bench.store.claim(&bench.asks(&worker, 9)).await?;
    that(claimed.messages.is_empty(), "no message before it is due")?;
    next_by(claimed.next_at, bench.at(100))?;
    let mut claim = bench.asks(&worker, 9);
    claim.now = bench.at(100);
    let names = bench.names(&claim).await?;
    equal(
        "what is handed out when it is due",
        &names,
        &list(["later"]),
    )?;
    let claimed = bench.store.claim(&claim).await?;
    let is_none = claimed.messages.is_empty() && claimed.next_at.is_none();
    that(
        is_none,
        "neither a message nor `next_at` when nothing waits",
    )
}

/// The longest due first, then in the order in which they were handed over; no more than asked for.
pub(super) async fn order(bench: &Bench<'_>) -> Outcome {
    let due = [("d", 3), ("b", 1), ("c", 1), ("a", 0), ("e", 1)];
    let messages = due.map(|(name, at)| bench.message(name).due(bench.at(at)).into());
    bench.insert_all(messages).await?;
    let soon = bench.message("soon").due(bench.at(9)).expires(bench.at(2));
    bench.insert_all([soon.into()]).await?;
    let worker = bench.worker().await?;
    let mut claim = bench.asks(&worker, 2);
    claim.now = bench.at(5);
    let claimed = bench.store.claim(&claim).await?;
    let names: Vec<String> = claimed.messages.iter().map(|it| bench.name(it)).collect();
    equal("the two that are due longest", &names, &list(["a", "b"]))?;
    next_by(claimed.next_at, claim.now)?;
    claim.limit = 9;
    let names = bench.names(&claim).await?;
    let expected = list(["c", "e", "soon", "d"]);
    equal("the order of those that follow", &names, &expected)
}

/// A lease names the worker and grows the fence, and nothing else changes.
pub(super) async fn lease(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a", "b"]).await?;
    let worker = bench.worker().await?;
    let mut expected = bench.get("a").await?.head;
    let claimed = bench.store.claim(&bench.asks(&worker, 1)).await?;
    let claimed = heads(&claimed);
    expected.lease_to(&worker);
    equal("a leased message", &claimed, &vec![expected.clone()])?;
    let stored = bench.get("a").await?;
    equal("a leased message as stored", &stored.head, &expected)?;
    that(
        stored.content.is_some(),
        "a leased message with its content",
    )?;
    let second = bench.worker().await?;
    let others = bench.other.claim(&bench.asks(&second, 9)).await?;
    equal("what another worker gets", &others.messages.len(), &1)?;
    // Given back and claimed again, it has a later fence.
    let due_at = bench.base;
    bench.steps(&expected, [Step::Release { due_at }]).await?;
    let again = bench.claim(&second, 9).await?;
    let fences: Vec<u64> = again.iter().map(|it| it.fence).collect();
    equal(
        "the fence of a second lease",
        &fences,
        &vec![expected.fence + 1],
    )
}

/// Many tasks on two handles get each message once.
pub(super) async fn once(bench: &Bench<'_>) -> Outcome {
    const MESSAGES: usize = 200;
    let names: Vec<String> = (0..MESSAGES).map(|it| it.to_string()).collect();
    let messages = names.iter().map(|it| bench.message(it).into());
    bench.insert_all(messages).await?;
    let mut tasks = JoinSet::new();
    for i in 0..8 {
        let store = if i % 2 == 0 { bench.store } else { bench.other };
        let claim = bench.asks(&bench.worker().await?, 7);
        tasks.spawn(claim_until_empty(Arc::clone(store), claim));
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    while let Some(ended) = tasks.join_next().await {
        let ids = ended.map_err(|error| Broken(format!("a task that ends: {error}")))?;
        for id in ids? {
            *seen.entry(id).or_default() += 1;
        }
    }
    equal("how many messages were handed out", &seen.len(), &MESSAGES)?;
    let most = seen.values().max().copied();
    equal("how often one was handed out at most", &most, &Some(1))
}

async fn claim_until_empty(store: Arc<dyn Store>, claim: Claim) -> Outcome<Vec<String>> {
    let mut ids = Vec::new();
    loop {
        let claimed = store.claim(&claim).await?;
        if claimed.messages.is_empty() {
            return Ok(ids);
        }
        let claimed = claimed.messages.into_iter();
        ids.extend(claimed.map(|it| it.head.id.as_str().to_owned()));
    }
}

/// Messages of other routes are not handed out, and change nothing of `next_at`.
pub(super) async fn route(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a"]).await?;
    let worker = bench.worker().await?;
    let mut claim = bench.asks(&worker, 9);
    claim.route.push('x');
    let claimed = bench.store.claim(&claim).await?;
    let is_none = claimed.messages.is_empty() && claimed.next_at.is_none();
    that(is_none, "nothing of another route")
}

/// A worker that has no session gets nothing.
pub(super) async fn session(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a"]).await?;
    let worker = crate::id::WorkerId::random();
    let claimed = bench.store.claim(&bench.asks(&worker, 9)).await?;
    let text = "no message for a worker that has no session";
    that(claimed.messages.is_empty(), text)
}

/// What has expired is handed out, without slots.
pub(super) async fn expired(bench: &Bench<'_>) -> Outcome {
    let messages = ["a", "b", "c"].map(|it| bench.message(it).lane("one").expires(bench.at(5)));
    bench.insert_all(messages.map(Into::into)).await?;
    let last = bench.message("d").lane("one").due(bench.at(6));
    bench.insert_all([last.into()]).await?;
    let worker = bench.worker().await?;
    let rate = Some(Rate::new(Duration::from_secs(600), 1));
    let budget = Budget::default().with_route(rate).with_target(rate);
    let mut claim = bench.asks(&worker, 9).with_budget(budget);
    claim.now = bench.at(10);
    let names = bench.names(&claim).await?;
    let expected = list(["a", "b", "c", "d"]);
    equal(
        "expired messages and the one that has a slot",
        &names,
        &expected,
    )
}

/// While a route is paused, only messages that are being sent are handed out.
pub(super) async fn paused(bench: &Bench<'_>) -> Outcome {
    bench.insert(["sending", "queued"]).await?;
    let worker = bench.worker().await?;
    let claimed = bench.claim(&worker, 1).await?;
    for head in &claimed {
        let due_at = bench.base;
        let path = [steps::begin(bench.base, 1), Step::Release { due_at }];
        bench.steps(head, path).await?;
    }
    let now = whole(SystemTime::now());
    let hour = Duration::from_secs(3600);
    let ms = Duration::from_millis(1);
    bench.store.pause(&bench.route, now + 2 * hour).await?;
    bench.other.pause(&bench.route, now + hour).await?;
    let mut claim = bench.asks(&worker, 9);
    claim.now = now + hour;
    let claimed = bench.store.claim(&claim).await?;
    let names: Vec<String> = claimed.messages.iter().map(|it| bench.name(it)).collect();
    equal("what a paused route hands out", &names, &list(["sending"]))?;
    next_by(claimed.next_at, now + 2 * hour)?;
    // A store that keeps whole milliseconds takes the next one.
    let until = now + 2 * hour + ms / 2;
    bench.store.pause(&bench.route, until).await?;
    claim.now = now + 2 * hour;
    let names = bench.names(&claim).await?;
    equal("what is handed out just before the end", &names, &list([]))?;
    claim.now += ms;
    let names = bench.names(&claim).await?;
    equal(
        "what is handed out after the pause",
        &names,
        &list(["queued"]),
    )?;
    bench.insert(["more"]).await?;
    bench.store.pause(&bench.route, bench.base).await?;
    claim.now = now;
    let names = bench.names(&claim).await?;
    equal(
        "what is handed out once a pause is ended",
        &names,
        &list(["more"]),
    )
}

/// Expects `next_at` no later than `latest`.
pub(super) fn next_by(next_at: Option<SystemTime>, latest: SystemTime) -> Outcome {
    let text = format!("`next_at` no later than {latest:?}, found {next_at:?}");
    that(next_at.is_some_and(|it| it <= latest), text)
}

pub(super) fn list<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}
