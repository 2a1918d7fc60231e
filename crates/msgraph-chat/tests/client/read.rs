//! Whatever the service returns is read without loss; null members count as absent.

use msgraph_chat::models::{ChatMessage, ChatMessageType, EventKind, UserIdentityType};
use serde_json::{Value, json};

/// The value without members that are null or empty lists.
fn bare(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .map(|(key, value)| (key, bare(value)))
            .filter(|(_, value)| !value.is_null() && *value != json!([]))
            .collect(),
        Value::Array(list) => list.into_iter().map(bare).collect(),
        value => value,
    }
}

fn survives(json: Value) -> ChatMessage {
    let message: ChatMessage = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&message).unwrap(), bare(json));
    message
}

#[test]
fn a_channel_message_with_everything() {
    let message = survives(json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x", "id": "1", "replyToId": null,
        "etag": "2", "messageType": "message", "createdDateTime": "2026-03-29T03:53:52.03Z",
        "lastModifiedDateTime": "2026-03-29T03:53:52.03Z", "subject": null, "importance": "urgent",
        "locale": "en-us", "webUrl": "https://teams.microsoft.com/l/x", "onBehalfOf": null,
        "policyViolation": {"dlpAction": "blockAccess", "userAction": "none",
            "verdictDetails": "AllowOverrideWithoutJustification,AllowFalsePositiveOverride",
            "policyTip": {"generalText": "t", "complianceUrl": "u", "matchedConditionDescriptions": ["c"]}},
        "from": {"application": null, "device": null, "user": {"@odata.type": "#microsoft.graph.teamworkUserIdentity",
            "id": "u", "displayName": "Lene", "userIdentityType": "martian", "tenantId": "t", "open": true}},
        "body": {"contentType": "html", "content": "<at id=\"0\">A</at>"},
        "channelIdentity": {"teamId": "t", "channelId": "c"},
        "attachments": [{"id": "a", "contentType": "messageReference", "contentUrl": null, "content": "{}",
            "name": null, "thumbnailUrl": null, "teamsAppId": null, "future": [1]}],
        "mentions": [{"id": 0, "mentionText": "A", "mentioned": {"user": null, "tag": {"id": "t", "displayName": "A"}}}],
        "reactions": [{"reactionType": "💯", "displayName": "Hundred", "createdDateTime": "2026-03-29T03:53:52Z",
            "user": {"user": {"id": "u"}}}],
        "messageHistory": [{"modifiedDateTime": "2026-03-29T03:53:52Z", "actions": "reactionAdded",
            "reaction": {"reactionType": "💯", "user": {"user": {"id": "u"}}}}],
        "@microsoft.graph.tips": "use $select", "deleted": false
    }));
    let user = message.from.unwrap().user.unwrap();
    assert_eq!(
        user.user_identity_type,
        Some(UserIdentityType::Other("martian".into()))
    );
    assert!(
        message
            .policy_violation
            .unwrap()
            .verdict_details
            .unwrap()
            .contains("allowFalsePositiveOverride")
    );
    assert_eq!(message.other["@microsoft.graph.tips"], "use $select");
}

#[test]
fn a_chat_message_without_lists_and_with_null_lists() {
    let message = survives(
        json!({"id": "1", "chatId": "19:a@thread.v2", "body": {"contentType": "text", "content": ""},
        "mentions": null, "reactions": null}),
    );
    assert!(message.mentions.is_empty() && message.message_history.is_empty());
}

#[test]
fn events_are_read_and_unknown_ones_are_kept() {
    let event = |kind: &str, members: Value| {
        let mut detail = json!({"@odata.type": format!("#microsoft.graph.{kind}EventMessageDetail"),
            "initiator": {"user": {"id": "u"}}});
        detail
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        survives(
            json!({"id": "1", "messageType": "systemEventMessage", "from": null, "eventDetail": detail,
            "body": {"contentType": "html", "content": "<systemEventMessage/>"}}),
        )
    };
    let added = event(
        "membersAdded",
        json!({"visibleHistoryStartDateTime": "0001-01-01T00:00:00Z",
        "members": [{"id": "m", "displayName": null, "userIdentityType": "aadUser"}]}),
    );
    assert_eq!(
        added.message_type,
        Some(ChatMessageType::SystemEventMessage)
    );
    let detail = added.event_detail.unwrap();
    assert_eq!(detail.odata_type, Some(EventKind::MembersAdded));
    assert_eq!(detail.members.len(), 1);
    event(
        "callEnded",
        json!({"callDuration": "PT1M", "callEventType": "meeting", "callId": "c",
        "callParticipants": [{"participant": {"user": {"id": "p"}}}]}),
    );
    event(
        "teamsAppInstalled",
        json!({"teamsAppId": "a", "teamsAppDisplayName": "App"}),
    );
    let unknown = event("cakeEaten", json!({"cake": {"slices": 8}}))
        .event_detail
        .unwrap();
    assert!(matches!(unknown.odata_type, Some(EventKind::Other(_))));
    assert_eq!(unknown.other["cake"]["slices"], 8);
}

#[test]
fn a_number_in_an_unknown_member_keeps_its_value() {
    // Found by fuzzing: read without care, the last digit came out as another one.
    let text = r#"{"body":{"content":"x"},"w":1.444444244444444444}"#;
    let message: ChatMessage = serde_json::from_str(text).unwrap();
    let written = serde_json::to_string(&message).unwrap();
    let again: ChatMessage = serde_json::from_str(&written).unwrap();
    assert_eq!(message, again);
    assert!(written.contains("1.4444442444444445"), "{written}");
}
