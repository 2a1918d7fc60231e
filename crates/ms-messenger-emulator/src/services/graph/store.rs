//! The state of Graph.

use crate::{
    seed::Seed,
    services::graph::{directory::store::Store as Directory, messages::store::Store as Messages},
    wire::clock::Clock,
};

/// The directory (teams, channels, chats and their members) and the messages.
#[derive(Debug)]
pub(crate) struct GraphStore {
    pub(crate) directory: Directory,
    pub(crate) messages: Messages,
}

impl GraphStore {
    /// The seeded world without a message.
    pub(crate) fn new(seed: &Seed, clock: &Clock, is_strict: bool) -> Self {
        Self {
            directory: Directory::new(seed, clock, is_strict),
            messages: Messages::new(clock),
        }
    }
}
