//! What is refused before any I/O, and what the service refuses.

use std::time::{Duration, SystemTime};

use acs_chat::{
    ChatApiVersion, ChatAttachment, ChatParticipant, ChatRetentionPolicy, CreateChatThreadRequest,
    ListOptions, UpdateChatMessageRequest, UpdateChatThreadRequest,
};
use ms_messenger_core::{Delivery, Error, ErrorKind};
use serde_json::json as value;

use super::recorder::{Recorder, json};

#[track_caller]
fn assert_refused(error: Error, kind: ErrorKind, fields: &[&str]) {
    assert_eq!((error.kind(), error.attempts()), (kind, 0), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.platform(), Some("acs-chat"));
    let named = error.problems().iter().map(|it| it.field.as_str());
    assert_eq!(named.collect::<Vec<_>>(), fields, "{error}");
}

#[tokio::test]
async fn every_problem_of_a_creation_is_named_at_once() {
    let recorder = Recorder::start([]).await;
    let long = "x".repeat(1024);
    let late = SystemTime::UNIX_EPOCH + Duration::from_secs(300_000_000_000);
    let request = CreateChatThreadRequest::new(" ")
        .with_participant(ChatParticipant::new(""))
        .with_participant(
            ChatParticipant::new("8%3Aacs%3Ar_u")
                .with_metadata("k", long.as_str())
                .with_share_history_time(late),
        )
        .with_metadata("k", long.as_str())
        .with_retention_policy(ChatRetentionPolicy::delete_after_days(29));
    let error = recorder.client().create_thread(&request).await.unwrap_err();
    assert!(error.message().contains("the id is 8:acs:r_u"), "{error}");
    let fields = [
        "topic",
        "participants[0].communicationIdentifier",
        "participants[1].communicationIdentifier",
        "participants[1].shareHistoryTime",
        "participants[1].metadata",
        "metadata",
        "retentionPolicy.deleteThreadAfterDays",
    ];
    assert_refused(error, ErrorKind::InvalidRequest, &fields);

    let many = (0..201).map(|n| ChatParticipant::new(format!("8:acs:r_{n}")));
    let error = recorder.thread().add_participants(many).await.unwrap_err();
    assert_refused(error, ErrorKind::InvalidRequest, &["participants"]);
    let error = recorder.thread().add_participants([]).await.unwrap_err();
    assert_refused(error, ErrorKind::InvalidRequest, &["participants"]);
    assert_eq!(recorder.requests().len(), 0);
}

#[tokio::test]
async fn what_the_version_does_not_have_is_unsupported() {
    let recorder = Recorder::start([]).await;
    let with = |version: &str| recorder.builder().with_api_version(version.into()).build();
    let old = with("2024-03-07").unwrap();
    let participant = ChatParticipant::new("8:acs:r_u").with_metadata("a", "b");
    let request = CreateChatThreadRequest::new("Ops")
        .with_participant(participant)
        .with_metadata("a", "b")
        .with_retention_policy(ChatRetentionPolicy::delete_after_days(30));
    let error = old.create_thread(&request).await.unwrap_err();
    let fields = ["participants[0].metadata", "metadata", "retentionPolicy"];
    assert_refused(error, ErrorKind::Unsupported, &fields);

    let preview = with(ChatApiVersion::V2024_03_15Preview.as_str()).unwrap();
    let none = UpdateChatThreadRequest::default().with_retention_policy(ChatRetentionPolicy::None);
    let error = preview.thread("19:t").update(&none).await.unwrap_err();
    assert_refused(error, ErrorKind::Unsupported, &["retentionPolicy"]);

    let attachment = ChatAttachment::new("file".into(), "");
    let change = UpdateChatMessageRequest::content("").with_attachments([attachment]);
    let error = recorder
        .thread()
        .update_message("7", &change)
        .await
        .unwrap_err();
    let fields = ["content", "attachments[0].id", "attachments"];
    assert_refused(error, ErrorKind::InvalidRequest, &fields);
}

