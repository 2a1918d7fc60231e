//! The bytes of each operation, and what becomes of the response.

use std::time::{Duration, SystemTime};

use acs_chat::{
    ChatApiVersion, ChatAttachment, ChatMessageContent, ChatParticipant, ChatRetentionPolicy,
    CreateChatThreadRequest, IdentifierKind, ListOptions, Method, UpdateChatMessageRequest,
    UpdateChatThreadRequest,
};
use ms_messenger_core::{Delivery, ErrorKind, IdempotencyKey};
use ms_messenger_testkit::Reply;
use serde_json::{Value, json as value};

use super::recorder::{PATH, Recorder, VERSION, empty, json};

const JSON: Option<&str> = Some("application/json");
const PATCH: Option<&str> = Some("application/merge-patch+json");

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn user(name: &str) -> Value {
    let id = format!("8:acs:r_{name}");
    value!({"rawId": id, "communicationUser": {"id": id}})
}

#[tokio::test]
async fn a_thread_is_created_under_a_key_and_the_rejected_are_named() {
    let reply = json(
        201,
        value!({"chatThread": {"id": "19:new@thread.v2", "topic": "Ops",
            "createdOn": "2025-06-02T10:00:00Z", "createdByCommunicationIdentifier": user("a"),
            "metadata": {"ticket": "42"},
            "retentionPolicy": {"kind": "threadCreationDate", "deleteThreadAfterDays": 60}},
            "invalidParticipants": [{"target": "8:acs:r_c", "code": "404", "message": "Not found"}]}),
    );
    let recorder = Recorder::start([reply]).await;
    let key = IdempotencyKey::random();
    let participant = ChatParticipant::new("8:acs:r_b")
        .with_display_name("Bo")
        .with_share_history_time(at(1_591_422_941))
        .with_metadata("role", "sre");
    let request = CreateChatThreadRequest::new("Ops")
        .with_participant(participant)
        .with_metadata("ticket", "42")
        .with_retention_policy(ChatRetentionPolicy::delete_after_days(60))
        .with_idempotency(key);
    let created = recorder.client().create_thread(&request).await.unwrap();
    recorder.assert_one(
        &format!("POST /chat/threads?{VERSION}"),
        JSON,
        r#"{"topic":"Ops","participants":[{"communicationIdentifier":{"rawId":"8:acs:r_b","communicationUser":{"id":"8:acs:r_b"}},"displayName":"Bo","shareHistoryTime":"2020-06-06T05:55:41Z","metadata":{"role":"sre"}}],"metadata":{"ticket":"42"},"retentionPolicy":{"kind":"threadCreationDate","deleteThreadAfterDays":60}}"#,
    );
    let sent = &recorder.requests()[0];
    let id = key.id.to_string();
    assert_eq!(sent.header("repeatability-request-id"), Some(id.as_str()));
    assert_eq!(sent.header("repeatability-first-sent"), None);
    assert_eq!(created.thread.id, "19:new@thread.v2");
    assert_eq!(created.thread.created_on, Some(at(1_748_858_400)));
    assert_eq!(created.thread.metadata["ticket"], "42");
    assert_eq!(
        created.thread.retention_policy,
        Some(ChatRetentionPolicy::delete_after_days(60))
    );
    let rejected = &created.rejected[0];
    assert_eq!((&*rejected.target, &*rejected.code), ("8:acs:r_c", "404"));
    assert_eq!(created.request_id.as_deref(), Some("cv.7"));
}

#[tokio::test]
async fn a_thread_without_an_id_was_created_all_the_same() {
    let reply = json(201, value!({"chatThread": {"id": "", "topic": "Ops"}}));
    let recorder = Recorder::start([reply]).await;
    let request = CreateChatThreadRequest::new("Ops");
    let error = recorder.client().create_thread(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.delivery(), Delivery::Sent);
    assert_eq!(error.operation(), Some("thread.create"));
}

