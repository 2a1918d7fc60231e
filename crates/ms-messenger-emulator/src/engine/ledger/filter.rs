//! Which rows a reader asks for.

use crate::engine::{
    ledger::{Ledger, row::KeptRow},
    platform::Platform,
};

/// Which rows a reader asks for; `None` means any.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) platform: Option<Platform>,
    pub(crate) conversation: Option<String>,
    pub(crate) sender: Option<String>,
    pub(crate) operation: Option<String>,
    pub(crate) state: Option<State>,
    /// Lower case; a part of the text, as it was sent or as it is now.
    pub(crate) text: Option<String>,
    /// Lower case; a part of the text or the subject (as sent or as it is now), the sender, the conversation or the message id.
    pub(crate) search: Option<String>,
    /// Rows with larger numbers only.
    pub(crate) since: u64,
    /// Rows with smaller numbers only.
    pub(crate) before: Option<u64>,
}

/// What became of a message, as far as the ledger knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Stored for a request of a client.
    Sent,
    /// Stored for the other side, by `inject`.
    Injected,
    /// Stored a second time: it names the first row.
    Duplicate,
    /// A retry got the response of the repeatability store.
    Replayed,
}

impl State {
    pub(crate) const ALL: [(&str, Self); 4] = [
        ("sent", Self::Sent),
        ("injected", Self::Injected),
        ("duplicate", Self::Duplicate),
        ("replayed", Self::Replayed),
    ];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, state)| *state)
    }
}

impl Filter {
    /// Whether the row is asked for, wherever it is.
    pub(crate) fn admits(&self, ledger: &Ledger, row: &KeptRow) -> bool {
        self.platform.is_none_or(|p| p == row.platform)
            && is(self.conversation.as_deref(), &row.conversation)
            && is(self.sender.as_deref(), &row.sender)
            && is(self.operation.as_deref(), row.operation)
            && self.state.is_none_or(|state| row.has(state))
            && self
                .text
                .as_deref()
                .is_none_or(|part| ledger.says(row, part))
            && self
                .search
                .as_deref()
                .is_none_or(|part| found(ledger, row, part))
    }
}

fn is(wanted: Option<&str>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == value)
}

fn found(ledger: &Ledger, row: &KeptRow, part: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(part);
    if ledger.says(row, part) || has(&row.sender) || has(&row.conversation) {
        return true;
    }
    let (subject, message_id) = row.subject_and_id();
    has(&subject) || has(&message_id) || ledger.subject_now(row).is_some_and(has)
}
