//! All conversations and media, and the access to them.

use std::collections::HashMap;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    seed::Seed,
    services::acs::{
        error::AcsError,
        messages::{
            caller::Caller,
            conversation::Conversation,
            pixel::PIXEL,
            repeatability::RepeatabilityStore,
            templates::{self, Known},
        },
    },
    wire::path::may_be_id,
};

/// All conversations and media, and the repeatability store of the platform.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) conversations: HashMap<String, Conversation>,
    /// Media type and content, by id.
    pub(crate) media: HashMap<String, (String, Bytes)>,
    /// Received messages with media that are in no conversation, by id.
    pub(crate) received: HashMap<String, Value>,
    pub(crate) repeatability: RepeatabilityStore,
    /// Those of all channels.
    pub(crate) templates: Vec<Known>,
    made: u64,
    /// Whether unknown conversations and strangers are refused.
    is_strict: bool,
}

fn missing() -> AcsError {
    AcsError::of_status(StatusCode::NOT_FOUND, "The conversation does not exist.")
}

impl Store {
    /// The seeded conversation with all seeded users, and the seeded medium.
    pub(crate) fn new(seed: &Seed, is_strict: bool) -> Self {
        let mut store = Self {
            templates: templates::seeded(),
            is_strict,
            ..Self::default()
        };
        let member = |user: &crate::seed::acs::AcsUser| {
            json!({
                "id": user.id,
                "displayName": user.name,
                "kind": "internal",
                "contact": {"id": user.id, "kind": "communication"},
            })
        };
        let conversation = Conversation {
            topic: Some("Emulated conversation".to_owned()),
            channels: vec![seed.acs.channel_registration_id.clone()],
            participants: seed.acs.users.iter().map(member).collect(),
            is_open: true,
            ..Conversation::default()
        };
        store.insert(&seed.acs.conversation_id, conversation);
        let medium = ("image/png".to_owned(), Bytes::from_static(&PIXEL));
        store.media.insert(seed.acs.media_id.clone(), medium);
        store
    }

    /// Adds a conversation.
    pub(crate) fn insert(&mut self, id: &str, mut conversation: Conversation) {
        self.made += 1;
        conversation.number = self.made;
        self.conversations.insert(id.to_owned(), conversation);
    }

    /// The conversation, where the caller may use it; `None` for one that is not made yet.
    pub(crate) fn read(
        &self,
        id: &str,
        caller: &Caller,
    ) -> Result<Option<&Conversation>, AcsError> {
        match self.conversations.get(id) {
            None if self.is_strict || !may_be_id(id) => Err(missing()),
            None => Ok(None),
            Some(conversation) if conversation.is_deleted => Err(missing()),
            Some(conversation) if !self.may_use(conversation, caller) => {
                let message = "The sender is not a participant of the conversation.";
                Err(AcsError::of_status(StatusCode::FORBIDDEN, message))
            }
            found => Ok(found),
        }
    }

    /// The same for a caller that acts in it: unless strict, an unknown one is made.
    pub(crate) fn enter(
        &mut self,
        id: &str,
        caller: &Caller,
    ) -> Result<&mut Conversation, AcsError> {
        self.read(id, caller)?;
        Ok(self.open(id))
    }

    /// The conversation for a caller that adds to it: a terminated one refuses.
    pub(crate) fn enter_active(
        &mut self,
        id: &str,
        caller: &Caller,
    ) -> Result<&mut Conversation, AcsError> {
        let conversation = self.enter(id, caller)?;
        if conversation.is_terminated {
            let message = "The conversation is terminated.";
            return Err(AcsError::of_status(StatusCode::CONFLICT, message));
        }
        Ok(conversation)
    }

    /// The conversation, made if need be.
    pub(crate) fn open(&mut self, id: &str) -> &mut Conversation {
        let made = &mut self.made;
        self.conversations.entry(id.to_owned()).or_insert_with(|| {
            *made += 1;
            Conversation {
                number: *made,
                is_open: true,
                ..Conversation::default()
            }
        })
    }

    /// Forgets a message of a conversation; notifications are in none.
    pub(crate) fn forget(&mut self, id: &str, message: &str) {
        self.received.remove(message);
        if let Some(conversation) = self.conversations.get_mut(id) {
            conversation.forget(message);
        }
    }

    /// Whether the caller may use the conversation: users must be participants; callers with the
    /// access key and Entra callers need not.
    pub(crate) fn may_use(&self, conversation: &Conversation, caller: &Caller) -> bool {
        let is_free = conversation.is_open && !self.is_strict;
        !caller.is_user || is_free || conversation.has_member(&caller.sender)
    }
}
