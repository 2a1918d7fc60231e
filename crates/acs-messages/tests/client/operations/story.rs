//! The life of a conversation, against the emulator, which reads the contract on its own.

use acs_messages::{
    AcsMessagesBuilder, AcsMessagesClient, ConversationContact, ConversationContent,
    ConversationParticipant, CreateConversationRequest, ListOptions, MessageTemplate,
    NotificationContent, NotificationKind, ReadReceipt, TemplateStatus, TemplateValueKind,
};
use ms_messenger_core::ErrorKind;
use ms_messenger_emulator::Emulator;

pub(crate) fn client(emulator: &Emulator) -> AcsMessagesClient {
    let string = &emulator.seed().acs.connection_string;
    let builder = AcsMessagesBuilder::from_connection_string(string).unwrap();
    builder.build().unwrap()
}

#[tokio::test]
async fn a_conversation_is_created_used_terminated_and_deleted() {
    let emulator = Emulator::builder().with_strict(true).start().await.unwrap();
    let (client, acs) = (client(&emulator), &emulator.seed().acs);
    let channel = acs.channel_registration_id.parse().unwrap();
    let customer = ConversationContact::whatsapp("+14255550199");
    let request = CreateConversationRequest::default()
        .with_topic("Order 4711")
        .with_channel(channel)
        .with_participant(ConversationParticipant::external([customer]))
        .with_initial_message("How can we help?");
    let created = client.create_conversation(&request).await.unwrap();
    assert_eq!(emulator.messages().len(), 1);
    let conversation = client.conversation(created.id.clone());
    assert_eq!(conversation.get().await.unwrap(), created);

    let user = |id: &str| ConversationParticipant::internal(ConversationContact::user(id));
    let stranger = "8:acs:stranger";
    let added = conversation
        .add_participants([user(&acs.users[0].id), user(stranger)])
        .await
        .unwrap();
    assert_eq!(added.rejected.len(), 1);
    assert_eq!(added.rejected[0].id, stranger);
    assert_eq!(added.rejected[0].code.as_deref(), Some("NotFound"));
    assert_eq!(conversation.get().await.unwrap().participants.len(), 2);

    conversation
        .send(&ConversationContent::text("one"))
        .await
        .unwrap();
    conversation
        .send(&ConversationContent::text("two"))
        .await
        .unwrap();
    let mut pages = conversation.messages_with(&ListOptions::default().with_page_size(2));
    let mut all = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        all.extend(page);
    }
    let said: Vec<_> = all.iter().map(|it| it.content.clone()).collect();
    let expected = ["two", "one", "How can we help?"].map(ConversationContent::text);
    assert_eq!(said, expected);
    assert!(
        all.iter()
            .all(|it| it.created_on.is_some() && it.sender.is_some())
    );
    assert!(conversation.analyze().await.unwrap().contains("two"));

    let of_user = ListOptions::default()
        .with_participant(&acs.users[0].id)
        .with_channel(channel);
    let mine = client
        .conversations_with(&of_user)
        .next_page()
        .await
        .unwrap()
        .unwrap();
    assert!(mine.iter().any(|it| it.id == created.id));

    let removed = conversation
        .remove_participants([acs.users[0].id.as_str(), stranger])
        .await;
    assert_eq!(removed.unwrap().rejected[0].id, stranger);
    conversation.terminate().await.unwrap();
    let late = conversation.send(&ConversationContent::text("late")).await;
    assert!(late.is_err());
    conversation.delete().await.unwrap();
    let error = conversation.get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn templates_are_listed_and_checked() {
    let emulator = Emulator::builder().with_strict(true).start().await.unwrap();
    let client = client(&emulator);
    let channel = emulator.seed().acs.channel_registration_id.parse().unwrap();
    let mut pages = client.templates(channel);
    let mut all = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        all.extend(page);
    }
    let reminder = |language: &str| {
        let mut all = all.iter();
        let found = all.find(|it| it.name == "appointment_reminder" && it.language == language);
        found.unwrap()
    };
    assert_eq!(reminder("de").needs().body, ["1", "2"]);
    assert_eq!(reminder("en_US").status, TemplateStatus::Approved);
    let template = MessageTemplate::new("seasonal_offer", "en_US");
    let error = client.check_template(channel, &template).await.unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    let template =
        MessageTemplate::new("delivery_update", "en_US").bind_body(TemplateValueKind::text("7"));
    client.check_template(channel, &template).await.unwrap();
    a_template_with_an_image_and_buttons(&client, channel).await;
    let unknown = "0f0eb78e-a576-1dfc-b414-0f0756de3339".parse().unwrap();
    let error = client.templates(unknown).next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn media_that_came_in_are_downloaded_and_their_message_is_marked_as_read() {
    let emulator = Emulator::builder().with_strict(true).start().await.unwrap();
    let client = client(&emulator);
    let channel: uuid::Uuid = emulator.seed().acs.channel_registration_id.parse().unwrap();
    let document = serde_json::json!({"platform": "acs-messages", "from": "+14255550123",
        "text": "the way", "media_type": "image/png", "media": "iVBORw0KGgo="});
    let made = emulator.inject(&document).unwrap();
    let media_id = made["media_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"));
    let media = client.media(media_id).await.unwrap();
    assert_eq!(media.content_type(), Some("image/png"));
    assert_eq!(&media.bytes(8).await.unwrap()[..], b"\x89PNG\r\n\x1a\n");
    let message = made["message_id"].as_str().unwrap();
    let receipt = ReadReceipt::new(channel, message).with_typing_indicator(true);
    client
        .notifications()
        .send_read_receipt(&receipt)
        .await
        .unwrap();
}

/// What the check allows, the service accepts.
async fn a_template_with_an_image_and_buttons(client: &AcsMessagesClient, channel: uuid::Uuid) {
    let image: url::Url = "https://contoso.test/parcel.png".parse().unwrap();
    let bare = MessageTemplate::new("order_shipped", "en_US");
    let error = client.check_template(channel, &bare).await.unwrap_err();
    let fields: Vec<_> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "template.bindings.header[0]",
            "template.bindings.body[0]",
            "template.bindings.body[1]",
            "template.bindings.buttons[1]",
        ]
    );
    let template = bare
        .bind_header(TemplateValueKind::image(image))
        .bind_body(TemplateValueKind::text("Ann"))
        .bind_body(TemplateValueKind::text("4711"))
        .bind_quick_reply("stop")
        .bind_url("4711");
    client.check_template(channel, &template).await.unwrap();
    let kind = NotificationKind::template(template);
    let content = NotificationContent::new(channel, "+14255550123", kind);
    client.notifications().send(&content).await.unwrap();
}
