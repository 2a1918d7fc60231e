//! Threads, their participants and messages.

use std::collections::{BTreeMap, HashMap, HashSet};

use http::StatusCode;
use serde_json::{Value, json};

use crate::acs_chat::forbidden;
use crate::acs_chat::validate::Draft;
use crate::acs_error::AcsError;
use crate::clock::{self, IdClock};
use crate::inbound::Inbound;
use crate::shared::Shared;
use crate::world::{EPOCH_SECONDS, World};

/// Page size when none is asked for, as recorded.
const DEFAULT_PAGE: usize = 10;
const MAX_PAGE: usize = 200;
const TOPIC: &str = "Emulated thread";

/// All chat threads.
#[derive(Debug, Default)]
pub(crate) struct Store {
    threads: HashMap<String, Thread>,
}

#[derive(Debug, Default)]
struct Thread {
    participants: HashSet<String>,
    clock: IdClock,
    /// By sequence number, from 1; its list order is the reverse.
    messages: BTreeMap<u64, Message>,
    sequence_of: HashMap<u64, u64>,
}

#[derive(Debug)]
struct Message {
    id: u64,
    kind: &'static str,
    content: Value,
    /// Nobody for a system message.
    sender: Option<String>,
    sender_display_name: String,
    metadata: Option<Value>,
}

/// The query of a list request.
pub(crate) struct ListOptions {
    size: usize,
    start: u64,
    start_text: String,
    before: u64,
}

impl ListOptions {
    pub(crate) fn read(inbound: &Inbound) -> Result<Self, AcsError> {
        let bad = |target: &str, message: &str| AcsError::bad_request(message).with_target(target);
        let size = match inbound.query.value("maxPageSize").map(str::parse::<usize>) {
            None => DEFAULT_PAGE,
            Some(Ok(size)) if (1..=MAX_PAGE).contains(&size) => size,
            Some(_) => return Err(bad("maxPageSize", "maxPageSize must be from 1 to 200.")),
        };
        let start_text = inbound.query.value("startTime").unwrap_or(NO_START);
        let start = if start_text == NO_START {
            0
        } else {
            let start = clock::parse_rfc3339(start_text);
            start.ok_or_else(|| bad("startTime", "startTime must be an RFC 3339 time."))?
        };
        let before = match inbound.query.value("syncState") {
            None => u64::MAX,
            Some(state) => {
                sequence_of(state).ok_or_else(|| bad("syncState", "The syncState is not valid."))?
            }
        };
        Ok(Self {
            size,
            start,
            start_text: start_text.to_owned(),
            before,
        })
    }

    /// The link to the page that follows sequence number `before`. Like the service's, it holds the
    /// thread id unencoded.
    pub(crate) fn next_link(
        &self,
        origin: &str,
        thread: &str,
        before: u64,
        version: &str,
    ) -> String {
        let start = percent_encoding::utf8_percent_encode(
            &self.start_text,
            percent_encoding::NON_ALPHANUMERIC,
        );
        let (state, size) = (sync_state(thread, before), self.size);
        format!(
            "{origin}/chat/threads/{thread}/messages?syncState={state}&startTime={start}\
             &maxPageSize={size}&api-version={version}"
        )
    }
}

/// How the service writes "from the beginning" in its links.
const NO_START: &str = "1/1/1970 12:00:00 AM +00:00";

