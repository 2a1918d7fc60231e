//! What happens in the threads of ACS Chat, as Event Grid says it.

use crate::outside::Outside;
use crate::receiver::Receiver;
use ms_messenger_emulator::EventSubscription;
use reqwest::Method;
use serde_json::{Value, json};

fn kind(event: &Value) -> &str {
    let kind = event["eventType"].as_str().unwrap();
    kind.strip_prefix("Microsoft.Communication.").unwrap()
}

async fn scene() -> (Outside, Receiver) {
    let (outside, receiver) = (Outside::start().await, Receiver::start().await);
    let subscription = EventSubscription::new("chat", &receiver.url);
    outside
        .emulator
        .subscribe_events(&subscription)
        .await
        .unwrap();
    (outside, receiver)
}

fn of<'a>(events: &'a [Value], wanted: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| kind(event) == wanted)
        .collect()
}

#[tokio::test]
async fn messages_are_published_once_and_for_each_other_participant() {
    let (outside, receiver) = scene().await;
    let path = outside.thread_with("t", &[1, 2]).await;
    let before = receiver.events(4).await;
    assert_eq!(
        (
            of(&before, "ChatThreadCreatedWithUser").len(),
            of(&before, "ChatThreadCreated").len()
        ),
        (3, 1)
    );
    let created = of(&before, "ChatThreadCreated")[0];
    let data = &created["data"];
    assert_eq!(
        (
            &data["properties"]["topic"],
            data["participants"].as_array().unwrap().len()
        ),
        (&json!("t"), 3)
    );
    assert_eq!(
        data["createdByCommunicationIdentifier"]["rawId"],
        outside.acs_user(0)
    );
    assert!(
        data["createdByCommunicationIdentifier"]
            .get("kind")
            .is_none()
    );
    let body = json!({"content": "hi", "senderDisplayName": "Alice", "type": "text"});
    let (status, sent) = outside
        .chat_as(0, Method::POST, &format!("{path}/messages"), body)
        .await;
    assert_eq!(status, 201);
    let events = receiver.events(7).await.split_off(4);
    let personal = of(&events, "ChatMessageReceived");
    let recipients: Vec<&str> = personal
        .iter()
        .map(|e| e["data"]["recipientId"].as_str().unwrap())
        .collect();
    assert_eq!(recipients, [outside.acs_user(1), outside.acs_user(2)]);
    let thread = path.trim_start_matches('/');
    let sender = outside.acs_user(0);
    assert_eq!(
        personal[0]["subject"],
        format!(
            "thread/{thread}/sender/{sender}/recipient/{}",
            recipients[0]
        )
    );
    assert!(personal[0]["data"]["version"].is_u64());
    let whole = of(&events, "ChatMessageReceivedInThread")[0];
    assert_eq!(whole["subject"], format!("thread/{thread}/sender/{sender}"));
    let data = &whole["data"];
    assert_eq!(
        (&data["messageId"], &data["messageBody"]),
        (&sent["id"], &json!("hi"))
    );
    assert_eq!(
        (&data["type"], &data["senderDisplayName"]),
        (&json!("Text"), &json!("Alice"))
    );
    assert!(data["version"].is_string() && data.get("recipientId").is_none());
}

