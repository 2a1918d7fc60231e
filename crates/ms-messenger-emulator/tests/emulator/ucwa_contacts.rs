//! Contacts without an application: who responds for them, and what they send; and meetings.

use crate::outside::Outside;
use crate::skype::{Endpoint, fast, link, names, text};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

const ALICE: &str = "sip:alice@contoso.test";
const BOB: &str = "sip:bob@contoso.test";
const CAROL: &str = "sip:carol@contoso.test";

fn inject(out: &Outside, from: &str, action: &str) -> Value {
    let message = json!({"platform": "ucwa", "from": from, "to": ALICE, "action": action});
    out.emulator.inject(&message).unwrap()
}

fn say(out: &Outside, from: &str, words: &str) -> Value {
    let message = json!({
        "platform": "ucwa", "from": from, "to": ALICE, "action": "message", "text": words,
    });
    out.emulator.inject(&message).unwrap()
}

/// How a call ends: state and subcode.
async fn outcome(alice: &mut Endpoint, to: &str) -> (String, String) {
    alice.start(to).await;
    let done = alice.until("messagingInvitation", "completed").await;
    assert_eq!(done["status"], "Failure", "{done}");
    let state = &done["_embedded"]["messagingInvitation"]["state"];
    (text(state), text(&done["reason"]["subcode"]))
}

#[tokio::test]
async fn a_prepared_behaviour_applies_to_the_next_invitation() {
    let out = fast(100.0).await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    for (action, state, subcode) in [
        ("decline", "Declined", "Declined"),
        ("busy", "Failed", "Busy"),
        ("ignore", "Failed", "Timeout"),
    ] {
        assert_eq!(inject(&out, BOB, action)["prepared"], true);
        assert_eq!(
            outcome(&mut alice, BOB).await,
            (state.to_owned(), subcode.to_owned())
        );
    }
    inject(&out, BOB, "accept");
    alice.talk_to(BOB).await;
}

#[tokio::test]
async fn an_invitation_that_rings_gets_an_injected_behaviour_at_once() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    for (action, subcode) in [
        ("decline", Some("Declined")),
        ("busy", Some("Busy")),
        ("accept", None),
    ] {
        inject(&out, BOB, "ignore");
        alice.start(BOB).await;
        alice.until("messaging", "updated").await;
        assert_eq!(inject(&out, BOB, "ignore")["prepared"], false);
        assert_eq!(inject(&out, BOB, action)["prepared"], false);
        let done = alice.until("messagingInvitation", "completed").await;
        assert_eq!(done["reason"]["subcode"].as_str(), subcode, "{done}");
    }
}

