//! The keeper of a subscription, driven by lifecycle events that the emulator sends.

use std::time::Duration;

use ms_messenger::msgraph_chat::{Kept, SubscriptionKeeper};
use ms_messenger_emulator::{Emulator, FaultRule, Faults, PushFault};
use serde_json::json;

use crate::{
    admin::{self, lifecycle},
    hook::{Hook, in_time},
    notifications::{client, send, to_chat},
};

struct Story {
    emulator: Emulator,
    hook: Hook,
    keeper: SubscriptionKeeper,
}

impl Story {
    /// A keeper whose subscription is in force.
    async fn start() -> Self {
        Self::beside(0).await
    }

    /// The same, after the application subscribed so many others.
    async fn beside(others: usize) -> Self {
        let emulator = Emulator::start().await.unwrap();
        admin::quicken(&emulator, 1000).await;
        let hook = Hook::start().await;
        for n in 0..others {
            let client = client(&emulator);
            let chat = client.chat(format!("19:{n:032}@thread.v2"));
            let url = hook.url(&format!("graph{n}")).parse().unwrap();
            let wanted = chat.subscription(url, "of others".to_owned().into());
            let wanted = wanted.with_lifetime(Duration::from_secs(3000));
            Box::pin(client.subscribe(&wanted)).await.unwrap();
        }
        let keeper = SubscriptionKeeper::new(client(&emulator), to_chat(&emulator, &hook));
        hook.notify(keeper.notices());
        let mut story = Self {
            emulator,
            hook,
            keeper,
        };
        assert!(matches!(story.next().await, Kept::Created(_)));
        story
    }

    async fn next(&mut self) -> Kept {
        in_time(Box::pin(self.keeper.next())).await.unwrap()
    }

    fn id(&self) -> String {
        self.keeper.subscription().unwrap().id.clone()
    }

    /// Sends a message, and waits until it was notified.
    async fn send_notified(&self, text: &str) -> String {
        let id = send(&self.emulator, text).await;
        self.hook
            .until(|it| it.kept().changed("created").contains(&id))
            .await;
        id
    }

    /// What the keeper says next was missed.
    async fn missed(&mut self) -> Vec<String> {
        let Kept::Missed(messages) = self.next().await else {
            panic!("nothing was missed");
        };
        messages.into_iter().filter_map(|it| it.id).collect()
    }

    /// Whether a message was notified: it was not if a later one was.
    fn was_notified(&self, id: &str) -> bool {
        self.hook.kept().changed("created").contains(id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pause_for_a_reauthorization_lost_is_read() {
    let mut story = Story::start().await;
    story.send_notified("before").await;
    lifecycle(&story.emulator, &story.id(), "reauthorizationRequired").await;
    let lost = send(&story.emulator, "lost in the pause").await;
    assert!(matches!(story.next().await, Kept::Renewed(_)));
    assert!(story.missed().await.contains(&lost));
    story.send_notified("after").await;
    assert!(!story.was_notified(&lost));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_subscription_is_created_again_and_the_gap_read() {
    let mut story = Story::start().await;
    let first = story.id();
    lifecycle(&story.emulator, &first, "subscriptionRemoved").await;
    let lost = send(&story.emulator, "lost").await;
    let Kept::Recreated(second) = story.next().await else {
        panic!("it was not created again");
    };
    assert_ne!(second.id, first);
    assert!(story.missed().await.contains(&lost));
    story.send_notified("after").await;
    assert!(!story.was_notified(&lost));
    // The end of the first one, said again, is not that of the second.
    story
        .keeper
        .notices()
        .note(&first, &"subscriptionRemoved".into());
    lifecycle(&story.emulator, &second.id, "reauthorizationRequired").await;
    assert!(matches!(story.next().await, Kept::Renewed(_)));
    assert_eq!(story.id(), second.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_was_lost_without_a_trace_is_read_after_missed() {
    let mut story = Story::start().await;
    let lost = FaultRule::new(PushFault::Lost.into()).with_operation("notification.deliver");
    let faults = Faults::new().with_rule(lost.with_times(1));
    story.emulator.set_faults(faults);
    let lost = send(&story.emulator, "lost").await;
    story.send_notified("notified").await;
    assert!(!story.was_notified(&lost));
    lifecycle(&story.emulator, &story.id(), "missed").await;
    assert!(story.missed().await.contains(&lost));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifecycle_event_that_was_not_kept_comes_again_and_twice_is_once() {
    let mut story = Story::start().await;
    // The first attempt to keep it fails, and a copy follows the second.
    story.hook.kept().failing_every = 2;
    story.send_notified("one attempt").await;
    let twice =
        FaultRule::new(PushFault::Duplicate.into()).with_operation("notification.lifecycle");
    story.emulator.set_faults(Faults::new().with_rule(twice));
    let first = story.id();
    lifecycle(&story.emulator, &first, "subscriptionRemoved").await;
    assert!(matches!(story.next().await, Kept::Recreated(_)));
    let statuses: Vec<u16> = story.hook.lifecycle_statuses();
    assert_eq!(statuses[..2], [503, 202]);
    story
        .hook
        .until(|it| it.lifecycle_statuses().len() >= 3)
        .await;
    let second = story.id();
    story.hook.kept().failing_every = 0;
    let lost = send(&story.emulator, "notified").await;
    story
        .hook
        .until(|it| it.kept().changed("created").contains(&lost))
        .await;
    assert_eq!(story.id(), second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_lifecycle_event_does_not_reach_the_keeper() {
    let mut story = Story::start().await;
    let forged = json!({"value": [{
        "lifecycleEvent": "subscriptionRemoved",
        "subscriptionId": story.id(),
        "clientState": "a guess",
        "tenantId": story.emulator.seed().graph.tenant_id,
        "resource": "chats",
    }]});
    let status = story.hook.post("lifecycle", &forged).await;
    assert_eq!(status, 202);
    assert!(story.hook.kept().notifications.is_empty());
    lifecycle(&story.emulator, &story.id(), "reauthorizationRequired").await;
    // The removal would have been heeded first.
    assert!(matches!(story.next().await, Kept::Renewed(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keeper_of_the_next_process_finds_the_subscription_among_many() {
    // More than a page of the list.
    let mut story = Story::beside(25).await;
    let client = client(&story.emulator);
    let (covered, first) = (story.keeper.covered_until().unwrap(), story.id());
    let lost = send(&story.emulator, "while no process ran").await;
    let next = SubscriptionKeeper::new(client.clone(), to_chat(&story.emulator, &story.hook));
    story.keeper = next.with_covered_until(covered);
    assert!(matches!(story.next().await, Kept::Recreated(_)));
    assert!(story.missed().await.contains(&lost));
    let error = client.subscription(&first).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
}