#[tokio::test]
async fn a_thread_is_read_changed_and_deleted() {
    let properties = value!({"id": "19:t", "topic": "Ops", "createdOn": "2025-06-02T10:00:00.1234567Z",
        "createdByCommunicationIdentifier": user("a"), "retentionPolicy": {"kind": "none"}, "x": 1});
    let recorder = Recorder::start([json(200, properties)]).await;
    let thread = recorder.thread().get().await.unwrap();
    recorder.assert_one(&format!("GET {PATH}?{VERSION}"), None, "");
    assert_eq!(thread.created_by.unwrap().raw_id, "8:acs:r_a");
    assert_eq!(thread.retention_policy, Some(ChatRetentionPolicy::None));

    let recorder = Recorder::start([empty(204)]).await;
    let change = UpdateChatThreadRequest::default()
        .with_topic("Ops 2")
        .with_metadata("ticket", "43")
        .without_metadata("owner")
        .with_retention_policy(ChatRetentionPolicy::None);
    recorder.thread().update(&change).await.unwrap();
    recorder.assert_one(
        &format!("PATCH {PATH}?{VERSION}"),
        PATCH,
        r#"{"topic":"Ops 2","metadata":{"owner":null,"ticket":"43"},"retentionPolicy":{"kind":"none"}}"#,
    );

    let recorder = Recorder::start([empty(204)]).await;
    recorder.thread().delete().await.unwrap();
    recorder.assert_one(&format!("DELETE {PATH}?{VERSION}"), None, "");
}

#[tokio::test]
async fn participants_are_listed_added_and_removed() {
    let list = value!({"value": [{"communicationIdentifier": user("a"), "displayName": "Jane",
        "shareHistoryTime": "2020-06-06T05:55:41Z", "metadata": {"role": "sre"}},
        {"communicationIdentifier": {"kind": "microsoftTeamsUser", "rawId": "8:orgid:u",
            "microsoftTeamsUser": {"userId": "u"}}, "displayName": null}]});
    let recorder = Recorder::start([json(200, list)]).await;
    let options = ListOptions::default().with_page_size(2).with_skip(4);
    let mut pages = recorder.thread().participants_with(&options);
    let all = pages.next_page().await.unwrap().unwrap();
    let target = format!("GET {PATH}/participants?maxPageSize=2&skip=4&{VERSION}");
    recorder.assert_one(&target, None, "");
    assert_eq!(all[0].share_history_time, Some(at(1_591_422_941)));
    assert_eq!(all[0].metadata["role"], "sre");
    let kind = &all[1].identifier.kind;
    assert!(matches!(kind, IdentifierKind::MicrosoftTeamsUser { user_id, .. } if user_id == "u"));

    let body = value!({"invalidParticipants": [{"target": "8:acs:r_c", "code": "403",
        "message": "Permissions check failed"}]});
    let recorder = Recorder::start([json(201, body)]).await;
    let two = ["8:acs:r_b", "8:acs:r_c"].map(ChatParticipant::new);
    let added = recorder.thread().add_participants(two).await.unwrap();
    recorder.assert_one(
        &format!("POST {PATH}/participants/:add?{VERSION}"),
        JSON,
        r#"{"participants":[{"communicationIdentifier":{"rawId":"8:acs:r_b","communicationUser":{"id":"8:acs:r_b"}}},{"communicationIdentifier":{"rawId":"8:acs:r_c","communicationUser":{"id":"8:acs:r_c"}}}]}"#,
    );
    assert_eq!(added.rejected[0].message, "Permissions check failed");

    let recorder = Recorder::start([empty(204)]).await;
    recorder
        .thread()
        .remove_participant("8:acs:r_b")
        .await
        .unwrap();
    recorder.assert_one(
        &format!("POST {PATH}/participants/:remove?{VERSION}"),
        JSON,
        r#"{"rawId":"8:acs:r_b","communicationUser":{"id":"8:acs:r_b"}}"#,
    );
}