/// The opaque cursor: hex of a tag, the thread id with its length, and the sequence number.
fn sync_state(thread: &str, before: u64) -> String {
    let mut bytes = vec![0x3e];
    bytes.extend(u32::try_from(thread.len()).unwrap_or(0).to_le_bytes());
    bytes.extend(thread.as_bytes());
    bytes.push(1);
    bytes.extend(before.to_le_bytes());
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn sequence_of(state: &str) -> Option<u64> {
    let tail = state.get(state.len().checked_sub(16)?..)?;
    u64::from_str_radix(tail, 16).ok().map(u64::swap_bytes)
}

fn identifier(raw_id: &str) -> Value {
    json!({
        "kind": "communicationUser",
        "rawId": raw_id,
        "communicationUser": {"id": raw_id},
    })
}

impl Store {
    /// The seeded thread with all seeded users.
    pub(crate) fn new(world: &World) -> Self {
        let users: Vec<&str> = world
            .acs
            .users
            .iter()
            .map(|user| user.id.as_str())
            .collect();
        let thread = Thread::new(&users, EPOCH_SECONDS * 1000);
        let threads = HashMap::from([(world.acs.thread_id.clone(), thread)]);
        Self { threads }
    }

    /// Refuses, in strict mode, an unknown thread and a caller outside it.
    pub(crate) fn admit(&self, shared: &Shared, id: &str, caller: &str) -> Result<(), AcsError> {
        if !shared.settings.is_strict {
            return Ok(());
        }
        match self.threads.get(id) {
            None => {
                let message = "The thread does not exist.";
                Err(AcsError::of_status(StatusCode::NOT_FOUND, message))
            }
            Some(thread) if !thread.participants.contains(caller) => Err(forbidden()),
            Some(_) => Ok(()),
        }
    }

    /// Appends a message, creating the thread on first use. Answers its id.
    pub(crate) fn store(&mut self, id: &str, sender: &str, draft: &Draft) -> u64 {
        let now = clock::now_ms();
        let make = || Thread::new(&[sender], now);
        let thread = self.threads.entry(id.to_owned()).or_insert_with(make);
        if !thread.participants.contains(sender) {
            thread.participants.insert(sender.to_owned());
        }
        let mut content = json!({"message": draft.content});
        if let Some(attachments) = &draft.attachments {
            content["attachments"] = attachments.clone();
        }
        let metadata = Some(&draft.metadata).filter(|m| !m.is_empty());
        thread.append(
            now,
            Message {
                id: 0,
                kind: draft.kind,
                content,
                sender: Some(sender.to_owned()),
                sender_display_name: draft.sender_display_name.clone(),
                metadata: metadata.map(|m| m.clone().into()),
            },
        )
    }

    /// One message.
    pub(crate) fn message(
        &self,
        shared: &Shared,
        thread: &str,
        message: &str,
        caller: &str,
    ) -> Result<Value, AcsError> {
        self.admit(shared, thread, caller)?;
        let found = self.threads.get(thread).and_then(|thread| {
            let sequence = *thread.sequence_of.get(&message.parse().ok()?)?;
            let message = thread.messages.get(&sequence)?;
            Some(message.to_json(sequence))
        });
        let missing = "The message does not exist.";
        found.ok_or_else(|| AcsError::of_status(StatusCode::NOT_FOUND, missing))
    }

    /// A page, newest first, and the sequence number before which the next one begins.
    pub(crate) fn list(
        &self,
        shared: &Shared,
        thread: &str,
        caller: &str,
        options: &ListOptions,
    ) -> Result<(Vec<Value>, Option<u64>), AcsError> {
        self.admit(shared, thread, caller)?;
        let Some(thread) = self.threads.get(thread) else {
            return Ok((Vec::new(), None));
        };
        let newest_first = thread.messages.range(..options.before).rev();
        let mut wanted = newest_first.take_while(|(_, message)| message.id >= options.start);
        let (mut items, mut last) = (Vec::new(), 0);
        for (sequence, message) in wanted.by_ref().take(options.size) {
            last = *sequence;
            items.push(message.to_json(last));
        }
        Ok((items, wanted.next().map(|_| last)))
    }
}

impl Thread {
    /// A thread with its two system messages; the first participant is its creator.
    fn new(participants: &[&str], now: u64) -> Self {
        let mut thread = Self {
            participants: participants.iter().map(|p| (*p).to_owned()).collect(),
            ..Self::default()
        };
        let initiator = identifier(participants.first().copied().unwrap_or_default());
        let shown = |p: &&str| {
            json!({
                "communicationIdentifier": identifier(p),
                "shareHistoryTime": "1970-01-01T00:00:00Z",
            })
        };
        let participants: Vec<Value> = participants.iter().map(shown).collect();
        let added = json!({
            "participants": participants,
            "initiatorCommunicationIdentifier": initiator,
        });
        let topic = json!({"topic": TOPIC, "initiatorCommunicationIdentifier": initiator});
        for (kind, content) in [("participantAdded", added), ("topicUpdated", topic)] {
            thread.append(
                now,
                Message {
                    id: 0,
                    kind,
                    content,
                    sender: None,
                    sender_display_name: String::new(),
                    metadata: None,
                },
            );
        }
        thread
    }

    fn append(&mut self, now: u64, message: Message) -> u64 {
        let id = self.clock.next(now);
        let sequence = self.messages.len() as u64 + 1;
        self.messages.insert(sequence, Message { id, ..message });
        self.sequence_of.insert(id, sequence);
        id
    }
}

impl Message {
    fn to_json(&self, sequence: u64) -> Value {
        let mut value = json!({
            "id": self.id.to_string(),
            "type": self.kind,
            "sequenceId": sequence.to_string(),
            "version": self.id.to_string(),
            "content": self.content,
            "createdOn": clock::rfc3339_seconds(self.id),
        });
        if let Some(sender) = &self.sender {
            value["senderDisplayName"] = json!(self.sender_display_name);
            value["senderCommunicationIdentifier"] = identifier(sender);
        }
        if let Some(metadata) = &self.metadata {
            value["metadata"] = metadata.clone();
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_read_back() {
        for before in [1, 3, 77_777] {
            assert_eq!(
                sequence_of(&sync_state("19:a@thread.v2", before)),
                Some(before)
            );
        }
        assert_eq!(sequence_of("short"), None);
        assert_eq!(sequence_of("zzzzzzzzzzzzzzzzzzzz"), None);
    }

    proptest::proptest! {
        #[test]
        fn hostile_cursors_do_not_panic(state in ".{0,40}") {
            let _ = sequence_of(&state);
        }
    }
}