#[tokio::test]
async fn ids_and_changes_that_say_nothing_are_refused() {
    let recorder = Recorder::start([]).await;
    let client = recorder.client();
    let invalid = ErrorKind::InvalidRequest;
    let empty = client.thread("");
    assert_refused(empty.get().await.unwrap_err(), invalid, &["thread"]);
    assert_refused(empty.delete().await.unwrap_err(), invalid, &["thread"]);
    assert_refused(empty.send_typing().await.unwrap_err(), invalid, &["thread"]);
    let error = empty.message("").await.unwrap_err();
    assert_refused(error, invalid, &["message", "thread"]);
    let error = empty.send_read_receipt(" 7").await.unwrap_err();
    assert_refused(error, invalid, &["message", "thread"]);
    let error = empty.remove_participant("").await.unwrap_err();
    assert_refused(error, invalid, &["participant", "thread"]);
    let thread = recorder.thread();
    let error = thread.update(&UpdateChatThreadRequest::default()).await;
    assert_refused(error.unwrap_err(), invalid, &["update"]);
    let nothing = UpdateChatMessageRequest::default();
    let error = thread.update_message("7", &nothing).await.unwrap_err();
    assert_refused(error, invalid, &["update"]);
    let long = UpdateChatMessageRequest::content("x".repeat(30_000));
    let error = thread.update_message("7", &long).await.unwrap_err();
    assert_refused(error, invalid, &["content"]);
    for id in [".", ".."] {
        let error = client.thread(id).get().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (invalid, 0), "{error}");
    }
    assert_eq!(recorder.requests().len(), 0);
}

#[tokio::test]
async fn the_options_of_a_list_are_checked_before_its_first_page() {
    let recorder = Recorder::start([]).await;
    let (client, thread) = (recorder.client(), recorder.thread());
    let invalid = ErrorKind::InvalidRequest;
    let none = ListOptions::default().with_page_size(0).with_skip(1);
    let error = client.threads_with(&none).next_page().await.unwrap_err();
    assert_refused(error, invalid, &["page_size", "skip"]);
    let many = ListOptions::default().with_page_size(201);
    let error = thread.messages_with(&many).next_page().await.unwrap_err();
    assert_refused(error, invalid, &["page_size"]);
    let timed = ListOptions::default().with_start_time(SystemTime::UNIX_EPOCH);
    let error = thread
        .participants_with(&timed)
        .next_page()
        .await
        .unwrap_err();
    assert_refused(error, invalid, &["start_time"]);
    let error = client
        .thread("")
        .read_receipts()
        .next_page()
        .await
        .unwrap_err();
    assert_refused(error, invalid, &["thread"]);
    assert_eq!(recorder.requests().len(), 0);
}

#[tokio::test]
async fn an_error_of_the_service_keeps_its_words_in_every_shape() {
    let bodies = [
        value!({"error": {"code": "Forbidden", "message": "No."}}),
        value!({"CommunicationError": {"Code": "Forbidden", "Message": "No.", "Details": []}}),
        value!({"communicationError": {"code": "Forbidden", "message": "No."}}),
    ];
    for body in bodies {
        let recorder = Recorder::start([json(403, body)]).await;
        let error = recorder.thread().delete_message("7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(
            (error.code(), error.request_id()),
            (Some("Forbidden"), Some("cv.7"))
        );
        assert!(error.message().starts_with("No ("), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    let recorder = Recorder::start([json(404, value!({}))]).await;
    let error = recorder.thread().get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_success_with_another_status_is_not_taken_for_the_documented_one() {
    let recorder = Recorder::start([json(200, value!({"chatThread": {"id": "19:t"}}))]).await;
    let request = CreateChatThreadRequest::new("Ops");
    let error = recorder.client().create_thread(&request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Protocol, Delivery::Sent)
    );
    let recorder = Recorder::start([json(202, value!({}))]).await;
    let error = recorder.thread().delete().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}
