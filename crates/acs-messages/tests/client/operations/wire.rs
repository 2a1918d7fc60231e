//! The bytes of each operation, and what becomes of the response.

use acs_messages::{
    ConversationContact, ConversationContent, ConversationParticipant, CreateConversationRequest,
    ListOptions, MessagePlatform, Method, OutboundDeliveryStrategy, ParticipantKind, ReadReceipt,
};
use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_testkit::Reply;
use serde_json::{Value, json as value};

use super::recorder::{CHANNEL, PATH, Recorder, VERSION, empty, json};

fn conversation() -> Value {
    value!({"id": "19:c@thread.v2", "topic": "Test", "deliveryChannelIds": [CHANNEL],
        "outboundDeliveryStrategy": "allParticipants", "participants": [
            {"id": "8:acs:uuid2", "displayName": "Customer", "kind": "external", "contacts": [
                {"id": "12345678901", "kind": "whatsApp"}, {"id": "8:acs:uuid2", "kind": "communication"}]},
            {"id": "8:acs:uuid1", "displayName": "Support", "kind": "internal",
                "contact": {"id": "8:acs:uuid1", "kind": "communication", "later": 1}}]})
}

#[tokio::test]
async fn a_conversation_is_created_without_a_key() {
    let recorder = Recorder::start([json(201, conversation())]).await;
    let customer =
        ConversationParticipant::external([ConversationContact::whatsapp("12345678901")]);
    let support = ConversationParticipant::internal(ConversationContact::user("8:acs:uuid1"));
    let bot = ConversationParticipant::internal(ConversationContact::bot("28:b", "app"));
    let request = CreateConversationRequest::default()
        .with_topic("Test")
        .with_channel(CHANNEL.parse().unwrap())
        .with_outbound_delivery_strategy(OutboundDeliveryStrategy::AllParticipants)
        .with_participant(customer.with_display_name("Customer"))
        .with_participant(support)
        .with_participant(bot)
        .with_initial_message("I need help");
    let created = recorder
        .client()
        .create_conversation(&request)
        .await
        .unwrap();
    recorder.assert_one(
        &format!("POST /messages/conversations?{VERSION}"),
        r#"{"conversation":{"topic":"Test","deliveryChannelIds":["0f0eb78e-a576-1dfc-b414-0f0756de3338"],"outboundDeliveryStrategy":"allParticipants","participants":[{"kind":"external","displayName":"Customer","contacts":[{"kind":"whatsApp","id":"12345678901"}]},{"kind":"internal","contact":{"kind":"communication","id":"8:acs:uuid1"}},{"kind":"internal","contact":{"kind":"bot","id":"28:b","botAppId":"app"}}]},"initialMessage":{"content":"I need help"}}"#,
        false,
    );
    assert_eq!(created.id, "19:c@thread.v2");
    let [customer, support] = &created.participants[..] else {
        panic!("{created:?}");
    };
    assert_eq!(
        customer.contacts[1].platform,
        MessagePlatform::Communication
    );
    assert_eq!(customer.id.as_deref(), Some("8:acs:uuid2"));
    assert_eq!(support.kind, ParticipantKind::Internal);
    assert_eq!(support.contacts[0].id, "8:acs:uuid1");
    assert!(!format!("{request:?}").contains("help"));

    let recorder = Recorder::start([json(201, value!({"id": ""}))]).await;
    let request = CreateConversationRequest::default();
    let error = recorder.client().create_conversation(&request).await;
    let error = error.unwrap_err();
    recorder.assert_one(
        &format!("POST /messages/conversations?{VERSION}"),
        r#"{"conversation":{}}"#,
        false,
    );
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Protocol, Delivery::Sent)
    );
    assert_eq!(error.operation(), Some("conversation.create"));
}

#[tokio::test]
async fn a_conversation_is_read_ended_analyzed_and_deleted() {
    let recorder = Recorder::start([json(200, conversation())]).await;
    let read = recorder.conversation().get().await.unwrap();
    recorder.assert_one(&format!("GET {PATH}?{VERSION}"), "", false);
    assert_eq!(read.delivery_channel_ids, [CHANNEL]);

    let recorder = Recorder::start([empty(200)]).await;
    recorder.conversation().terminate().await.unwrap();
    recorder.assert_one(&format!("POST {PATH}:terminate?{VERSION}"), "", true);

    let summary = value!({"summary": "The customer needs help."});
    let recorder = Recorder::start([json(200, summary)]).await;
    let summary = recorder.conversation().analyze().await.unwrap();
    recorder.assert_one(&format!("POST {PATH}:analyze?{VERSION}"), "", true);
    assert_eq!(summary, "The customer needs help.");

    let recorder = Recorder::start([empty(204)]).await;
    recorder.conversation().delete().await.unwrap();
    recorder.assert_one(&format!("DELETE {PATH}?{VERSION}"), "", true);
}

