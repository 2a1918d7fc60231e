//! Delivers the events of one subscription, one request after the other.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::json;

use crate::{
    engine::push::{
        call::Outgoing,
        pending::Pending,
        queue::{Attempt, Judged},
    },
    services::acs::events::{
        bearer::authorize,
        envelope::{body, envelope, headers},
        event::Event,
        live::Live,
        retry::{self, GivenUp},
        source::Source,
        subscription::EventSubscription,
    },
    wire::clock,
};

/// Delivers what is due, until it is ended.
pub(crate) async fn run(source: Arc<Source>, live: Arc<Live>) {
    let clock = &source.engine.clock;
    loop {
        let batch = live.queue.next(live.subscription.batch, clock).await;
        let outgoing = outgoing(&source, &live.subscription, &batch);
        let attempt = Attempt {
            address: &live.address,
            outgoing: &outgoing,
            limit: Duration::from_millis(live.subscription.response_ms),
            is_success: retry::is_success,
        };
        let again = |judged, pending| again(&source, &live, judged, pending);
        live.queue.deliver(batch, attempt, clock, again).await;
    }
}

/// Plans the next attempt, or gives the event up.
fn again(source: &Source, live: &Live, judged: Judged, pending: Pending<Event>) {
    let (subscription, now) = (&live.subscription, source.engine.now_ms());
    match retry::next(subscription, judged, &pending.delivery, now) {
        Ok(due) => live.queue.push(due, pending),
        Err(reason) => bury(live, &source.topic, judged, &pending, reason, now),
    }
}

fn bury(
    live: &Live,
    topic: &str,
    judged: Judged,
    pending: &Pending<Event>,
    reason: GivenUp,
    now: u64,
) {
    let mut letter = envelope(live.subscription.schema, topic, &pending.content);
    let outcome = match judged {
        Ok(status) => status
            .canonical_reason()
            .unwrap_or("Unknown")
            .replace(' ', ""),
        Err(failure) => failure.as_str().to_owned(),
    };
    letter["deadLetterReason"] = json!(reason.as_str());
    letter["deliveryAttempts"] = json!(pending.delivery.attempts);
    letter["lastDeliveryOutcome"] = json!(outcome);
    letter["lastHttpStatusCode"] = json!(judged.ok().map(|status| status.as_u16()));
    letter["publishTime"] = json!(clock::rfc3339_ticks(pending.content.at));
    letter["lastDeliveryAttemptTime"] = json!(clock::rfc3339_ticks(now));
    live.bury(letter);
}

fn outgoing(
    source: &Source,
    subscription: &EventSubscription,
    batch: &[Pending<Event>],
) -> Outgoing {
    let events = batch.iter();
    let envelopes = events.map(|p| envelope(subscription.schema, &source.topic, &p.content));
    let is_batch = subscription.batch > 1;
    let (body, content_type) = body(subscription.schema, is_batch, envelopes.collect());
    let attempts = batch.iter().map(|pending| pending.delivery.attempts).max();
    let attempt = attempts.unwrap_or_default();
    let mut headers = headers(subscription, "Notification", content_type, attempt);
    authorize(&source.engine, subscription, &source.tenant, &mut headers);
    Outgoing {
        method: Method::POST,
        headers,
        body,
        is_chunked: batch.iter().any(|pending| pending.delivery.is_chunked),
        is_lower_case: batch.iter().any(|pending| pending.delivery.is_lower_case),
    }
}
