//! The state of Graph.

use crate::{
    seed::Seed,
    services::graph::{
        directory::store::Store as Directory,
        drives::{settings::DriveSettings, store::Store as Drives},
        messages::store::Store as Messages,
    },
    wire::clock::Clock,
};

/// The directory (teams, channels, chats and their members), the drives and the messages.
#[derive(Debug)]
pub(crate) struct GraphStore {
    pub(crate) directory: Directory,
    pub(crate) drives: Drives,
    pub(crate) messages: Messages,
}

impl GraphStore {
    /// The seeded world without a message and a file.
    pub(crate) fn new(
        seed: &Seed,
        clock: &Clock,
        is_strict: bool,
        settings: DriveSettings,
    ) -> Self {
        Self {
            directory: Directory::new(seed, clock, is_strict),
            drives: Drives::new(seed, settings),
            messages: Messages::new(clock),
        }
    }
}
