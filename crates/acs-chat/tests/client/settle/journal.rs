//! A send is settled by what its journal noted, by another process, after a crash.

use std::time::{Duration, SystemTime};

use acs_chat::AcsChatClient;
use ms_messenger_core::{
    Delivery, Evidence, Message, Messenger as _, RetryPolicy, SendRequest, Settled, StaticToken,
    Target,
};
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use ms_messenger_testkit::JournalDouble;
use serde_json::json;

fn client(emulator: &Emulator) -> AcsChatClient {
    let acs = &emulator.seed().acs;
    let token = StaticToken::new(acs.users[0].token.as_str());
    AcsChatClient::builder(&acs.endpoint, token)
        .with_client_message_ids(true)
        .with_retry_policy(RetryPolicy::never())
        .build()
        .unwrap()
}

fn request(emulator: &Emulator) -> SendRequest {
    let thread = emulator.seed().acs.thread_id.as_str();
    SendRequest::new(Target::conversation(thread), Message::text("ping"))
}

/// What a crash leaves of a send whose connection ends `when`: the note, as it is stored.
async fn note_of_a_lost_send(emulator: &Emulator, when: When) -> Evidence {
    let double = JournalDouble::new();
    let action = FaultAction::Close { when };
    emulator
        .fail_next(Platform::ACS_CHAT, "send", action)
        .unwrap();
    let request = request(emulator).with_journal(double.journal());
    let error = client(emulator).send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let [noted] = double.noted().try_into().unwrap();
    assert!(noted.ended_at.is_none() && noted.service_clock.is_some());
    Evidence::from_json(&serde_json::to_string(&noted).unwrap()).unwrap()
}

/// The note with the end that a queue adds: the send can take effect for `margin` from now on.
fn ended(note: Evidence, margin: Duration) -> Evidence {
    let now = SystemTime::now();
    note.with_end(now, now + margin)
}

#[tokio::test]
async fn a_message_that_was_stored_is_found_by_its_note() {
    let emulator = Emulator::start().await.unwrap();
    let note = note_of_a_lost_send(&emulator, When::AfterStore).await;
    let stored = emulator.messages().remove(0).message_id;
    for margin in [Duration::ZERO, Duration::from_secs(60)] {
        let evidence = ended(note.clone(), margin);
        match client(&emulator)
            .settle(&request(&emulator), &evidence)
            .await
        {
            Settled::Found(receipt) => assert_eq!(receipt.message_id.unwrap(), stored.as_str()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(emulator.messages().len(), 1);
}

#[tokio::test]
async fn a_message_that_was_never_stored_is_absent_once_it_cannot_appear_any_more() {
    let emulator = Emulator::start().await.unwrap();
    let note = note_of_a_lost_send(&emulator, When::BeforeRead).await;
    // Of another send of the same text, which changes nothing.
    client(&emulator).send(&request(&emulator)).await.unwrap();
    let early = ended(note.clone(), Duration::from_secs(60));
    let settled = client(&emulator).settle(&request(&emulator), &early).await;
    assert!(matches!(settled, Settled::NotYet(_)), "{settled:?}");
    let late = ended(note, Duration::ZERO);
    let settled = client(&emulator).settle(&request(&emulator), &late).await;
    assert!(matches!(settled, Settled::NotFound), "{settled:?}");
}

/// A new process that knows no clock dies in its first send, in a thread with more messages a day
/// than are read.
#[tokio::test]
async fn the_first_send_of_a_process_is_settled_in_a_busy_thread() {
    let emulator = Emulator::start().await.unwrap();
    let acs = &emulator.seed().acs;
    emulator.set_clock_offset(-3600).unwrap();
    for number in 0..4_100 {
        let message = json!({"platform": "acs-chat", "conversation": acs.thread_id,
            "sender": acs.users[1].id, "text": format!("message {number}")});
        emulator.inject(&message).unwrap();
    }
    emulator.set_clock_offset(0).unwrap();
    let note = note_of_a_lost_send(&emulator, When::BeforeRead).await;
    let settled = client(&emulator)
        .settle(&request(&emulator), &ended(note, Duration::ZERO))
        .await;
    assert!(matches!(settled, Settled::NotFound), "{settled:?}");
}

#[tokio::test]
async fn a_note_without_an_end_proves_no_absence() {
    let emulator = Emulator::start().await.unwrap();
    let note = note_of_a_lost_send(&emulator, When::BeforeRead).await;
    let settled = client(&emulator).settle(&request(&emulator), &note).await;
    assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
}

#[tokio::test]
async fn what_is_held_back_reaches_no_thread() {
    let emulator = Emulator::start().await.unwrap();
    let double = JournalDouble::new();
    double.hold_back();
    let request = request(&emulator).with_journal(double.journal());
    let error = client(&emulator).send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(double.noted().len(), 1);
    assert!(emulator.messages().is_empty());
}
