//! Rules of inserting.

use ms_messenger_core::DeliveryStatus;

use super::{
    bench::Bench,
    expect::{Outcome, equal, fails, that},
    steps,
};
use crate::{
    backoff::Backoff, error::OutboxErrorKind, message::NewMessage, state::State, store::Inserted,
};

/// A group is stored whole or, if one message conflicts, not at all.
pub(super) async fn all_or_nothing(bench: &Bench<'_>) -> Outcome {
    bench.insert(["a"]).await?;
    let group = vec![
        bench.message("b").into(),
        bench.message("a").other().into(),
        bench.message("c").into(),
    ];
    let inserted = bench.store.insert(group).await;
    let id = inserted.as_ref().err().and_then(|it| it.id()).cloned();
    let what = "a group in which a stored id has other content";
    fails(what, inserted, OutboxErrorKind::Conflict)?;
    equal("the id of the conflict", &id, &Some(bench.id("a")))?;
    for name in ["b", "c"] {
        let stored = bench.store.get(&bench.id(name)).await?;
        that(
            stored.is_none(),
            "no message of a group to be stored that failed",
        )?;
    }
    let stored = bench.get("a").await?;
    equal(
        "the content of the message before the conflict",
        &stored.content.as_deref(),
        &Some(&b"the content of a"[..]),
    )?;
    let group = vec![bench.message("d").into(), bench.message("d").other().into()];
    let what = "a group with one id and two contents";
    let inserted = bench.store.insert(group).await;
    fails(what, inserted, OutboxErrorKind::Conflict)?;
    let stored = bench.store.get(&bench.id("d")).await?;
    that(
        stored.is_none(),
        "no message of a group with a conflict in itself to be stored",
    )
}

/// The same id and hash is one message, whatever became of it.
pub(super) async fn same_is_one(bench: &Bench<'_>) -> Outcome {
    let one = || NewMessage::from(bench.message("a"));
    let inserted = bench.store.insert(vec![one(), one()]).await?;
    let expected = [Inserted::New, Inserted::Same(State::Queued)];
    equal(
        "a message that is twice in a group",
        &inserted,
        &expected.to_vec(),
    )?;
    let inserted = bench.other.insert(vec![one()]).await?;
    let expected = vec![Inserted::Same(State::Queued)];
    equal("a message that is inserted again", &inserted, &expected)?;
    let worker = bench.worker().await?;
    let claimed = bench.claim(&worker, 10).await?;
    equal("the number of its rows", &claimed.len(), &1)?;
    for head in &claimed {
        let path = [steps::begin(bench.base, 1), steps::erased("1")];
        bench.steps(head, path).await?;
    }
    let group = vec![bench.message("b").into(), one()];
    let inserted = bench.store.insert(group).await?;
    let expected = vec![Inserted::New, Inserted::Same(State::Sent)];
    equal(
        "a sent message that is inserted again",
        &inserted,
        &expected,
    )
}

/// Sequence numbers grow in the order of the messages, over all handles.
pub(super) async fn order(bench: &Bench<'_>) -> Outcome {
    let names: Vec<String> = (0..300).map(|it| format!("{it:03}")).collect();
    for (i, part) in names.chunks(100).enumerate() {
        let group = part.iter().map(|it| bench.message(it).into()).collect();
        let store = if i == 1 { bench.other } else { bench.store };
        store.insert(group).await?;
    }
    let mut last = 0;
    for name in &names {
        let seq = bench.get(name).await?.head.seq;
        let text = format!("the sequence number after {last} to be greater, found {seq}");
        that(seq > last, text)?;
        last = seq;
    }
    Ok(())
}

/// Everything is kept as it was handed over.
pub(super) async fn keeps_all(bench: &Bench<'_>) -> Outcome {
    let odd = "'\"\\ \u{1F980} %_; DROP TABLE messages; \u{202E}";
    let samples = [
        bench.message("plain"),
        bench.message(odd).ordered(odd).content(odd.as_bytes()),
        bench
            .message("bytes")
            .content((0..=255).collect::<Vec<u8>>()),
        bench.message("empty").content(Vec::new()),
        bench.message("later").not_before(bench.at(1)),
        bench.message("large").content(vec![7; 300_000]),
        bench.message("full").ordered("key").with(|head| {
            head.backoff = Some(Backoff::default());
            head.not_before = Some(head.due_at - std::time::Duration::from_millis(1));
            head.receipt = Some(steps::receipt("full"));
            head.error = Some(serde_json::json!({"number": 0.1, "text": odd, "list": [null]}));
            head.evidence = Some(steps::evidence(head.due_at, u128::MAX));
            head.status = Some(DeliveryStatus::Read);
            head.status_code = Some(odd.to_owned());
            head.was_resent = true;
            head.attempts = u32::MAX;
            head.failures = u32::MAX;
        }),
    ];
    for sample in samples {
        let message = NewMessage::from(sample);
        bench.insert_all([message.clone()]).await?;
        let stored = bench.other.get(&message.head.id).await?;
        let Some(stored) = stored else {
            return that(false, "a message that was inserted through another handle");
        };
        let mut expected = message.head;
        expected.seq = stored.head.seq;
        equal("a stored head", &stored.head, &expected)?;
        that(
            stored.content == Some(message.content),
            "the content as it was handed over",
        )?;
    }
    Ok(())
}
