//! One conversation: its properties, participants and messages.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde_json::{Value, json};

use crate::{
    seed::Seed,
    wire::clock::{self, IdClock},
};

/// A conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// When it was made, as a number in the order of making.
    pub(crate) number: u64,
    pub(crate) topic: Option<String>,
    pub(crate) channels: Vec<String>,
    pub(crate) strategy: Option<String>,
    /// ConversationParticipant objects, each with its `id`.
    pub(crate) participants: Vec<Value>,
    /// Whether every caller may use it, unless the emulator is strict: made on first use.
    pub(crate) is_open: bool,
    pub(crate) is_terminated: bool,
    pub(crate) is_deleted: bool,
    pub(super) clock: IdClock,
    pub(super) names: HashSet<Arc<str>>,
    /// How many messages there were.
    pub(super) posted: u64,
    pub(super) messages: BTreeMap<u64, Item>,
}

/// A message of a conversation.
#[derive(Debug)]
pub(super) struct Item {
    sequence: u64,
    sender: Arc<str>,
    sender_name: Arc<str>,
    /// JSON.
    message: Box<str>,
}

/// One page of a conversation, newest first.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// The last id of the page, when more follow.
    pub(crate) continues_after: Option<u64>,
}

impl Conversation {
    /// Whether `id` is a participant's own id.
    pub(crate) fn has_member(&self, id: &str) -> bool {
        self.participants.iter().any(|p| p["id"] == id)
    }

    /// Whether `id` is the id of a participant or of one of its contacts.
    pub(crate) fn concerns(&self, id: &str) -> bool {
        let is_it = |participant: &Value| {
            let contacts = participant["contacts"].as_array();
            participant["id"] == id
                || participant["contact"]["id"] == id
                || contacts.is_some_and(|all| all.iter().any(|contact| contact["id"] == id))
        };
        self.participants.iter().any(is_it)
    }

    /// The WhatsApp numbers of its participants; without any the conversation itself, `id`.
    pub(crate) fn phones(&self, id: &str) -> Vec<String> {
        let contacts = self.participants.iter();
        let contacts = contacts.filter_map(|p| p["contacts"].as_array()).flatten();
        let phones = contacts.filter(|contact| contact["kind"] == "whatsApp");
        let phones = phones.filter_map(|contact| contact["id"].as_str());
        let phones: Vec<String> = phones.map(str::to_owned).collect();
        if phones.is_empty() {
            return vec![id.to_owned()];
        }
        phones
    }

    /// Adds a participant, unless one of its contacts is present.
    pub(crate) fn add(&mut self, participant: Value) {
        let single = participant["contact"]["id"].as_str();
        let first = participant["contacts"][0]["id"].as_str();
        if !single
            .or(first)
            .is_some_and(|contact| self.concerns(contact))
        {
            self.participants.push(participant);
        }
    }

    /// Removes the participant of that id. Returns whether there was one.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let before = self.participants.len();
        self.participants.retain(|p| p["id"] != id);
        self.participants.len() < before
    }

    /// Appends a message. Returns its id.
    pub(crate) fn post(&mut self, seed: &Seed, now: u64, sender: &str, message: Value) -> u64 {
        let mut message_id = self.clock.next(now);
        // What was put into the past may have taken it.
        while self.messages.contains_key(&message_id) {
            message_id = self.clock.next(message_id);
        }
        self.insert(seed, sender, message, message_id)
    }

    /// Adds a message that was sent at `created`; those after it move on. Returns its id.
    pub(crate) fn post_earlier(
        &mut self,
        seed: &Seed,
        sender: &str,
        message: Value,
        created: u64,
    ) -> u64 {
        let is_taken = |id: &u64| self.messages.contains_key(id);
        let id = (created..).find(|id| !is_taken(id)).unwrap_or(created);
        self.insert(seed, sender, message, id)
    }

    fn insert(&mut self, seed: &Seed, sender: &str, message: Value, message_id: u64) -> u64 {
        self.posted += 1;
        let mut sequence = self.posted;
        for (_, later) in self.messages.range_mut(message_id..) {
            sequence = sequence.min(later.sequence);
            later.sequence += 1;
        }
        let name = self.name_of(seed, sender);
        let item = Item {
            sequence,
            sender: self.name(sender),
            sender_name: self.name(&name),
            message: message.to_string().into(),
        };
        self.messages.insert(message_id, item);
        message_id
    }

    /// Forgets the message `id`, as if it had never been.
    pub(crate) fn forget(&mut self, id: &str) {
        if let Ok(id) = id.parse() {
            self.messages.remove(&id);
        }
    }

    /// The id or name of a sender, kept once for all messages.
    fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let name: Arc<str> = text.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    fn name_of(&self, seed: &Seed, sender: &str) -> String {
        let participant = self.participants.iter().find(|p| p["id"] == sender);
        let name = participant.and_then(|p| p["displayName"].as_str());
        name.unwrap_or_else(|| seed.acs_name(sender)).to_owned()
    }

    /// A page of the messages before the id `before`.
    pub(crate) fn page(&self, size: usize, before: u64) -> Page {
        let mut items = Vec::new();
        let mut newest_first = self.messages.range(..before).rev();
        let mut last = 0;
        for (message_id, item) in newest_first.by_ref().take(size) {
            last = *message_id;
            items.push(item.to_json(last));
        }
        Page {
            items,
            continues_after: newest_first.next().map(|_| last),
        }
    }

    /// The message of that id, as lists have it.
    pub(crate) fn item(&self, message_id: &str) -> Option<Value> {
        let id = message_id.parse().ok()?;
        Some(self.messages.get(&id)?.to_json(id))
    }

    /// What the emulator makes of a conversation in place of the service's model: counts, and the
    /// last text.
    pub(crate) fn summary(&self) -> String {
        let mut senders: Vec<&str> = self.messages.values().map(|m| &*m.sender).collect();
        senders.sort_unstable();
        senders.dedup();
        let Some((_, last)) = self.messages.last_key_value() else {
            return "The conversation has no messages.".to_owned();
        };
        let message = last.message();
        let text = message["content"].as_str().unwrap_or_default();
        let (count, senders) = (self.messages.len(), senders.len());
        format!("{count} message(s) of {senders} sender(s). The last one: {text}")
    }

    /// CommunicationConversation.
    pub(crate) fn to_json(&self, id: &str) -> Value {
        let mut value = json!({"id": id, "participants": self.participants});
        if let Some(topic) = &self.topic {
            value["topic"] = json!(topic);
        }
        if !self.channels.is_empty() {
            value["deliveryChannelIds"] = json!(self.channels);
        }
        if let Some(strategy) = &self.strategy {
            value["outboundDeliveryStrategy"] = json!(strategy);
        }
        value
    }
}

impl Item {
    fn message(&self) -> Value {
        // It was written from a value.
        serde_json::from_str(&self.message).unwrap_or_default()
    }

    fn to_json(&self, id: u64) -> Value {
        json!({
            "id": id.to_string(),
            "sequenceId": self.sequence,
            "message": self.message(),
            "senderDisplayName": *self.sender_name,
            "senderCommunicationIdentifier": *self.sender,
            "createdOn": clock::rfc3339_ticks(id),
        })
    }
}