#[tokio::test]
async fn messages_of_every_kind_are_read() {
    let messages = value!({"value": [
        {"id": "5", "type": "html", "version": "6", "sequenceId": "5", "content": {"message": "<p>x</p>",
            "attachments": [{"id": "0-c", "attachmentType": "image", "name": "image", "new": 1,
                "url": "https://contoso.com/u", "previewUrl": "https://contoso.com/p"}]},
         "senderDisplayName": "Jane", "createdOn": "2020-06-25T17:44:37.6830000Z",
         "editedOn": "2020-06-25T17:45:37Z", "metadata": {"amsreferences": "[\"0-c\"]"},
         "senderCommunicationIdentifier": {"rawId": "r_u", "communicationUser": {"id": "r_u"}}},
        {"id": "4", "type": "text", "version": "8", "sequenceId": "6", "content": {"message": ""},
         "senderDisplayName": "", "createdOn": "2020-06-25T17:44:37Z", "deletedOn": "2020-06-25T17:46:00Z"},
        {"id": "3", "type": "topicUpdated", "version": "3", "sequenceId": "2", "createdOn": "now",
         "content": {"topic": "Ops", "initiatorCommunicationIdentifier": user("a")}},
        {"id": "2", "type": "participantAdded", "version": "2", "sequenceId": "1",
         "createdOn": "2020-06-25T17:44:37Z", "content": {"participants": [
            {"communicationIdentifier": user("b"), "displayName": "Bo"}],
            "initiatorCommunicationIdentifier": user("a")}},
        {"id": "1", "type": "participantRemoved", "version": "1", "sequenceId": "1",
         "createdOn": "2020-06-25T17:44:37Z", "content": {"participants": []}},
        {"id": "0", "type": "callStarted", "content": {"call": 7}, "metadata": {"n": 7}},
        {"id": "0", "type": "text", "content": {"message": 7}},
        {"id": "0", "type": "text"},
    ]});
    let recorder = Recorder::start([json(200, messages)]).await;
    let options = ListOptions::default().with_start_time(at(1_593_107_077));
    let mut pages = recorder.thread().messages_with(&options);
    let all = pages.next_page().await.unwrap().unwrap();
    let target =
        format!("GET {PATH}/messages?maxPageSize=200&startTime=2020-06-25T17%3A44%3A37Z&{VERSION}");
    recorder.assert_one(&target, None, "");
    let [html, deleted, topic, added, removed, unknown, broken, bare] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(html.text(), Some("<p>x</p>"));
    assert_eq!(
        html.attachments[0].preview_url.as_deref(),
        Some("https://contoso.com/p")
    );
    assert_eq!(html.sender.as_ref().unwrap().raw_id, "r_u");
    assert_eq!(html.sender_display_name.as_deref(), Some("Jane"));
    assert!(html.edited_on > html.created_on && !html.is_deleted());
    assert!(deleted.is_deleted());
    assert_eq!(
        (deleted.text(), &deleted.sender_display_name),
        (Some(""), &None)
    );
    assert_eq!((&*deleted.version, &*deleted.sequence_id), ("8", "6"));
    assert!(
        matches!(&topic.content, ChatMessageContent::TopicUpdated { topic, initiator: Some(by), .. }
            if topic == "Ops" && by.raw_id == "8:acs:r_a")
    );
    assert_eq!(topic.created_on, None);
    assert!(
        matches!(&added.content, ChatMessageContent::ParticipantsAdded { participants, .. }
            if participants[0].display_name.as_deref() == Some("Bo"))
    );
    assert!(
        matches!(&removed.content, ChatMessageContent::ParticipantsRemoved { participants, initiator: None, .. }
            if participants.is_empty())
    );
    for (message, kind) in [(unknown, "callStarted"), (broken, "text")] {
        assert!(
            matches!(&message.content, ChatMessageContent::Other { message_type, .. } if message_type == kind)
        );
    }
    assert_eq!(unknown.metadata["n"], "7");
    assert_eq!(bare.text(), Some(""));
    assert!(!format!("{all:?}").contains("<p>"), "no content in Debug");
}

