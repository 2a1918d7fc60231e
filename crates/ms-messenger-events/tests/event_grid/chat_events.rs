//! Events of ACS Chat.

use ms_messenger_events::event_grid::{
    ChatMessageEvent, ChatMessageKind, ChatParticipantEvent, ChatThreadEvent, EventData,
};
use serde_json::{Value, json};

use super::data;

const THREAD: &str = "19:6e5d@thread.v2";

fn user(id: &str) -> Value {
    json!({"rawId": id, "communicationUser": {"id": id}})
}

fn message(event: EventData) -> ChatMessageEvent {
    match event {
        EventData::ChatMessageReceived(it)
        | EventData::ChatMessageEdited(it)
        | EventData::ChatMessageDeleted(it)
        | EventData::ChatMessageReceivedInThread(it)
        | EventData::ChatMessageEditedInThread(it)
        | EventData::ChatMessageDeletedInThread(it)
        | EventData::ChatAzureBotCommandReceivedInThread(it) => *it,
        other => panic!("{other:?}"),
    }
}

fn thread(event: EventData) -> ChatThreadEvent {
    match event {
        EventData::ChatThreadCreated(it)
        | EventData::ChatThreadCreatedWithUser(it)
        | EventData::ChatThreadPropertiesUpdated(it)
        | EventData::ChatThreadPropertiesUpdatedPerUser(it)
        | EventData::ChatThreadDeleted(it)
        | EventData::ChatThreadWithUserDeleted(it) => *it,
        other => panic!("{other:?}"),
    }
}

fn participant(event: EventData) -> ChatParticipantEvent {
    match event {
        EventData::ChatThreadParticipantAdded(it)
        | EventData::ChatThreadParticipantRemoved(it)
        | EventData::ChatParticipantAddedToThreadWithUser(it)
        | EventData::ChatParticipantRemovedFromThreadWithUser(it) => *it,
        other => panic!("{other:?}"),
    }
}

/// The name of the variant, which is that of the type.
fn variant(event: &EventData) -> String {
    let printed = format!("{event:?}");
    printed.split('(').next().unwrap().to_owned()
}

#[test]
fn messages_of_both_levels_are_read() {
    let names = [
        "ChatMessageReceived",
        "ChatMessageEdited",
        "ChatMessageDeleted",
        "ChatMessageReceivedInThread",
        "ChatMessageEditedInThread",
        "ChatMessageDeletedInThread",
        "ChatAzureBotCommandReceivedInThread",
    ];
    for name in names {
        // A string at the level of a thread, a number at that of a user.
        let is_in_thread = name.ends_with("InThread");
        let version = if is_in_thread {
            json!("1613783230064")
        } else {
            json!(1_613_783_230_064_u64)
        };
        let content = json!({
            "messageBody": "we meet at nine", "messageId": "1613783230064", "type": "Text",
            "metadata": {"ticket": "42"}, "version": version, "senderDisplayName": "Lene",
            "senderCommunicationIdentifier": user("8:acs:1"), "threadId": THREAD,
            "composeTime": "2021-02-19T17:07:10.064-08:00", "editTime": "2021-02-19T17:08:10Z",
            "recipientId": "8:acs:2", "transactionId": "foMk",
        });
        let found = data(name, "thread/19:6e5d/sender/8:acs:1", &content);
        assert_eq!(variant(&found), name);
        assert!(!format!("{found:?}").contains("nine"));
        let message = message(found);
        assert_eq!(message.kind, Some(ChatMessageKind::Text));
        assert_eq!(message.version, Some(1_613_783_230_064));
        assert_eq!(message.message_body.as_deref(), Some("we meet at nine"));
        assert_eq!(message.thread_id.as_ref().unwrap(), &THREAD);
        let sender = message.sender_communication_identifier.as_ref();
        assert_eq!(sender.unwrap().id(), Some("8:acs:1"));
        assert_eq!(message.metadata.as_ref().unwrap()["ticket"], "42");
        assert!(
            message
                .compose_time
                .as_ref()
                .unwrap()
                .to_system_time()
                .is_some()
        );
    }
}

