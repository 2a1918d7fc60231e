//! One thread: its participants, its messages and what changes them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::{Map, Value, json};

use crate::{
    services::acs::chat::{
        body::merge,
        draft::{Change, Draft},
        identifier,
        image::Image,
    },
    wire::clock::{self, IdClock},
};

/// A thread.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    pub(crate) topic: String,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) retention: Option<Value>,
    pub(crate) created_on: u64,
    pub(crate) creator: String,
    pub(crate) deleted_on: Option<u64>,
    /// Whether any caller joins it, unless the emulator is strict: threads made on first use.
    pub(crate) is_open: bool,
    /// In the order of their joining.
    pub(crate) participants: Vec<Participant>,
    /// The removed participants, and the last version that each may read.
    pub(crate) left: HashMap<String, u64>,
    /// When the newest message of a participant came.
    pub(crate) last_message_on: Option<u64>,
    /// When something happened last; no two threads have the same.
    pub(crate) activity: u64,
    /// The newest receipt of each reader: message id, and when it was read.
    pub(crate) receipts: BTreeMap<String, (u64, u64)>,
    /// By id.
    pub(crate) images: HashMap<String, Image>,
    clock: IdClock,
    /// How often something got a sequence number.
    sequence: u64,
    /// By version, which is the order of sequence numbers too.
    messages: BTreeMap<u64, Message>,
    version_of: HashMap<u64, u64>,
}

/// A participant of a thread.
#[derive(Clone, Debug)]
pub(crate) struct Participant {
    pub(crate) raw_id: Arc<str>,
    pub(crate) display_name: Option<String>,
    /// The start of the visible history, in epoch milliseconds.
    pub(crate) share_history: u64,
    pub(crate) metadata: Map<String, Value>,
}

impl Participant {
    pub(crate) fn new(raw_id: &str) -> Self {
        Self {
            raw_id: raw_id.into(),
            display_name: None,
            share_history: 0,
            metadata: Map::new(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut value = json!({
            "communicationIdentifier": identifier::write(&self.raw_id),
            "shareHistoryTime": clock::rfc3339_seconds(self.share_history),
        });
        if let Some(name) = &self.display_name {
            value["displayName"] = json!(name);
        }
        if !self.metadata.is_empty() {
            value["metadata"] = json!(self.metadata);
        }
        value
    }
}

/// A message of a participant, or of the system.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: u64,
    sequence: u64,
    kind: &'static str,
    content: Content,
    /// Nobody for a system message.
    pub(crate) sender: Option<Arc<str>>,
    sender_display_name: String,
    metadata: Map<String, Value>,
    edited_on: Option<u64>,
    pub(crate) deleted_on: Option<u64>,
}

/// What a message says. Text alone, as nearly all messages are, takes no more room than it must.
#[derive(Debug)]
enum Content {
    Text(Box<str>),
    Other(Value),
}

impl Content {
    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!({"message": text}),
            Self::Other(content) => content.clone(),
        }
    }
}

impl Message {
    pub(crate) fn to_json(&self, version: u64) -> Value {
        let mut value = json!({
            "id": self.id.to_string(),
            "type": self.kind,
            "sequenceId": self.sequence.to_string(),
            "version": version.to_string(),
            "content": self.content.to_json(),
            "createdOn": clock::rfc3339_seconds(self.id),
        });
        if let Some(sender) = &self.sender {
            value["senderDisplayName"] = json!(self.sender_display_name);
            value["senderCommunicationIdentifier"] = identifier::write(sender);
        }
        if !self.metadata.is_empty() {
            value["metadata"] = json!(self.metadata);
        }
        // A deleted message does not show that it was edited before.
        if let Some(deleted_on) = self.deleted_on {
            value["deletedOn"] = json!(clock::rfc3339_seconds(deleted_on));
        } else if let Some(edited_on) = self.edited_on {
            value["editedOn"] = json!(clock::rfc3339_seconds(edited_on));
        }
        value
    }
}

