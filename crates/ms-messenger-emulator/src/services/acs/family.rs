//! The ACS resource: the stores of its services, and the credentials that they share.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::{
    engine::{resources::Engine, tokens::Audience},
    seed::Seed,
    services::acs::{
        chat::{store::Store as ChatStore, style::AcsChatErrorStyle},
        events::hub::Hub,
        identity::store::Store as IdentityStore,
        messages::store::Store as MessagesStore,
    },
    wire::lock::lock,
};

/// The bearer tokens of Chat.
pub(crate) const CHAT: Audience = Audience::new("acs-chat");
/// The bearer tokens of Advanced Messaging.
pub(crate) const MESSAGES: Audience = Audience::new("acs-messages");
/// The Entra tokens of Identity's callers, which may stay valid while users' tokens end.
pub(crate) const IDENTITY: Audience = Audience::new("acs-identity");

/// One ACS resource. The store of Identity is locked inside those of Chat and Advanced Messaging,
/// which are never locked together; the
/// subscriptions to events are locked inside all of them.
#[derive(Debug)]
pub(crate) struct Acs {
    pub(crate) engine: Arc<Engine>,
    pub(crate) seed: Arc<Seed>,
    pub(crate) error_style: AcsChatErrorStyle,
    pub(crate) access_key: Vec<u8>,
    /// The subscriptions to events.
    pub(crate) events: Hub,
    chat: Mutex<ChatStore>,
    messages: Mutex<MessagesStore>,
    identity: Mutex<IdentityStore>,
}

impl Acs {
    pub(crate) fn new(
        engine: &Arc<Engine>,
        seed: &Arc<Seed>,
        error_style: AcsChatErrorStyle,
    ) -> Self {
        let is_strict = engine.is_strict();
        Self {
            chat: Mutex::new(ChatStore::new(seed, &engine.clock, is_strict)),
            messages: Mutex::new(MessagesStore::new(seed, is_strict)),
            identity: Mutex::default(),
            access_key: seed.access_key_bytes(),
            events: Hub::new(engine, seed),
            engine: Arc::clone(engine),
            seed: Arc::clone(seed),
            error_style,
        }
    }

    /// The threads; hold them briefly and never across an await.
    pub(crate) fn chat(&self) -> MutexGuard<'_, ChatStore> {
        lock(&self.chat)
    }

    /// The conversations; hold them briefly and never across an await.
    pub(crate) fn messages(&self) -> MutexGuard<'_, MessagesStore> {
        lock(&self.messages)
    }

    /// The users; hold them briefly and never across an await.
    pub(crate) fn identity(&self) -> MutexGuard<'_, IdentityStore> {
        lock(&self.identity)
    }

    /// Empties the stores of Chat and Identity, then runs `rest` under their locks.
    pub(crate) fn reset_chat(&self, rest: &mut dyn FnMut()) {
        let mut chat = self.chat();
        let mut identity = self.identity();
        *chat = ChatStore::new(&self.seed, &self.engine.clock, self.engine.is_strict());
        *identity = IdentityStore::default();
        rest();
    }

    /// Empties the store of Advanced Messaging, then runs `rest` under its lock.
    pub(crate) fn reset_messages(&self, rest: &mut dyn FnMut()) {
        let mut messages = self.messages();
        *messages = MessagesStore::new(&self.seed, self.engine.is_strict());
        rest();
    }
}
