//! Events of Advanced Messaging.

use ms_messenger_events::event_grid::{
    AdvancedMessageChannel, AdvancedMessageDeliveryStatus, EventData, InteractiveReplyKind, Schema,
};
use serde_json::{Value, json};

use super::{TOPIC, data, event, events, receive, receiver};

fn received(content: &Value) -> Value {
    let mut all = json!({
        "channelType": "whatsapp", "from": "+14255550123",
        "to": "0f0eb78e-a576-1dfc-b414-0f0756de3338",
        "receivedTimestamp": "2026-01-02T03:04:05+00:00",
    });
    let members = content.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(members);
    all
}

const RECEIVED: &str = "advancedMessage/sender/+14255550123/recipient/0f0eb78e";

#[test]
fn a_text_is_read() {
    let content = received(&json!({"content": "yes", "messageType": "text",
        "messageId": "wamid.1", "context": {"from": "0f0e", "id": "wamid.0"}}));
    let EventData::AdvancedMessageReceived(message) =
        data("AdvancedMessageReceived", RECEIVED, &content)
    else {
        panic!()
    };
    assert_eq!(message.channel_type, Some(AdvancedMessageChannel::WhatsApp));
    assert_eq!(message.content.as_deref(), Some("yes"));
    assert_eq!(message.from.as_deref(), Some("+14255550123"));
    assert_eq!(message.message_id.as_ref().unwrap(), &"wamid.1");
    assert_eq!(
        message.context.as_ref().unwrap().id.as_ref().unwrap(),
        &"wamid.0"
    );
    assert!(
        message
            .received_timestamp
            .as_ref()
            .unwrap()
            .to_system_time()
            .is_some()
    );
    assert!(!format!("{message:?}").contains("yes"));
    // Nothing is lost on the way: what was read is written again.
    assert_eq!(serde_json::to_value(&message).unwrap(), content);
}

#[test]
fn media_are_read_whichever_way_the_flag_is_written() {
    for (written, expected) in [
        (json!(true), Some(true)),
        (json!("False"), Some(false)),
        (json!("maybe"), None),
        (Value::Null, None),
    ] {
        let media = json!({"mimeType": "image/webp", "id": "m1", "animated": written});
        let content = received(&json!({ "media": media }));
        let EventData::AdvancedMessageReceived(message) =
            data("AdvancedMessageReceived", RECEIVED, &content)
        else {
            panic!("{written}")
        };
        let media = message.media.unwrap();
        assert_eq!(
            (media.id.as_deref(), media.animated),
            (Some("m1"), expected)
        );
    }
}

#[test]
fn replies_buttons_and_reactions_are_read() {
    let content = received(&json!({
        "fromBSUID": "US.1349",
        "button": {"text": "No", "payload": "p"},
        "interactive": {"type": "listReply", "listReply": {"id": "1", "title": "A", "description": "B"}},
        "reaction": {"messageId": "wamid.2", "emoji": "\u{1F600}"},
    }));
    let EventData::AdvancedMessageReceived(message) =
        data("AdvancedMessageReceived", RECEIVED, &content)
    else {
        panic!()
    };
    assert_eq!(message.from_bsuid.as_deref(), Some("US.1349"));
    assert_eq!(
        message.button.as_ref().unwrap().payload.as_deref(),
        Some("p")
    );
    let interactive = message.interactive.as_ref().unwrap();
    assert_eq!(interactive.kind, Some(InteractiveReplyKind::ListReply));
    let chosen = interactive.list_reply.as_ref().unwrap();
    assert_eq!(
        (chosen.id.as_deref(), chosen.description.as_deref()),
        (Some("1"), Some("B"))
    );
    let reaction = message.reaction.as_ref().unwrap();
    assert_eq!(reaction.message_id.as_ref().unwrap(), &"wamid.2");
    assert_eq!(serde_json::to_value(&message).unwrap(), content);
}

#[test]
fn the_message_id_and_the_status_come_from_the_subject_if_they_are_missing() {
    use AdvancedMessageDeliveryStatus::{Delivered, Failed, Other, Read};
    let subject = "advancedMessage/4a5b/status/Failed";
    for (subject, content, id, status) in [
        (
            subject,
            json!({"messageId": "7c8d", "status": "Read"}),
            Some("7c8d"),
            Some(Read),
        ),
        (
            subject,
            json!({"status": "Failed"}),
            Some("4a5b"),
            Some(Failed),
        ),
        (
            subject,
            json!({"messageId": ""}),
            Some("4a5b"),
            Some(Failed),
        ),
        (
            subject,
            json!({"messageId": null, "status": "delivered"}),
            Some("4a5b"),
            Some(Delivered),
        ),
        (
            subject,
            json!({"status": "Deferred"}),
            Some("4a5b"),
            Some(Other("Deferred".into())),
        ),
        ("advancedMessage//status/Read", json!({}), None, Some(Read)),
        ("advancedMessage/4a5b/other/Read", json!({}), None, None),
        ("", json!({"status": "Read"}), None, Some(Read)),
    ] {
        let found = data("AdvancedMessageDeliveryStatusUpdated", subject, &content);
        let EventData::AdvancedMessageDeliveryStatusUpdated(update) = found else {
            panic!("{found:?}")
        };
        assert_eq!(
            update.message_id.as_ref().map(|it| it.as_str()),
            id,
            "{content}"
        );
        assert_eq!(update.status, status, "{content}");
    }
}

