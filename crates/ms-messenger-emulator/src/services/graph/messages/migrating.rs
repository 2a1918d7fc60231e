//! A channel or chat into which messages are imported.

/// A migration that was started and not completed.
#[derive(Clone, Debug)]
pub(crate) struct Migration {
    /// The app that started it; only this app imports and completes.
    pub(crate) app: String,
    /// When the channel or chat counts as made, epoch milliseconds.
    pub(crate) since: u64,
}
