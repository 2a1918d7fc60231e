//! Deliveries that are doubled, reordered, late and repeated end in the right statuses.

use std::collections::BTreeSet;

use ms_messenger::{
    Acceptance, MessageId, MessengerExt as _, Receipt, Target,
    acs_messages::{
        AcsMessagesBuilder, AcsMessagesClient, MediaContent, NotificationContent, NotificationKind,
    },
};
use ms_messenger_emulator::{
    AcsMessagesFault, Emulator, EventFault, EventSchema, EventSubscription, FaultRule, Faults,
    MessageStatuses, Platform, PushFault,
};
use ms_messenger_events::DeliveryStatus;

use crate::{admin, hook::Hook};

const REACHED: &str = "+14255550123";
const REFUSED: &str = "+14255550199";
const MESSAGES: usize = 30;

pub(crate) fn client(emulator: &Emulator) -> AcsMessagesClient {
    let world = &emulator.seed().acs;
    let builder = AcsMessagesBuilder::from_connection_string(&world.connection_string).unwrap();
    let builder = builder.with_channel_registration_id(&world.channel_registration_id);
    builder.build().unwrap()
}

/// Everything that Event Grid is documented, or was seen, to do with events, drawn from a seed.
fn disturbances() -> Faults {
    let faults = [
        (3, Some(PushFault::Duplicate.into())),
        (2, Some(PushFault::Reorder { ms: 200 }.into())),
        (2, Some(PushFault::Late { ms: 50 }.into())),
        (1, Some(PushFault::BeforeResponse.into())),
        (1, Some(PushFault::Chunked.into())),
        (1, Some(PushFault::LowerCaseHeaders.into())),
        (1, Some(EventFault::SpecVersion.into())),
        (1, Some(EventFault::NoMessageId.into())),
        (3, None),
    ];
    let rule = FaultRule::weighted(faults).with_operation("event.deliver");
    Faults::new().with_seed(11).with_rule(rule)
}

/// Sends to both numbers in turn, and records the receipts in every webhook.
async fn send(emulator: &Emulator, hooks: &[&Hook]) -> Vec<(String, &'static str)> {
    let client = client(emulator);
    let mut sent = Vec::new();
    for number in [REACHED, REFUSED].into_iter().cycle().take(MESSAGES) {
        let target = Target::phone(number).unwrap();
        let receipt = client.send_text(target, "hello").await.unwrap();
        for hook in hooks {
            hook.kept().record(&receipt);
        }
        sent.push((receipt.message_id.unwrap().to_string(), number));
    }
    sent
}

/// Whether nothing waits for a receiver of the emulator any more.
async fn all_delivered(emulator: &Emulator) {
    let wait = async {
        loop {
            let all = admin::get(emulator, "/_emulator/event-subscriptions").await;
            if all.as_array().unwrap().iter().all(|it| it["waiting"] == 0) {
                return;
            }
        }
    };
    crate::hook::in_time(wait).await.unwrap();
}

