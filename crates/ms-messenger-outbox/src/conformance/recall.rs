//! Rules of messages with times of a clock that was ahead.

use std::time::Duration;

use super::{
    bench::Bench,
    claim::list,
    expect::{Outcome, equal, some, that},
    sample::Sample,
    steps,
};
use crate::{id::WorkerId, step::Step, store::Session};

const HOUR: Duration = Duration::from_secs(3600);

/// What waits for a time of a clock that was ahead is due at once: retries, and messages that were never
/// attempted. A time that its caller gave is kept.
pub(super) async fn waiting(bench: &Bench<'_>) -> Outcome {
    let messages = times_of_all_kinds(bench).map(Into::into);
    bench.insert_all(messages).await?;
    bench.insert(["begun"]).await?;
    let worker = bench.worker().await?;
    for head in &bench.claim(&worker, 1).await? {
        bench.steps(head, [steps::begin(bench.base, 1)]).await?;
    }
    let names = bench.names(&bench.asks(&worker, 99)).await?;
    equal("what is due before", &names, &list([]))?;
    let recalled = bench.other.recall(&bench.route, bench.at(1)).await?;
    equal("how many are changed", &recalled, &7)?;
    let recalled = bench.store.recall(&bench.route, bench.at(1)).await?;
    equal("how many are changed again", &recalled, &0)?;
    for (seconds, expected) in [
        (
            1,
            &["due when enqueued", "for earlier", "put off", "retry"][..],
        ),
        (60, &["of a clock a little ahead"]),
        (599, &[]),
        (600, &["for soon"]),
        (900, &["for later by a good clock"]),
        (3 * 3600 - 1, &[]),
        (3 * 3600, &["for later"]),
        (5 * 3600, &["stored by an earlier version"]),
    ] {
        are_due(bench, &worker, seconds, expected).await?;
    }
    Ok(())
}

/// Messages that wait for times of both clocks.
fn times_of_all_kinds(bench: &Bench<'_>) -> [Sample; 9] {
    let ahead = bench.base + 2 * HOUR;
    let retry = bench.message("retry").enqueued(ahead).with(|head| {
        (head.failures, head.due_at) = (1, ahead + HOUR);
    });
    let put_off = bench.message("put off").enqueued(ahead).with(|head| {
        (head.fence, head.due_at) = (1, ahead + HOUR);
    });
    [
        retry,
        put_off,
        bench.message("due when enqueued").enqueued(ahead),
        bench
            .message("for later")
            .enqueued(ahead)
            .not_before(ahead + HOUR),
        bench
            .message("for soon")
            .enqueued(ahead)
            .not_before(bench.at(600)),
        bench
            .message("for earlier")
            .enqueued(ahead)
            .not_before(bench.at(0)),
        bench
            .message("of a clock a little ahead")
            .enqueued(bench.at(60)),
        bench
            .message("for later by a good clock")
            .not_before(bench.at(900)),
        bench
            .message("stored by an earlier version")
            .enqueued(ahead)
            .due(ahead + 3 * HOUR),
    ]
}

/// Expects that so many seconds after the base, these are handed out.
async fn are_due(bench: &Bench<'_>, worker: &WorkerId, seconds: u64, expected: &[&str]) -> Outcome {
    let mut claim = bench.asks(worker, 99);
    claim.now = bench.at(seconds);
    let mut names = bench.names(&claim).await?;
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    equal(
        &format!("what is due {seconds} s after"),
        &names.as_slice(),
        &expected,
    )
}

/// Those that an earlier one holds up are due as soon as it lets them go.
pub(super) async fn held(bench: &Bench<'_>) -> Outcome {
    let ahead = bench.base + 2 * HOUR;
    let ordered = |name: &str| bench.message(name).ordered("key").enqueued(ahead);
    let first = bench.message("1").ordered("key");
    let later = ordered("3").not_before(bench.at(600));
    let messages = [first, ordered("2"), later, ordered("4")];
    bench.insert_all(messages.map(Into::into)).await?;
    let worker = bench.worker().await?;
    let mut first = bench.claim(&worker, 99).await?;
    let recalled = bench.store.recall(&bench.route, bench.at(1)).await?;
    equal("how many are changed", &recalled, &3)?;
    let mut claim = bench.asks(&worker, 99);
    for (seconds, name, next) in [
        (1, "1", "2"),
        (599, "2", ""),
        (600, "", "3"),
        (600, "3", "4"),
    ] {
        if let Some(head) = first.pop() {
            equal("what is sent", &head.id, &bench.id(name))?;
            let path = [steps::begin(bench.base, 1), steps::sent(name)];
            bench.steps(&head, path).await?;
        }
        claim.now = bench.at(seconds);
        let claimed = bench.store.claim(&claim).await?;
        first = claimed.messages.into_iter().map(|it| it.head).collect();
        let names: Vec<String> = first.iter().map(|it| it.id.as_str().to_owned()).collect();
        let expected = (!next.is_empty()).then(|| bench.id(next).as_str().to_owned());
        equal("what follows", &names, &expected.into_iter().collect())?;
    }
    Ok(())
}

