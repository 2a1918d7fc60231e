//! What became of messages, from receipts and events in any order.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Acceptance, Receipt};
use ms_messenger_events::{
    Applied, DeliveryFailure, DeliveryStatus, SeenEvents, StatusBook, StatusReport, Timestamp,
    event_grid::Event,
};
use proptest::prelude::*;
use serde_json::json;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn receipt(id: &str) -> Receipt {
    Receipt::new(Acceptance::Queued).with_message_id(id)
}

fn update(event: &str, id: &str, status: &str) -> Event {
    let error = (status == "Failed").then(|| json!({"channelCode": "131026"}));
    let event = json!({
        "id": event, "topic": "/Contoso", "subject": format!("advancedMessage/{id}/status/{status}"),
        "eventType": "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated",
        "eventTime": "2026-01-02T03:04:05Z", "data": {"status": status, "error": error},
    });
    Event::parse(&event.to_string()).unwrap()
}

const STATUSES: [&str; 4] = ["Sent", "Failed", "Delivered", "Read"];

#[test]
fn a_status_climbs_and_never_falls() {
    let mut book = StatusBook::new();
    let queued = book.record(&receipt("1"), now()).unwrap();
    assert_eq!(queued.status(), DeliveryStatus::Queued);
    let mut seen = Vec::new();
    for status in ["Delivered", "Sent", "Read", "Delivered"] {
        let applied = book.apply(&update(status, "1", status), now());
        seen.push(applied);
    }
    let Applied::Changed(first) = &seen[0] else {
        panic!()
    };
    assert_eq!(
        (first.before, first.status),
        (DeliveryStatus::Queued, DeliveryStatus::Delivered)
    );
    assert_eq!(seen[1], Applied::Noted);
    assert!(matches!(&seen[2], Applied::Changed(it) if it.status == DeliveryStatus::Read));
    assert_eq!(seen[3], Applied::Duplicate);
    let message = book.get("1").unwrap();
    assert_eq!(message.status(), DeliveryStatus::Read);
    let at = message
        .reached_at(DeliveryStatus::Sent)
        .map(Timestamp::as_str);
    assert_eq!(at, Some("2026-01-02T03:04:05Z"));
}

#[test]
fn a_failure_is_final_unless_the_message_was_delivered_and_both_are_kept() {
    let mut book = StatusBook::new();
    book.record(&receipt("1"), now());
    book.apply(&update("a", "1", "Failed"), now());
    assert_eq!(book.apply(&update("b", "1", "Sent"), now()), Applied::Noted);
    let message = book.get("1").unwrap();
    assert_eq!(message.status(), DeliveryStatus::Failed);
    assert_eq!(message.failure(), Some(&DeliveryFailure::new("131026")));

    assert!(matches!(
        book.apply(&update("c", "1", "Delivered"), now()),
        Applied::Changed(_)
    ));
    let message = book.get("1").unwrap();
    assert_eq!(message.status(), DeliveryStatus::Delivered);
    assert!(message.was_reported(DeliveryStatus::Failed) && message.failure().is_some());
}

#[test]
fn an_event_before_the_receipt_waits_for_it() {
    let mut book = StatusBook::new();
    assert_eq!(
        book.apply(&update("a", "1", "Failed"), now()),
        Applied::Early
    );
    assert_eq!(
        book.apply(&update("a", "1", "Failed"), now()),
        Applied::Duplicate
    );
    assert_eq!((book.get("1"), book.early(), book.len()), (None, 1, 0));
    let message = book.record(&receipt("1"), now()).unwrap();
    assert_eq!(message.status(), DeliveryStatus::Failed);
    assert_eq!((book.early(), book.dropped()), (0, 0));
    // The same receipt again changes nothing.
    let again = book.record(&receipt("1"), now()).unwrap();
    assert_eq!(again.status(), DeliveryStatus::Failed);
}

#[test]
fn what_waits_is_bounded_by_number_and_age() {
    let mut book = StatusBook::new().with_early_bounds(2, Duration::from_secs(60));
    for (n, id) in ["1", "2", "3"].into_iter().enumerate() {
        let later = now() + Duration::from_secs(n as u64);
        book.apply(&update(id, id, "Sent"), later);
    }
    assert_eq!((book.early(), book.dropped()), (2, 1));
    // At 62 seconds the second is older than 60, and the third is not.
    let message = book.record(&receipt("2"), now() + Duration::from_secs(62));
    assert_eq!(message.unwrap().status(), DeliveryStatus::Queued);
    let message = book.record(&receipt("3"), now() + Duration::from_secs(62));
    assert_eq!(message.unwrap().status(), DeliveryStatus::Sent);
    assert_eq!((book.early(), book.dropped()), (0, 2));
}

#[test]
fn many_early_messages_leave_nothing_behind() {
    let mut book = StatusBook::new().with_early_bounds(10, Duration::from_secs(60));
    for n in 0..1000 {
        let id = n.to_string();
        book.apply(&update("a", &id, "Sent"), now());
        book.record(&receipt(&id), now());
    }
    assert_eq!((book.early(), book.len(), book.dropped()), (0, 1000, 0));
}

#[test]
fn a_clock_that_was_set_back_drops_nothing() {
    let mut book = StatusBook::new().with_early_bounds(10, Duration::ZERO);
    book.apply(&update("a", "1", "Sent"), now());
    let earlier = now() - Duration::from_secs(3600);
    let message = book.record(&receipt("1"), earlier).unwrap();
    assert_eq!(message.status(), DeliveryStatus::Sent);
}

