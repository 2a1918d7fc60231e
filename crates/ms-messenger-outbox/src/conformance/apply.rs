//! Rules of changes.

use std::time::SystemTime;

use super::{
    bench::Bench,
    compare::comparable,
    expect::{Outcome, equal, fails, that},
    steps,
};
use crate::{
    change::Change,
    error::{OutboxErrorKind, Result},
    id::WorkerId,
    message::Head,
    state::State,
    step::Step,
};

/// How a message gets where it is: steps of its worker, then those of a person.
struct Path {
    name: &'static str,
    state: State,
    is_claimed: bool,
    by_worker: Vec<Step>,
    by_person: Vec<Step>,
}

fn paths(at: SystemTime) -> Vec<Path> {
    let begin = || steps::begin(at, 1);
    let path = |name, state, by_worker| Path {
        name,
        state,
        is_claimed: true,
        by_worker,
        by_person: Vec::new(),
    };
    let release = Step::Release { due_at: at };
    let mut waiting = path("waiting", State::Queued, vec![]);
    waiting.is_claimed = false;
    let mut cancelled = path("cancelled", State::Cancelled, vec![]);
    cancelled.by_person = vec![Step::Cancel];
    let mut sent_again = path("sent again", State::Queued, vec![steps::refuse()]);
    sent_again.by_person = vec![Step::Retry {
        expires_at: None,
        is_absent: false,
    }];
    vec![
        waiting,
        path("leased", State::Queued, vec![]),
        path("begun", State::Sending, vec![begin()]),
        path("in doubt", State::Sending, vec![begin(), steps::doubt(at)]),
        path("given back", State::Sending, vec![begin(), release]),
        path("sent", State::Sent, vec![begin(), steps::sent("path")]),
        path("erased", State::Sent, vec![begin(), steps::erased("path")]),
        path("refused", State::Refused, vec![steps::refuse()]),
        path("parked", State::Unconfirmed, vec![begin(), steps::park()]),
        path("expired", State::Expired, vec![Step::Expire]),
        cancelled,
        sent_again,
    ]
}

/// Every step in every state has the effect of [`Change::apply`], and no other.
pub(super) async fn table(bench: &Bench<'_>) -> Outcome {
    let worker = bench.worker().await?;
    let steps = steps::all(bench.at(10));
    for path in paths(bench.base) {
        let count = steps.len() * 2;
        let names: Vec<String> = (0..count).map(|it| format!("{} {it}", path.name)).collect();
        bench.insert(names.iter().map(String::as_str)).await?;
        let heads = walk(bench, &path, &names, &worker).await?;
        let by_worker = heads.iter().zip(&steps);
        let by_worker = by_worker.map(|(it, step)| Change::by_worker(it, &worker, step.clone()));
        let by_person = heads[steps.len()..].iter().zip(&steps);
        let by_person = by_person.map(|(it, step)| Change::by_person(it.id.clone(), step.clone()));
        let changes: Vec<Change> = by_worker.chain(by_person).collect();
        compare(bench, &path, &heads, &changes).await?;
        end(bench, &names).await?;
    }
    Ok(())
}

/// Brings messages to where the path ends.
async fn walk(
    bench: &Bench<'_>,
    path: &Path,
    names: &[String],
    worker: &WorkerId,
) -> Outcome<Vec<Head>> {
    if path.is_claimed {
        let most = u32::try_from(names.len()).unwrap_or(u32::MAX);
        let claimed = bench.claim(worker, most).await?;
        equal("how many are claimed", &claimed.len(), &names.len())?;
        for step in &path.by_worker {
            let changes = claimed
                .iter()
                .map(|it| Change::by_worker(it, worker, step.clone()));
            all_apply(bench, path, changes.collect()).await?;
        }
    }
    let ids = || names.iter().map(|it| bench.id(it));
    for step in &path.by_person {
        let changes = ids().map(|it| Change::by_person(it, step.clone()));
        all_apply(bench, path, changes.collect()).await?;
    }
    let mut heads = Vec::new();
    for name in names {
        let head = bench.get(name).await?.head;
        equal(path.name, &head.state, &path.state)?;
        heads.push(head);
    }
    Ok(heads)
}

async fn all_apply(bench: &Bench<'_>, path: &Path, changes: Vec<Change>) -> Outcome {
    for applied in bench.store.apply(changes).await? {
        let text = format!("a message to become {}, found {applied:?}", path.name);
        that(applied.is_ok(), text)?;
    }
    Ok(())
}

