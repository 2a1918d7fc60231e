//! Messages that come in from the other side.

use serde_json::{Value, json};

use crate::{
    engine::{
        ledger::row::{About, NewRow},
        platform::Platform,
    },
    services::acs::{
        events::event::{NewEvent, RECEIVED},
        family::Acs,
        messages::media,
    },
    wire::{clock, request::Request},
};

/// A medium that the other side sends: its media type and content.
pub(crate) type Medium<'a> = (&'a str, Vec<u8>);

/// A message of the other side.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) from: &'a str,
    /// The conversation, for one that is not from a phone number to the channel.
    pub(crate) conversation: Option<&'a str>,
    pub(crate) text: &'a str,
    /// When it was made, epoch milliseconds; now when absent.
    pub(crate) created: Option<u64>,
}

/// An inbound message: into a conversation, or from a phone number to the channel. Returns where
/// it is, its id, and the id of its medium.
pub(crate) fn inject(
    service: &Acs,
    incoming: &Incoming<'_>,
    medium: Option<Medium<'_>>,
    request: &Request,
) -> (String, String, Option<String>) {
    let Incoming {
        from,
        conversation,
        text,
        created,
    } = *incoming;
    let mut store = service.messages();
    let conversation_or_from = conversation.unwrap_or(from).to_owned();
    let mut kind = "text";
    let mut message: Value = json!({"kind": kind, "content": text});
    let media_type = medium.as_ref().map(|(media_type, _)| *media_type);
    let media_id = medium.map(|(media_type, content)| {
        let id = service.engine.guid().to_string();
        kind = media::kind(media_type);
        let uri = format!("{}/messages/streams/{id}", request.origin());
        message = json!({"kind": kind, "mediaUri": uri, "caption": text});
        media::keep(&mut store, &id, media_type, content);
        id
    });
    let message_id = match conversation {
        Some(id) => {
            let conversation = store.open(id);
            let posted = match created {
                Some(created) => conversation.post_earlier(&service.seed, from, message, created),
                None => conversation.post(&service.seed, service.engine.now_ms(), from, message),
            };
            posted.to_string()
        }
        None => {
            let id = service.engine.guid().to_string();
            if media_id.is_some() {
                store.received.insert(id.clone(), message);
            }
            id
        }
    };
    let row = NewRow {
        platform: Platform::ACS_MESSAGES,
        operation: "inject",
        conversation: conversation_or_from.clone(),
        sender: from.to_owned(),
        kind: kind.to_owned(),
        text: text.to_owned(),
        message_id: message_id.clone(),
        idempotency_key: None,
        is_request_id_unique: true,
        about: About::default(),
    };
    service.engine.append(row, request);
    let medium = media_id.as_deref().zip(media_type);
    publish(service, incoming, &message_id, kind, medium);
    (conversation_or_from, message_id, media_id)
}

/// Publishes a message of the other side; `medium` is the id and the media type of its medium.
fn publish(
    service: &Acs,
    incoming: &Incoming<'_>,
    message_id: &str,
    kind: &str,
    medium: Option<(&str, &str)>,
) {
    let hub = &service.events;
    if hub.is_idle() {
        return;
    }
    let (from, channel) = (incoming.from, &service.seed.acs.channel_registration_id);
    let at = hub.now();
    let mut data = json!({
        "channelType": "whatsapp",
        "from": from,
        "to": channel,
        "messageId": message_id,
        "messageType": kind,
        "receivedTimestamp": clock::rfc3339_ticks(incoming.created.unwrap_or(at)),
    });
    match medium {
        Some((id, media_type)) => {
            data["media"] = json!({"mimeType": media_type, "id": id, "caption": incoming.text});
        }
        None => data["content"] = json!(incoming.text),
    }
    hub.publish(NewEvent {
        kind: RECEIVED,
        subject: format!("advancedMessage/sender/{from}/recipient/{channel}"),
        data,
        at,
    });
}