/// What a caller may read of a thread's messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Nothing that was created before, in epoch milliseconds.
    pub(crate) from: u64,
    /// No later version.
    pub(crate) until: u64,
}

impl View {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        from: 0,
        until: u64::MAX,
    };

    fn shows(self, version: u64, message: &Message) -> bool {
        version <= self.until && message.id >= self.from
    }
}

impl Thread {
    /// A thread with its two system messages.
    pub(crate) fn new(
        creator: &str,
        participants: Vec<Participant>,
        topic: &str,
        now: u64,
    ) -> Self {
        let mut thread = Self {
            topic: topic.to_owned(),
            created_on: now,
            creator: creator.to_owned(),
            ..Self::default()
        };
        thread.add(creator, participants, now);
        thread.note_topic(creator, now);
        thread
    }

    pub(crate) fn participant(&self, raw_id: &str) -> Option<&Participant> {
        self.participants.iter().find(|p| *p.raw_id == *raw_id)
    }

    /// Adds the new participants, with a system message.
    pub(crate) fn add(&mut self, initiator: &str, mut newcomers: Vec<Participant>, now: u64) {
        newcomers.retain(|p| self.participant(&p.raw_id).is_none());
        if newcomers.is_empty() {
            return;
        }
        let shown: Vec<Value> = newcomers.iter().map(Participant::to_json).collect();
        for newcomer in newcomers {
            self.join(newcomer);
        }
        self.note(
            "participantAdded",
            json!({"participants": shown}),
            initiator,
            now,
        );
    }

    /// Adds a participant silently.
    pub(crate) fn join(&mut self, newcomer: Participant) {
        self.left.remove(&*newcomer.raw_id);
        self.participants.push(newcomer);
    }

    /// Removes a participant, with a system message, which the removed participant can still read.
    pub(crate) fn remove(&mut self, initiator: &str, raw_id: &str, now: u64) {
        let Some(index) = self.participants.iter().position(|p| *p.raw_id == *raw_id) else {
            return;
        };
        let gone = self.participants.remove(index);
        let content = json!({"participants": [gone.to_json()]});
        self.note("participantRemoved", content, initiator, now);
        self.receipts.remove(raw_id);
        self.left
            .insert(gone.raw_id.as_ref().to_owned(), self.newest());
    }

    /// Says in a system message what the topic is.
    pub(crate) fn note_topic(&mut self, initiator: &str, now: u64) {
        self.note("topicUpdated", json!({"topic": self.topic}), initiator, now);
    }

    fn note(&mut self, kind: &'static str, mut content: Value, initiator: &str, now: u64) {
        content["initiatorCommunicationIdentifier"] = identifier::write(initiator);
        self.append(now, kind, content);
    }

    fn append(&mut self, now: u64, kind: &'static str, content: Value) -> &mut Message {
        let id = self.free_id(now);
        self.insert(id, kind, content)
    }

    /// The id of what happens now. What was put into the past may have taken the next.
    fn free_id(&mut self, now: u64) -> u64 {
        loop {
            let id = self.clock.next(now);
            if !self.is_taken(id) {
                return id;
            }
        }
    }

    fn is_taken(&self, id: u64) -> bool {
        self.version_of.contains_key(&id) || self.messages.contains_key(&id)
    }

    /// Adds a message in its place; those after it move on.
    fn insert(&mut self, id: u64, kind: &'static str, content: Value) -> &mut Message {
        self.sequence += 1;
        let mut sequence = self.sequence;
        for (_, later) in self.messages.range_mut(id..) {
            sequence = sequence.min(later.sequence);
            later.sequence += 1;
        }
        self.version_of.insert(id, id);
        self.messages.entry(id).or_insert(Message {
            id,
            sequence,
            kind,
            content: Content::Other(content),
            sender: None,
            sender_display_name: String::new(),
            metadata: Map::new(),
            edited_on: None,
            deleted_on: None,
        })
    }