#[test]
fn receipts_without_an_id_and_other_events_change_nothing() {
    let mut book = StatusBook::new();
    assert!(
        book.record(&Receipt::new(Acceptance::Queued), now())
            .is_none()
    );
    let other = r#"{"id":"1","source":"/s","type":"Microsoft.Communication.ChatThreadDeleted"}"#;
    let other = Event::parse(other).unwrap();
    assert_eq!(book.apply(&other, now()), Applied::NotAStatus);
    assert_eq!(
        book.apply(&update("1", "1", "Deferred"), now()),
        Applied::NotAStatus
    );
    assert!(book.is_empty() && book.early() == 0);
}

#[test]
fn a_confirmed_receipt_is_delivered() {
    let mut book = StatusBook::new();
    let confirmed = Receipt::new(Acceptance::Delivered).with_message_id("1");
    let message = book.record(&confirmed, now()).unwrap();
    assert_eq!(message.status(), DeliveryStatus::Delivered);
}

#[test]
fn the_book_survives_as_json() {
    let mut book = StatusBook::new();
    book.record(&receipt("1"), now());
    book.apply(&update("a", "1", "Failed"), now());
    book.apply(&update("b", "2", "Sent"), now());
    let json = serde_json::to_value(&book).unwrap();
    let expected = json!({
        "messages": [{"message_id": "1", "changed_at": "2026-01-01T00:00:00Z", "steps": [
            {"status": "failed", "at": "2026-01-02T03:04:05Z", "failure": {"code": "131026"}}]}],
        "early": [{"message_id": "2", "changed_at": "2026-01-01T00:00:00Z", "steps": [
            {"status": "sent", "at": "2026-01-02T03:04:05Z"}]}],
    });
    assert_eq!(json, expected);
    let mut again: StatusBook = serde_json::from_value(json).unwrap();
    assert_eq!(again.get("1"), book.get("1"));
    let message = again.record(&receipt("2"), now()).unwrap();
    assert_eq!(message.status(), DeliveryStatus::Sent);
    for broken in [
        json!({}),
        json!({"messages": [{"message_id": "1", "steps": []}]}),
    ] {
        assert!(serde_json::from_value::<StatusBook>(broken).is_err());
    }
}

#[test]
fn messages_that_no_longer_change_can_be_taken_out() {
    let mut book = StatusBook::new();
    book.record(&receipt("1"), now());
    book.record(&receipt("2"), now());
    let later = now() + Duration::from_secs(60);
    book.apply(&update("a", "2", "Read"), later);
    let old = book.take_unchanged_since(later);
    assert_eq!(old.len(), 1);
    assert_eq!(old[0].message_id, "1");
    assert_eq!(book.iter().count(), 1);
}

#[test]
fn duplicates_are_recognised_within_bounds_whatever_the_case_of_the_source() {
    let event = |id: &str, source: &str| {
        let event = json!({"id": id, "source": source, "type": "a"});
        Event::parse(&event.to_string()).unwrap()
    };
    let mut seen = SeenEvents::with_bounds(2, Duration::from_secs(60));
    assert!(seen.insert(&event("1", "/A"), now()));
    assert!(!seen.insert(&event("1", "/a"), now()));
    // Neither source nor id alone decides, nor the place where one ends.
    assert!(seen.insert(&event("a1", "/"), now()));
    assert!(seen.insert(&event("2", "/a"), now()));
    assert_eq!(seen.len(), 2);
    assert!(!seen.contains(&event("1", "/a"), now()));
    let later = now() + Duration::from_secs(61);
    assert!(!seen.contains(&event("2", "/a"), later));
    assert!(seen.insert(&event("2", "/a"), later));
    assert_eq!(seen.len(), 1);
}

proptest! {
    /// The order of receipt and events, and how often they come, change nothing.
    #[test]
    fn every_order_ends_the_same(
        steps in prop::collection::vec((0..3_usize, 0..5_usize), 1..24),
        order in any::<u64>(),
    ) {
        let apply = |steps: &[(usize, usize)]| {
            let mut book = StatusBook::new();
            for (message, step) in steps {
                let id = message.to_string();
                match STATUSES.get(*step) {
                    Some(status) => { book.apply(&update("a", &id, status), now()); }
                    None => { book.record(&receipt(&id), now()); }
                }
            }
            for id in ["0", "1", "2"] {
                book.record(&receipt(id), now());
            }
            serde_json::to_string(&book).unwrap()
        };
        let expected = apply(&steps);
        let mut shuffled = [steps.clone(), steps].concat();
        let mut state = order | 1;
        for n in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(n, usize::try_from(state >> 33).unwrap() % (n + 1));
        }
        prop_assert_eq!(apply(&shuffled), expected);
    }

    #[test]
    fn no_report_lowers_a_status(steps in prop::collection::vec(0..4_usize, 0..20)) {
        let mut book = StatusBook::new();
        book.record(&receipt("1"), now());
        let mut before = DeliveryStatus::Queued;
        let all = [DeliveryStatus::Sent, DeliveryStatus::Failed, DeliveryStatus::Delivered,
            DeliveryStatus::Read];
        for step in steps {
            book.report(StatusReport::new("1", all[step]), now());
            let after = book.get("1").unwrap().status();
            prop_assert!(after >= before);
            before = after;
        }
    }
}