fn check(hook: &Hook, sent: &[(String, &str)]) {
    let kept = hook.kept();
    for (id, number) in sent {
        let message = kept.book.get(id).unwrap();
        let (status, code) = match *number {
            REFUSED => (DeliveryStatus::Failed, Some("131026")),
            _ => (DeliveryStatus::Read, None),
        };
        assert_eq!(message.status(), status, "{id}");
        let failure = message.failure().and_then(|it| it.code.as_deref());
        assert_eq!(failure, code, "{id}");
    }
    assert_eq!(kept.book.early(), 0);
    // Read: three statuses. Failed: two.
    assert_eq!(kept.events.len(), MESSAGES / 2 * 5);
    let held: BTreeSet<String> = kept.events.iter().map(|it| it.id.clone()).collect();
    drop(kept);
    assert_eq!(hook.acknowledged(), held);
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_right_whatever_happens_to_the_deliveries() {
    let emulator = Emulator::start().await.unwrap();
    let statuses = MessageStatuses::new()
        .with_delivered(Some(5))
        .with_read(Some(10))
        .with_failed(5)
        .with_failure(REFUSED, "131026");
    emulator.set_message_statuses(&statuses).await;
    let (grid, clouds) = (Hook::start().await, Hook::start().await);
    for (hook, name, schema) in [
        (&grid, "grid", EventSchema::EventGrid),
        (&clouds, "clouds", EventSchema::CloudEvents),
    ] {
        // Every third attempt to keep something fails, and Event Grid comes again.
        hook.kept().failing_every = 3;
        let subscription = EventSubscription::new(name, hook.url("events"))
            .with_schema(schema)
            .with_time_factor(1000);
        emulator.subscribe_events(&subscription).await.unwrap();
    }
    emulator.set_faults(disturbances());
    let sent = send(&emulator, &[&grid, &clouds]).await;
    for hook in [&grid, &clouds] {
        hook.until(|it| it.kept().events.len() == MESSAGES / 2 * 5)
            .await;
    }
    all_delivered(&emulator).await;
    for (hook, name) in [(&grid, "grid"), (&clouds, "clouds")] {
        check(hook, &sent);
        assert_eq!(hook.rejections(), []);
        assert!(hook.kept().duplicates > 0);
        assert!(hook.exchanges().iter().any(|it| it.status == 503));
        assert!(emulator.dead_letters(name).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_kept_as_a_whole_or_comes_again() {
    let emulator = Emulator::start().await.unwrap();
    let hook = Hook::start().await;
    hook.kept().failing_every = 2;
    for (name, schema) in [
        ("grid", EventSchema::EventGrid),
        ("clouds", EventSchema::CloudEvents),
    ] {
        let subscription = EventSubscription::new(name, hook.url("events"))
            .with_schema(schema)
            .with_batch(100)
            .with_time_factor(1000);
        emulator.subscribe_events(&subscription).await.unwrap();
    }
    // Held until all of them are due.
    let late = FaultRule::new(PushFault::Late { ms: 3_600_000 }.into());
    emulator.set_faults(Faults::new().with_rule(late));
    let client = client(&emulator);
    for _ in 0..10 {
        let target = Target::phone(REACHED).unwrap();
        client.send_text(target, "hello").await.unwrap();
    }
    assert_eq!(hook.exchanges().len(), 0);
    emulator.set_clock_offset(3601).unwrap();
    // Two statuses of each message, for two subscriptions.
    hook.until(|it| it.kept().events.len() == 40).await;
    all_delivered(&emulator).await;
    let exchanges = hook.exchanges();
    let is_batch = |status: u16| {
        exchanges
            .iter()
            .any(|it| it.status == status && it.ids.len() > 1)
    };
    assert!(is_batch(200) && is_batch(503), "{exchanges:?}");
    let held: BTreeSet<String> = hook.kept().events.iter().map(|it| it.id.clone()).collect();
    assert_eq!(hook.acknowledged(), held);
}

/// The status of a message that was recorded, and the code of its failure.
fn end_of(hook: &Hook, id: &MessageId) -> (DeliveryStatus, Option<String>) {
    let kept = hook.kept();
    let message = kept.book.get(id.as_str()).unwrap();
    let code = message.failure().and_then(|it| it.code.clone());
    (message.status(), code)
}

/// An emulator over HTTPS too, whose messages are read at once, and a webhook that is subscribed.
async fn read_at_once() -> (Emulator, Hook) {
    let loopback = ([127, 0, 0, 1], 0).into();
    let emulator = Emulator::builder().with_https_address(loopback);
    let emulator = emulator.start().await.unwrap();
    let statuses = MessageStatuses::new().with_read(Some(0));
    emulator.set_message_statuses(&statuses).await;
    let hook = Hook::start().await;
    let subscription = EventSubscription::new("demo", hook.url("events"));
    emulator.subscribe_events(&subscription).await.unwrap();
    (emulator, hook)
}

#[tokio::test(flavor = "multi_thread")]
async fn read_without_delivered_is_read() {
    let (emulator, hook) = read_at_once().await;
    let silent = AcsMessagesFault::dropped_statuses(["Sent", "Delivered"]).into();
    emulator
        .fail_next(Platform::ACS_MESSAGES, "send.notification", silent)
        .unwrap();
    let target = Target::phone(REACHED).unwrap();
    let receipt = client(&emulator).send_text(target, "hello").await.unwrap();
    hook.kept().record(&receipt);
    let id = receipt.message_id.unwrap();
    hook.until(|it| end_of(it, &id).0.is_final()).await;
    assert_eq!(end_of(&hook, &id), (DeliveryStatus::Read, None));
    let kept = hook.kept();
    let message = kept.book.get(id.as_str()).unwrap();
    assert!(!message.was_reported(DeliveryStatus::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_whatsapp_cannot_fetch_ends_as_failed() {
    let (emulator, hook) = read_at_once().await;
    let client = client(&emulator);
    let channel = emulator.seed().acs.channel_registration_id.parse().unwrap();
    let https = emulator.https_url().unwrap();
    for (path, end) in [
        ("/_emulator/health", (DeliveryStatus::Read, None)),
        (
            "/missing.png",
            (DeliveryStatus::Failed, Some("131052".to_owned())),
        ),
    ] {
        let media = format!("{https}{path}").parse().unwrap();
        let image = NotificationKind::image(MediaContent::new(media));
        let content = NotificationContent::new(channel, REACHED, image);
        let sent = client.notifications().send(&content).await.unwrap();
        let receipt = Receipt::new(Acceptance::Queued).with_message_id(sent.id.clone());
        hook.kept().record(&receipt);
        hook.until(|it| end_of(it, &sent.id).0.is_final()).await;
        assert_eq!(end_of(&hook, &sent.id), end);
    }
}