    /// Appends a message of a participant. Returns its id.
    pub(crate) fn post(&mut self, sender: &str, draft: &Draft, now: u64) -> u64 {
        let id = self.free_id(now);
        self.post_at(sender, draft, id)
    }

    /// Adds a message that a participant sent at `created`. Returns its id.
    pub(crate) fn post_earlier(&mut self, sender: &str, draft: &Draft, created: u64) -> u64 {
        let id = (created..).find(|id| !self.is_taken(*id));
        let id = id.unwrap_or(created);
        self.post_at(sender, draft, id)
    }

    fn post_at(&mut self, sender: &str, draft: &Draft, id: u64) -> u64 {
        let own = self.participant(sender);
        let sender = own.map_or_else(|| sender.into(), |own| Arc::clone(&own.raw_id));
        let message = self.insert(id, draft.kind, Value::Null);
        message.content = match &draft.attachments {
            None => Content::Text(draft.content.as_str().into()),
            Some(attachments) => {
                Content::Other(json!({"message": draft.content, "attachments": attachments}))
            }
        };
        message.sender = Some(sender);
        message
            .sender_display_name
            .clone_from(&draft.sender_display_name);
        message.metadata.clone_from(&draft.metadata);
        self.last_message_on = self.last_message_on.max(Some(id));
        id
    }

    /// The version of the newest message or change.
    pub(crate) fn newest(&self) -> u64 {
        self.messages
            .last_key_value()
            .map_or(0, |(version, _)| *version)
    }

    /// A message that the view shows, and its version.
    pub(crate) fn message(&self, view: View, id: &str) -> Option<(u64, &Message)> {
        let version = *self.version_of.get(&id.parse().ok()?)?;
        let message = self.messages.get(&version)?;
        view.shows(version, message).then_some((version, message))
    }

    /// The messages of the view below version `before`, newest first.
    pub(crate) fn newest_first(
        &self,
        view: View,
        before: u64,
    ) -> impl Iterator<Item = (u64, &Message)> {
        let below = self.messages.range(..before).rev();
        below
            .map(|(version, message)| (*version, message))
            .filter(move |(version, message)| view.shows(*version, message))
    }

    /// Edits the message `id`.
    pub(crate) fn edit(&mut self, id: u64, change: Change, now: u64) {
        self.move_up(id, now, |message, at| {
            message.edited_on = Some(at);
            let mut content = message.content.to_json();
            if let Some(text) = change.content {
                content["message"] = json!(text);
            }
            if let Some(attachments) = change.attachments {
                content["attachments"] = attachments;
            }
            message.content = Content::Other(content);
            merge(&mut message.metadata, change.metadata, true);
        });
    }

    /// Deletes the message `id`; it stays in lists, without its content.
    pub(crate) fn delete(&mut self, id: u64, now: u64) {
        self.move_up(id, now, |message, at| {
            message.deleted_on = Some(at);
            message.content = Content::Text("".into());
        });
    }

    /// Forgets the message `id`, as if it had never been.
    pub(crate) fn forget(&mut self, id: &str) {
        let version = id.parse().ok().and_then(|id| self.version_of.remove(&id));
        if let Some(version) = version {
            self.messages.remove(&version);
        }
    }

    /// A changed message gets a new version and a new sequence number: it moves to the top.
    fn move_up(&mut self, id: u64, now: u64, change: impl FnOnce(&mut Message, u64)) {
        let Some(old) = self.version_of.get(&id).copied() else {
            return;
        };
        let Some(mut message) = self.messages.remove(&old) else {
            return;
        };
        let version = self.free_id(now);
        self.sequence += 1;
        message.sequence = self.sequence;
        change(&mut message, version);
        self.messages.insert(version, message);
        self.version_of.insert(id, version);
    }
}
