//! What Graph remembers.

use crate::clock::Clock;
use crate::graph::{directory, messages};
use crate::world::World;

/// The directory (teams, channels, chats and their members) and the messages.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) directory: directory::Store,
    pub(crate) messages: messages::Store,
}

impl Store {
    /// The seeded world without a message.
    pub(crate) fn new(world: &World, clock: &Clock) -> Self {
        Self {
            directory: directory::Store::new(world, clock),
            messages: messages::Store::new(clock),
        }
    }
}
