//! Conversations and their messages.

use std::collections::{BTreeMap, HashMap, HashSet};

use http::StatusCode;
use serde_json::{Value, json};

use crate::acs_error::AcsError;
use crate::acs_messages::Caller;
use crate::acs_messages::repeatability::RepeatabilityStore;
use crate::acs_messages::validate::Accepted;
use crate::answer::Answer;
use crate::clock::{self, IdClock};
use crate::inbound::Inbound;
use crate::ledger::NewRow;
use crate::platform::Platform;
use crate::shared::Shared;
use crate::world::World;

/// Page size when none is asked for. The service's own is unknown: a guess.
const DEFAULT_PAGE: usize = 20;

/// All conversations, and the repeatability store of the platform.
#[derive(Debug, Default)]
pub(crate) struct Store {
    conversations: HashMap<String, Conversation>,
    pub(crate) repeatability: RepeatabilityStore,
}

#[derive(Debug, Default)]
struct Conversation {
    participants: HashSet<String>,
    clock: IdClock,
    messages: BTreeMap<u64, Item>,
}

#[derive(Debug)]
struct Item {
    sequence: u64,
    sender: String,
    sender_name: String,
    message: Value,
}

/// A message that was stored: its ledger row and the answer to its sender.
pub(crate) struct Sent {
    pub(crate) row: NewRow,
    pub(crate) answer: Answer,
}

/// One page of a conversation, newest first.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// The last id of the page, when more follow.
    pub(crate) continues_after: Option<u64>,
}

/// The query of a list request.
pub(crate) struct ListOptions {
    pub(crate) size: usize,
    before: u64,
}

impl ListOptions {
    pub(crate) fn read(inbound: &Inbound) -> Result<Self, AcsError> {
        let size = match inbound.query.value("maxPageSize") {
            None => DEFAULT_PAGE,
            Some(text) => match text
                .parse::<i32>()
                .ok()
                .and_then(|n| usize::try_from(n).ok())
            {
                Some(n) if n > 0 => n,
                _ => {
                    let message = format!("The value '{text}' is not valid for maxPageSize.");
                    return Err(AcsError::bad_request(message).with_target("maxPageSize"));
                }
            },
        };
        let before = match inbound.query.value("continuationToken").map(str::parse) {
            None => u64::MAX,
            Some(Ok(before)) => before,
            Some(Err(_)) => {
                let message = "The continuation token is not valid.";
                return Err(AcsError::bad_request(message).with_target("continuationToken"));
            }
        };
        Ok(Self { size, before })
    }
}

/// A notification: nothing but the ledger keeps it.
pub(crate) fn notify(shared: &Shared, accepted: Accepted) -> Sent {
    let message_id = shared.guid().to_string();
    let receipt = json!({"messageId": message_id, "to": accepted.to});
    Sent {
        answer: Answer::json(StatusCode::ACCEPTED, &json!({"receipts": [receipt]})),
        row: NewRow {
            platform: Platform::AcsMessages,
            operation: "send.notification",
            conversation: accepted.to,
            sender: accepted.channel,
            kind: accepted.kind,
            text: accepted.text,
            message_id,
            idempotency_key: None,
        },
    }
}

impl Store {
    /// The seeded conversation with all seeded users.
    pub(crate) fn new(world: &World) -> Self {
        let mut store = Self::default();
        let conversation = Conversation {
            participants: world.acs.users.iter().map(|user| user.id.clone()).collect(),
            ..Conversation::default()
        };
        store
            .conversations
            .insert(world.acs.conversation_id.clone(), conversation);
        store
    }

    /// Refuses, in strict mode, an unknown conversation and a user outside it.
    fn admit(&self, shared: &Shared, id: &str, caller: &Caller) -> Result<(), AcsError> {
        if !shared.settings.is_strict {
            return Ok(());
        }
        let Some(conversation) = self.conversations.get(id) else {
            let message = "The conversation does not exist.";
            return Err(AcsError::of_status(StatusCode::NOT_FOUND, message));
        };
        if caller.is_user && !conversation.participants.contains(&caller.sender) {
            let message = "The sender is not a participant of the conversation.";
            return Err(AcsError::of_status(StatusCode::FORBIDDEN, message));
        }
        Ok(())
    }

    /// Stores a message that was validated.
    pub(crate) fn send(
        &mut self,
        shared: &Shared,
        id: &str,
        caller: &Caller,
        accepted: Accepted,
    ) -> Result<Sent, AcsError> {
        self.admit(shared, id, caller)?;
        let message_id = self
            .store(shared, id, &caller.sender, accepted.message)
            .to_string();
        Ok(Sent {
            answer: Answer::json(StatusCode::OK, &json!({"messageId": message_id})),
            row: NewRow {
                platform: Platform::AcsMessages,
                operation: "send",
                conversation: id.to_owned(),
                sender: caller.sender.clone(),
                kind: accepted.kind,
                text: accepted.text,
                message_id,
                idempotency_key: None,
            },
        })
    }

    /// Appends a message, creating the conversation on first use. Answers its id.
    pub(crate) fn store(&mut self, shared: &Shared, id: &str, sender: &str, message: Value) -> u64 {
        let conversation = self.conversations.entry(id.to_owned()).or_default();
        let message_id = conversation.clock.next(clock::now_ms());
        let item = Item {
            sequence: conversation.messages.len() as u64 + 1,
            sender: sender.to_owned(),
            sender_name: shared.world.acs_name(sender).to_owned(),
            message,
        };
        conversation.messages.insert(message_id, item);
        message_id
    }

    /// A page of a conversation.
    pub(crate) fn list(
        &self,
        shared: &Shared,
        id: &str,
        caller: &Caller,
        options: &ListOptions,
    ) -> Result<Page, AcsError> {
        self.admit(shared, id, caller)?;
        let mut page = Page {
            items: Vec::new(),
            continues_after: None,
        };
        let Some(conversation) = self.conversations.get(id) else {
            return Ok(page);
        };
        let mut newest_first = conversation.messages.range(..options.before).rev();
        let mut last = 0;
        for (message_id, item) in newest_first.by_ref().take(options.size) {
            last = *message_id;
            page.items.push(item.to_json(last));
        }
        page.continues_after = newest_first.next().map(|_| last);
        Ok(page)
    }
}

impl Item {
    fn to_json(&self, id: u64) -> Value {
        json!({
            "id": id.to_string(),
            "sequenceId": self.sequence,
            "message": self.message,
            "senderDisplayName": self.sender_name,
            "senderCommunicationIdentifier": self.sender,
            "createdOn": clock::rfc3339_ticks(id),
        })
    }
}
