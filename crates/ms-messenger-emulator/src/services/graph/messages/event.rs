//! System events: changes of a channel or a chat, as messages without a sender.

use serde_json::{Value, json};

use crate::services::graph::{
    messages::{render, store::Store},
    place::Place,
};

const SUFFIX: &str = "EventMessageDetail";
const NAMESPACE: &str = "#microsoft.graph.";

/// What an event is called before `EventMessageDetail`.
const KINDS: [&str; 30] = [
    "callEnded",
    "callRecording",
    "callStarted",
    "callTranscript",
    "channelAdded",
    "channelDeleted",
    "channelDescriptionUpdated",
    "channelRenamed",
    "channelSetAsFavoriteByDefault",
    "channelUnsetAsFavoriteByDefault",
    "chatRenamed",
    "conversationMemberRoleUpdated",
    "meetingPolicyUpdated",
    "membersAdded",
    "membersDeleted",
    "membersJoined",
    "membersLeft",
    "messagePinned",
    "messageUnpinned",
    "tabUpdated",
    "teamArchived",
    "teamCreated",
    "teamDescriptionUpdated",
    "teamJoiningDisabled",
    "teamJoiningEnabled",
    "teamRenamed",
    "teamUnarchived",
    "teamsAppInstalled",
    "teamsAppRemoved",
    "teamsAppUpgraded",
];

/// The `eventDetail` that is meant by a kind (`membersAdded`) or by an object with `@odata.type`.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn detail(event: &Value, initiator: &str) -> Result<Value, String> {
    let mut detail = match event {
        Value::String(kind) => json!({"@odata.type": format!("{NAMESPACE}{kind}{SUFFIX}")}),
        Value::Object(_) => event.clone(),
        _ => return Err("event: must be a kind of event or an eventDetail".to_owned()),
    };
    let name = detail["@odata.type"].as_str().unwrap_or_default();
    let kind = name
        .strip_prefix(NAMESPACE)
        .and_then(|name| name.strip_suffix(SUFFIX));
    if !kind.is_some_and(|kind| KINDS.contains(&kind)) {
        let kinds = KINDS.join(", ");
        return Err(format!(
            "event: '{name}' is none of {NAMESPACE}KIND{SUFFIX}, KIND being {kinds}"
        ));
    }
    if detail.get("initiator").is_none() && kind != Some("callTranscript") {
        detail["initiator"] = json!({
            "application": null,
            "device": null,
            "user": {"id": initiator, "displayName": null, "userIdentityType": "aadUser"},
        });
    }
    Ok(detail)
}

/// Adds an event to a place; returns the id of its message, which adds no ledger row.
pub(crate) fn tell(store: &mut Store, tenant: &str, place: &Place, detail: &Value) -> u64 {
    store.append(place, |id| {
        let mut message = render::empty(place, None, tenant, id);
        message["messageType"] = json!("systemEventMessage");
        message["body"] = json!({"contentType": "html", "content": "<systemEventMessage/>"});
        message["eventDetail"] = detail.clone();
        (message, Vec::new())
    })
}
