//! The life of a thread, against the emulator, which reads the contract on its own.

use acs_chat::{
    AcsChatClient, ChatApiVersion, ChatMessageContent, ChatParticipant, ChatRetentionPolicy,
    ChatThread, CreateChatThreadRequest, ListOptions, SendChatMessageRequest,
    UpdateChatMessageRequest, UpdateChatThreadRequest,
};
use ms_messenger_core::{ErrorKind, StaticToken};
use ms_messenger_emulator::Emulator;

fn client(emulator: &Emulator, user: usize, version: &ChatApiVersion) -> AcsChatClient {
    let acs = &emulator.seed().acs;
    let token = StaticToken::new(acs.users[user].token.as_str());
    let builder = AcsChatClient::builder(&acs.endpoint, token);
    builder.with_api_version(version.clone()).build().unwrap()
}

async fn kinds(thread: &ChatThread) -> Vec<String> {
    let mut pages = thread.messages_with(&ListOptions::default().with_page_size(2));
    let mut kinds = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        kinds.extend(page.iter().map(|it| format!("{:?}", it.content)));
    }
    kinds
}

#[tokio::test]
async fn a_thread_is_created_used_and_deleted_in_both_versions() {
    for version in [
        ChatApiVersion::V2025_03_15,
        ChatApiVersion::V2024_03_15Preview,
    ] {
        let emulator = Emulator::builder().with_strict(true).start().await.unwrap();
        let users = &emulator.seed().acs.users;
        let (ann, bo) = (
            client(&emulator, 0, &version),
            client(&emulator, 1, &version),
        );
        let request = CreateChatThreadRequest::new("Incident 7")
            .with_participant(ChatParticipant::new(users[1].id.as_str()).with_display_name("Bo"))
            .with_participant(ChatParticipant::new("4:+14255550123"))
            .with_metadata("ticket", "42")
            .with_retention_policy(ChatRetentionPolicy::delete_after_days(60));
        let created = ann.create_thread(&request).await.unwrap();
        assert_eq!(created.rejected.len(), 1);
        assert_eq!(created.rejected[0].target, "4:+14255550123");
        let thread = ann.thread(created.thread.id.clone());
        assert_eq!(thread.get().await.unwrap(), created.thread);

        let change = UpdateChatThreadRequest::default()
            .with_topic("Incident 7, resolved")
            .with_metadata("state", "resolved")
            .without_metadata("ticket");
        thread.update(&change).await.unwrap();
        let now = thread.get().await.unwrap();
        assert_eq!(now.topic, "Incident 7, resolved");
        assert_eq!(now.metadata.keys().collect::<Vec<_>>(), ["state"]);

        let sent = thread.send(&SendChatMessageRequest::text("disk ful")).await;
        let id = sent.unwrap().id;
        let edit = UpdateChatMessageRequest::content("disk full").with_metadata("build", "7");
        thread.update_message(id.clone(), &edit).await.unwrap();
        let read = bo.thread(thread.id().clone()).message(id.clone()).await;
        let read = read.unwrap();
        assert_eq!(read.text(), Some("disk full"));
        assert_eq!(read.metadata["build"], "7");
        assert!(read.edited_on.is_some() && read.created_on.is_some());
        assert_eq!(read.sender.unwrap().raw_id, users[0].id);

        let others = bo.thread(thread.id().clone());
        let error = others.update_message(id.clone(), &edit).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        others.send_read_receipt(id.clone()).await.unwrap();
        others.send_typing().await.unwrap();
        let receipts = thread.read_receipts().next_page().await.unwrap().unwrap();
        assert_eq!(receipts[0].reader.raw_id, users[1].id);
        assert_eq!(receipts[0].message_id, id);

        thread.delete_message(id.clone()).await.unwrap();
        assert!(thread.message(id).await.unwrap().is_deleted());

        thread
            .remove_participant(users[1].id.as_str())
            .await
            .unwrap();
        let left = thread.participants().next_page().await.unwrap().unwrap();
        assert_eq!(left.len(), 1);
        let error = others.send(&SendChatMessageRequest::text("still?")).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::PermissionDenied);
        let back = ChatParticipant::new(users[1].id.as_str());
        assert!(
            thread
                .add_participants([back])
                .await
                .unwrap()
                .rejected
                .is_empty()
        );
        let expected = [
            "ParticipantsAdded",
            "ParticipantsRemoved",
            "Text",
            "TopicUpdated",
            "TopicUpdated",
            "ParticipantsAdded",
        ];
        assert_eq!(kinds(&thread).await, expected);
        let first = thread.messages().next_page().await.unwrap().unwrap();
        let ChatMessageContent::ParticipantsAdded { participants, .. } = &first[0].content else {
            panic!("{first:?}");
        };
        assert_eq!(participants[0].identifier.raw_id, users[1].id);

        let threads = ann.threads().next_page().await.unwrap().unwrap();
        assert!(threads.iter().any(|it| it.id == created.thread.id));
        thread.delete().await.unwrap();
        let threads = ann.threads().next_page().await.unwrap().unwrap();
        let deleted = threads.iter().find(|it| it.id == created.thread.id);
        assert!(deleted.unwrap().deleted_on.is_some());
    }
}

#[tokio::test]
async fn an_image_is_uploaded_shown_read_and_deleted() {
    let emulator = Emulator::builder().with_strict(true).start().await.unwrap();
    let preview = ChatApiVersion::V2024_03_15Preview;
    let (ann, bo) = (
        client(&emulator, 0, &preview),
        client(&emulator, 1, &ChatApiVersion::V2025_03_15),
    );
    let id = emulator.seed().acs.thread_id.as_str();
    let png = *b"\x89PNG\r\n\x1a\n";
    let image = ann.thread(id).upload_image(png, Some("plan.png")).await;
    let image = image.unwrap();
    assert_eq!(image.name.as_deref(), Some("plan.png"));
    let message = SendChatMessageRequest::html("<img>").with_attachment(image.to_attachment());
    let sent = ann.thread(id).send(&message).await.unwrap();

    // Its address has the version that knows images.
    let read = bo.thread(id).message(sent.id).await.unwrap();
    let attachment = &read.attachments[0];
    let download = bo.download(attachment).await.unwrap();
    assert_eq!(download.content_type(), Some("image/png"));
    assert_eq!(download.bytes(100).await.unwrap(), &png[..]);
    let preview_of_it = bo.download_preview(attachment).await.unwrap();
    assert_eq!(preview_of_it.bytes(100).await.unwrap(), &png[..]);

    let stranger = client(&emulator, 1, &preview);
    let error = stranger.thread(id).delete_image(&image.id).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::PermissionDenied);
    ann.thread(id).delete_image(&image.id).await.unwrap();
    let error = bo.download(attachment).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = ann.thread(id).upload_image(*b"<svg>", None).await;
    assert_eq!(error.unwrap_err().status(), Some(400));
}
