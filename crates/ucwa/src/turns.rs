//! One action at a time per name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Locks by name: of a peer, to open one conversation at a time with it, or of a conversation, to
/// post one message at a time in it.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Returns the lock of `name`. Locks that are not in use are dropped.
    pub(crate) fn of(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|known, turn| known == name || Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(name.to_owned()).or_default())
    }
}
