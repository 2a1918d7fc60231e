//! What is refused before any I/O.

use acs_messages::{
    ConversationContact, ConversationParticipant, CreateConversationRequest, ListOptions,
    ReadReceipt,
};
use ms_messenger_core::{Delivery, Error, ErrorKind};

use super::recorder::{CHANNEL, Recorder};

#[track_caller]
fn assert_refused(error: Error, fields: &[&str]) {
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::InvalidRequest, 0),
        "{error}"
    );
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.platform(), Some("acs-messages"));
    let named = error.problems().iter().map(|it| it.field.as_str());
    assert_eq!(named.collect::<Vec<_>>(), fields, "{error}");
}

#[tokio::test]
async fn every_problem_of_a_conversation_is_named_at_once() {
    let recorder = Recorder::start([]).await;
    let bot = ConversationParticipant::internal(ConversationContact::bot("", ""));
    let mut two = ConversationParticipant::internal(ConversationContact::user("8%3Aacs%3Ar"));
    two.contacts.push(ConversationContact::user("8:acs:r_u"));
    let request = CreateConversationRequest::default()
        .with_participant(ConversationParticipant::external([]))
        .with_participant(bot)
        .with_participant(two)
        .with_initial_message("x".repeat(4097));
    let error = recorder
        .client()
        .create_conversation(&request)
        .await
        .unwrap_err();
    let fields = [
        "conversation.participants[0].contacts",
        "conversation.participants[1].contacts[0].id",
        "conversation.participants[1].contacts[0].botAppId",
        "conversation.participants[2].contacts",
        "conversation.participants[2].contacts[0].id",
        "initialMessage.content",
    ];
    assert_refused(error, &fields);
    assert_eq!(recorder.requests().len(), 0);
}

#[tokio::test]
async fn ids_and_lists_that_say_nothing_are_refused() {
    let recorder = Recorder::start([]).await;
    let client = recorder.client();
    let empty = client.conversation("");
    assert_refused(empty.get().await.unwrap_err(), &["conversation"]);
    assert_refused(empty.delete().await.unwrap_err(), &["conversation"]);
    assert_refused(empty.terminate().await.unwrap_err(), &["conversation"]);
    assert_refused(empty.analyze().await.unwrap_err(), &["conversation"]);
    let error = empty.messages().next_page().await.unwrap_err();
    assert_refused(error, &["conversation"]);
    let error = empty.add_participants([]).await.unwrap_err();
    assert_refused(error, &["conversation", "participants"]);
    let error = empty
        .remove_participants(Vec::<String>::new())
        .await
        .unwrap_err();
    assert_refused(error, &["conversation", "participantIds"]);
    let error = recorder
        .conversation()
        .remove_participants(["a", " "])
        .await
        .unwrap_err();
    assert_refused(error, &["participantIds[1]"]);
    assert_refused(client.media("").await.unwrap_err(), &["media"]);
    assert_refused(client.media("  ").await.unwrap_err(), &["media"]);
    let receipt = ReadReceipt::new(CHANNEL.parse().unwrap(), "");
    let error = client.notifications().send_read_receipt(&receipt).await;
    assert_refused(error.unwrap_err(), &["messageId"]);
    assert_eq!(recorder.requests().len(), 0);
}

#[tokio::test]
async fn the_options_of_a_list_are_checked_before_its_first_page() {
    let recorder = Recorder::start([]).await;
    let options = ListOptions::default()
        .with_page_size(0)
        .with_participant("");
    let error = recorder
        .client()
        .conversations_with(&options)
        .next_page()
        .await;
    assert_refused(error.unwrap_err(), &["page_size", "participant"]);
    let options = ListOptions::default().with_channel(CHANNEL.parse().unwrap());
    let error = recorder
        .conversation()
        .messages_with(&options)
        .next_page()
        .await;
    assert_refused(error.unwrap_err(), &["channel"]);
    let options = ListOptions::default().with_page_size(u32::MAX);
    let error = recorder
        .conversation()
        .messages_with(&options)
        .next_page()
        .await;
    assert_refused(error.unwrap_err(), &["page_size"]);
    assert_eq!(recorder.requests().len(), 0);
}