#[test]
fn a_failure_has_the_code_of_the_channel() {
    let content = json!({"from": "0f0e", "to": "", "toBSUID": "US.1349", "status": "Failed",
        "error": {"channelCode": "131026", "channelMessage": "Message Undeliverable."}});
    let subject = "advancedMessage/4a5b/status/Failed";
    let found = data("AdvancedMessageDeliveryStatusUpdated", subject, &content);
    let EventData::AdvancedMessageDeliveryStatusUpdated(update) = found else {
        panic!("{found:?}")
    };
    let error = update.error.unwrap();
    assert_eq!(error.channel_code.as_deref(), Some("131026"));
    assert_eq!(
        error.channel_message.as_deref(),
        Some("Message Undeliverable.")
    );
    assert_eq!(update.to_bsuid.as_deref(), Some("US.1349"));
}

#[test]
fn an_analysis_is_read() {
    let content = json!({"originalMessage": "hej", "intentAnalysis": "greets",
        "extractedKeyPhrases": ["hej"],
        "languageDetection": {"language": "da", "confidenceScore": 0.5, "translation": "hi"}});
    let found = data("AdvancedMessageAnalysisCompleted", "", &content);
    let EventData::AdvancedMessageAnalysisCompleted(analysis) = found else {
        panic!("{found:?}")
    };
    let language = analysis.language_detection.as_ref().unwrap();
    assert_eq!(
        (language.language.as_deref(), language.confidence_score),
        (Some("da"), Some(0.5))
    );
    assert_eq!(serde_json::to_value(&analysis).unwrap(), content);
}

#[test]
fn both_schemas_and_both_spellings_of_the_version_are_read_alike() {
    let own = event(
        "AdvancedMessageReceived",
        RECEIVED,
        &received(&json!({"content": "a"})),
    );
    let cloud = |version: &str| {
        let mut cloud = own.clone();
        let members = cloud.as_object_mut().unwrap();
        for (from, to) in [
            ("topic", "source"),
            ("eventType", "type"),
            ("eventTime", "time"),
        ] {
            let value = members.remove(from).unwrap();
            members.insert(to.to_owned(), value);
        }
        members.retain(|name, _| !name.ends_with("dataVersion") && name != "metadataVersion");
        members.insert(version.to_owned(), json!("1.0"));
        cloud
    };
    let bodies = [
        (json!([own]), Schema::EventGrid),
        // One sample of the documentation is an object.
        (own.clone(), Schema::EventGrid),
        (cloud("specversion"), Schema::CloudEvents),
        (cloud("specVersion"), Schema::CloudEvents),
        (json!([cloud("specversion")]), Schema::CloudEvents),
    ];
    for (body, schema) in bodies {
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        let mut events = events(receive(&receiver(), pretty));
        let event = events.remove(0);
        assert_eq!((event.schema, event.source.as_str()), (schema, TOPIC));
        assert!(event.is_from(&TOPIC.to_uppercase()));
        assert_eq!(
            event.time.as_ref().unwrap().as_str(),
            "2026-01-02T03:04:05.6789012Z"
        );
        assert!(matches!(event.data, EventData::AdvancedMessageReceived(_)));
        assert!(!event.raw().contains('\n'));
        assert_eq!(
            ms_messenger_events::event_grid::Event::parse(event.raw()).unwrap(),
            event
        );
        let raw: Value = serde_json::from_str(event.raw()).unwrap();
        assert_eq!(raw, *body.get(0).unwrap_or(&body));
    }
}

#[test]
fn data_in_base64_are_read() {
    let body = r#"{"specversion":"1.0","id":"1","source":"/s","data_base64":"eyJzdGF0dXMiOiJSZWFkIn0=",
        "type":"Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated"}"#;
    let events = events(receive(&receiver(), body));
    let EventData::AdvancedMessageDeliveryStatusUpdated(update) = &events[0].data else {
        panic!("{events:?}")
    };
    assert_eq!(update.status, Some(AdvancedMessageDeliveryStatus::Read));
}

#[test]
fn what_is_unknown_or_of_another_shape_is_kept_as_it_is() {
    for (name, content) in [
        ("RouterJobReceived", json!({"jobId": "1"})),
        ("AdvancedMessageReceived", json!({"content": 5})),
        ("AdvancedMessageReceived", json!("text")),
    ] {
        let found = data(name, "", &content);
        let EventData::Unknown {
            event_type, data, ..
        } = &found
        else {
            panic!("{found:?}")
        };
        assert_eq!(*event_type, format!("Microsoft.Communication.{name}"));
        assert_eq!(serde_json::from_str::<Value>(data).unwrap(), content);
        assert!(!format!("{found:?}").contains("jobId"));
    }
}
