//! Rules of rates.

use std::time::Duration;

use super::{
    bench::Bench,
    claim::{list, next_by},
    expect::{Outcome, equal, that},
    steps,
};
use crate::{
    budget::{Budget, Rate},
    step::Step,
};

/// One message in ten minutes, `burst` at once.
fn rate(burst: u32) -> Option<Rate> {
    Some(Rate::new(Duration::from_secs(600), burst))
}

/// All workers of a route share its rate.
pub(super) async fn route(bench: &Bench<'_>) -> Outcome {
    bench.insert(["1", "2", "3", "4", "5"]).await?;
    let budget = Budget::default().with_route(rate(2));
    let worker = bench.worker().await?;
    let mut claim = bench.asks(&worker, 99).with_budget(budget);
    let claimed = bench.store.claim(&claim).await?;
    equal("how many go at once", &claimed.messages.len(), &2)?;
    next_by(claimed.next_at, claim.now + Duration::from_secs(600))?;
    claim.worker = bench.worker().await?;
    let claimed = bench.other.claim(&claim).await?;
    equal("what another worker gets", &claimed.messages.len(), &0)?;
    claim.now += Duration::from_secs(600);
    let names = bench.names(&claim).await?;
    equal("what goes an interval later", &names, &list(["3"]))?;
    claim.budget = Budget::default();
    let names = bench.names(&claim).await?;
    equal("what goes without a rate", &names, &list(["4", "5"]))
}

/// A message whose target has no slot gets the next one, and is due then.
pub(super) async fn target(bench: &Bench<'_>) -> Outcome {
    let one = ["1", "2", "3"].map(|it| bench.message(it).lane("one").into());
    bench.insert_all(one).await?;
    bench
        .insert_all([bench.message("4").lane("two").into()])
        .await?;
    let worker = bench.worker().await?;
    let budget = Budget::default().with_target(rate(1));
    let mut claim = bench.asks(&worker, 99).with_budget(budget);
    let claimed = bench.store.claim(&claim).await?;
    let names: Vec<String> = claimed.messages.iter().map(|it| bench.name(it)).collect();
    equal("one message of each target", &names, &list(["1", "4"]))?;
    let interval = Duration::from_secs(600);
    next_by(claimed.next_at, claim.now + interval)?;
    for (name, slots) in [("2", 1), ("3", 2)] {
        let head = bench.get(name).await?.head;
        let due_at = claim.now + slots * interval;
        equal(
            "when the slot of a later message is due",
            &head.due_at,
            &due_at,
        )?;
        that(head.has_slot, "a message that has its slot")?;
    }
    claim.now += interval;
    let names = bench.names(&claim).await?;
    equal("what goes an interval later", &names, &list(["2"]))?;
    claim.now += interval;
    let names = bench.names(&claim).await?;
    equal("what goes two intervals later", &names, &list(["3"]))
}

/// A message that is being sent takes no slot.
pub(super) async fn sending(bench: &Bench<'_>) -> Outcome {
    let messages = ["1", "2"].map(|it| bench.message(it).lane("one").into());
    bench.insert_all(messages).await?;
    let worker = bench.worker().await?;
    for head in bench.claim(&worker, 9).await? {
        let due_at = bench.base;
        let path = [steps::begin(bench.base, 1), Step::Release { due_at }];
        bench.steps(&head, path).await?;
    }
    let budget = Budget::default().with_route(rate(1)).with_target(rate(1));
    let claim = bench.asks(&worker, 9).with_budget(budget);
    let names = bench.names(&claim).await?;
    let expected = list(["1", "2"]);
    equal("what is being sent, beyond the rates", &names, &expected)
}