/// What a worker has is left to it; taken from it, or given back, it is due at once, but no earlier than
/// its caller said.
pub(super) async fn owned(bench: &Bench<'_>) -> Outcome {
    let ahead = bench.base + 2 * HOUR;
    let soon = bench.at(600);
    let messages = [
        bench.message("kept").enqueued(ahead),
        bench.message("for soon").enqueued(ahead).not_before(soon),
        bench.message("given back").enqueued(ahead),
        bench
            .message("given back for soon")
            .enqueued(ahead)
            .not_before(soon),
    ];
    bench.insert_all(messages.map(Into::into)).await?;
    let worker = bench.worker().await?;
    let mut claim = bench.asks(&worker, 99);
    claim.now = ahead;
    let claimed = bench.store.claim(&claim).await?.messages;
    equal("how many are claimed", &claimed.len(), &4)?;
    let recalled = bench.other.recall(&bench.route, bench.at(1)).await?;
    equal("how many are changed that a worker has", &recalled, &0)?;
    for message in claimed.iter().skip(2) {
        let due_at = bench.base;
        bench
            .steps(&message.head, [Step::Release { due_at }])
            .await?;
    }
    let sessions = bench.store.sessions().await?;
    let session = sessions
        .into_iter()
        .find(|it: &Session| it.worker == worker);
    let session = some(session, "the session of the worker")?;
    let is_buried = bench.other.bury(&session, bench.at(1)).await?;
    that(is_buried, "a session to be buried")?;
    let worker = bench.worker().await?;
    are_due(bench, &worker, 1, &["given back", "kept"]).await?;
    are_due(bench, &worker, 600, &["for soon", "given back for soon"]).await
}

/// What is queued again waits for its caller's time, too.
pub(super) async fn retried(bench: &Bench<'_>) -> Outcome {
    let ahead = bench.base + 2 * HOUR;
    // Later than the present time.
    let soon = bench.at(5_400);
    let names = ["requeued", "retried"];
    let messages = names.map(|it| bench.message(it).enqueued(ahead).not_before(soon));
    bench.insert_all(messages.map(Into::into)).await?;
    let worker = bench.worker().await?;
    let mut claim = bench.asks(&worker, 99);
    claim.now = ahead;
    let claimed = bench.store.claim(&claim).await?.messages;
    let [requeued, refused] = claimed.as_slice() else {
        return that(false, "two messages to be handed out");
    };
    let path = [steps::begin(ahead, 1), steps::requeue(bench.at(60))];
    let requeued = bench.steps(&requeued.head, path).await?;
    equal("when a message is due again", &requeued.due_at, &soon)?;
    let path = [steps::begin(ahead, 1), steps::refuse()];
    bench.steps(&refused.head, path).await?;
    let retried = bench
        .by_person(
            "retried",
            Step::Retry {
                expires_at: None,
                is_absent: false,
            },
        )
        .await?;
    that(
        retried.due_at >= soon,
        "no retry before the time of the caller",
    )?;
    let mut claim = bench.asks(&worker, 99);
    claim.now = bench.at(5_399);
    let names = bench.names(&claim).await?;
    equal("what is due before its time", &names, &list([]))
}

/// However many they are, each call changes some, until none is left.
pub(super) async fn many(bench: &Bench<'_>) -> Outcome {
    const MESSAGES: u64 = 1_200;
    let ahead = bench.base + 2 * HOUR;
    let messages = (0..MESSAGES).map(|it| bench.message(&it.to_string()).enqueued(ahead).into());
    bench.insert_all(messages).await?;
    let mut all = 0;
    for _ in 0..3 {
        let recalled = bench.store.recall(&bench.route, bench.at(1)).await?;
        that(all > 0 || recalled >= 1_000, "at least 1,000 to be changed")?;
        all += recalled;
    }
    equal("how many are changed", &all, &MESSAGES)?;
    let worker = bench.worker().await?;
    let mut claimed = 0;
    loop {
        let some = bench.claim(&worker, 500).await?.len();
        claimed += some;
        if some == 0 {
            break;
        }
    }
    equal("how many are due", &claimed, &1_200)
}