#[test]
fn a_message_of_a_newer_kind_and_a_strange_version_are_no_obstacle() {
    let found = message(data(
        "ChatMessageReceivedInThread",
        "",
        &json!({"type": "Markdown", "version": "newest"}),
    ));
    assert_eq!(found.kind, Some(ChatMessageKind::Other("Markdown".into())));
    assert_eq!(found.version, None);
}

#[test]
fn threads_of_both_levels_are_read() {
    for name in [
        "ChatThreadCreated",
        "ChatThreadCreatedWithUser",
        "ChatThreadPropertiesUpdated",
        "ChatThreadPropertiesUpdatedPerUser",
        "ChatThreadDeleted",
        "ChatThreadWithUserDeleted",
    ] {
        let content = json!({
            "createdByCommunicationIdentifier": user("8:acs:1"),
            "deletedByCommunicationIdentifier": user("8:acs:2"),
            "properties": {"topic": "Build"}, "reason": "deleteByThread",
            "members": [{"displayName": "Bob", "memberId": "8:acs:1"}],
            "participants": [
                {"displayName": "Bob", "participantCommunicationIdentifier": user("8:acs:1"),
                 "metadata": {"team": "A"}},
                // Two samples of the documentation have it inside.
                {"participantCommunicationIdentifier":
                    {"rawId": "8:acs:3", "metadata": {"team": "B"}}},
            ],
            "createTime": "2021-02-19T16:31:54.365-08:00", "version": 1_613_781_114_365_u64,
            "threadId": THREAD,
        });
        let found = data(name, "", &content);
        assert_eq!(variant(&found), name);
        let thread = thread(found);
        assert_eq!(thread.properties.unwrap().topic.as_deref(), Some("Build"));
        assert_eq!(thread.reason.as_deref(), Some("deleteByThread"));
        assert_eq!(thread.members[0].member_id.as_deref(), Some("8:acs:1"));
        let team = |n: usize| thread.participants[n].metadata.as_ref().unwrap()["team"].as_str();
        assert_eq!((team(0), team(1)), ("A", "B"));
        let third = &thread.participants[1].participant_communication_identifier;
        assert_eq!(third.as_ref().unwrap().id(), Some("8:acs:3"));
        assert_eq!(thread.version, Some(1_613_781_114_365));
    }
}

#[test]
fn participants_of_both_levels_are_read() {
    for name in [
        "ChatThreadParticipantAdded",
        "ChatThreadParticipantRemoved",
        "ChatParticipantAddedToThreadWithUser",
        "ChatParticipantRemovedFromThreadWithUser",
    ] {
        let other = json!({"displayName": "Bob", "participantCommunicationIdentifier":
            {"rawId": "8:orgid:1", "microsoftTeamsUser": {"userId": "1", "cloud": "public"}}});
        let content = json!({
            "time": "2021-02-19T16:54:42.8622646-08:00", "version": "1613782482822",
            "addedByCommunicationIdentifier": user("8:acs:1"), "participantAdded": other,
            "removedByCommunicationIdentifier": user("8:acs:1"), "participantRemoved": other,
            "threadId": THREAD,
        });
        let found = data(name, "", &content);
        assert_eq!(variant(&found), name);
        let event = participant(found);
        let added = event.participant_added.unwrap();
        let identity = added.participant_communication_identifier.unwrap();
        assert_eq!(identity.microsoft_teams_user.unwrap().user_id, "1");
        assert_eq!(event.version, Some(1_613_782_482_822));
        assert!(event.participant_removed.is_some());
    }
}

#[test]
fn typing_is_read() {
    let content = json!({"senderCommunicationIdentifier":
        {"rawId": "4:+1425", "phoneNumber": {"value": "+1425"}}, "threadId": THREAD});
    let found = data("ChatTypingIndicatorReceivedInThread", "", &content);
    let EventData::ChatTypingIndicatorReceivedInThread(typing) = found else {
        panic!("{found:?}")
    };
    let sender = typing.sender_communication_identifier.unwrap();
    assert_eq!(sender.phone_number.unwrap().value, "+1425");
}
