//! What goes wrong, and what the session makes of it: the rows of the contract, provoked.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::time::{Duration, Instant};

use ms_messenger_core::{
    Delivery, ErrorKind, Evidence, Message, Messenger as _, SendRequest, Settled, Target,
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};
use support::{
    ALICE, BOB, CONTACT, emulator, fast, fault, faults, faults_applied, next_message, rule,
    signed_in, sip, soon, stat, stored, until, user,
};
use ucwa::{AcceptPolicy, ErrorSubcode, Reason, UcwaCredential, UcwaOutcome, UcwaSession};

fn kind(kind: &str) -> Value {
    json!({"kind": kind})
}

fn status(status: u16) -> Value {
    json!({"kind": "status", "status": status})
}

/// The same fault for every request of an operation.
fn always(emulator: &Emulator, operation: &str, action: Value) {
    let matching = json!({"platform": "ucwa", "operation": operation});
    faults(emulator, json!([{"match": matching, "action": action}]));
}

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
async fn a_lost_answer_is_settled_by_the_event_and_nothing_is_sent_twice() {
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
async fn an_ambiguous_post_without_an_event_is_unknown_and_not_repeated() {
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
async fn refusals_of_a_post_prove_that_it_was_not_sent() {
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
async fn where_an_operation_is_in_the_way_the_post_is_tried_once_more_after_the_next_event() {
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
async fn a_conflict_that_names_nothing_is_no_proof_and_not_repeated() {
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
async fn a_conversation_that_is_gone_is_replaced_by_a_new_one() {
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
async fn an_application_that_is_gone_is_replaced_silently() {
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
        // Once the old one is gone, there is one again.
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
async fn an_expired_application_ends_the_session_unless_it_shall_be_made_anew() {
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
        .with_recreation_after_expiry()
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
async fn too_many_applications_is_told_and_not_repeated() {
    let emulator = emulator().await;
    fault(&emulator, "application", kind("too_many_applications"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert_eq!(error.status(), Some(410));
    assert_eq!(
        Reason::of(&error).unwrap().subcode,
        Some(ErrorSubcode::TooManyApplications)
    );
    assert_eq!(error.attempts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_once() {
    let emulator = emulator().await;
    let world = &emulator.world().ucwa;
    let builder = UcwaSession::builder(
        ALICE,
        UcwaCredential::password("CONTOSO\\alice", "wrong-password"),
    )
    .with_discovery_url(&world.discover);
    let error = soon(builder.sign_in()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(
        format!("{error:?}{error}").contains("not tried again"),
        "{error:?}"
    );
    assert!(!format!("{error:?}{error:#?}{error}").contains("wrong-password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_expires_is_replaced_in_the_middle_of_a_talk() {
    for operation in ["send", "events", "start", "make_available"] {
        let emulator = emulator().await;
        let alice = signed_in(&emulator, ALICE).await;
        assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
        fault(&emulator, operation, kind("expire_ticket"));
        let to = if operation == "start" {
            "sip:other@fabrikam.test"
        } else {
            CONTACT
        };
        let _incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
        assert!(
            soon(alice.send(sip(to), "second")).await.is_delivered(),
            "{operation}"
        );
        assert!(
            soon(alice.send(sip(to), "third")).await.is_delivered(),
            "{operation}"
        );
        assert_eq!(
            stored(&emulator),
            ["first", "second", "third"],
            "{operation}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_another_pool_is_replaced() {
    let emulator = emulator().await;
    always(&emulator, "user", kind("pool_split"));
    let alice = user(&emulator, ALICE).with_trusted_domain("localhost");
    let alice = soon(alice.sign_in()).await.unwrap();
    assert!(soon(alice.send(sip(CONTACT), "first")).await.is_delivered());
    fault(&emulator, "send", kind("wrong_pool"));
    assert!(
        soon(alice.send(sip(CONTACT), "second"))
            .await
            .is_delivered()
    );
    assert_eq!(stored(&emulator), ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_outside_the_domain_learns_nothing_until_it_is_named() {
    let emulator = emulator().await;
    always(&emulator, "user", kind("pool_split"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("localhost"), "{error}");

    fault(&emulator, "discover", kind("discovery_redirect"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert!(error.message().contains("with_trusted_domain"), "{error}");
    fault(&emulator, "discover", kind("discovery_redirect"));
    let alice = user(&emulator, ALICE).with_trusted_domain("localhost");
    assert!(soon(alice.sign_in()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_in_circles_and_in_xml_is_refused() {
    let emulator = emulator().await;
    let circle = json!({"kind": "discovery_redirect", "href": emulator.world().ucwa.discover});
    always(&emulator, "discover", circle);
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert!(error.message().contains("redirects"), "{error}");

    fault(&emulator, "discover", kind("xml"));
    let error = soon(user(&emulator, ALICE).sign_in()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("XML"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_the_challenge_is_read() {
    for spelling in ["merged_challenge", "unquoted_challenge"] {
        let emulator = emulator().await;
        fault(&emulator, "user", kind(spelling));
        let alice = soon(signed_in(&emulator, ALICE)).await;
        assert!(
            soon(alice.send(sip(CONTACT), "x")).await.is_delivered(),
            "{spelling}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_survives_what_happens_on_the_way() {
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
        soon(alice.sign_out()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_cut_in_the_middle_of_a_send_loses_no_verdict() {
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
async fn after_a_long_absence_conversations_are_begun_anew() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let before = soon(alice.send(sip(CONTACT), "first"))
        .await
        .into_result()
        .unwrap();
    fault(&emulator, "events", kind("resume"));
    // The held request ends with the next event; the one after it is told to resume.
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
async fn a_foreign_request_for_the_channel_ends_the_session() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    always(&emulator, "events", kind("pget_replaced"));
    let _incoming = alice.receive(AcceptPolicy::Everyone).await;
    let end = soon(alice.ended()).await;
    assert_eq!(end.kind(), ErrorKind::Conflict);
    assert!(end.message().contains("endpoint id"), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_may_overtake_the_answer() {
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
async fn swallowed_events_and_missing_capabilities() {
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
async fn the_verdict_is_that_of_the_event() {
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
async fn a_session_of_some_minutes_keeps_alive_with_one_request_and_no_more_tasks() {
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
    soon(alice.sign_out()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_that_comes_late_settles_what_was_unknown() {
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
