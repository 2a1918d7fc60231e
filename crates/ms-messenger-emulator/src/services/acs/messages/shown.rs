//! What the inbox shows of ACS Advanced Messaging.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    engine::{
        inspect::{Button, Inspect, PICTURES, Part, Person, Scene, Section, Shown},
        ledger::row::LedgerRow,
    },
    services::acs::{
        messages::{filled, store::Store},
        messages_service::AcsMessages,
    },
};

impl Inspect for AcsMessages {
    fn message(&self, row: &LedgerRow) -> Shown {
        let store = self.0.messages();
        let conversation = store.conversations.get(&row.conversation);
        let stored = conversation.and_then(|found| found.item(&row.message_id));
        let message = match &stored {
            Some(item) => item["message"].clone(),
            // Only the ledger keeps notifications.
            None => match store.received.get(&row.message_id) {
                Some(message) => message.clone(),
                None => serde_json::from_slice(row.request.body()).unwrap_or_default(),
            },
        };
        let reply_to = message["messageId"].as_str().map(str::to_owned);
        Shown {
            parts: parts(&store, row, &message),
            reply_to,
            stored,
            ..Shown::default()
        }
    }

    fn conversation(&self, id: &str) -> Scene {
        let store = self.0.messages();
        let Some(conversation) = store.conversations.get(id) else {
            // Notifications to a number, and its messages.
            let person = Person {
                id: id.to_owned(),
                name: String::new(),
            };
            return Scene {
                title: None,
                people: vec![person],
                inject: Some(json!({"platform": "acs-messages"})),
                sender_member: "from",
            };
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let person = |participant: &Value| Person {
            id: text(&participant["id"]),
            name: text(&participant["displayName"]),
        };
        Scene {
            title: conversation.topic.clone(),
            people: conversation.participants.iter().map(person).collect(),
            inject: Some(json!({"platform": "acs-messages", "conversation": id})),
            sender_member: "from",
        }
    }

    fn name(&self, id: &str) -> Option<String> {
        let seed = &self.0.seed;
        if id == seed.acs.channel_registration_id {
            return Some("Channel".to_owned());
        }
        if id == seed.service_identity() {
            return Some("Service".to_owned());
        }
        Some(seed.acs_name(id))
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    }

    fn media(&self, _: &str, _: &str, id: &str) -> Option<(String, Bytes)> {
        self.0.messages().media.get(id).cloned()
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The parts of a message by its kind.
fn parts(store: &Store, row: &LedgerRow, message: &Value) -> Vec<Part> {
    match row.kind.as_str() {
        "template" => filled::template(&store.templates, &message["template"]),
        "interactive" => interactive(&message["interactiveMessage"]),
        "reaction" if row.text.is_empty() => vec![Part::Note {
            text: "took a reaction back".to_owned(),
        }],
        "image" | "image_v0" | "document" | "video" | "audio" | "sticker" => medium(store, message),
        _ => vec![Part::text(row.text.as_str())],
    }
}

/// A medium by its address, with its caption.
fn medium(store: &Store, message: &Value) -> Vec<Part> {
    let url = text(&message["mediaUri"]).unwrap_or_default();
    let id = url.rsplit('/').next().unwrap_or_default();
    let caption = text(&message["caption"]).or_else(|| text(&message["content"]));
    let name = text(&message["fileName"]).unwrap_or_else(|| {
        let kind = message["kind"].as_str().unwrap_or("file");
        kind.trim_end_matches("_v0").to_owned()
    });
    let mut parts = vec![match store.media.get(id) {
        Some((kind, _)) if PICTURES.contains(&kind.as_str()) => Part::Picture {
            media: id.to_owned(),
            alt: caption.clone().unwrap_or_else(|| name.clone()),
        },
        Some((kind, _)) => Part::File {
            name,
            media_type: Some(kind.clone()),
            media: Some(id.to_owned()),
            url: None,
        },
        None => Part::File {
            name,
            media_type: None,
            media: None,
            url: Some(url),
        },
    }];
    parts.extend(caption.filter(|c| !c.is_empty()).map(Part::text));
    parts
}

fn button(button: &Value) -> Button {
    Button {
        title: text(&button["title"]).unwrap_or_default(),
        detail: text(&button["description"]),
        url: text(&button["url"]),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Header, body, footer and action of an interactive message.
fn interactive(message: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    let header = &message["header"];
    if let Some(text) = text(&header["text"]) {
        parts.push(Part::Heading { text });
    } else if let Some(url) = text(&header["mediaUri"]) {
        parts.push(Part::File {
            name: text(&header["kind"]).unwrap_or_default(),
            media_type: None,
            media: None,
            url: Some(url),
        });
    }
    parts.extend(text(&message["body"]["text"]).map(Part::text));
    if let Some(text) = text(&message["footer"]["text"]) {
        parts.push(Part::Small { text });
    }
    let content = &message["action"]["content"];
    parts.push(match content["kind"].as_str() {
        Some("group") => Part::Menu {
            title: text(&content["title"]).unwrap_or_default(),
            sections: list(&content["groups"]).iter().map(section).collect(),
        },
        Some("url") => Part::Buttons {
            buttons: vec![button(content)],
        },
        _ => Part::Buttons {
            buttons: list(&content["buttons"]).iter().map(button).collect(),
        },
    });
    parts
}

fn section(group: &Value) -> Section {
    Section {
        title: text(&group["title"]).unwrap_or_default(),
        rows: list(&group["items"]).iter().map(button).collect(),
    }
}
