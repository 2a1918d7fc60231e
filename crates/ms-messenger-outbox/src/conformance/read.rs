//! Rules of reading.

use std::ops::Range;

use super::{
    bench::Bench,
    claim::list,
    expect::{Outcome, equal, some, that},
    steps,
};
use crate::{
    change::Change,
    envelope::Hash,
    id::EnvelopeId,
    state::State,
    step::Step,
    store::{Query, Twins},
};

/// What is not stored is not found.
pub(super) async fn missing(bench: &Bench<'_>) -> Outcome {
    let stored = bench.store.get(&bench.id("missing")).await?;
    that(stored.is_none(), "no message of an unknown id")
}

/// Pages follow each other by the sequence numbers.
pub(super) async fn paging(bench: &Bench<'_>) -> Outcome {
    let names: Vec<String> = (0..130).map(|it| it.to_string()).collect();
    bench.insert(names.iter().map(String::as_str)).await?;
    let query = || Query::new().with_route(&bench.route);
    let page = bench.store.list(&query()).await?;
    equal("a page without a limit", &page.len(), &100)?;
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let query = query().with_after(after).with_limit(40);
        let page = bench.other.list(&query).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = last.seq;
        seen.extend(page.into_iter().map(|it| it.id));
    }
    let expected: Vec<_> = names.iter().map(|it| bench.id(it)).collect();
    equal("the ids of all pages", &seen, &expected)?;
    let past = query().with_after(u64::MAX);
    let page = bench.store.list(&past).await?;
    equal("a page after the last number", &page.len(), &0)
}

/// A list has the states and the route that were asked for.
pub(super) async fn filter(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a", "b", "c"]).await?;
    bench.by_person("b", Step::Cancel).await?;
    let names = async |query: Query| -> Outcome<Vec<String>> {
        let page = bench.store.list(&query.with_route(&bench.route)).await?;
        let name = |id: &str| id.rsplit(' ').next().unwrap_or_default().to_owned();
        Ok(page.iter().map(|it| name(it.id.as_str())).collect())
    };
    let queued = names(Query::new().with_state(State::Queued)).await?;
    equal("the queued messages", &queued, &list(["a", "c"]))?;
    let both = Query::new()
        .with_state(State::Queued)
        .with_state(State::Cancelled);
    equal(
        "those of two states",
        &names(both).await?,
        &list(["a", "b", "c"]),
    )?;
    let sent = names(Query::new().with_state(State::Sent)).await?;
    equal("the sent messages", &sent, &Vec::new())?;
    let first = bench.get("a").await?.head.seq;
    let all = Query::new().with_after(first - 1).with_limit(3);
    let page = bench.store.list(&all).await?;
    equal("a page of all routes", &page.len(), &3)
}

/// Counts by route and state, with the time of the oldest.
pub(super) async fn counts(bench: &Bench<'_>) -> Outcome {
    for (name, seconds) in [("a", 5), ("b", 6), ("c", 7), ("d", 9)] {
        let sample = bench.message(name);
        let sample = sample.with(|head| head.enqueued_at = bench.at(seconds));
        bench.insert_all([sample.into()]).await?;
    }
    bench.by_person("d", Step::Cancel).await?;
    let counts = bench.other.counts().await?;
    let own = counts
        .into_iter()
        .filter(|it| it.route == bench.route && it.messages > 0);
    let mut own: Vec<_> = own.map(|it| (it.state, it.messages, it.oldest)).collect();
    own.sort_unstable_by_key(|it| it.0);
    let expected = vec![
        (State::Queued, 3, Some(bench.at(5))),
        (State::Cancelled, 1, Some(bench.at(9))),
    ];
    equal("the counts of a route", &own, &expected)
}

/// A route has something pending while one of its messages is queued or being sent, whoever has it.
pub(super) async fn pending(bench: &Bench<'_>) -> Outcome {
    let expect = async |what: &str, expected: bool| -> Outcome {
        let found = bench.other.has_pending(&bench.route).await?;
        equal(what, &found, &expected)
    };
    expect("pending without messages", false).await?;
    let ordered = ["first", "second"].map(|name| {
        let sample = bench.message(name);
        sample.with(|head| head.order_key = Some("key".to_owned()))
    });
    bench.insert_all(ordered.map(Into::into)).await?;
    bench.insert(["alone"]).await?;
    expect("pending with queued messages", true).await?;
    let worker = bench.worker().await?;
    let claimed = bench.claim(&worker, 9).await?;
    equal("how many are claimed", &claimed.len(), &2)?;
    expect("pending with messages of a worker", true).await?;
    let mut begun = Vec::new();
    for head in &claimed {
        begun.push(bench.steps(head, [steps::begin(bench.base, 1)]).await?);
    }
    expect("pending with messages that are being sent", true).await?;
    for head in &begun {
        let is_first = bench.id("first") == head.id;
        let step = if is_first {
            steps::park()
        } else {
            steps::sent("alone")
        };
        bench.steps(head, [step]).await?;
    }
    expect("pending behind an unconfirmed message", true).await?;
    bench.by_person("second", Step::Cancel).await?;
    expect("pending with an unconfirmed message alone", false).await?;
    bench
        .by_person(
            "first",
            Step::Retry {
                expires_at: None,
                is_absent: false,
            },
        )
        .await?;
    expect("pending with a message that is queued again", true).await?;
    bench.by_person("first", Step::Cancel).await?;
    expect("pending with final messages alone", false).await
}

