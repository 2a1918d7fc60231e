//! Compositions behind a route.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Capabilities, Capability, Delivery, Evidence, IdempotencyKey, MemberReport, MemoryMessenger,
    Messenger, SendRequest, Target,
};
use ms_messenger_layers::{Fallback, Member, Route as Branch, Router, Rule, TargetKind};
use ms_messenger_outbox::{Envelope, Outbox, Route, State, Worker, WorkerBuilder};

use crate::platform::{envelope, head, leave_begun, outbox};

fn memory(capabilities: &[Capability]) -> Arc<MemoryMessenger> {
    let capabilities = Capabilities::new(capabilities);
    let memory = MemoryMessenger::new().with_settling(false);
    Arc::new(memory.with_capabilities(capabilities))
}

fn worker(outbox: &Outbox, messenger: impl Messenger) -> WorkerBuilder {
    Worker::builder(outbox.clone())
        .with_route(crate::platform::ROUTE, Route::new(messenger))
        .with_lease(Duration::from_millis(400))
        .with_settling_patience(Duration::from_millis(200))
        .with_poll_interval(Duration::from_millis(5))
}

async fn run(outbox: &Outbox, messenger: impl Messenger) {
    let worker = worker(outbox, messenger).build();
    worker.run_until_empty().await.unwrap();
}

#[tokio::test]
async fn a_router_sends_through_members_that_support_less_than_others() {
    use Capability::{Deadline, Idempotency, Journal, Text, ToConversation, ToPhone, ToUser};
    let keyed = memory(&[ToPhone, Text, Deadline, Journal, Idempotency]);
    let noted = memory(&[ToConversation, Text, Deadline, Journal]);
    let simple = memory(&[ToUser, Text]);
    let router = Router::new([
        Branch::new("keyed", Arc::clone(&keyed)).with_rule(Rule::kind(TargetKind::Phone)),
        Branch::new("simple", Arc::clone(&simple)).with_rule(Rule::kind(TargetKind::User)),
        Branch::new("noted", Arc::clone(&noted)),
    ]);
    let outbox = outbox();
    for to in ["tel:+14255550123", "user:u", "conversation:1"] {
        let request = SendRequest::new(to.parse::<Target>().unwrap(), "x");
        let envelope = Envelope::new(to, crate::platform::ROUTE, request);
        outbox.enqueue(envelope).await.unwrap();
    }
    run(&outbox, router.unwrap()).await;
    for (id, store) in [
        ("tel:+14255550123", &keyed),
        ("user:u", &simple),
        ("conversation:1", &noted),
    ] {
        let sent = head(&outbox, id).await;
        assert_eq!(sent.state, State::Sent, "{:?}", sent.error);
        assert!(sent.attempt.is_some());
        assert_eq!(store.sent().len(), 1);
    }
    // Each has what it supports, and no more.
    assert!(keyed.sent()[0].idempotency.is_some() && noted.sent()[0].idempotency.is_none());
    assert!(noted.sent()[0].timeout.is_some() && simple.sent()[0].timeout.is_none());
}

#[tokio::test]
async fn what_the_message_itself_asks_for_is_refused_for_that_alone() {
    let noted = memory(&[Capability::ToConversation, Capability::Journal]);
    let keyed = memory(&[
        Capability::Text,
        Capability::Idempotency,
        Capability::ToPhone,
    ]);
    let router = Router::new([
        Branch::new("noted", noted).with_rule(Rule::kind(TargetKind::Conversation)),
        Branch::new("keyed", keyed),
    ]);
    let outbox = outbox();
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    run(&outbox, router.unwrap()).await;
    let refused = head(&outbox, "a").await;
    assert_eq!(refused.state, State::Refused);
    let problems = &refused.error.unwrap()["problems"];
    assert_eq!(problems.as_array().unwrap().len(), 1, "{problems}");
    assert_eq!(problems[0]["field"], "message.body.text");
}

/// The evidence of an attempt through the member `name` of a router.
fn through(name: &str) -> Evidence {
    let key = IdempotencyKey::random();
    let own = Evidence::new(SystemTime::now())
        .with_platform("memory")
        .with_idempotency(key);
    let mut report = MemberReport::new(name, "memory", Delivery::Unknown);
    report.evidence = Some(own);
    let mut whole = Evidence::new(SystemTime::now())
        .with_platform("router")
        .with_idempotency(key);
    whole.members.push(report);
    whole
}

fn router(name: &str, store: &Arc<MemoryMessenger>) -> Router {
    Router::new([Branch::new(name, Arc::clone(store))]).unwrap()
}

#[tokio::test]
async fn a_key_is_used_again_through_the_same_member_alone() {
    let all = Capability::ALL;
    // The route sends through another account now, or through another platform.
    let (other, replaced) = (memory(all), memory(all));
    let fallback = Fallback::new([Member::new("one", memory(all))]).unwrap();
    let same = memory(all);
    let messengers: [(Arc<dyn Messenger>, State); 4] = [
        (Arc::new(router("two", &other)), State::Unconfirmed),
        (Arc::clone(&replaced) as _, State::Unconfirmed),
        (Arc::new(fallback), State::Unconfirmed),
        (Arc::new(router("one", &same)), State::Sent),
    ];
    for (messenger, state) in messengers {
        let outbox = outbox();
        outbox.enqueue(envelope("a", "x")).await.unwrap();
        leave_begun(&outbox, "a", through("one"), SystemTime::now()).await;
        run(&outbox, messenger).await;
        assert_eq!(head(&outbox, "a").await.state, state);
    }
    assert!(other.sent().is_empty() && replaced.sent().is_empty());
    assert_eq!(same.sent().len(), 1);
}
