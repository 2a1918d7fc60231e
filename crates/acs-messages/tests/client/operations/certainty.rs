//! What a lost response leaves behind: the service has executed the request, and no response
//! came.

use std::time::Duration;

use acs_messages::{
    AcsMessagesBuilder, AcsMessagesClient, ConversationContact, ConversationContent,
    ConversationParticipant, CreateConversationRequest, ListOptions, NotificationContent,
    NotificationKind, OPERATIONS, ReadReceipt,
};
use ms_messenger_core::{Delivery, Result, RetryPolicy};
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use ms_messenger_testkit::Reply;
use serde_json::json as value;

use super::recorder::{CHANNEL, CONVERSATION, Recorder, empty, json};

fn user(id: &str) -> ConversationParticipant {
    ConversationParticipant::internal(ConversationContact::user(id))
}

/// Performs the operation `name`.
async fn perform(client: &AcsMessagesClient, name: &str) -> Result<()> {
    let conversation = client.conversation(CONVERSATION);
    let channel = CHANNEL.parse().unwrap();
    match name {
        "notification.send" => {
            let hello = NotificationKind::text("hello");
            let content = NotificationContent::new(channel, "+14255550123", hello);
            client.notifications().send(&content).await.map(drop)
        }
        "receipt.send" => {
            let receipt = ReadReceipt::new(channel, "m");
            client.notifications().send_read_receipt(&receipt).await
        }
        "media.get" => client.media("m").await.map(drop),
        "template.list" => client.templates(channel).next_page().await.map(drop),
        "conversation.create" => {
            let request = CreateConversationRequest::default();
            client.create_conversation(&request).await.map(drop)
        }
        "conversation.list" => client.conversations().next_page().await.map(drop),
        "conversation.get" => conversation.get().await.map(drop),
        "conversation.delete" => conversation.delete().await,
        "conversation.terminate" => conversation.terminate().await,
        "conversation.analyze" => conversation.analyze().await.map(drop),
        "message.send" => {
            let content = ConversationContent::text("hello");
            conversation.send(&content).await.map(drop)
        }
        "message.list" => conversation.messages().next_page().await.map(drop),
        "participant.add" => conversation
            .add_participants([user("8:acs:r_u")])
            .await
            .map(drop),
        "participant.remove" => conversation
            .remove_participants(["8:acs:r_u"])
            .await
            .map(drop),
        other => panic!("{other} is not struck"),
    }
}

/// The success of the operation `name`.
fn success(name: &str) -> Reply {
    match name {
        "notification.send" => json(
            202,
            value!({"receipts": [{"messageId": "1", "to": "+14255550123"}]}),
        ),
        "message.send" => json(200, value!({"messageId": "1"})),
        "receipt.send" => empty(202),
        "conversation.create" => json(201, value!({"id": "19:c"})),
        "conversation.get" => json(200, value!({"id": "19:c"})),
        "conversation.delete" => empty(204),
        "conversation.analyze" => json(200, value!({"summary": "x"})),
        list if list.ends_with(".list") => json(200, value!({"value": []})),
        participants if participants.starts_with("participant.") => json(207, value!({})),
        _ => empty(200),
    }
}

#[tokio::test]
async fn every_operation_with_a_lost_response_is_retried_or_unknown_as_its_table_says() {
    for operation in OPERATIONS {
        let name = operation.name();
        let recorder = Recorder::start([Reply::close(), success(name)]).await;
        let outcome = perform(&recorder.client(), name).await;
        let requests = recorder.requests();
        for request in &requests {
            assert_eq!(request.method, operation.method().as_str(), "{name}");
        }
        if operation.is_repeatable() {
            outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(requests.len(), 2, "{name}");
            assert_eq!(requests[0].body, requests[1].body, "{name}");
            for header in ["repeatability-request-id", "repeatability-first-sent"] {
                let of = |at: usize| requests[at].header(header);
                assert_eq!(
                    (of(0).is_some(), of(0)),
                    (operation.is_keyed(), of(1)),
                    "{name}"
                );
            }
        } else {
            let error = outcome.unwrap_err();
            assert_eq!((requests.len(), error.attempts()), (1, 1), "{name}");
            assert_eq!(error.delivery(), Delivery::Unknown, "{name}");
            assert_eq!(error.operation(), Some(name));
            assert!(
                error.message().contains(operation.doubt().unwrap()),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn a_change_of_participants_that_stays_unknown_says_where_to_look() {
    for name in ["participant.add", "participant.remove"] {
        let lost = (0..4).map(|_| Reply::close());
        let recorder = Recorder::start(lost).await;
        let error = perform(&recorder.client(), name).await.unwrap_err();
        assert!(recorder.requests().len() > 1);
        assert_eq!(
            (error.delivery(), error.operation()),
            (Delivery::Unknown, Some(name))
        );
        assert!(
            error.message().contains("ConversationThread::get"),
            "{error}"
        );
        assert!(error.idempotency().is_some());
    }
}

fn emulated(emulator: &Emulator) -> AcsMessagesClient {
    let retry = RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let string = &emulator.seed().acs.connection_string;
    let builder = AcsMessagesBuilder::from_connection_string(string).unwrap();
    builder.with_retry_policy(retry).build().unwrap()
}

/// Loses the next response of `operation`, which is executed.
fn lose(emulator: &Emulator, operation: &str) {
    let lost = FaultAction::Close {
        when: When::AfterStore,
    };
    emulator
        .fail_next(Platform::ACS_MESSAGES, operation, lost)
        .unwrap();
}

#[tokio::test]
async fn a_creation_whose_response_is_lost_is_executed_once_and_can_be_found() {
    let emulator = Emulator::start().await.unwrap();
    let client = emulated(&emulator);
    let customer = ConversationContact::whatsapp("+14255550177");
    let request = CreateConversationRequest::default()
        .with_participant(ConversationParticipant::external([customer]))
        .with_initial_message("hello");
    lose(&emulator, "conversation.create");
    let error = client.create_conversation(&request).await.unwrap_err();
    assert_eq!((error.delivery(), error.attempts()), (Delivery::Unknown, 1));
    assert_eq!(emulator.messages().len(), 1);
    let of_customer = ListOptions::default().with_participant("+14255550177");
    let found = client.conversations_with(&of_customer).next_page().await;
    assert_eq!(found.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn keyed_changes_whose_response_is_lost_are_executed_once() {
    let emulator = Emulator::start().await.unwrap();
    let client = emulated(&emulator);
    let request = CreateConversationRequest::default();
    let created = client.create_conversation(&request).await.unwrap();
    let conversation = client.conversation(created.id);
    lose(&emulator, "participants.add");
    let customer = ConversationContact::whatsapp("+14255550178");
    let customer = ConversationParticipant::external([customer]);
    let added = conversation.add_participants([customer]).await.unwrap();
    assert!(added.rejected.is_empty());
    let participants = conversation.get().await.unwrap().participants;
    assert_eq!(participants.len(), 1);
    // Without the key, the second attempt would find no such participant.
    lose(&emulator, "participants.remove");
    let id = participants[0].id.clone().unwrap();
    let removed = conversation.remove_participants([id]).await.unwrap();
    assert!(removed.rejected.is_empty());
    lose(&emulator, "send");
    conversation
        .send(&ConversationContent::text("x"))
        .await
        .unwrap();
    assert_eq!(emulator.messages().len(), 1);
    lose(&emulator, "conversation.terminate");
    conversation.terminate().await.unwrap();
    // Without the key, the second attempt would find no conversation.
    lose(&emulator, "conversation.delete");
    conversation.delete().await.unwrap();
}
