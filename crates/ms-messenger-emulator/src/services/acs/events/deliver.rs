//! Delivers the events of one subscription, one request after the other.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::json;

use crate::{
    engine::push::call::{self, Outgoing},
    services::acs::events::{
        bearer::authorize,
        envelope::{body, envelope, headers},
        live::{Live, Pending},
        retry::{self, GivenUp, Judged},
        source::Source,
        subscription::EventSubscription,
    },
    wire::clock,
};

/// Delivers what is due, until it is ended.
pub(crate) async fn run(source: Arc<Source>, live: Arc<Live>) {
    let engine = &source.engine;
    loop {
        let mut batch = vec![live.queue.next(&engine.clock).await];
        let more = live.subscription.batch.saturating_sub(1);
        batch.extend(live.queue.take(more, engine.now_ms()));
        deliver(&source, &live, batch).await;
    }
}

async fn deliver(source: &Source, live: &Live, mut batch: Vec<Pending>) {
    let outgoing = outgoing(source, &live.subscription, &batch);
    let limit = Duration::from_millis(live.subscription.response_ms);
    let reply = call::call(&live.address, &outgoing, limit).await;
    let judged = reply.map(|reply| reply.status);
    let released = batch.iter().any(|pending| !pending.is_held);
    for pending in &mut batch {
        pending.attempts += 1;
        pending.urgency = None;
    }
    if retry::is_success(judged) {
        live.count_delivered(batch.len());
        if batch.iter().any(|pending| pending.is_duplicated) {
            // Whatever the receiver makes of the copy: the event was delivered.
            let _ = call::call(&live.address, &outgoing, limit).await;
        }
    } else {
        for pending in batch {
            again(source, live, judged, pending);
        }
    }
    if released {
        live.queue
            .hasten(source.engine.now_ms(), |pending| pending.is_held);
    }
}

/// Plans the next attempt, or gives the event up.
fn again(source: &Source, live: &Live, judged: Judged, pending: Pending) {
    let (subscription, now) = (&live.subscription, source.engine.now_ms());
    let next = retry::next(
        subscription,
        judged,
        pending.attempts,
        pending.first_due,
        now,
    );
    match next {
        Ok(due) => live.push(due, pending),
        Err(reason) => bury(live, &source.topic, judged, &pending, reason, now),
    }
}

fn bury(live: &Live, topic: &str, judged: Judged, pending: &Pending, reason: GivenUp, now: u64) {
    let mut letter = envelope(live.subscription.schema, topic, &pending.event);
    let outcome = match judged {
        Ok(status) => status
            .canonical_reason()
            .unwrap_or("Unknown")
            .replace(' ', ""),
        Err(failure) => failure.as_str().to_owned(),
    };
    letter["deadLetterReason"] = json!(reason.as_str());
    letter["deliveryAttempts"] = json!(pending.attempts);
    letter["lastDeliveryOutcome"] = json!(outcome);
    letter["lastHttpStatusCode"] = json!(judged.ok().map(|status| status.as_u16()));
    letter["publishTime"] = json!(clock::rfc3339_ticks(pending.event.at));
    letter["lastDeliveryAttemptTime"] = json!(clock::rfc3339_ticks(now));
    live.bury(letter);
}

fn outgoing(source: &Source, subscription: &EventSubscription, batch: &[Pending]) -> Outgoing {
    let events = batch.iter();
    let envelopes = events.map(|p| envelope(subscription.schema, &source.topic, &p.event));
    let is_batch = subscription.batch > 1;
    let (body, content_type) = body(subscription.schema, is_batch, envelopes.collect());
    let attempts = batch.iter().map(|pending| pending.attempts).max();
    let attempt = attempts.unwrap_or_default();
    let mut headers = headers(subscription, "Notification", content_type, attempt);
    authorize(&source.engine, subscription, &source.tenant, &mut headers);
    Outgoing {
        method: Method::POST,
        headers,
        body,
        is_chunked: batch.iter().any(|pending| pending.is_chunked),
        is_lower_case: batch.iter().any(|pending| pending.is_lower_case),
    }
}
