//! Messages that come in from the other side.

use serde_json::{Value, json};

use crate::{
    engine::{
        injection::InjectError,
        ledger::row::{About, NewRow},
        platform::Platform,
    },
    services::acs::{
        chat::identifier,
        events::event::{NewEvent, RECEIVED},
        family::Acs,
        messages::{media, store::Store, validate::is_whatsapp_user},
    },
    wire::{clock, path::may_be_named, request::Request},
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
///
/// # Errors
///
/// [`InjectError`] for a conversation that is over or that no request can name, and for a sender that is no
/// user of WhatsApp, nor in a conversation any other participant.
pub(crate) fn inject(
    service: &Acs,
    incoming: &Incoming<'_>,
    medium: Option<Medium<'_>>,
    request: &Request,
) -> Result<(String, String, Option<String>), InjectError> {
    let Incoming {
        from,
        conversation,
        text,
        created,
    } = *incoming;
    let mut store = service.messages();
    check(&store, conversation, from)?;
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
    Ok((conversation_or_from, message_id, media_id))
}

/// Refuses what is no conversation or no sender in it.
fn check(store: &Store, conversation: Option<&str>, from: &str) -> Result<(), InjectError> {
    let Some(conversation) = conversation else {
        let rule =
            "must be a phone number such as +14255550123, or an id of WhatsApp such as US.1234";
        return InjectError::unless(&[("from", is_whatsapp_user(from), rule)]);
    };
    let known = store.conversations.get(conversation);
    let is_in = known.is_some_and(|known| known.concerns(from));
    let is_user = is_whatsapp_user(from) || identifier::is_of_known_kind(from);
    InjectError::unless(&[
        (
            "conversation",
            may_be_named(conversation),
            "must be the id of a conversation, without blanks, control characters and %",
        ),
        (
            "conversation",
            known.is_none_or(|known| !known.is_deleted && !known.is_terminated),
            "this conversation is terminated or deleted",
        ),
        (
            "from",
            is_in || is_user,
            "must be a participant, a phone number such as +14255550123, an id of WhatsApp such as US.1234, or a raw \
             id such as 8:acs:…",
        ),
    ])
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
