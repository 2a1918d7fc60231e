//! Rules of later statuses.

use ms_messenger_core::{ConversationId, DeliveryStatus};

use super::{
    bench::Bench,
    expect::{Outcome, equal, some},
    steps,
};
use crate::{step::Step, store::Report};

/// Sends a message; its receipt has this id and conversation.
async fn send(bench: &Bench<'_>, name: &str, id: &str, conversation: Option<&str>) -> Outcome {
    bench.insert([name]).await?;
    let worker = bench.worker().await?;
    let claimed = bench.claim(&worker, 1).await?;
    let head = some(claimed.first(), "a claimed message")?;
    let mut receipt = steps::receipt(id);
    receipt.conversation = conversation.map(ConversationId::from);
    let sent = Step::Sent {
        receipt: Some(receipt),
        erase: false,
        attempts: 1,
    };
    bench
        .steps(head, [steps::begin(bench.base, 1), sent])
        .await?;
    Ok(())
}

/// A status only climbs, and the code goes with it.
pub(super) async fn climbs(bench: &Bench<'_>) -> Outcome {
    let id = format!("{} id", bench.route);
    send(bench, "a", &id, None).await?;
    let report = |status, code| Report::new(id.as_str(), status).with_code(code);
    for (status, code, expected) in [
        (DeliveryStatus::Sent, "1", (DeliveryStatus::Sent, "1")),
        (DeliveryStatus::Failed, "2", (DeliveryStatus::Failed, "2")),
        (DeliveryStatus::Queued, "3", (DeliveryStatus::Failed, "2")),
        (DeliveryStatus::Read, "4", (DeliveryStatus::Read, "4")),
    ] {
        let found = bench.other.report(&report(status, code)).await?;
        equal("how many messages have the id", &found, &1)?;
        let head = bench.get("a").await?.head;
        let found = (head.status, head.status_code);
        let expected = (Some(expected.0), Some(expected.1.to_owned()));
        equal("the status", &found, &expected)?;
    }
    let unknown = Report::new(format!("{} unknown", bench.route), DeliveryStatus::Read);
    let found = bench.store.report(&unknown).await?;
    equal("how many messages have an unknown id", &found, &0)
}

/// Where ids are unique in a conversation only, others of the same id are left alone.
pub(super) async fn conversation(bench: &Bench<'_>) -> Outcome {
    let id = format!("{} id", bench.route);
    send(bench, "a", &id, Some("one")).await?;
    send(bench, "b", &id, Some("two")).await?;
    send(bench, "c", &id, None).await?;
    let report = Report::new(id.as_str(), DeliveryStatus::Delivered);
    let one = report
        .clone()
        .with_conversation(ConversationId::from("one"));
    let found = bench.store.report(&one).await?;
    equal(
        "how many have the id and the conversation, or none",
        &found,
        &2,
    )?;
    let statuses = async || -> Outcome<Vec<bool>> {
        let mut statuses = Vec::new();
        for name in ["a", "b", "c"] {
            statuses.push(bench.get(name).await?.head.status.is_some());
        }
        Ok(statuses)
    };
    let found = statuses().await?;
    equal("which have a status", &found, &vec![true, false, true])?;
    let found = bench.store.report(&report).await?;
    equal("how many have the id", &found, &3)?;
    let found = statuses().await?;
    equal("which have a status", &found, &vec![true; 3])
}
