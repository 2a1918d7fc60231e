//! Every layer is a messenger, by the conformance suite.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use ms_messenger_core::{
    Capabilities, Capability, IdempotencyKey, MemoryMessenger, Messenger, Target,
};
use ms_messenger_layers::{
    Deadline, Fallback, FanOut, Member, Rate, RateLimit, Route, Router, Rule, TargetKind,
};
use ms_messenger_testkit::{Rule as Checked, Subject, check};

use crate::double::{Composed, memory, named, request};

async fn assert_conforms(subject: impl Subject) {
    let report = check(&subject).await;
    assert!(report.passed(), "{report}");
    assert!(report.checked.contains(&Checked::TrueVerdict), "{report}");
    assert!(report.checked.contains(&Checked::UsableAfterDrop));
}

fn limited(capabilities: &[Capability]) -> Arc<MemoryMessenger> {
    let limited = Capabilities::new(capabilities).with_max_text_chars(500);
    Arc::new(MemoryMessenger::new().with_capabilities(limited))
}

fn composed(
    messenger: impl Messenger,
    stores: &[&Arc<MemoryMessenger>],
    failing: &[usize],
) -> Composed {
    Composed {
        messenger: Arc::new(messenger),
        stores: stores.iter().map(|store| Arc::clone(store)).collect(),
        failing: failing.to_vec(),
        copies: 1,
        request,
    }
}

#[tokio::test]
async fn a_router_conforms() {
    let (one, two) = (
        limited(&[Capability::ToPhone, Capability::Text]),
        limited(&[
            Capability::ToConversation,
            Capability::Text,
            Capability::Html,
            Capability::Deadline,
        ]),
    );
    let router = Router::new([
        Route::new("phones", Arc::clone(&one)).with_rule(Rule::kind(TargetKind::Phone)),
        Route::new("chats", Arc::clone(&two)).with_rule(Rule::target("conversation:*")),
    ]);
    assert_conforms(composed(router.unwrap(), &[&one, &two], &[1])).await;
}

#[tokio::test]
async fn a_router_over_everything_conforms_with_keys() {
    let store = memory();
    let router = Router::new([Route::new("all", Arc::clone(&store))]).unwrap();
    let mut subject = composed(router, &[&store], &[0]);
    subject.request = || request().with_idempotency(IdempotencyKey::random());
    assert_conforms(subject).await;
}

#[tokio::test]
async fn a_fallback_conforms_whichever_member_fails() {
    for failing in [&[0][..], &[0, 1]] {
        let (one, two) = (memory(), named("other"));
        let fallback = Fallback::new([
            Member::new("one", Arc::clone(&one)),
            Member::new("two", Arc::clone(&two)),
        ]);
        assert_conforms(composed(fallback.unwrap(), &[&one, &two], failing)).await;
    }
}

#[tokio::test]
async fn a_fallback_that_cannot_settle_conforms() {
    let one = Arc::new(MemoryMessenger::new().with_settling(false));
    let two = limited(&[
        Capability::ToConversation,
        Capability::Text,
        Capability::Deadline,
    ]);
    let fallback = Fallback::new([
        Member::new("one", Arc::clone(&one)),
        Member::new("two", Arc::clone(&two)).with_target(Target::conversation("1")),
    ]);
    let fallback = fallback.unwrap().with_settle_policy(None);
    assert_conforms(composed(fallback, &[&one, &two], &[0])).await;
}

#[tokio::test]
async fn a_fan_out_conforms() {
    let (one, two) = (memory(), named("other"));
    let fan_out = FanOut::new([
        Member::new("one", Arc::clone(&one)),
        Member::new("two", Arc::clone(&two)),
    ]);
    let mut subject = composed(fan_out.unwrap(), &[&one, &two], &[0, 1]);
    subject.copies = 2;
    assert_conforms(subject).await;
    // No member has a message twice, or one that the other has not.
    assert_eq!(one.sent().len(), two.sent().len());
}

#[tokio::test]
async fn wrappers_conform() {
    let fast = Rate::per(NonZeroU32::new(1000).unwrap(), Duration::from_secs(1));
    let store = memory();
    let limited = RateLimit::new(Arc::clone(&store), fast);
    assert_conforms(composed(limited, &[&store], &[0])).await;
    let store = memory();
    let limited = Deadline::new(Arc::clone(&store), Duration::from_secs(20));
    assert_conforms(composed(limited.unwrap(), &[&store], &[0])).await;
}

#[tokio::test]
async fn layers_over_layers_conform() {
    let (one, two) = (memory(), named("other"));
    let fallback = Fallback::new([
        Member::new("one", Arc::clone(&one)),
        Member::new("two", Arc::clone(&two)),
    ]);
    let fallback = fallback.unwrap().with_platform("on-call").unwrap();
    let limited = Deadline::new(fallback, Duration::from_secs(60)).unwrap();
    let router = Router::new([Route::new("all", limited)]).unwrap();
    assert_conforms(composed(router, &[&one, &two], &[0, 1])).await;
}