/// Makes all changes in one call, and compares them with [`Change::apply`].
async fn compare(bench: &Bench<'_>, path: &Path, heads: &[Head], changes: &[Change]) -> Outcome {
    let applied = bench.store.apply(changes.to_vec()).await?;
    equal("the number of results", &applied.len(), &changes.len())?;
    for ((applied, change), before) in applied.into_iter().zip(changes).zip(heads) {
        let by = change.lease.as_ref().map_or("a person", |_| "a worker");
        let what = format!(
            "the step {:?} of {by} on a message that is {}",
            change.step, path.name
        );
        let stored = bench.other.get(&change.id).await?;
        let Some(stored) = stored else {
            return that(false, format!("{what} to leave the message stored"));
        };
        let mut expected = before.clone();
        let outcome = change.apply(&mut expected, SystemTime::now());
        let outcome = outcome.map(|()| expected.clone());
        equal(&what, &essence(applied), &essence(outcome))?;
        let after = format!("what is stored after {what}");
        equal(&after, &comparable(&stored.head), &comparable(&expected))?;
        let is_erased = path.name == "erased" || (change.erases_content() && expected != *before);
        let text = format!("the content to be erased or not after {what}");
        that(stored.content.is_none() == is_erased, text)?;
    }
    Ok(())
}

/// What counts of a result.
fn essence(result: Result<Head>) -> std::result::Result<Head, (OutboxErrorKind, Option<State>)> {
    let head = result.map_err(|error| (error.kind(), error.state()))?;
    Ok(comparable(&head))
}

/// Ends what is left, so that the next claim does not get it.
async fn end(bench: &Bench<'_>, names: &[String]) -> Outcome {
    let mut changes = Vec::new();
    for name in names {
        let head = bench.get(name).await?.head;
        let step = match head.state {
            State::Queued => Step::Cancel,
            State::Sending => Step::Park {
                error: serde_json::Value::Null,
            },
            _ => continue,
        };
        if head.state == State::Queued {
            changes.push(Change::by_person(head.id, step));
        } else if let Some(owner) = &head.owner {
            changes.push(Change::by_worker(&head, owner, step));
        } else {
            let claimed = bench.claim(&bench.worker().await?, u32::MAX).await?;
            let parked = claimed.iter().filter(|it| it.state == State::Sending);
            let parked = parked.filter_map(|it| {
                let owner = it.owner.as_ref()?;
                Some(Change::by_worker(it, owner, step.clone()))
            });
            bench.store.apply(parked.collect()).await?;
        }
    }
    bench.store.apply(changes).await?;
    Ok(())
}

/// A worker with an earlier fence, or without the lease, changes nothing.
pub(super) async fn lease(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a"]).await?;
    let (first, second) = (bench.worker().await?, bench.worker().await?);
    let early = bench.claim(&first, 1).await?.remove(0);
    let due_at = bench.base;
    bench.steps(&early, [Step::Release { due_at }]).await?;
    let late = bench.claim(&first, 1).await?.remove(0);
    for (what, head, worker) in [
        ("a change with an earlier fence", &early, &first),
        ("a change of another worker", &late, &second),
    ] {
        let step = steps::begin(bench.base, 1);
        let changed = bench.apply(Change::by_worker(head, worker, step)).await;
        fails(what, changed, OutboxErrorKind::LeaseLost)?;
    }
    let stored = bench.get("a").await?.head;
    equal("the message after refused changes", &stored, &late)?;
    bench.steps(&late, [steps::begin(bench.base, 1)]).await?;
    Ok(())
}

/// Changes of one call are made each for itself, in order.
pub(super) async fn each_for_itself(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a", "b"]).await?;
    let worker = bench.worker().await?;
    let claimed = bench.claim(&worker, 9).await?;
    let [a, b] = claimed.as_slice() else {
        return that(false, "two messages to be handed out");
    };
    let begin = || steps::begin(bench.base, 1);
    let changes = vec![
        Change::by_worker(a, &worker, begin()),
        Change::by_person(bench.id("missing"), Step::Cancel),
        Change::by_worker(b, &WorkerId::random(), begin()),
        Change::by_worker(a, &worker, steps::erased("a")),
        Change::by_worker(a, &worker, steps::refuse()),
        Change::by_worker(b, &worker, begin()),
    ];
    let applied = bench.store.apply(changes).await?;
    let kinds: Vec<_> = applied
        .iter()
        .map(|it| it.as_ref().err().map(|it| it.kind()))
        .collect();
    let expected = [
        None,
        Some(OutboxErrorKind::NotFound),
        Some(OutboxErrorKind::LeaseLost),
        None,
        Some(OutboxErrorKind::LeaseLost),
        None,
    ];
    equal("the results of one call", &kinds, &expected.to_vec())?;
    let a = bench.get("a").await?;
    equal("the first message", &a.head.state, &State::Sent)?;
    that(a.content.is_none(), "the content of the first to be erased")?;
    let b = bench.get("b").await?;
    equal("the second message", &b.head.state, &State::Sending)?;
    let applied = bench.store.apply(Vec::new()).await?;
    equal("the results of no changes", &applied.len(), &0)
}