#[tokio::test]
async fn edits_deletions_and_changes_of_threads_are_published() {
    let (outside, receiver) = scene().await;
    let path = outside.thread_with("t", &[1]).await;
    let messages = format!("{path}/messages");
    let (_, sent) = outside
        .chat_as(0, Method::POST, &messages, json!({"content": "a"}))
        .await;
    let message = format!("{messages}/{}", sent["id"].as_str().unwrap());
    let merge = json!({"content": "b"});
    let patch = outside.client.patch(format!(
        "{}/chat/threads{message}?api-version=2025-03-15",
        outside.base
    ));
    let patch = patch
        .bearer_auth(outside.chat_token())
        .header("content-type", "application/merge-patch+json");
    assert_eq!(Outside::ask(patch.body(merge.to_string())).await.0, 204);
    assert_eq!(
        outside
            .chat_as(0, Method::DELETE, &message, Value::Null)
            .await
            .0,
        204
    );
    let add = json!({"participants": [outside.participant(2)]});
    assert_eq!(
        outside
            .chat_as(0, Method::POST, &format!("{path}/participants/:add"), add)
            .await
            .0,
        201
    );
    let remove = json!({"communicationUser": {"id": outside.acs_user(2)}});
    assert_eq!(
        outside
            .chat_as(
                0,
                Method::POST,
                &format!("{path}/participants/:remove"),
                remove
            )
            .await
            .0,
        204
    );
    let typing = json!({"senderDisplayName": "Alice"});
    assert_eq!(
        outside
            .chat_as(0, Method::POST, &format!("{path}/typing"), typing)
            .await
            .0,
        200
    );
    let patch = outside.client.patch(format!(
        "{}/chat/threads{path}?api-version=2025-03-15",
        outside.base
    ));
    let patch = patch
        .bearer_auth(outside.chat_token())
        .header("content-type", "application/merge-patch+json");
    assert_eq!(
        Outside::ask(patch.body(json!({"topic": "u"}).to_string()))
            .await
            .0,
        204
    );
    assert_eq!(
        outside
            .chat_as(0, Method::DELETE, &path, Value::Null)
            .await
            .0,
        204
    );
    let events = receiver.events(24).await;
    let counts = [
        ("ChatThreadCreatedWithUser", 2),
        ("ChatThreadCreated", 1),
        ("ChatMessageReceived", 1),
        ("ChatMessageReceivedInThread", 1),
        ("ChatMessageEdited", 1),
        ("ChatMessageEditedInThread", 1),
        ("ChatMessageDeleted", 1),
        ("ChatMessageDeletedInThread", 1),
        ("ChatParticipantAddedToThreadWithUser", 3),
        ("ChatThreadParticipantAdded", 1),
        ("ChatParticipantRemovedFromThreadWithUser", 3),
        ("ChatThreadParticipantRemoved", 1),
        ("ChatTypingIndicatorReceivedInThread", 1),
        ("ChatThreadPropertiesUpdatedPerUser", 2),
        ("ChatThreadPropertiesUpdated", 1),
        ("ChatThreadWithUserDeleted", 2),
        ("ChatThreadDeleted", 1),
    ];
    for (name, count) in counts {
        assert_eq!(of(&events, name).len(), count, "{name}");
    }
    let data = |name: &str| of(&events, name)[0]["data"].clone();
    assert_eq!(data("ChatMessageEditedInThread")["messageBody"], "b");
    assert!(data("ChatMessageEdited")["editTime"].is_string());
    let deleted = data("ChatMessageDeletedInThread");
    assert!(deleted["deleteTime"].is_string() && deleted.get("messageBody").is_none());
    let added = of(&events, "ChatThreadParticipantAdded")[0];
    assert!(
        added["subject"]
            .as_str()
            .unwrap()
            .contains("/participantadded/")
    );
    let added = of(&events, "ChatParticipantAddedToThreadWithUser")[0];
    assert!(
        added["subject"]
            .as_str()
            .unwrap()
            .contains("/participantAdded/")
    );
    let identity = &data("ChatThreadParticipantRemoved")["participantRemoved"]["participantCommunicationIdentifier"];
    assert_eq!(identity["rawId"], outside.acs_user(2));
    assert_eq!(
        data("ChatThreadPropertiesUpdated")["properties"]["topic"],
        "u"
    );
    assert_eq!(data("ChatThreadDeleted")["reason"], "deleteByThread");
    assert!(data("ChatThreadWithUserDeleted").get("reason").is_none());
}

#[tokio::test]
async fn injected_messages_are_published_too() {
    let (outside, receiver) = scene().await;
    let thread = &outside.emulator.seed().acs.thread_id;
    let sender = outside.acs_user(1);
    let made = outside.emulator.inject(&json!({
        "platform": "acs-chat", "conversation": thread, "sender": sender, "text": "hi",
    }));
    let id = made.unwrap()["message_id"].clone();
    let events = receiver.events(3).await;
    let whole = of(&events, "ChatMessageReceivedInThread")[0];
    assert_eq!(
        (&whole["data"]["messageId"], &whole["data"]["threadId"]),
        (&id, &json!(thread))
    );
}
