//! What a migration leaves in a channel or chat.

/// The members of a channel or chat that a migration sets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Migrated {
    /// `inProgress` or `completed`; nothing for one that was never migrated.
    pub(crate) mode: Option<&'static str>,
    /// When it was made, before a migration moved that back; epoch milliseconds.
    pub(crate) original: Option<u64>,
}

impl Migrated {
    /// Starts or completes a migration; `since` moves the time of creation back.
    pub(crate) fn change(&mut self, mode: &'static str, created: &mut u64, since: Option<u64>) {
        self.mode = Some(mode);
        if let Some(since) = since {
            self.original.get_or_insert(*created);
            *created = since;
        }
    }
}
