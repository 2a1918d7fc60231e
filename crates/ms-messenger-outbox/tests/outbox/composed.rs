//! Compositions behind a route.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{
    Capabilities, Capability, MemoryMessenger, Messenger, SendRequest, Target,
};
use ms_messenger_layers::{Route as Branch, Router, Rule, TargetKind};
use ms_messenger_outbox::{Envelope, Outbox, Route, State, Worker, WorkerBuilder};

use crate::platform::{envelope, head, outbox};

fn memory(capabilities: &[Capability]) -> Arc<MemoryMessenger> {
    let capabilities = Capabilities::new(capabilities);
    let memory = MemoryMessenger::new().with_settling(false);
    Arc::new(memory.with_capabilities(capabilities))
}

fn worker(outbox: &Outbox, messenger: impl Messenger) -> WorkerBuilder {
    Worker::builder(outbox.clone())
        .with_route(crate::platform::ROUTE, Route::new(messenger))
        .with_lease(Duration::from_millis(400))
        .with_settle_patience(Duration::from_millis(200))
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
