//! Nothing that a caller or a server can set makes the client panic or print a secret.

use std::{sync::LazyLock, time::Duration};

use acs_chat::{AcsChatClient, ChatMessage, ChatParticipant, ChatThreadProperties, PLATFORM};
use ms_messenger_core::{Message, RetryPolicy, SendRequest, StaticToken, Target};
use proptest::prelude::*;
use serde_json::Value;

static CLIENT: LazyLock<AcsChatClient> = LazyLock::new(|| {
    let token = StaticToken::new("t");
    AcsChatClient::builder("https://contoso.communication.azure.com", token)
        .with_client_message_ids(true)
        .build()
        .unwrap()
});

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "(?s).{0,20}|text|html".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name = "content|type|metadata|attachments|id|attachmentType|code|message|details|innererror|participants|communicationIdentifier|rawId|communicationUser|topic|.{0,6}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(name, inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn messages() -> impl Strategy<Value = Message> {
    prop_oneof![
        "(?s).*".prop_map(Message::text),
        "(?s).*".prop_map(Message::html),
        any_json().prop_map(|payload| Message::native(PLATFORM, payload)),
    ]
}

/// A message whose members are anything.
fn any_message() -> impl Strategy<Value = Value> {
    let kind = "text|html|topicUpdated|participantAdded|participantRemoved|.{0,4}";
    (kind, any_json(), any_json(), any_json()).prop_map(|(kind, content, sender, time)| {
        serde_json::json!({"id": "7", "type": kind, "content": content, "createdOn": time,
            "senderCommunicationIdentifier": sender, "metadata": {"a": content}})
    })
}

proptest! {
    #[test]
    fn any_message_is_read_or_refused(message in any_message(), other in any_json()) {
        if let Ok(message) = serde_json::from_value::<ChatMessage>(message) {
            prop_assert_eq!(message.metadata.len(), 1);
            let shown = format!("{message:?}");
            prop_assert!(shown.len() < 400, "{}", shown);
        }
        let _ = serde_json::from_value::<ChatThreadProperties>(other.clone());
        let _ = serde_json::from_value::<ChatParticipant>(other);
    }

    #[test]
    fn a_check_of_any_request_ends(message in messages(), id in "(?s).*") {
        let request = SendRequest::new(Target::conversation(id), message);
        if let Err(error) = CLIENT.check(&request) {
            prop_assert!(!error.to_string().contains(char::is_control), "{error}");
        }
    }

    #[test]
    fn any_setting_builds_or_is_refused_without_a_secret(
        address in "(https?://)?[a-z:@/.?=#%\\[\\]]{0,30}",
        version in "(?s).*",
        limit in any::<Option<usize>>(),
        seconds in any::<u64>(),
    ) {
        let wait = Duration::from_secs(seconds);
        let address = format!("{address}?key=hunter2");
        let builder = AcsChatClient::builder(address, StaticToken::new("hunter2"))
            .with_api_version(version.as_str().into())
            .with_max_message_bytes(limit)
            .with_retry_policy(RetryPolicy::default().with_backoff(wait, wait));
        prop_assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
        let shown = match builder.build() {
            Ok(client) => format!("{client:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains("hunter2"), "{shown}");
    }
}