#[tokio::test]
async fn a_message_is_read_edited_and_deleted() {
    let message = value!({"id": "7", "type": "text", "content": {"message": "lunch"}});
    let recorder = Recorder::start([json(200, message)]).await;
    let read = recorder.thread().message("7").await.unwrap();
    recorder.assert_one(&format!("GET {PATH}/messages/7?{VERSION}"), None, "");
    assert_eq!(read.text(), Some("lunch"));

    let recorder = Recorder::start([empty(204)]).await;
    let change = UpdateChatMessageRequest::content("dinner")
        .with_metadata("a", "1")
        .without_metadata("b");
    recorder
        .thread()
        .update_message("7", &change)
        .await
        .unwrap();
    recorder.assert_one(
        &format!("PATCH {PATH}/messages/7?{VERSION}"),
        PATCH,
        r#"{"content":"dinner","metadata":{"a":"1","b":""}}"#,
    );

    let recorder = Recorder::start([empty(204)]).await;
    let builder = recorder.builder();
    let preview = builder.with_api_version(ChatApiVersion::V2024_03_15Preview);
    let attachment = ChatAttachment::new("image".into(), "a1");
    let change = UpdateChatMessageRequest::default().with_attachments([attachment]);
    let thread = preview.build().unwrap().thread("t/1?");
    thread.update_message("7/..", &change).await.unwrap();
    recorder.assert_one(
        "PATCH /chat/threads/t%2F1%3F/messages/7%2F..?api-version=2024-03-15-preview",
        PATCH,
        r#"{"attachments":[{"id":"a1","attachmentType":"image"}]}"#,
    );

    let recorder = Recorder::start([empty(204)]).await;
    recorder.thread().delete_message("7").await.unwrap();
    recorder.assert_one(&format!("DELETE {PATH}/messages/7?{VERSION}"), None, "");
}

