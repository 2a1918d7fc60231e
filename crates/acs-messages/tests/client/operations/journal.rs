//! What a journal notes of a send: its key, under which it can be sent again after a crash.

use ms_messenger_core::{
    Delivery, Evidence, IdempotencyKey, Messenger as _, RetryPolicy, SendRequest, Target,
};
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use ms_messenger_testkit::JournalDouble;

use acs_messages::{AcsMessagesBuilder, AcsMessagesClient};

fn client(emulator: &Emulator) -> AcsMessagesClient {
    let acs = &emulator.seed().acs;
    AcsMessagesBuilder::from_connection_string(&acs.connection_string)
        .unwrap()
        .with_channel_registration_id(&acs.channel_registration_id)
        .with_retry_policy(RetryPolicy::never())
        .build()
        .unwrap()
}

fn requests(emulator: &Emulator) -> [SendRequest; 3] {
    let conversation = || Target::conversation(emulator.seed().acs.conversation_id.as_str());
    let key = IdempotencyKey::random();
    [
        SendRequest::new(conversation(), "ping"),
        SendRequest::new(conversation(), "ping").with_idempotency(key),
        SendRequest::new(Target::phone("+14255550123").unwrap(), "ping"),
    ]
}

fn lose(emulator: &Emulator, when: When) {
    let action = FaultAction::Close { when };
    emulator
        .fail_next(Platform::ACS_MESSAGES, "send", action)
        .unwrap();
}

#[tokio::test]
async fn after_a_crash_the_message_is_sent_again_under_the_key_of_its_note_and_stored_once() {
    let emulator = Emulator::start().await.unwrap();
    for when in [When::BeforeRead, When::AfterStore] {
        for request in requests(&emulator) {
            emulator.reset();
            let double = JournalDouble::new();
            lose(&emulator, when);
            let with_journal = request.clone().with_journal(double.journal());
            let error = client(&emulator).send(&with_journal).await.unwrap_err();
            assert_eq!(error.delivery(), Delivery::Unknown);
            let [noted] = double.noted().try_into().unwrap();
            let noted = Evidence::from_json(&serde_json::to_string(&noted).unwrap()).unwrap();
            let key = noted.idempotency.unwrap();
            assert!(request.idempotency.is_none_or(|own| own == key));

            let again = request.with_idempotency(key);
            client(&emulator).send(&again).await.unwrap();
            let [row] = emulator.messages().try_into().unwrap();
            assert_eq!(row.idempotency_key, Some(key.id.to_string()));
        }
    }
}

#[tokio::test]
async fn each_attempt_under_a_key_is_noted() {
    let emulator = Emulator::start().await.unwrap();
    let acs = &emulator.seed().acs;
    let builder = AcsMessagesBuilder::from_connection_string(&acs.connection_string).unwrap();
    let double = JournalDouble::new();
    lose(&emulator, When::AfterStore);
    let [request, ..] = requests(&emulator);
    let request = request.with_journal(double.journal());
    builder.build().unwrap().send(&request).await.unwrap();
    let [first, second] = double.noted().try_into().unwrap();
    assert_eq!(first.idempotency, second.idempotency);
    assert_eq!(emulator.messages().len(), 1);
}

#[tokio::test]
async fn what_is_held_back_reaches_no_one() {
    let emulator = Emulator::start().await.unwrap();
    for request in requests(&emulator) {
        let double = JournalDouble::new();
        double.hold_back();
        let request = request.with_journal(double.journal());
        let error = client(&emulator).send(&request).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(double.noted().len(), 1);
    }
    assert!(emulator.messages().is_empty());
}
