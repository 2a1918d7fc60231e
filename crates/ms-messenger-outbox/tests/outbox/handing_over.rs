//! Handing messages over.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{IdempotencyKey, Message, SendRequest, Target};
use ms_messenger_outbox::{
    Backoff, Envelope, EnvelopeId, Inserted, MemoryStore, Outbox, OutboxErrorKind, Query, State,
};

use serde_json::json;

use crate::platform::{envelope, head, outbox};

#[tokio::test]
async fn the_same_id_and_content_is_one_message() {
    let outbox = outbox();
    assert_eq!(
        outbox.enqueue(envelope("a", "x")).await.unwrap(),
        Inserted::New
    );
    let again = outbox.enqueue(envelope("a", "x")).await.unwrap();
    assert_eq!(again, Inserted::Same(State::Queued));
    assert_eq!(outbox.list(&Query::new()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused_and_the_first_stays() {
    let outbox = outbox();
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let before = head(&outbox, "a").await;
    let others = [
        envelope("a", "y"),
        envelope("a", "x").with_order_key("k"),
        envelope("a", "x").with_not_before(SystemTime::now() + Duration::from_secs(60)),
        envelope("a", "x").with_backoff(Backoff::default()),
        Envelope::new(
            "a",
            "other",
            SendRequest::new(Target::conversation("1"), "x"),
        ),
    ];
    for other in others {
        let error = outbox.enqueue(other).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Conflict);
        assert_eq!(error.id(), Some(&EnvelopeId::new("a")));
        assert!(!format!("{error} {error:?}").contains('y'), "{error:?}");
    }
    assert_eq!(head(&outbox, "a").await, before);
}

#[tokio::test]
async fn a_group_is_stored_whole_or_not_at_all() {
    let outbox = outbox();
    outbox.enqueue(envelope("b", "x")).await.unwrap();
    let group = [envelope("a", "1"), envelope("b", "2"), envelope("c", "3")];
    let error = outbox.enqueue_all(group).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Conflict);
    let group = [envelope("a", "1"), envelope("", "2")];
    let error = outbox.enqueue_all(group).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Invalid);
    let stored = outbox.list(&Query::new()).await.unwrap();
    assert_eq!(stored.len(), 1);
    let group = [envelope("d", "1"), envelope("d", "1"), envelope("e", "1")];
    let stored = outbox.enqueue_all(group).await.unwrap();
    assert_eq!(
        stored,
        [Inserted::New, Inserted::Same(State::Queued), Inserted::New]
    );
}

#[tokio::test]
async fn what_could_not_be_read_again_is_not_stored() {
    let outbox = outbox();
    let nested = |levels: usize| {
        let value = (1..levels).fold(json!([]), |inner, _| json!([inner]));
        let request = SendRequest::new(Target::conversation("1"), Message::native("p", value));
        Envelope::new("a", "p", request)
    };
    let error = outbox.enqueue(nested(101)).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Invalid);
    let said = error.problems()[0].to_string();
    let rule = "message.body.native.payload: is nested too deeply: at most 100 levels";
    assert_eq!(said, rule);
    assert!(outbox.list(&Query::new()).await.unwrap().is_empty());
    outbox.enqueue(nested(100)).await.unwrap();
    assert_eq!(outbox.list(&Query::new()).await.unwrap().len(), 1);
}

/// A store keeps whole milliseconds.
#[test]
fn a_message_is_due_no_earlier_and_expires_no_later_than_the_caller_says() {
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(24 * 3600));
    let whole = SystemTime::UNIX_EPOCH + 40_000 * day + second;
    let (nano, ms) = (Duration::from_nanos(1), Duration::from_millis(1));
    for (given, due_at, expires_at) in [
        (whole, whole, whole + second),
        (whole + nano, whole + ms, whole + second),
        (whole + ms - nano, whole + ms, whole + second),
        (whole + ms, whole + ms, whole + second + ms),
    ] {
        let message = envelope("a", "x")
            .with_not_before(given)
            .with_expires_at(given + second);
        let head = outbox().prepare(&message).unwrap().head;
        assert_eq!((head.not_before, head.due_at), (Some(due_at), due_at));
        assert_eq!(head.expires_at, expires_at);
    }
}

#[tokio::test]
async fn every_problem_is_named_before_anything_is_stored() {
    let outbox = outbox();
    let now = SystemTime::now();
    let request = SendRequest::new(Target::conversation("1"), "secret")
        .with_idempotency(IdempotencyKey::random())
        .with_timeout(Duration::from_secs(1));
    let mut envelope = Envelope::new("a\n", "r".repeat(201), request)
        .with_order_key("")
        .with_not_before(now)
        .with_expires_at(now)
        .with_backoff(Backoff::default().with_pauses(Duration::ZERO, Duration::ZERO));
    envelope.request.cancel = Some(ms_messenger_core::CancelHandle::new());
    let error = outbox.enqueue(envelope).await.unwrap_err();
    let fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_ref())
        .collect();
    assert_eq!(
        fields,
        [
            "id",
            "route",
            "order_key",
            "request.idempotency",
            "request.timeout_ms",
            "request.cancel",
            "expires_at",
            "backoff.initial_ms"
        ]
    );
    assert!(!format!("{error}{error:?}").contains("secret"));
    assert_eq!(outbox.list(&Query::new()).await.unwrap(), []);
}

#[test]
fn the_json_form_is_read_and_written_alike() {
    let json = r#"{"id":"a","route":"r","request":{"to":"conversation:1","message":{"body":{"text":"x"}}},"not_before":"2026-12-01T08:00:00Z","expires_at":"2026-12-02T08:00:00Z","order_key":"k","backoff":{"initial_ms":1,"max_ms":2,"give_up_after_ms":3}}"#;
    let envelope = Envelope::from_json(json).unwrap();
    assert_eq!(serde_json::to_string(&envelope).unwrap(), json);
    for (wrong, field) in [
        (json.replace("order_key", "orderkey"), "orderkey"),
        (json.replace(r#""a""#, "7"), "id"),
        (json.replace("2026-12-02", "2026-11-02"), "expires_at"),
        (
            json.replace(r#""text":"x""#, r#""text":7"#),
            "request.message.body.text",
        ),
    ] {
        let error = Envelope::from_json(&wrong).unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Invalid);
        assert_eq!(error.problems()[0].field, field, "{wrong}");
    }
}

#[tokio::test]
async fn an_expiry_is_never_later_than_the_backoff_gives_up() {
    let backoff = Backoff::default().with_give_up_after(Duration::from_secs(60));
    let outbox = Outbox::new(MemoryStore::new())
        .with_backoff(backoff)
        .into_dyn();
    let later = SystemTime::now() + Duration::from_secs(600);
    outbox
        .enqueue(envelope("a", "x").with_expires_at(later))
        .await
        .unwrap();
    let head = head(&outbox, "a").await;
    assert_eq!(head.expires_at, head.enqueued_at + Duration::from_secs(60));
}