#[tokio::test]
async fn receipts_and_typing_are_posted_and_have_no_body_to_read() {
    let list = value!({"value": [{"senderCommunicationIdentifier": user("a"),
        "chatMessageId": "7", "readOn": "2020-06-06T05:55:41.6460000Z"}]});
    let recorder = Recorder::start([json(200, list)]).await;
    let receipts = recorder.thread().read_receipts().next_page().await;
    let receipts = receipts.unwrap().unwrap();
    let target = format!("GET {PATH}/readReceipts?maxPageSize=200&{VERSION}");
    recorder.assert_one(&target, None, "");
    assert_eq!(receipts[0].message_id, "7");
    assert_eq!(receipts[0].reader.raw_id, "8:acs:r_a");
    assert!(receipts[0].read_on.is_some());

    let recorder = Recorder::start([empty(200)]).await;
    recorder.thread().send_read_receipt("7").await.unwrap();
    let target = format!("POST {PATH}/readReceipts?{VERSION}");
    recorder.assert_one(&target, JSON, r#"{"chatMessageId":"7"}"#);

    let target = format!("POST {PATH}/typing?{VERSION}");
    let recorder = Recorder::start([empty(200)]).await;
    recorder.thread().send_typing().await.unwrap();
    recorder.assert_one(&target, JSON, "{}");

    let recorder = Recorder::start([empty(200)]).await;
    let builder = recorder.builder().with_sender_display_name("Lene");
    let thread = builder.build().unwrap().thread(super::recorder::THREAD);
    thread.send_typing().await.unwrap();
    recorder.assert_one(&target, JSON, r#"{"senderDisplayName":"Lene"}"#);
}

#[tokio::test]
async fn an_image_is_downloaded_from_the_service_alone() {
    let image = Reply::new(200, [0x89, b'P']).with_header("content-type", "image/png");
    let recorder = Recorder::start([image.clone(), image]).await;
    let client = recorder.client();
    let address = |view: &str| {
        format!(
            "{}/chat/threads/19:m@thread.v2/images/0-c/views/{view}?api-version=2023-07-01-preview",
            recorder.url()
        )
    };
    let attachment = ChatAttachment::new("image".into(), "0-c")
        .with_url(address("original"))
        .with_preview_url(address("small"));
    let download = client.download(&attachment).await.unwrap();
    assert_eq!(download.content_type(), Some("image/png"));
    assert_eq!(&download.bytes(2).await.unwrap()[..], [0x89, b'P']);
    let preview = client.download_preview(&attachment).await.unwrap();
    let error = preview.bytes(1).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Protocol, Delivery::NotSent)
    );
    let line = |view| {
        format!(
            "GET /chat/threads/19:m@thread.v2/images/0-c/views/{view}?api-version=2023-07-01-preview"
        )
    };
    assert_eq!(recorder.lines(), [line("original"), line("small")]);

    for attachment in [
        ChatAttachment::new("image".into(), "0-c"),
        ChatAttachment::new("file".into(), "7").with_url("https://contoso.sharepoint.com/a.pdf"),
        ChatAttachment::new("file".into(), "7").with_url("//contoso.com/a"),
    ] {
        let error = client.download(&attachment).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::InvalidRequest, 0)
        );
        assert_eq!(error.problems()[0].field, "url");
    }
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn an_image_is_uploaded_and_deleted_in_the_preview_only() {
    let uploaded = json(
        201,
        value!({"id": "0-c", "attachmentType": "inlineImage", "new": 1}),
    );
    let recorder = Recorder::start([uploaded, empty(204)]).await;
    let preview = ChatApiVersion::V2024_03_15Preview;
    let client = recorder
        .builder()
        .with_api_version(preview)
        .build()
        .unwrap();
    let thread = client.thread(crate::operations::recorder::THREAD);
    let image = thread
        .upload_image(*b"GIF89a", Some("a.gif"))
        .await
        .unwrap();
    assert_eq!((image.id.as_str(), image.name.as_deref()), ("0-c", None));
    thread.delete_image("0/c").await.unwrap();
    let requests = recorder.requests();
    assert_eq!(requests[0].body, b"GIF89a");
    assert_eq!(
        requests[0].header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(requests[0].header("image-filename"), Some("a.gif"));
    let version = "api-version=2024-03-15-preview";
    assert_eq!(
        recorder.lines(),
        [
            format!("POST {PATH}/images?{version}"),
            format!("DELETE {PATH}/images/0%2Fc?{version}"),
        ]
    );

    for (bytes, name, field) in [(&b""[..], None, "bytes"), (b"GIF89a", Some("ä\n"), "name")] {
        let error = thread.upload_image(bytes, name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.problems()[0].field, field);
    }
    let error = thread.delete_image("").await.unwrap_err();
    assert_eq!(error.problems()[0].field, "image");
    let error = recorder.thread().upload_image(*b"GIF89a", None).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn any_path_is_requested_with_the_version_of_the_client() {
    let replies = [json(200, value!({"a": 1})), json(200, value!({"a": 2}))];
    let recorder = Recorder::start(replies).await;
    let client = recorder.client();
    let request = client
        .request(Method::GET, "/chat/new")
        .with_query("b", "c d");
    assert_eq!(request.json::<Value>().await.unwrap()["a"], 1);
    let request = client.request(Method::GET, "/chat/new?api-version=2026-01-01");
    assert_eq!(request.json::<Value>().await.unwrap()["a"], 2);
    let error = client
        .request(Method::GET, "chat")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        recorder.lines(),
        [
            format!("GET /chat/new?{VERSION}&b=c%20d"),
            "GET /chat/new?api-version=2026-01-01".to_owned()
        ]
    );
}
