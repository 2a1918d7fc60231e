//! Look before writing: find a contact, read its presence, write to it, read what was said.

use ms_messenger_core::Delivery;
use serde_json::json;
use ucwa::{AcceptPolicy, Availability, Direction, NoteKind, UcwaOutcome};

use crate::support::{ALICE, BOB, emulator, next_message, signed_in, sip, soon, stored, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_found_and_written_to_when_it_is_there() {
    let emulator = emulator().await;
    let publish = |availability: &str| {
        let message = json!({"platform": "ucwa", "from": BOB, "action": "presence",
            "availability": availability, "note": "Back at 9"});
        emulator.inject(&message).unwrap();
    };
    publish("DoNotDisturb");
    let alice = signed_in(&emulator, ALICE).await;
    let found = alice.search_contacts("bob", 10).await.unwrap();
    assert!(!found.has_more);
    let bob = &found.contacts[0];
    assert_eq!((bob.uri.as_str(), bob.name.as_deref()), (BOB, Some("Bob")));
    let presence = bob.presence().await.unwrap();
    assert_eq!(presence.availability, Some(Availability::DoNotDisturb));
    let note = bob.note().await.unwrap().unwrap();
    assert_eq!(
        (note.message.as_str(), note.kind),
        ("Back at 9", Some(NoteKind::Personal))
    );
    let refused = soon(alice.send(sip(BOB), "now?")).await;
    assert!(matches!(refused, UcwaOutcome::Failed(_)), "{refused:?}");
    assert!(stored(&emulator).is_empty());

    publish("Online");
    let presence = bob.presence().await.unwrap();
    assert_eq!(presence.availability, Some(Availability::Online));
    let sent = soon(alice.send(sip(&bob.uri), "Build 42 is green")).await;
    let sent = sent.into_result().unwrap();
    let reply = json!({"platform": "ucwa", "from": BOB, "to": ALICE, "action": "message", "text": "Thanks!"});
    emulator.inject(&reply).unwrap();

    let conversation = alice.conversation(sent.conversation.clone());
    until(|| {
        conversation
            .history()
            .is_ok_and(|history| history.len() == 2)
    })
    .await;
    let history = conversation.history().unwrap();
    let said = history
        .iter()
        .map(|it| (it.from.uri.as_str(), it.text.as_deref().unwrap()));
    let said: Vec<_> = said.collect();
    assert_eq!(said, [(ALICE, "Build 42 is green"), (BOB, "Thanks!")]);
    for message in history {
        let read = conversation
            .message(message.id.clone().unwrap())
            .await
            .unwrap();
        assert_eq!(
            (read.direction, read.text),
            (message.direction, message.text)
        );
        assert_eq!(read.delivery, Delivery::Sent);
    }
    let others = conversation.participants().await.unwrap();
    assert_eq!((others.len(), others[0].uri.as_str()), (1, BOB));
    assert!(conversation.typing_participants().await.unwrap().is_empty());
    let details = conversation.details().await.unwrap();
    assert_eq!(details.active_modalities, ["Messaging"]);
    let all = alice.conversations().await.unwrap();
    assert_eq!(all[0].id(), sent.conversation);
    soon(alice.sign_out()).await.unwrap();
    assert!(conversation.history().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_history_are_seen_by_the_other_side() {
    let emulator = emulator().await;
    let alice = signed_in(&emulator, ALICE).await;
    let bob = signed_in(&emulator, BOB).await;
    let mut at_bob = bob.receive(AcceptPolicy::Everyone).await.unwrap();
    let contact = alice.contact(sip(BOB)).await.unwrap();
    bob.set_note("Heads down").await.unwrap();
    assert_eq!(contact.note().await.unwrap().unwrap().message, "Heads down");
    assert!(contact.presence().await.unwrap().last_active.is_some());
    assert_eq!(contact.refresh().await.unwrap().uri, BOB);
    assert_eq!(bob.me().await.unwrap().uri, BOB);

    let sent = soon(alice.send(sip(BOB), "Build 42"))
        .await
        .into_result()
        .unwrap();
    let received = next_message(&mut at_bob).await;
    let history = received.conversation.history().unwrap();
    assert_eq!(
        (history.len(), &history[0].direction),
        (1, &Direction::Incoming)
    );
    assert_eq!(
        (history[0].from.uri.as_str(), history[0].id.clone()),
        (ALICE, Some(received.id))
    );
    received.conversation.set_typing().await.unwrap();
    let conversation = alice.conversation(sent.conversation);
    let typing = conversation.typing_participants().await.unwrap();
    assert_eq!((typing.len(), typing[0].uri.as_str()), (1, BOB));
    let nobody = alice.search_contacts("nobody", 5).await.unwrap();
    assert!(nobody.contacts.is_empty());
}