/// What is known of equal messages: the latest 200 that were sent, and how many are in doubt, among
/// them those that were sent without an id.
pub(super) async fn twins(bench: &Bench<'_>) -> Outcome {
    let twin = Hash::of(&[bench.route.as_bytes()]);
    let names: Vec<String> = (0..203).map(|it| it.to_string()).collect();
    let twins = names
        .iter()
        .map(|it| bench.message(it).with(|head| head.twin = twin));
    bench.insert_all(twins.map(Into::into)).await?;
    bench.insert(["no twin"]).await?;
    let worker = bench.worker().await?;
    let claimed = bench.claim(&worker, 300).await?;
    let begin = claimed
        .iter()
        .map(|it| Change::by_worker(it, &worker, steps::begin(bench.base, 1)));
    bench.store.apply(begin.collect()).await?;
    let mut changes = Vec::new();
    for (i, head) in claimed.iter().enumerate() {
        let step = match i {
            0 => continue,
            1 => steps::park(),
            2 | 150 => steps::sent_without_id(),
            _ => steps::sent(&format!("twin {i}")),
        };
        changes.push(Change::by_worker(head, &worker, step));
    }
    bench.store.apply(changes).await?;
    let known = |sent: Range<u32>, doubts: &[&str], has_earlier| {
        let sent = sent.rev().filter(|it| *it != 150);
        let sent: Vec<String> = sent.map(|it| format!("twin {it}")).collect();
        let doubts: Vec<EnvelopeId> = doubts.iter().map(|it| bench.id(it)).collect();
        (sent, doubts.len() as u64, doubts, has_earlier)
    };
    let found = |it: Twins| {
        let sent: Vec<String> = it.sent.iter().map(|it| it.as_str().to_owned()).collect();
        let doubts: Vec<EnvelopeId> = it.doubts.into_iter().map(|it| it.id).collect();
        (sent, it.in_doubt, doubts, it.has_earlier)
    };
    let twins = bench.other.twins(&twin, &bench.id("202")).await?;
    let expected = known(3..202, &["150", "2", "1", "0"], false);
    equal(
        "the twins, 200 of which were sent",
        &found(twins),
        &expected,
    )?;
    let twins = bench.other.twins(&twin, &bench.id("0")).await?;
    let expected = known(3..203, &["150", "1"], true);
    equal(
        "the twins, 201 of which were sent",
        &found(twins),
        &expected,
    )?;
    let other = bench.get("no twin").await?.head;
    let found = bench.store.twins(&other.twin, &other.id).await?;
    equal(
        "the twins of a message without one",
        &found,
        &Twins::default(),
    )
}

/// The messages of a content that are being sent are found, whether a worker has them or not.
pub(super) async fn being_sent(bench: &Bench<'_>) -> Outcome {
    let twin = Hash::of(&[bench.route.as_bytes()]);
    let equal_to = |name: &str| bench.message(name).with(|head| head.twin = twin);
    let names = ["a", "b", "c", "d", "e"];
    bench
        .insert_all(names.map(|it| equal_to(it).into()))
        .await?;
    bench.insert(["no twin"]).await?;
    let worker = bench.worker().await?;
    for head in bench.claim(&worker, 9).await? {
        let due_at = bench.base;
        let name = names.iter().find(|it| bench.id(it) == head.id);
        let then = match name.copied() {
            Some("b") => Some(Step::Release { due_at }),
            Some("c") => Some(steps::park()),
            Some("d") => Some(steps::sent("d")),
            Some("e") => Some(steps::sent_without_id()),
            _ => None,
        };
        let path = [Some(steps::begin(bench.base, 1)), then];
        bench.steps(&head, path.into_iter().flatten()).await?;
    }
    bench.insert_all([equal_to("queued").into()]).await?;
    for (except, expected) in [("queued", &["b", "a"][..]), ("a", &["b"]), ("b", &["a"])] {
        let found = bench.other.being_sent(&twin, &bench.id(except)).await?;
        let found: Vec<EnvelopeId> = found.into_iter().map(|it| it.id).collect();
        let expected: Vec<EnvelopeId> = expected.iter().map(|it| bench.id(it)).collect();
        equal("the equal messages that are being sent", &found, &expected)?;
    }
    let other = bench.get("no twin").await?.head;
    let found = bench.store.being_sent(&other.twin, &other.id).await?;
    equal("those equal to a message without one", &found, &Vec::new())
}

/// Everything is there through a handle that is opened later.
pub(super) async fn durable(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a", "b"]).await?;
    let worker = bench.worker().await?;
    let claimed = bench.claim(&worker, 1).await?;
    for head in &claimed {
        bench.steps(head, [steps::begin(bench.base, 1)]).await?;
    }
    let later = bench.reopen().await?;
    for name in ["a", "b"] {
        let stored = some(later.get(&bench.id(name)).await?, "a stored message")?;
        let expected = bench.get(name).await?;
        equal(
            "a head through a later handle",
            &stored.head,
            &expected.head,
        )?;
        let same = stored.content == expected.content && stored.content.is_some();
        that(same, "the content through a later handle")?;
    }
    let sessions = later.sessions().await?;
    let is_there = sessions.iter().any(|it| it.worker == worker);
    that(is_there, "the session of a worker through a later handle")
}
