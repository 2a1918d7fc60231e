//! What a lost response leaves behind: the service has executed the request, and no response
//! came.

use std::time::Duration;

use acs_chat::{
    AcsChatClient, ChatApiVersion, ChatParticipant, CreateChatThreadRequest, OPERATIONS,
    SendChatMessageRequest, UpdateChatMessageRequest, UpdateChatThreadRequest,
};
use ms_messenger_core::{Delivery, Error, ErrorKind, Result, RetryPolicy, StaticToken};
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use ms_messenger_testkit::Reply;
use serde_json::json as value;

use super::recorder::{Recorder, empty, json};

/// Performs the operation `name`.
async fn perform(client: &AcsChatClient, name: &str) -> Result<()> {
    let thread = client.thread(super::recorder::THREAD);
    let participant = || ChatParticipant::new("8:acs:r_u");
    match name {
        "thread.create" => {
            let request = CreateChatThreadRequest::new("Ops");
            client.create_thread(&request).await.map(drop)
        }
        "thread.list" => client.threads().next_page().await.map(drop),
        "thread.get" => thread.get().await.map(drop),
        "thread.update" => {
            let change = UpdateChatThreadRequest::default().with_topic("Ops");
            thread.update(&change).await
        }
        "thread.delete" => thread.delete().await,
        "participant.list" => thread.participants().next_page().await.map(drop),
        "participant.add" => thread.add_participants([participant()]).await.map(drop),
        "participant.remove" => thread.remove_participant("8:acs:r_u").await,
        "message.send" => {
            let request = SendChatMessageRequest::text("hello");
            thread.send(&request).await.map(drop)
        }
        "message.list" => thread.messages().next_page().await.map(drop),
        "message.get" => thread.message("7").await.map(drop),
        "message.update" => {
            let change = UpdateChatMessageRequest::content("hello");
            thread.update_message("7", &change).await
        }
        "message.delete" => thread.delete_message("7").await,
        "receipt.list" => thread.read_receipts().next_page().await.map(drop),
        "receipt.send" => thread.send_read_receipt("7").await,
        "typing.send" => thread.send_typing().await,
        "attachment.get" => {
            let image = acs_chat::ChatAttachment::new("image".into(), "1").with_url("/chat/i");
            client.download(&image).await.map(drop)
        }
        "image.upload" => thread.upload_image(*b"GIF89a", None).await.map(drop),
        "image.delete" => thread.delete_image("1").await,
        other => panic!("{other} is not struck"),
    }
}

/// The success of the operation `name`.
fn success(name: &str) -> Reply {
    let message = value!({"id": "7", "type": "text"});
    match name {
        "thread.create" => json(201, value!({"chatThread": {"id": "19:t", "topic": "Ops"}})),
        "thread.get" => json(200, value!({"id": "19:t", "topic": "Ops"})),
        "participant.add" => json(201, value!({})),
        "message.send" | "image.upload" => json(201, message),
        "message.get" => json(200, message),
        "receipt.send" | "typing.send" | "attachment.get" => empty(200),
        list if list.ends_with(".list") => json(200, value!({"value": []})),
        _ => empty(204),
    }
}

#[tokio::test]
async fn every_operation_with_a_lost_response_is_retried_or_unknown_as_its_table_says() {
    for operation in OPERATIONS {
        let name = operation.name();
        let recorder = Recorder::start([Reply::close(), success(name)]).await;
        let mut builder = recorder.builder();
        if name.starts_with("image.") {
            builder = builder.with_api_version(ChatApiVersion::V2024_03_15Preview);
        }
        let outcome = perform(&builder.build().unwrap(), name).await;
        let requests = recorder.requests();
        for request in &requests {
            assert_eq!(request.method, operation.method().as_str(), "{name}");
        }
        if operation.is_repeatable() {
            outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(requests.len(), 2, "{name}");
            assert_eq!(requests[0].body, requests[1].body, "{name}");
            let key = |at: usize| requests[at].header("repeatability-request-id");
            assert_eq!(
                (key(0).is_some(), key(0)),
                (operation.is_keyed(), key(1)),
                "{name}"
            );
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(requests.len(), 1, "{name}");
            assert_eq!(error.delivery(), Delivery::Unknown, "{name}");
            assert_doubt(&error, name);
        }
    }
}

