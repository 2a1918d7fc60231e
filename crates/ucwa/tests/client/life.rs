//! The life of a session, between two of our own and with contacts of the emulator.

mod story;

use std::time::Duration;

use ms_messenger_core::{
    Delivery, ErrorKind, Importance, Messenger as _, MessengerExt as _, SendRequest, Target,
};
use ms_messenger_emulator::Emulator;
use serde_json::json;
use ucwa::{
    AcceptPolicy, ErrorSubcode, Format, Incoming, IncomingStream, InstantMessage, Oversize, Reason,
    UcwaConversation, UcwaCredential, UcwaOutcome, UcwaSession,
};

use crate::support::{
    ALICE, BOB, CAROL, CONTACT, emulator, fast, next_message, signed_in, sip, soon, stat, stored,
    until, user,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_its_reply_arrive() {
    let emulator = emulator().await;
    let (alice, bob) = (
        signed_in(&emulator, ALICE).await,
        signed_in(&emulator, BOB).await,
    );
    let mut at_bob = bob.receive(AcceptPolicy::Everyone).await.unwrap();
    let mut at_alice = alice.receive(AcceptPolicy::Everyone).await.unwrap();

    let first = alice.send(
        sip(BOB),
        InstantMessage::text("Hello <Bob> & all +1").with_subject("Build 42"),
    );
    let sent = soon(first).await.into_result().unwrap();
    let message = next_message(&mut at_bob).await;
    assert_eq!(message.text, "Hello <Bob> & all +1");
    assert_eq!(message.from.uri, ALICE);
    assert_eq!(message.format, Format::Plain);
    assert!(message.sent_at.is_some());

    let response = soon(message.conversation.send("Hello Alice")).await;
    assert!(response.is_delivered(), "{response:?}");
    let heard = next_message(&mut at_alice).await;
    assert_eq!(
        (heard.text.as_str(), heard.from.uri.as_str()),
        ("Hello Alice", BOB)
    );
    assert_eq!(heard.conversation.id(), sent.conversation);

    // The open conversation is used again, from both sides.
    let again = soon(alice.send(sip(BOB), "still there?"))
        .await
        .into_result()
        .unwrap();
    assert_eq!(again.conversation, sent.conversation);
    assert_eq!(next_message(&mut at_bob).await.text, "still there?");
    let back = soon(bob.send(sip(ALICE), "yes"))
        .await
        .into_result()
        .unwrap();
    assert_eq!(back.conversation, message.conversation.id());

    message.conversation.set_typing().await.unwrap();
    soon(async {
        loop {
            if let Incoming::Typing {
                from,
                is_typing: true,
                ..
            } = at_alice.next().await.unwrap()
            {
                assert_eq!(from.uri, BOB);
                return;
            }
        }
    })
    .await;

    message.conversation.stop().await.unwrap();
    soon(async {
        loop {
            if let Incoming::Ended { conversation, .. } = at_alice.next().await.unwrap() {
                assert_eq!(conversation, sent.conversation);
                return;
            }
        }
    })
    .await;
    let closed = soon(heard.conversation.send("into the void")).await;
    assert_eq!(closed.error().unwrap().kind(), ErrorKind::NotFound);
    assert_eq!(
        stored(&emulator),
        ["Hello <Bob> & all +1", "Hello Alice", "still there?", "yes"]
    );

    soon(alice.sign_out()).await.unwrap();
    soon(bob.sign_out()).await.unwrap();
    assert_eq!(stat(&emulator, "applications_alive"), 0);
    assert_eq!(stat(&emulator, "pgets_max_at_once"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn html_is_sent_to_recipients_that_show_it() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let bob = signed_in(&emulator, BOB).await;
    let carol = user(&emulator, CAROL)
        .with_plain_text_only(true)
        .sign_in()
        .await
        .unwrap();
    let mut at_bob = bob.receive(AcceptPolicy::Everyone).await.unwrap();
    let mut at_carol = carol.receive(AcceptPolicy::Everyone).await.unwrap();
    let message = InstantMessage::html("<b>green</b>", "green");
    assert!(
        soon(alice.send(sip(BOB), message.clone()))
            .await
            .is_delivered()
    );
    let heard = next_message(&mut at_bob).await;
    assert_eq!(
        (heard.format, heard.text.as_str()),
        (Format::Html, "<b>green</b>")
    );

    assert!(soon(alice.send(sip(CAROL), message)).await.is_delivered());
    let heard = next_message(&mut at_carol).await;
    assert_eq!(
        (heard.format, heard.text.as_str()),
        (Format::Plain, "green")
    );

    let refused = soon(alice.send(sip(CAROL), InstantMessage::html_only("<b>x</b>"))).await;
    let error = refused.error().unwrap();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Unsupported, Delivery::NotSent)
    );
    assert_eq!(stored(&emulator), ["<b>green</b>", "green"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_invitation_proves_that_nothing_was_sent() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    for (action, subcode) in [
        ("decline", ErrorSubcode::Declined),
        ("busy", ErrorSubcode::Busy),
    ] {
        emulator
            .inject(&json!({"platform": "ucwa", "from": BOB, "to": ALICE, "action": action}))
            .unwrap();
        let outcome = soon(alice.send(sip(BOB), "are you there?")).await;
        assert_eq!(
            matches!(outcome, UcwaOutcome::Declined(_)),
            action == "decline",
            "{outcome:?}"
        );
        let error = outcome.into_result().unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(Reason::of(&error).unwrap().subcode, Some(subcode));
        assert_eq!(error.platform(), Some("ucwa"));
    }
    assert!(stored(&emulator).is_empty());
    // And the session is none the worse for it.
    assert!(soon(alice.send(sip(BOB), "now?")).await.is_delivered());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_without_a_response_times_out() {
    let emulator = fast().await;
    let alice = signed_in(&emulator, ALICE).await;
    emulator
        .inject(&json!({"platform": "ucwa", "from": BOB, "to": ALICE, "action": "ignore"}))
        .unwrap();
    let outcome = soon(alice.send(sip(BOB), "hello?")).await;
    assert!(matches!(outcome, UcwaOutcome::TimedOut(_)), "{outcome:?}");
    assert_eq!(outcome.error().unwrap().delivery(), Delivery::NotSent);
    assert!(stored(&emulator).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_decides_which_invitations_are_accepted() {
    let emulator = emulator().await;
    let (alice, bob) = (
        signed_in(&emulator, ALICE).await,
        signed_in(&emulator, BOB).await,
    );
    let mut at_bob = bob
        .receive(AcceptPolicy::Only(vec![sip(CAROL)]))
        .await
        .unwrap();
    let outcome = soon(alice.send(sip(BOB), "let me in")).await;
    assert!(matches!(outcome, UcwaOutcome::Declined(_)), "{outcome:?}");

    let mut asked = bob.receive(AcceptPolicy::Ask).await.unwrap();
    let sending = {
        let alice = alice.clone();
        tokio::spawn(async move {
            alice
                .send(
                    sip(BOB),
                    InstantMessage::text("please").with_subject("Entry"),
                )
                .await
        })
    };
    let invitation = soon(async {
        loop {
            if let Incoming::Invitation(invitation) = asked.next().await.unwrap() {
                return invitation;
            }
        }
    })
    .await;
    assert_eq!(invitation.from.uri, ALICE);
    assert_eq!(invitation.subject.as_deref(), Some("Entry"));
    invitation.accept().await.unwrap();
    assert!(soon(sending).await.unwrap().is_delivered());
    assert_eq!(next_message(&mut at_bob).await.text, "please");
    assert_eq!(next_message(&mut asked).await.text, "please");

    let mut asked = bob.receive(AcceptPolicy::Ask).await.unwrap();
    alice
        .conversation(
            soon(alice.send(sip(BOB), "x"))
                .await
                .into_result()
                .unwrap()
                .conversation,
        )
        .stop()
        .await
        .unwrap();
    let sending = tokio::spawn(async move { alice.send(sip(BOB), "again").await });
    soon(async {
        loop {
            if let Incoming::Invitation(invitation) = asked.next().await.unwrap() {
                return invitation.decline().await.unwrap();
            }
        }
    })
    .await;
    let outcome = soon(sending).await.unwrap();
    assert!(matches!(outcome, UcwaOutcome::Declined(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_can_travel_with_the_invitation() {
    let emulator = emulator().await;
    let alice = user(&emulator, ALICE)
        .with_first_message_in_invitation(true)
        .sign_in()
        .await
        .unwrap();
    let bob = signed_in(&emulator, BOB).await;
    let mut at_bob = bob.receive(AcceptPolicy::Everyone).await.unwrap();
    let delivered = soon(alice.send(sip(BOB), "1+1 = 2, ä"))
        .await
        .into_result()
        .unwrap();
    assert_eq!(delivered.message_id, None);
    assert_eq!(next_message(&mut at_bob).await.text, "1+1 = 2, ä");
    assert!(soon(alice.send(sip(BOB), "second")).await.is_delivered());
    assert_eq!(next_message(&mut at_bob).await.text, "second");
    assert_eq!(stored(&emulator), ["1+1 = 2, ä", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_is_refused_or_split() {
    let emulator = emulator().await;
    let limit = std::num::NonZeroUsize::new(12).unwrap();
    let text = "one two three four five six";
    let alice = user(&emulator, ALICE).with_max_message_bytes(limit, Oversize::Refuse);
    let alice = alice.sign_in().await.unwrap();
    let outcome = soon(alice.send(sip(CONTACT), text)).await;
    assert_eq!(outcome.error().unwrap().problems()[0].field, "message.text");
    assert!(stored(&emulator).is_empty());
    let bob = user(&emulator, BOB).with_max_message_bytes(limit, Oversize::Split);
    let bob = bob.sign_in().await.unwrap();
    assert!(soon(bob.send(sip(CONTACT), text)).await.is_delivered());
    assert!(stored(&emulator).len() > 1);
    assert_eq!(stored(&emulator).concat(), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_to_one_person_share_one_conversation() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let sends = (0..20).map(|n| {
        let alice = alice.clone();
        tokio::spawn(async move { alice.send(sip(CONTACT), format!("message {n}")).await })
    });
    let mut conversations = std::collections::HashSet::new();
    for send in sends.collect::<Vec<_>>() {
        conversations.insert(
            soon(send)
                .await
                .unwrap()
                .into_result()
                .unwrap()
                .conversation,
        );
    }
    assert_eq!(conversations.len(), 1);
    assert_eq!(stored(&emulator).len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_participants_of_a_meeting_receive_a_message() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let meeting = soon(alice.start_meeting(Some("Build 42"))).await.unwrap();
    let (mut at_bob, _bob) = joined(&emulator, &meeting, BOB).await;
    let (mut at_carol, _carol) = joined(&emulator, &meeting, CAROL).await;

    let outcome = soon(meeting.send("hello all")).await;
    let delivered = outcome.into_result().unwrap();
    assert!(delivered.failed_participants.is_empty());
    let heard = next_message(&mut at_bob).await;
    assert_eq!(
        (heard.text.as_str(), heard.from.uri.as_str()),
        ("hello all", ALICE)
    );
    assert_eq!(next_message(&mut at_carol).await.text, "hello all");

    assert!(
        soon(heard.conversation.send("hello from bob"))
            .await
            .is_delivered()
    );
    let heard = next_message(&mut at_carol).await;
    assert_eq!(
        (heard.text.as_str(), heard.from.uri.as_str()),
        ("hello from bob", BOB)
    );
    meeting.leave().await.unwrap();
    assert_eq!(stored(&emulator), ["hello all", "hello from bob"]);
}

/// Signs a user in and takes them into a meeting: they are there when this returns.
async fn joined(
    emulator: &Emulator,
    meeting: &UcwaConversation,
    sip: &str,
) -> (IncomingStream, UcwaSession) {
    let guest = signed_in(emulator, sip).await;
    let mut incoming = guest.receive(AcceptPolicy::Ask).await.unwrap();
    let adding = meeting.add_participant(crate::support::sip(sip));
    let accepting = async {
        match incoming.next().await {
            Some(Incoming::Invitation(invitation)) => invitation.accept().await,
            other => panic!("an invitation was expected, not {other:?}"),
        }
    };
    let (added, accepted) = soon(async { tokio::join!(adding, accepting) }).await;
    added.unwrap();
    accepted.unwrap();
    (incoming, guest)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_handle_signs_out_in_the_background() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let clone = alice.clone();
    let conversation = alice.conversation(
        soon(alice.send(sip(BOB), "x"))
            .await
            .into_result()
            .unwrap()
            .conversation,
    );
    drop(alice);
    drop(clone);
    assert!(soon(conversation.send("still here")).await.is_delivered());
    assert_eq!(stat(&emulator, "applications_alive"), 1);
    drop(conversation);
    until(|| stat(&emulator, "applications_alive") == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_out_session_reports_it() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let mut incoming = alice.receive(AcceptPolicy::Everyone).await.unwrap();
    soon(alice.sign_out()).await.unwrap();
    assert!(!alice.is_alive());
    let outcome = soon(alice.send(sip(BOB), "x")).await;
    assert_eq!(outcome.error().unwrap().delivery(), Delivery::NotSent);
    assert!(soon(incoming.next()).await.is_none());
    assert!(alice.receive(AcceptPolicy::Everyone).await.is_err());
    soon(alice.sign_out()).await.unwrap();
    assert_eq!(stat(&emulator, "applications_alive"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_endpoint_id_finds_the_same_application() {
    let emulator = emulator().await;
    let first = signed_in(&emulator, ALICE).await;
    assert_eq!(first.endpoint_id(), format!("test-{ALICE}"));
    assert!(soon(first.send(sip(BOB), "x")).await.is_delivered());
    let second = user(&emulator, ALICE)
        .with_endpoint_id("another")
        .sign_in()
        .await
        .unwrap();
    assert_eq!(stat(&emulator, "applications_alive"), 2);
    soon(second.sign_out()).await.unwrap();
    soon(first.sign_out()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_break_a_rule_are_all_named_before_any_io() {
    let error = UcwaSession::builder(
        "alice",
        UcwaCredential::password("u", "very-secret-password"),
    )
    .with_discovery_url("nowhere")
    .with_endpoint_id("x".repeat(101))
    .with_event_timeout(Duration::from_secs(1))
    .sign_in()
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        ["sip", "discovery_url", "endpoint_id", "event_timeout"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neutral_request_is_delivered() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let message = ms_messenger_core::Message::html_with_text("<b>x</b>", "x");
    let mut request = SendRequest::new(Target::sip(CONTACT).unwrap(), message);
    request.message.subject = Some("Build".into());
    request.message.importance = Importance::Urgent;
    let receipt = soon(ms_messenger_core::Messenger::send(&alice, &request))
        .await
        .unwrap();
    assert_eq!(receipt.acceptance, ms_messenger_core::Acceptance::Delivered);
    let conversation = receipt.conversation.unwrap();
    let again = soon(alice.send_text(Target::Conversation(conversation.clone()), "again"))
        .await
        .unwrap();
    assert_eq!(again.conversation, Some(conversation));
    assert_eq!(alice.platform(), "ucwa");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_a_meeting_signs_in_and_renews() {
    // 1000 times faster: the hour of a guest's ticket is 3.6 seconds.
    let emulator = Emulator::builder()
        .with_ucwa_time_scale(1000.0)
        .start()
        .await
        .unwrap();
    let key = "G03W98W4";
    let uri = format!("sip:alice@contoso.test;gruu;opaque=app:conf:focus:id:{key}");
    let guest = UcwaSession::builder(ALICE, UcwaCredential::anonymous_meeting(key, uri))
        .with_discovery_url(&emulator.seed().ucwa.discover)
        .sign_in()
        .await
        .unwrap();
    // The application belongs to the guest who made it: another identity would be refused.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(guest.is_alive(), "{:?}", soon(guest.ended()).await);
    soon(guest.sign_out()).await.unwrap();
    assert_eq!(stat(&emulator, "applications_alive"), 0);
}
