//! Faults of a send: the rows of the contract, provoked.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Delivery, ErrorKind, Evidence, MarkKind, Message, Messenger, SendRequest, Settled, Target,
};
use ms_messenger_emulator::Emulator;
use ms_messenger_testkit::JournalDouble;
use serde_json::{Value, json};
use ucwa::{AcceptPolicy, ErrorSubcode, Oversize, Reason, UcwaOutcome, UcwaSession};

use crate::support::{
    ALICE, BOB, CONTACT, always, emulator, fast, fault, faults, faults_applied, kind, rule,
    signed_in, sip, soon, status, stored, until, user,
};

/// An error body of UCWA.
fn refused(status: u16, code: &str, subcode: &str) -> Value {
    json!({"kind": "status", "status": status, "body": {"code": code, "subcode": subcode}})
}

/// A session that has a conversation open with the contact, and the fault on its next send.
async fn talking(emulator: &Emulator, fault_of_send: Value) -> UcwaSession {
    let alice = user(emulator, ALICE)
        .with_send_timeout(Duration::from_secs(5))
        .sign_in()
        .await
        .unwrap();
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    fault(emulator, "send", fault_of_send);
    alice
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response_is_settled_by_the_event_and_nothing_is_sent_twice() {
    for lost in [
        json!({"kind": "close", "when": "after_store"}),
        json!({"kind": "reset", "when": "after_store"}),
        json!({"kind": "status_after_store", "status": 504}),
        json!({"kind": "status_after_store", "status": 500}),
        json!({"kind": "status_after_store", "status": 409,
               "body": {"code": "Conflict", "subcode": "AlreadyExists"}}),
        json!({"kind": "status_after_store", "status": 500,
               "body": {"code": "ServiceFailure", "subcode": "CallbackChannelError"}}),
    ] {
        let emulator = emulator().await;
        let alice = talking(&emulator, lost.clone()).await;
        let outcome = soon(alice.send(sip(CONTACT), "second")).await;
        assert!(outcome.is_delivered(), "{lost}: {outcome:?}");
        assert_eq!(stored(&emulator), ["first", "second"], "{lost}");
        assert!(soon(alice.send(sip(CONTACT), "third")).await.is_delivered());
        assert_eq!(stored(&emulator), ["first", "second", "third"], "{lost}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_post_without_an_event_is_unknown_and_not_retried() {
    for lost in [
        status(500),
        status(503),
        status(504),
        refused(500, "ServiceFailure", "CallbackChannelError"),
        json!({"kind": "close", "when": "after_read"}),
    ] {
        let emulator = emulator().await;
        let alice = user(&emulator, ALICE).with_send_timeout(Duration::from_secs(2));
        let alice = alice.sign_in().await.unwrap();
        assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
        fault(&emulator, "send", lost.clone());
        let outcome = soon(alice.send(sip(CONTACT), "second")).await;
        assert!(
            matches!(outcome, UcwaOutcome::Unknown(_)),
            "{lost}: {outcome:?}"
        );
        assert_eq!(outcome.error().unwrap().delivery(), Delivery::Unknown);
        assert_eq!(stored(&emulator), ["first"], "{lost}");
        assert!(soon(alice.send(sip(CONTACT), "third")).await.is_delivered());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_post_was_not_sent() {
    for (response, expected) in [
        (status(400), ErrorKind::InvalidRequest),
        (status(403), ErrorKind::PermissionDenied),
        (refused(410, "Gone", "CannotRedirect"), ErrorKind::NotFound),
        (
            refused(413, "EntityTooLarge", "EntityTooLarge"),
            ErrorKind::InvalidRequest,
        ),
        (
            refused(415, "UnsupportedMediaType", "UnsupportedMediaType"),
            ErrorKind::InvalidRequest,
        ),
    ] {
        let emulator = emulator().await;
        let alice = talking(&emulator, response.clone()).await;
        let outcome = soon(alice.send(sip(CONTACT), "second")).await;
        assert!(
            matches!(outcome, UcwaOutcome::Failed(_)),
            "{response}: {outcome:?}"
        );
        let error = outcome.into_result().unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (expected, Delivery::NotSent),
            "{response}"
        );
        assert_eq!(stored(&emulator), ["first"]);
        assert!(soon(alice.send(sip(CONTACT), "third")).await.is_delivered());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_retried_once_after_the_next_event_if_an_operation_is_pending() {
    let emulator = emulator().await;
    let alice = talking(
        &emulator,
        refused(409, "Conflict", "AnotherOperationPending"),
    )
    .await;
    let sending = {
        let alice = alice.clone();
        tokio::spawn(async move { alice.send(sip(CONTACT), "second").await })
    };
    until(|| faults_applied(&emulator) == 1).await;
    // The next event of the session: the user becomes available.
    let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
    assert!(soon(sending).await.unwrap().is_delivered());
    assert_eq!(stored(&emulator), ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_without_a_reason_proves_nothing_and_is_not_retried() {
    // The server took the message and said so in its own way: one event more is no proof.
    for stored_too in [false, true] {
        let emulator = emulator().await;
        let mut conflict = refused(409, "Conflict", "None");
        if stored_too {
            conflict["kind"] = "status_after_store".into();
        }
        let alice = talking(&emulator, conflict).await;
        let sending = {
            let alice = alice.clone();
            tokio::spawn(async move { alice.send(sip(CONTACT), "second").await })
        };
        until(|| faults_applied(&emulator) == 1).await;
        let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
        let outcome = soon(sending).await.unwrap();
        assert_eq!(outcome.is_delivered(), stored_too, "{outcome:?}");
        assert_eq!(matches!(outcome, UcwaOutcome::Unknown(_)), !stored_too);
        assert_eq!(stored(&emulator).len(), 1 + usize::from(stored_too));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_does_not_exist_any_more_is_replaced() {
    let emulator = emulator().await;
    let alice = talking(&emulator, refused(404, "NotFound", "ConversationNotFound")).await;
    assert!(
        soon(alice.send(sip(CONTACT), "second"))
            .await
            .is_delivered()
    );
    assert_eq!(stored(&emulator), ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_may_overtake_the_response() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    faults(
        &emulator,
        json!([
            rule("start", kind("events_first")),
            rule("send", kind("events_first"))
        ]),
    );
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    assert_eq!(stored(&emulator), ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_survives_swallowed_events_and_reports_missing_capabilities() {
    let emulator = emulator().await;
    let alice = user(&emulator, ALICE).with_send_timeout(Duration::from_secs(3));
    let alice = alice.sign_in().await.unwrap();
    fault(&emulator, "start", kind("skip_intermediate"));
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    fault(&emulator, "start", kind("html_not_negotiated"));
    let html = ucwa::InstantMessage::html("<b>x</b>", "x");
    assert!(
        soon(alice.send(sip("sip:a@fabrikam.test"), html))
            .await
            .is_delivered()
    );
    fault(&emulator, "start", kind("no_send_link"));
    let outcome = soon(alice.send(sip("sip:b@fabrikam.test"), "y")).await;
    assert_eq!(outcome.error().unwrap().delivery(), Delivery::NotSent);
    assert_eq!(stored(&emulator), ["first", "x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_decides_the_outcome() {
    let emulator = fast().await;
    let failed = json!({"kind": "message_failed", "reason": "Unreachable"});
    let alice = talking(&emulator, failed).await;
    let outcome = soon(alice.send(sip(CONTACT), "second")).await;
    let error = outcome.error().unwrap();
    assert!(matches!(outcome, UcwaOutcome::Failed(_)), "{outcome:?}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(
        Reason::of(error).unwrap().subcode,
        Some(ErrorSubcode::Unreachable)
    );

    fault(&emulator, "send", kind("message_lost"));
    let outcome = soon(alice.send(sip(CONTACT), "third")).await;
    assert!(matches!(outcome, UcwaOutcome::TimedOut(_)), "{outcome:?}");

    fault(&emulator, "send", kind("ended_by_peer"));
    let outcome = soon(alice.send(sip(CONTACT), "fourth")).await;
    assert!(!outcome.is_delivered(), "{outcome:?}");
    assert!(soon(alice.send(sip(CONTACT), "fifth")).await.is_delivered());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_is_dropped_leaves_the_session_consistent() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    for operation in ["start", "send"] {
        fault(&emulator, operation, json!({"kind": "delay", "ms": 200}));
        let dropped = tokio::time::timeout(
            Duration::from_millis(50),
            alice.send(sip(CONTACT), "dropped"),
        );
        assert!(dropped.await.is_err());
        assert!(soon(alice.send(sip(CONTACT), "kept")).await.is_delivered());
    }
    // The first was dropped while the invitation was under way, the second while posted.
    let texts = stored(&emulator);
    assert_eq!(
        texts.iter().filter(|text| *text == "kept").count(),
        2,
        "{texts:?}"
    );
    assert!(
        texts.iter().filter(|text| *text == "dropped").count() <= 1,
        "{texts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_verdict_settles_an_unknown_send() {
    let emulator = emulator().await;
    let alice = user(&emulator, ALICE).with_send_timeout(Duration::from_secs(2));
    let alice = alice.sign_in().await.unwrap();
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    // The verdict is held back: the channel fails until the send was given up.
    always(&emulator, "events", status(503));
    // The request that is held already ends with the next event.
    let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
    until(|| faults_applied(&emulator) > 0).await;
    let outcome = soon(alice.send(sip(CONTACT), "second")).await;
    assert!(matches!(outcome, UcwaOutcome::Unknown(_)), "{outcome:?}");
    let evidence = Evidence::of(outcome.error().unwrap()).unwrap();
    let target = Target::sip(CONTACT).unwrap();
    let request = SendRequest::new(target, Message::text("second"));
    assert!(matches!(
        alice.settle(&request, &evidence).await,
        Settled::NotYet(_)
    ));
    faults(&emulator, json!([]));
    soon(async {
        while !matches!(alice.settle(&request, &evidence).await, Settled::Found(_)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(stored(&emulator), ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_post_is_noted_with_its_operation_and_nothing_else_is() {
    for in_invitation in [true, false] {
        let emulator = emulator().await;
        let alice = user(&emulator, ALICE)
            .with_first_message_in_invitation(in_invitation)
            .with_max_message_bytes(10.try_into().unwrap(), Oversize::Split)
            .sign_in()
            .await
            .unwrap();
        let double = JournalDouble::new();
        for text in ["one", "a text of several parts"] {
            let request = SendRequest::new(Target::sip(CONTACT).unwrap(), Message::text(text));
            let request = request.with_journal(double.journal());
            soon(Messenger::send(&alice, &request)).await.unwrap();
        }
        let rows = emulator.messages();
        let noted = double.noted();
        assert_eq!(rows.len(), noted.len());
        assert!(rows.len() > 2, "{rows:?}");
        for (row, noted) in rows.iter().zip(noted) {
            let operation = noted.mark_of(&MarkKind::OperationId).unwrap();
            let request = serde_json::to_string(&row.request).unwrap();
            assert!(request.contains(operation), "{operation}: {request}");
            assert_eq!(noted.platform.as_deref(), Some(ucwa::PLATFORM));
            assert!(noted.ended_at.is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response_is_settled_by_the_note_while_the_session_lives() {
    let emulator = emulator().await;
    let alice = user(&emulator, ALICE).with_send_timeout(Duration::from_secs(2));
    let alice = alice.sign_in().await.unwrap();
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    // The verdict is held back: the channel fails until the send was given up.
    always(&emulator, "events", status(503));
    let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
    until(|| faults_applied(&emulator) > 0).await;
    let double = JournalDouble::new();
    let request = SendRequest::new(Target::sip(CONTACT).unwrap(), Message::text("second"));
    let request = request.with_journal(double.journal());
    let error = soon(Messenger::send(&alice, &request)).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let now = SystemTime::now();
    let [noted] = double.noted().try_into().unwrap();
    let of_error = Evidence::of(&error).unwrap();
    assert_eq!(noted.mark, of_error.mark);
    assert_eq!(noted.client_request_id, of_error.client_request_id);
    let evidence = noted.with_end(now, now + Duration::from_secs(60));
    let settled = soon(alice.settle(&request, &evidence)).await;
    assert!(matches!(settled, Settled::NotYet(_)), "{settled:?}");
    // Another session knows nothing of it.
    let other = signed_in(&emulator, BOB).await;
    let settled = soon(other.settle(&request, &evidence)).await;
    assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
    faults(&emulator, json!([]));
    soon(async {
        while !matches!(alice.settle(&request, &evidence).await, Settled::Found(_)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_reaches_no_conversation() {
    for in_invitation in [true, false] {
        let emulator = emulator().await;
        let alice = user(&emulator, ALICE).with_first_message_in_invitation(in_invitation);
        let alice = alice.sign_in().await.unwrap();
        let double = JournalDouble::new();
        double.hold_back();
        let request = SendRequest::new(Target::sip(CONTACT).unwrap(), Message::text("one"));
        let request = request.with_journal(double.journal());
        let error = soon(Messenger::send(&alice, &request)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(double.noted().len(), 1);
        assert!(emulator.messages().is_empty());
        assert!(soon(alice.send(sip(CONTACT), "two")).await.is_delivered());
    }
}
