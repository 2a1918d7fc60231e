//! The event channel and the application: what the session survives, and what ends it.

use std::time::{Duration, Instant};

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_emulator::Emulator;
use serde_json::json;
use ucwa::{AcceptPolicy, ErrorSubcode, Reason, UcwaOutcome};

use crate::support::{
    ALICE, BOB, CONTACT, always, emulator, fault, faults, faults_applied, kind, next_message,
    signed_in, sip, soon, stat, status, stored, until, user,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_does_not_exist_any_more_is_replaced() {
    for operation in ["send", "events", "start"] {
        let emulator = emulator().await;
        let alice = signed_in(&emulator, ALICE).await;
        let mut incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
        assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
        fault(&emulator, operation, kind("application_not_found"));
        let to = if operation == "start" {
            "sip:other@fabrikam.test"
        } else {
            CONTACT
        };
        let outcome = soon(async {
            loop {
                let outcome = alice.send(sip(to), "second").await;
                // Where the channel learns of it first, a send on its way may be in doubt.
                if !matches!(outcome, UcwaOutcome::Unknown(_)) {
                    return outcome;
                }
            }
        })
        .await;
        assert!(outcome.is_delivered(), "{operation}: {outcome:?}");
        // The old application has been replaced by one.
        until(|| faults_applied(&emulator) == 1).await;
        until(|| stat(&emulator, "applications_alive") == 1).await;
        // The new application is as available as the old one was.
        soon(async {
            loop {
                let hello = json!({"platform": "ucwa", "from": BOB, "to": ALICE,
                                   "action": "message", "text": "hello"});
                if emulator.inject(&hello).is_ok() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(next_message(&mut incoming).await.text, "hello");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_application_ends_the_session_unless_recreation_is_enabled() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    fault(&emulator, "events", kind("inactive_application"));
    // The held request ends with the next event; the one after it is refused.
    let _ = soon(alice.send(sip(CONTACT), "nudge")).await;
    let end = soon(alice.ended()).await;
    assert_eq!(
        Reason::of(&end).unwrap().subcode,
        Some(ErrorSubcode::InactiveApplicationExpired)
    );
    let outcome = soon(alice.send(sip(CONTACT), "x")).await;
    assert_eq!(outcome.error().unwrap().delivery(), Delivery::NotSent);

    let bob = user(&emulator, BOB)
        .with_recreation_after_expiry(true)
        .sign_in()
        .await
        .unwrap();
    fault(&emulator, "events", kind("inactive_application"));
    let _ = soon(bob.send(sip(CONTACT), "nudge")).await;
    soon(async {
        while !bob.send(sip(CONTACT), "again").await.is_delivered() {
            assert!(bob.is_alive());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_survives_every_transport_fault() {
    for action in [
        json!({"kind": "close", "when": "before_read"}),
        json!({"kind": "close", "when": "after_store"}),
        json!({"kind": "cut_body", "after_bytes": 10}),
        json!({"kind": "malformed_body"}),
        status(502),
        status(503),
        status(408),
        kind("pget_replaced"),
        kind("resync"),
        kind("link_only"),
        kind("sender_absent"),
        kind("iso_timestamps"),
        kind("gzip"),
    ] {
        let emulator = emulator().await;
        let alice = signed_in(&emulator, ALICE).await;
        fault(&emulator, "events", action.clone());
        let mut incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
        for text in ["one", "two", "three"] {
            let outcome = soon(alice.send(sip(CONTACT), text)).await;
            assert!(outcome.is_delivered(), "{action}: {outcome:?}");
        }
        assert_eq!(stored(&emulator), ["one", "two", "three"], "{action}");
        let hello = json!({"platform": "ucwa", "from": BOB, "to": ALICE,
                           "action": "message", "text": "hello"});
        emulator.inject(&hello).unwrap();
        assert_eq!(next_message(&mut incoming).await.text, "hello", "{action}");
        assert_eq!(stat(&emulator, "pgets_max_at_once"), 1, "{action}");
        assert_eq!(faults_applied(&emulator), 1, "{action}");
        soon(alice.sign_out()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_cut_during_a_send_loses_no_verdict() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    faults(
        &emulator,
        json!([{"match": {"platform": "ucwa", "operation": "events", "every": 2},
                "action": {"kind": "close", "when": "after_store"}}]),
    );
    for n in 0..20 {
        let outcome = soon(alice.send(sip(CONTACT), format!("message {n}"))).await;
        assert!(outcome.is_delivered(), "{n}: {outcome:?}");
    }
    assert_eq!(stored(&emulator).len(), 21);
    assert_eq!(stat(&emulator, "pgets_max_at_once"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_opened_again_after_a_long_absence() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let before = soon(alice.send(sip(CONTACT), "first"))
        .await
        .into_result()
        .unwrap();
    fault(&emulator, "events", kind("resume"));
    // The held request ends with the next event; the one after it must resume.
    let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
    until(|| !alice.conversation(before.conversation.clone()).is_open()).await;
    let after = soon(alice.send(sip(CONTACT), "second"))
        .await
        .into_result()
        .unwrap();
    assert_ne!(before.conversation, after.conversation);
    assert_eq!(stored(&emulator), ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_channel_ends_the_session() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    always(&emulator, "events", kind("pget_replaced"));
    let _incoming = alice.receive(AcceptPolicy::Everyone).await;
    let end = soon(alice.ended()).await;
    assert_eq!(end.kind(), ErrorKind::Conflict);
    assert!(end.message().contains("endpoint id"), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_session_stays_alive_with_one_pending_request_and_a_fixed_number_of_tasks() {
    // 1000 times faster: the 5 minutes to idle are 300 ms, the 15 to the end 900.
    let emulator = Emulator::builder()
        .with_ucwa_time_scale(1000.0)
        .start()
        .await
        .unwrap();
    let alice = user(&emulator, ALICE).with_activity_interval(Duration::from_millis(60));
    let alice = alice.sign_in().await.unwrap();
    let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        assert!(alice.is_alive());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(soon(alice.send(sip(CONTACT), "last")).await.is_delivered());
    assert!(tasks() <= before + 2, "{before} tasks became {}", tasks());
    assert_eq!(stat(&emulator, "pgets_max_at_once"), 1);
    assert_eq!(stat(&emulator, "applications_alive"), 1);
    soon(alice.sign_out()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_fails_where_the_application_may_still_be_there() {
    let lost = json!({"kind": "close", "when": "after_store"});
    for action in [status(503), lost, kind("inactive_application")] {
        let emulator = emulator().await;
        let alice = signed_in(&emulator, ALICE).await;
        fault(&emulator, "sign_out", action.clone());
        soon(alice.sign_out()).await.unwrap();
        assert_eq!(faults_applied(&emulator), 1, "{action}");
        assert_eq!(stat(&emulator, "applications_alive"), 0, "{action}");
    }
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    always(&emulator, "sign_out", status(503));
    // Each caller hears it, also after the end.
    for _ in 0..2 {
        let error = soon(alice.sign_out()).await.unwrap_err();
        assert_eq!(error.operation(), Some("application.delete"));
        assert_eq!(
            (error.status(), error.delivery()),
            (Some(503), Delivery::Unknown)
        );
    }
    assert!(!alice.is_alive());
    assert_eq!(stat(&emulator, "applications_alive"), 1);
    let end = soon(alice.ended()).await;
    assert_eq!(end.kind(), ErrorKind::Config, "{end}");
}