#[tokio::test]
async fn each_participant_that_fails_is_named() {
    let body = value!({"invalidParticipants": [
        {"id": "8:acs:r_u", "error": {"code": "NotFound", "message": "No such identity."}},
        {"id": "8:acs:r_v", "error": null}, {"id": "8:acs:r_w"}]});
    let recorder = Recorder::start([json(207, body)]).await;
    let user = ConversationParticipant::internal(ConversationContact::user("8:acs:r_u"));
    let changed = recorder
        .conversation()
        .add_participants([user])
        .await
        .unwrap();
    recorder.assert_one(
        &format!("POST {PATH}/participants:add?{VERSION}"),
        r#"{"participants":[{"kind":"internal","contact":{"kind":"communication","id":"8:acs:r_u"}}]}"#,
        true,
    );
    assert_eq!(changed.rejected.len(), 3);
    assert_eq!(changed.rejected[0].code.as_deref(), Some("NotFound"));
    assert_eq!(
        changed.rejected[0].message.as_deref(),
        Some("No such identity.")
    );
    assert_eq!(changed.rejected[1].code, None);
    assert_eq!(changed.request_id.as_deref(), Some("cv.7"));

    let recorder = Recorder::start([json(207, value!({"invalidParticipants": []}))]).await;
    let changed = recorder
        .conversation()
        .remove_participants(["8:acs:r_u"])
        .await;
    recorder.assert_one(
        &format!("POST {PATH}/participants:remove?{VERSION}"),
        r#"{"participantIds":["8:acs:r_u"]}"#,
        true,
    );
    assert!(changed.unwrap().rejected.is_empty());

    let recorder = Recorder::start([json(200, value!({}))]).await;
    let error = recorder
        .conversation()
        .remove_participants(["8:acs:r_u"])
        .await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Protocol, Delivery::Sent)
    );
}

#[tokio::test]
async fn messages_are_listed_whatever_the_other_side_sent() {
    let body = value!({"value": [
        {"id": "6", "sequenceId": 6, "message": {"kind": "text", "content": "No order", "later": 1},
         "senderDisplayName": "Jane", "createdOn": "2020-06-25T18:01:17.6900000Z",
         "senderCommunicationIdentifier": "8:acs:r_u"},
        {"id": "5", "message": {"kind": "image", "mediaUri": "https://contoso.com/a.png"}},
        {"id": "4", "message": {"kind": "image", "mediaUri": 7}, "createdOn": 7},
        {"id": "3", "message": {"kind": "sticker", "mediaUri": "https://contoso.com/a.webp"}},
        {"id": "2", "message": null, "senderDisplayName": null}]});
    let recorder = Recorder::start([json(200, body)]).await;
    let options = ListOptions::default()
        .with_page_size(5)
        .with_participant("8:acs:r_u");
    let mut pages = recorder.conversation().messages_with(&options);
    let all = pages.next_page().await.unwrap().unwrap();
    let query = format!("{VERSION}&maxPageSize=5&participantId=8%3Aacs%3Ar_u");
    recorder.assert_one(&format!("GET {PATH}/messages?{query}"), "", false);
    assert_eq!(all[0].content, ConversationContent::text("No order"));
    assert_eq!(all[0].sender.as_deref(), Some("8:acs:r_u"));
    assert!(all[0].created_on.is_some());
    assert!(matches!(&all[1].content, ConversationContent::Image(_)));
    for other in &all[2..] {
        assert!(matches!(&other.content, ConversationContent::Other(_)));
    }
    assert!(!format!("{all:?}").contains("No order"));
}

#[tokio::test]
async fn conversations_are_listed_by_participant_and_channel() {
    let recorder = Recorder::start([json(200, value!({"value": [conversation()]}))]).await;
    let options = ListOptions::default()
        .with_page_size(25)
        .with_channel(CHANNEL.parse().unwrap());
    let mut pages = recorder.client().conversations_with(&options);
    let all = pages.next_page().await.unwrap().unwrap();
    let query = format!("{VERSION}&maxPageSize=25&channelId={CHANNEL}");
    recorder.assert_one(&format!("GET /messages/conversations?{query}"), "", false);
    assert_eq!(all[0].topic.as_deref(), Some("Test"));
}

#[tokio::test]
async fn media_are_streamed_with_their_type_and_a_cap() {
    let picture = || Reply::new(200, vec![7; 1000]).with_header("content-type", "image/jpeg");
    let recorder = Recorder::start([picture()]).await;
    let media = recorder.client().media("a/b").await.unwrap();
    let target = "GET /messages/streams/a%2Fb?api-version=2024-08-30";
    recorder.assert_one(target, "", false);
    let accept = recorder.requests()[0].header("accept").map(str::to_owned);
    assert_eq!(accept.as_deref(), Some("application/octet-stream"));
    assert_eq!(media.content_type(), Some("image/jpeg"));
    let mut file = Vec::new();
    assert_eq!(media.write_to(&mut file, 1000).await.unwrap(), 1000);
    assert_eq!(file, [7; 1000]);

    let recorder = Recorder::start([picture()]).await;
    let media = recorder.client().media("m").await.unwrap();
    let error = media.bytes(999).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Protocol, Delivery::NotSent)
    );
    assert_eq!(error.platform(), Some("acs-messages"));

    let body = value!({"error": {"code": "MediaNotFound", "message": "Given media object does not exist",
        "innererror": {"code": "ErrorCode.IdentifierNotFound", "message": "IdentifierNotFound"}}});
    let recorder = Recorder::start([json(404, body)]).await;
    let error = recorder.client().media("m").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::NotFound, Some("MediaNotFound"))
    );
}

#[tokio::test]
async fn a_receipt_is_accepted_without_a_body() {
    let recorder = Recorder::start([empty(202)]).await;
    let receipt = ReadReceipt::new(CHANNEL.parse().unwrap(), "320fc2a1");
    let notifications = recorder.client().notifications();
    notifications.send_read_receipt(&receipt).await.unwrap();
    recorder.assert_one(
        "POST /messages/readreceipts:send?api-version=2025-09-01-preview",
        r#"{"channelRegistrationId":"0f0eb78e-a576-1dfc-b414-0f0756de3338","messageId":"320fc2a1"}"#,
        true,
    );
}

#[tokio::test]
async fn any_path_is_requested_with_the_version_for_conversations() {
    let recorder = Recorder::start([json(200, value!({"a": 1}))]).await;
    let request = recorder.client().request(Method::GET, "/messages/new");
    assert_eq!(request.json::<Value>().await.unwrap()["a"], 1);
    recorder.assert_one(&format!("GET /messages/new?{VERSION}"), "", false);
}
