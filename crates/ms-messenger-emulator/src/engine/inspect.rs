//! What a service shows of its messages to the reader of the inbox.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::ledger::row::LedgerRow;

/// The media types that a browser shows as a picture, and that cannot hold a script.
pub(crate) const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Shows what a service has stored, without a caller and its rights.
pub(crate) trait Inspect: fmt::Debug + Send + Sync {
    /// A message as it is stored now.
    fn message(&self, row: &LedgerRow) -> Shown;

    /// The conversation of that id.
    fn conversation(&self, id: &str) -> Scene;

    /// The display name of a sender.
    fn name(&self, id: &str) -> Option<String>;

    /// The media type and the bytes of a picture or file in a message.
    fn media(&self, conversation: &str, message_id: &str, id: &str) -> Option<(String, Bytes)>;
}

/// A message as a reader sees it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Shown {
    pub(crate) parts: Vec<Part>,
    pub(crate) reactions: Vec<Reaction>,
    /// The message that it replies to.
    pub(crate) reply_to: Option<String>,
    /// RFC 3339.
    pub(crate) edited_at: Option<String>,
    /// RFC 3339; a deleted message has no parts.
    pub(crate) deleted_at: Option<String>,
    /// What the service says of its delivery.
    pub(crate) delivery: Option<String>,
    /// The text of a message that its sender can change, and the documents of `inject` for that.
    #[serde(skip)]
    pub(crate) change: Option<Value>,
    /// The message in the service's own form; `None` where it keeps none.
    #[serde(skip)]
    pub(crate) stored: Option<Value>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Part {
    Text {
        text: String,
    },
    /// Must be sanitised before it leaves the emulator.
    Html {
        html: String,
    },
    /// A picture that the emulator has: the id for [`Inspect::media`].
    Picture {
        media: String,
        alt: String,
    },
    /// A file: one that the emulator has, or an address.
    File {
        name: String,
        media_type: Option<String>,
        media: Option<String>,
        url: Option<String>,
    },
    /// An Adaptive Card.
    Card {
        card: Value,
    },
    /// A part of a form: heading, small print.
    Heading {
        text: String,
    },
    Small {
        text: String,
    },
    Buttons {
        buttons: Vec<Button>,
    },
    /// The rows of a list that its recipient can open.
    Menu {
        title: String,
        sections: Vec<Section>,
    },
    Quote {
        sender: String,
        text: String,
    },
    /// What has no picture of its own, in words.
    Note {
        text: String,
    },
}

/// A button, or a row of a menu.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Button {
    pub(crate) title: String,
    pub(crate) detail: Option<String>,
    pub(crate) url: Option<String>,
}

/// A section of a menu.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) rows: Vec<Button>,
}

/// A reaction, and the senders that have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Reaction {
    pub(crate) emoji: String,
    pub(crate) by: Vec<String>,
}

/// A conversation: its title, its participants, and how the other side speaks in it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Scene {
    pub(crate) title: Option<String>,
    pub(crate) people: Vec<Person>,
    /// The document of `inject` for a message of the other side, without `text` and the sender.
    pub(crate) inject: Option<Value>,
    /// The name of the sender's member in it.
    pub(crate) sender_member: &'static str,
}

/// A participant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Part {
    /// Plain text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// A text of that kind: `html`, or plain.
    pub(crate) fn of(kind: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        match kind {
            "html" => Self::Html { html: text },
            _ => Self::Text { text },
        }
    }
}

impl Shown {
    /// What the ledger itself knows of a message.
    pub(crate) fn of_row(row: &LedgerRow) -> Self {
        Self {
            parts: vec![Part::of(&row.kind, row.text.as_str())],
            ..Self::default()
        }
    }
}

impl Shown {
    /// Lets the sender of a row edit and delete it. `edit` has members of the edit alone.
    pub(crate) fn changeable(mut self, row: &LedgerRow, text: &str, edit: &Value) -> Self {
        let document = |action: &str, own: &Value| {
            let mut document = json!({
                "platform": row.platform, "action": action,
                "conversation": row.conversation, "message_id": row.message_id,
            });
            for (name, value) in own.as_object().into_iter().flatten() {
                document[name] = value.clone();
            }
            document
        };
        self.change = (self.deleted_at.is_none()).then(|| {
            json!({
                "text": text,
                "edit": document("edit", edit),
                "delete": document("delete", &json!({})),
            })
        });
        self
    }
}

impl Reaction {
    /// Adds one to those of a message.
    pub(crate) fn add(all: &mut Vec<Self>, emoji: &str, by: String) {
        if let Some(known) = all.iter_mut().find(|reaction| reaction.emoji == emoji) {
            known.by.push(by);
        } else {
            all.push(Self {
                emoji: emoji.to_owned(),
                by: vec![by],
            });
        }
    }
}