#[tokio::test]
async fn unknown_or_unavailable_users_cannot_be_reached() {
    let strict = Emulator::builder().with_strict(true).start().await.unwrap();
    let out = Outside::of(strict);
    let mut alice = Endpoint::lurk(&out, "alice").await;
    assert_eq!(
        outcome(&mut alice, "sip:nobody@contoso.test").await.1,
        "DestinationNotFound"
    );
    assert_eq!(outcome(&mut alice, ALICE).await.1, "NotAllowed");
    let _bob = Endpoint::lurk(&out, "bob").await;
    assert_eq!(outcome(&mut alice, BOB).await.1, "TemporarilyUnavailable");
    alice.talk_to(CAROL).await;

    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    alice.talk_to("sip:nobody@example.org").await;
    for body in [
        json!({}),
        json!({"to": "tel:+14255550100"}),
        json!({"to": BOB, "operationId": "x".repeat(51)}),
        json!({"to": BOB, "importance": "High"}),
        json!({"to": BOB, "_links": {"message": {"href": "http://x"}}}),
    ] {
        let href = alice.path("/communication/messagingInvitations");
        let (status, error) = alice.post(&href, &body).await;
        assert_eq!(
            (status, &error["code"]),
            (400, &json!("BadRequest")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_contact_calls_speaks_and_hangs_up() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let made = say(&out, BOB, "Hi Alice");
    let conversation = alice.accept().await;
    assert!(conversation.ends_with(&text(&made["conversation"])));
    let first = alice.until("message", "completed").await;
    let message = &first["_embedded"]["message"];
    assert_eq!(message["direction"], "Incoming");
    assert_eq!(
        text(&message["_links"]["plainMessage"]["href"]),
        "data:text/plain;charset=utf-8,Hi+Alice%0D%0A"
    );
    assert_eq!(message["_links"]["participant"]["title"], "Bob");

    let again = say(&out, BOB, "Are you there?");
    assert_eq!(again["conversation"], made["conversation"]);
    let second = alice.until("message", "completed").await;
    assert_eq!(text(&second["link"]["href"]), text(&again["message_id"]));
    alice.send(&conversation, "Yes").await;
    alice.until("message", "completed").await;

    inject(&out, BOB, "terminate");
    alice.until("conversation", "deleted").await;
    let told: Vec<_> = out
        .rows("?platform=ucwa")
        .await
        .iter()
        .map(|row| {
            (
                text(&row["operation"]),
                text(&row["sender"]),
                text(&row["text"]),
            )
        })
        .collect();
    let row = |operation: &str, sender: &str, words: &str| {
        (operation.to_owned(), sender.to_owned(), words.to_owned())
    };
    assert_eq!(
        told,
        [
            row("inject", BOB, "Hi Alice"),
            row("inject", BOB, "Are you there?"),
            row("send", ALICE, "Yes"),
        ]
    );
}

#[tokio::test]
async fn an_invalid_injection_is_rejected() {
    let out = Outside::start().await;
    for (message, named) in [
        (
            json!({"platform": "ucwa", "from": BOB, "to": ALICE, "action": "message", "text": "x"}),
            "to",
        ),
        (
            json!({"platform": "ucwa", "from": BOB, "to": ALICE, "action": "message"}),
            "text",
        ),
        (
            json!({"platform": "ucwa", "from": BOB, "to": ALICE, "action": "wave"}),
            "action",
        ),
        (
            json!({"platform": "ucwa", "from": "bob", "to": ALICE, "action": "busy"}),
            "from",
        ),
        (
            json!({"platform": "ucwa", "from": BOB, "to": ALICE, "action": "terminate"}),
            "to",
        ),
        (
            json!({"platform": "ucwa", "to": ALICE, "action": "busy", "sender": "x"}),
            "sender",
        ),
    ] {
        let problems = out.emulator.inject(&message).unwrap_err().problems;
        assert!(problems[0].starts_with(named), "{message}: {problems:?}");
    }
}

#[tokio::test]
async fn a_conversation_of_two_grows_into_a_meeting() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut bob = Endpoint::online(&out, "bob").await;
    let mut carol = Endpoint::online(&out, "carol").await;
    alice.start(BOB).await;
    let at_bob = bob.accept().await;
    bob.until("messagingInvitation", "completed").await;
    let at_alice = alice.connected().await;

    let (_, conversation) = alice.get(&at_alice).await;
    let add = link(&conversation, "addParticipant");
    let invitation = alice
        .create(&add, &json!({"operationId": "p1", "to": CAROL}))
        .await;
    assert!(invitation.contains("/participantInvitations/"));
    alice.poll().await;
    assert_eq!(
        names(&alice.pending),
        [
            "participantInvitation started",
            "conversation updated",
            "conversation updated",
            "onlineMeeting added",
        ]
    );
    assert_eq!(
        alice.pending[1]["_embedded"]["conversation"]["state"],
        "Conferencing"
    );
    assert_eq!(
        alice.pending[2]["_embedded"]["conversation"]["state"],
        "Conferenced"
    );
    alice.pending.clear();
    bob.until("onlineMeeting", "added").await;

    let started = carol.until("onlineMeetingInvitation", "started").await;
    let invited = &started["_embedded"]["onlineMeetingInvitation"];
    assert_eq!(
        carol.post(&link(invited, "accept"), &Value::Null).await.0,
        204
    );
    let at_carol = link(invited, "conversation");
    let done = carol.until("onlineMeetingInvitation", "completed").await;
    assert_eq!(done["status"], "Success");
    let done = alice.until("participantInvitation", "completed").await;
    let by = &done["_embedded"]["participantInvitation"]["_embedded"]["acceptedByParticipant"];
    assert_eq!(by[0]["uri"], CAROL);

    let (_, messaging) = carol.get(&format!("{at_carol}/messaging")).await;
    assert_eq!(messaging["state"], "Disconnected");
    carol
        .create(
            &link(&messaging, "addMessaging"),
            &json!({"operationId": "m1"}),
        )
        .await;
    let (status, error) = carol
        .post(&link(&messaging, "addMessaging"), &json!({}))
        .await;
    assert_eq!(
        (status, &error["subcode"]),
        (409, &json!("AnotherOperationPending"))
    );
    carol.connected().await;
    alice.until("participantMessaging", "added").await;

    bob.send(&at_bob, "Hello all").await;
    for endpoint in [&mut alice, &mut carol] {
        let received = endpoint.until("message", "completed").await;
        assert_eq!(received["_embedded"]["message"]["direction"], "Incoming");
    }
    let sent = bob.until("message", "completed").await;
    assert_eq!(sent["status"], "Success");
    assert_eq!(out.rows("?platform=ucwa").await.len(), 1);

    // IM off for Carol; then she leaves, and the others stay.
    assert_eq!(
        carol
            .post(&format!("{at_carol}/messaging/terminate"), &Value::Null)
            .await
            .0,
        204
    );
    carol.until("messaging", "updated").await;
    bob.until("participantMessaging", "deleted").await;
    assert_eq!(carol.delete(&at_carol).await, 204);
    bob.until("participant", "deleted").await;
    alice.until("participant", "deleted").await;
    assert_eq!(alice.get(&at_alice).await.1["state"], "Conferenced");
    alice.send(&at_alice, "Still here").await;
    bob.until("message", "completed").await;
    let (_, list) = alice.get(&format!("{at_alice}/participants")).await;
    assert_eq!(list["_links"]["participant"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_meeting_is_made_ad_hoc_and_joined_by_its_address() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut bob = Endpoint::lurk(&out, "bob").await;
    let communication = &alice.application["_embedded"]["communication"];
    let start = link(communication, "startOnlineMeeting");
    let location = alice
        .create(&start, &json!({"operationId": "o1", "subject": "Stand-up"}))
        .await;
    assert!(location.contains("/onlineMeetingInvitations/"));
    alice.poll().await;
    assert_eq!(
        names(&alice.pending),
        [
            "onlineMeetingInvitation started",
            "conversation added",
            "localParticipant added",
            "conversation updated",
            "onlineMeeting added",
            "onlineMeetingInvitation completed",
        ]
    );
    let meeting = &alice.pending[4]["_embedded"]["onlineMeeting"];
    let join = alice
        .path("/communication/onlineMeetingInvitations")
        .replace(&alice.path(""), &bob.path(""));
    bob.create(
        &join,
        &json!({"onlineMeetingUri": meeting["onlineMeetingUri"]}),
    )
    .await;
    let done = bob.until("onlineMeetingInvitation", "completed").await;
    let at_bob = link(
        &done["_embedded"]["onlineMeetingInvitation"],
        "conversation",
    );
    alice.until("participant", "added").await;

    let messaging = bob.get(&format!("{at_bob}/messaging")).await.1;
    let first = json!({"_links": {"message": {"href": "data:text/plain,first"}}});
    bob.create(&link(&messaging, "addMessaging"), &first).await;
    bob.connected().await;
    bob.send(&at_bob, "to nobody yet").await;
    let done = bob.until("message", "completed").await;
    assert_eq!(done["status"], "Success");
    assert_eq!(out.rows("?platform=ucwa").await.len(), 2);

    // A contact who is added reads at once.
    let conversation = bob.get(&at_bob).await.1;
    bob.create(
        &link(&conversation, "addParticipant"),
        &json!({"to": CAROL}),
    )
    .await;
    let done = bob.until("participantInvitation", "completed").await;
    assert_eq!(done["status"], "Success");
}

#[tokio::test]
async fn a_declined_or_ignored_invitation_leaves_the_meeting_empty() {
    let out = fast(100.0).await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to(BOB).await;
    let add = link(&alice.get(&conversation).await.1, "addParticipant");
    for (action, subcode) in [("decline", "Declined"), ("ignore", "Timeout")] {
        inject(&out, CAROL, action);
        alice.create(&add, &json!({"to": CAROL})).await;
        let done = alice.until("participantInvitation", "completed").await;
        assert_eq!(
            (&done["status"], &done["reason"]["subcode"]),
            (&json!("Failure"), &json!(subcode))
        );
    }
    assert_eq!(alice.get(&conversation).await.1["state"], "Conferenced");
    let (status, error) = alice.post(&add, &json!({"to": BOB})).await;
    assert_eq!((status, &error["subcode"]), (409, &json!("AlreadyExists")));
}
