//! Rules of order keys.

use super::{
    bench::Bench,
    claim::list,
    expect::{Outcome, equal, some},
    steps,
};
use crate::{id::WorkerId, message::Head, state::State, step::Step};

/// What of the route is handed out now.
async fn claimed(bench: &Bench<'_>, worker: &WorkerId) -> Outcome<Vec<Head>> {
    bench.claim(worker, 99).await
}

/// Expects that only the message of this name is handed out.
async fn only(bench: &Bench<'_>, worker: &WorkerId, name: &str, when: &str) -> Outcome<Head> {
    let claimed = claimed(bench, worker).await?;
    let ids: Vec<_> = claimed.iter().map(|it| it.id.clone()).collect();
    equal(when, &ids, &vec![bench.id(name)])?;
    some(claimed.into_iter().next(), "a message")
}

async fn nothing(bench: &Bench<'_>, worker: &WorkerId, when: &str) -> Outcome {
    let claimed = claimed(bench, worker).await?;
    let ids: Vec<_> = claimed.iter().map(|it| it.id.clone()).collect();
    equal(when, &ids, &Vec::new())
}

async fn insert(bench: &Bench<'_>, names: &[&str]) -> Outcome {
    let messages = names.iter().map(|it| bench.message(it).ordered("key"));
    bench.insert_all(messages.map(Into::into)).await
}

/// Messages of one key are handed out one after the other; other keys and routes do not wait.
pub(super) async fn one_by_one(bench: &Bench<'_>) -> Outcome {
    // The second is due longer than the first: the order is that of the sequence numbers.
    let first = bench.message("1").ordered("key").due(bench.at(1));
    bench.insert_all([first.into()]).await?;
    insert(bench, &["2", "3"]).await?;
    let free = [bench.message("free"), bench.message("x").ordered("Key")];
    bench.insert_all(free.map(Into::into)).await?;
    let elsewhere = bench.message("y").ordered("key");
    let elsewhere = elsewhere.with(|head| head.route.push('x'));
    bench.insert_all([elsewhere.into()]).await?;
    let worker = bench.worker().await?;
    let names = bench.names(&bench.asks(&worker, 99)).await?;
    let expected = list(["free", "x", "1"]);
    equal("what one claim gets of three with a key", &names, &expected)?;
    let mut claim = bench.asks(&worker, 99);
    claim.route.push('x');
    let names = bench.names(&claim).await?;
    equal("what of another route is held", &names.len(), &1)?;
    let mut head = bench.get("1").await?.head;
    for (id, next) in [("a", "2"), ("b", "3")] {
        nothing(
            bench,
            &worker,
            "what is handed out before the end of an earlier one",
        )
        .await?;
        let path = [steps::begin(bench.base, 1), steps::sent(id)];
        bench.steps(&head, path).await?;
        head = only(bench, &worker, next, "what follows a sent message").await?;
    }
    bench
        .steps(&head, [steps::begin(bench.base, 1), steps::sent("c")])
        .await?;
    insert(bench, &["4"]).await?;
    only(
        bench,
        &worker,
        "4",
        "what is handed out if all earlier ones are final",
    )
    .await?;
    Ok(())
}

/// A message holds the later ones until it is final.
pub(super) async fn holds(bench: &Bench<'_>) -> Outcome {
    insert(bench, &["1", "2"]).await?;
    let worker = bench.worker().await?;
    let head = only(bench, &worker, "1", "the first").await?;
    bench.steps(&head, [steps::requeue(bench.at(3000))]).await?;
    nothing(bench, &worker, "what passes one that waits for a retry").await?;
    let mut claim = bench.asks(&worker, 99);
    claim.now = bench.at(3000);
    let names = bench.names(&claim).await?;
    equal(
        "what is handed out at the time of the retry",
        &names,
        &list(["1"]),
    )?;
    let head = bench.get("1").await?.head;
    let due_at = bench.base;
    let path = [
        steps::begin(bench.base, 1),
        steps::doubt(bench.base),
        Step::Release { due_at },
    ];
    bench.steps(&head, path).await?;
    let head = only(bench, &worker, "1", "what is being sent, given back").await?;
    bench.steps(&head, [steps::park()]).await?;
    nothing(bench, &worker, "what passes an unconfirmed one").await?;
    bench
        .by_person(
            "1",
            Step::Retry {
                expires_at: None,
                is_absent: false,
            },
        )
        .await?;
    let mut claim = bench.asks(&worker, 99);
    claim.now = bench.at(7200);
    let names = bench.names(&claim).await?;
    equal("what is handed out after a retry", &names, &list(["1"]))?;
    let head = bench.get("1").await?.head;
    bench
        .steps(&head, [steps::begin(bench.base, 2), steps::park()])
        .await?;
    let receipt = None;
    bench.by_person("1", Step::Confirm { receipt }).await?;
    only(bench, &worker, "2", "what follows a confirmed message").await?;
    Ok(())
}

/// Whatever ends a message lets the next one go, and one that is sent again holds it again.
pub(super) async fn lets_go(bench: &Bench<'_>) -> Outcome {
    insert(bench, &["1", "2", "3", "4", "5", "6"]).await?;
    let worker = bench.worker().await?;
    let head = only(bench, &worker, "1", "the first").await?;
    bench.by_person("3", Step::Cancel).await?;
    bench.steps(&head, [steps::refuse()]).await?;
    // The second is not claimed yet: the first, sent again, goes before it.
    bench
        .by_person(
            "1",
            Step::Retry {
                expires_at: None,
                is_absent: false,
            },
        )
        .await?;
    nothing(bench, &worker, "what passes a message that is sent again").await?;
    bench.by_person("1", Step::Cancel).await?;
    let head = only(bench, &worker, "2", "what follows a cancelled message").await?;
    bench.steps(&head, [Step::Expire]).await?;
    let head = only(
        bench,
        &worker,
        "4",
        "what follows an expired and a cancelled one",
    )
    .await?;
    let path = [steps::begin(bench.base, 1), steps::park()];
    bench.steps(&head, path).await?;
    bench.by_person("4", Step::GiveUp).await?;
    let head = only(bench, &worker, "5", "what follows one that was given up").await?;
    equal("its state", &head.state, &State::Queued)?;
    // Cancelled while a worker has it.
    bench.by_person("5", Step::Cancel).await?;
    only(
        bench,
        &worker,
        "6",
        "what follows one that was cancelled under a lease",
    )
    .await?;
    Ok(())
}
