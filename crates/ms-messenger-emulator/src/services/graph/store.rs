//! What Graph remembers.

use crate::seed::Seed;
use crate::services::graph::{directory, messages};
use crate::wire::clock::Clock;

/// The directory (teams, channels, chats and their members) and the messages.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) directory: directory::Store,
    pub(crate) messages: messages::Store,
}

impl Store {
    /// The seeded world without a message.
    pub(crate) fn new(seed: &Seed, clock: &Clock) -> Self {
        Self {
            directory: directory::Store::new(seed, clock),
            messages: messages::Store::new(clock),
        }
    }
}
