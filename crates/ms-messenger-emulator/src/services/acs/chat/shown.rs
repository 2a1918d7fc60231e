//! What the inbox shows of ACS Chat.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    engine::{
        inspect::{Inspect, Part, Person, Scene, Shown},
        ledger::row::LedgerRow,
    },
    services::acs::{chat::thread::View, chat_service::AcsChat},
};

impl Inspect for AcsChat {
    fn message(&self, row: &LedgerRow) -> Shown {
        let store = self.0.chat();
        let thread = store.threads.get(&row.conversation);
        let found = thread.and_then(|thread| thread.message(View::ALL, &row.message_id));
        let Some((version, message)) = found else {
            return Shown::of_row(row);
        };
        let message = message.to_json(version);
        let body = text(&message["content"]["message"]).unwrap_or_default();
        let shown = Shown {
            parts: parts(&message),
            edited_at: text(&message["editedOn"]),
            deleted_at: text(&message["deletedOn"]),
            stored: Some(message),
            ..Shown::default()
        };
        shown.changeable(row, &body, &json!({}))
    }

    fn conversation(&self, id: &str) -> Scene {
        let store = self.0.chat();
        let thread = store.threads.get(id);
        let person = |id: &str, name: Option<&str>| Person {
            name: name.map_or_else(|| self.name(id).unwrap_or_default(), str::to_owned),
            id: id.to_owned(),
        };
        let people = thread.map(|thread| {
            let all = thread.participants.iter();
            all.map(|one| person(&one.raw_id, one.display_name.as_deref()))
                .collect()
        });
        Scene {
            title: thread.map(|thread| thread.topic.clone()),
            people: people.unwrap_or_default(),
            inject: Some(json!({"platform": "acs-chat", "conversation": id})),
            sender_member: "sender",
        }
    }

    fn name(&self, id: &str) -> Option<String> {
        Some(self.0.seed.acs_name(id))
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    }

    fn media(&self, conversation: &str, _: &str, id: &str) -> Option<(String, Bytes)> {
        let store = self.0.chat();
        let image = store.threads.get(conversation)?.images.get(id)?;
        Some((image.media_type.to_owned(), image.bytes.clone()))
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The text and what is attached to it; a deleted message has neither.
fn parts(message: &Value) -> Vec<Part> {
    let content = &message["content"];
    let mut parts = Vec::new();
    if let Some(body) = text(&content["message"]).filter(|body| !body.is_empty()) {
        parts.push(Part::of(message["type"].as_str().unwrap_or_default(), body));
    }
    for attachment in content["attachments"].as_array().into_iter().flatten() {
        let name = text(&attachment["name"]).unwrap_or_default();
        let id = text(&attachment["id"]).unwrap_or_default();
        parts.push(match attachment["attachmentType"].as_str() {
            Some("image") => Part::Picture {
                media: id,
                alt: name,
            },
            _ => Part::File {
                name,
                media_type: None,
                media: None,
                url: text(&attachment["url"]),
            },
        });
    }
    parts
}