/// The error names the operation and says what can be done; that of a message has its evidence.
fn assert_doubt(error: &Error, name: &str) {
    let operation = OPERATIONS.iter().find(|it| it.name() == name).unwrap();
    if name == "message.send" {
        assert_eq!(error.operation(), None);
        return;
    }
    assert_eq!(error.operation(), Some(name));
    let doubt = operation.doubt().unwrap();
    assert!(error.message().contains(doubt), "{error}");
}

#[tokio::test]
async fn a_creation_that_stays_unknown_keeps_its_key_and_says_what_to_do() {
    let lost = (0..4).map(|_| Reply::close());
    let recorder = Recorder::start(lost).await;
    let error = perform(&recorder.client(), "thread.create")
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_doubt(&error, "thread.create");
    let sent = recorder.requests();
    let key = error.idempotency().unwrap().id.to_string();
    assert!(sent.len() > 1);
    for request in sent {
        assert_eq!(
            request.header("repeatability-request-id"),
            Some(key.as_str())
        );
    }
}

fn emulated(emulator: &Emulator) -> AcsChatClient {
    let acs = &emulator.seed().acs;
    let retry = RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let token = StaticToken::new(acs.users[0].token.as_str());
    let builder = AcsChatClient::builder(&acs.endpoint, token).with_retry_policy(retry);
    builder.build().unwrap()
}

/// Loses the next response of `operation`, which is executed.
fn lose(emulator: &Emulator, operation: &str) {
    let lost = FaultAction::Close {
        when: When::AfterStore,
    };
    emulator
        .fail_next(Platform::ACS_CHAT, operation, lost)
        .unwrap();
}

#[tokio::test]
async fn a_creation_whose_response_is_lost_makes_one_thread() {
    let emulator = Emulator::start().await.unwrap();
    let client = emulated(&emulator);
    let before = client.threads().next_page().await.unwrap().unwrap().len();
    lose(&emulator, "thread.create");
    let created = client
        .create_thread(&CreateChatThreadRequest::new("Ops"))
        .await
        .unwrap();
    let threads = client.threads().next_page().await.unwrap().unwrap();
    assert_eq!(threads.len(), before + 1);
    assert!(threads.iter().any(|it| it.id == created.thread.id));
}

#[tokio::test]
async fn a_deletion_whose_response_is_lost_ends_in_a_success_or_in_not_found_after_two_attempts() {
    let emulator = Emulator::start().await.unwrap();
    let client = emulated(&emulator);
    let created = client
        .create_thread(&CreateChatThreadRequest::new("Ops"))
        .await
        .unwrap();
    let thread = client.thread(created.thread.id);
    let sent = thread
        .send(&SendChatMessageRequest::text("x"))
        .await
        .unwrap();
    lose(&emulator, "delete");
    thread.delete_message(sent.id.clone()).await.unwrap();
    assert!(thread.message(sent.id).await.unwrap().is_deleted());
    lose(&emulator, "thread.delete");
    let error = thread.delete().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2));
}

#[tokio::test]
async fn participants_and_edits_whose_response_is_lost_are_there_once() {
    let emulator = Emulator::start().await.unwrap();
    let client = emulated(&emulator);
    let created = client
        .create_thread(&CreateChatThreadRequest::new("Ops"))
        .await
        .unwrap();
    let thread = client.thread(created.thread.id);
    let other = emulator.seed().acs.users[1].id.as_str();
    lose(&emulator, "participants.add");
    let added = thread
        .add_participants([ChatParticipant::new(other)])
        .await
        .unwrap();
    assert!(added.rejected.is_empty());
    assert_eq!(
        thread
            .participants()
            .next_page()
            .await
            .unwrap()
            .unwrap()
            .len(),
        2
    );
    let sent = thread
        .send(&SendChatMessageRequest::text("x"))
        .await
        .unwrap();
    lose(&emulator, "update");
    let change = UpdateChatMessageRequest::content("y");
    thread
        .update_message(sent.id.clone(), &change)
        .await
        .unwrap();
    let all = thread.messages().next_page().await.unwrap().unwrap();
    let texts: Vec<_> = all.iter().filter_map(|it| it.text()).collect();
    assert_eq!(texts, ["y"]);
    lose(&emulator, "participants.remove");
    thread.remove_participant(other).await.unwrap();
    assert_eq!(
        thread
            .participants()
            .next_page()
            .await
            .unwrap()
            .unwrap()
            .len(),
        1
    );
}
