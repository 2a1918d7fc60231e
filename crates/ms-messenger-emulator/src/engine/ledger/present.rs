//! What messages say now, where it is not what was sent.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use crate::engine::{
    ledger::{Ledger, row::KeptRow},
    platform::Platform,
};

/// What became of a message after it was sent.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// It says this now.
    Edited {
        text: &'a str,
        /// Whether that is HTML; `None` where it is of the kind that was sent.
        is_html: Option<bool>,
    },
    /// Its subject is this now; empty where it has none any more.
    Subject(&'a str),
    /// It says nothing now.
    Deleted,
    /// It says again what it did before it was deleted.
    Undeleted,
}

/// What a message says now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Present {
    pub(super) edited: Option<Edited>,
    pub(super) subject: Option<Box<str>>,
    pub(super) is_deleted: bool,
}

/// A text that took the place of what was sent.
#[derive(Clone, Debug)]
pub(crate) struct Edited {
    pub(super) text: Box<str>,
    pub(super) is_html: Option<bool>,
}

impl Present {
    fn note(&mut self, change: &Change<'_>) {
        self.is_deleted = matches!(change, Change::Deleted);
        match *change {
            Change::Edited { text, is_html } => {
                self.edited = Some(Edited {
                    text: text.into(),
                    is_html,
                });
            }
            Change::Subject(subject) => self.subject = Some(subject.into()),
            Change::Deleted | Change::Undeleted => {}
        }
    }
}

/// The messages that were changed, by conversation and by the mark of their ids.
#[derive(Debug, Default)]
pub(super) struct Presents(HashMap<(Platform, Arc<str>), HashMap<u32, Vec<Changed>>>);

/// A changed message.
#[derive(Debug)]
struct Changed {
    message_id: Box<str>,
    present: Present,
}

/// Tells most message ids apart without the room that they take.
pub(super) fn mark(message_id: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    message_id.hash(&mut hasher);
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

impl Ledger {
    /// Notes what became of a message.
    pub(crate) fn note_change(
        &mut self,
        platform: Platform,
        (conversation, message_id): (&str, &str),
        change: &Change<'_>,
    ) {
        let key = (platform, self.name(conversation));
        let alike = self.presents.0.entry(key).or_default();
        let alike = alike.entry(mark(message_id)).or_default();
        if let Some(known) = alike.iter_mut().find(|it| *it.message_id == *message_id) {
            known.present.note(change);
            return;
        }
        let mut present = Present::default();
        present.note(change);
        alike.push(Changed {
            message_id: message_id.into(),
            present,
        });
    }

    /// What a message says now, if that was ever changed.
    pub(super) fn present(&self, row: &KeptRow) -> Option<&Present> {
        if self.presents.0.is_empty() {
            return None;
        }
        let key = (row.platform, Arc::clone(&row.conversation));
        let alike = self.presents.0.get(&key)?.get(&row.mark)?;
        let id = row.message_id();
        let found = alike.iter().find(|it| *it.message_id == *id);
        found.map(|it| &it.present)
    }

    /// A row to be read without the ledger.
    pub(super) fn copy(&self, row: &KeptRow) -> KeptRow {
        let mut copy = row.clone();
        copy.present = self.present(row).cloned().map(Box::new);
        copy
    }

    /// Whether the text as it was sent, or as it is now, has this part, which is in lower case.
    pub(crate) fn says(&self, row: &KeptRow, part: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(part);
        has(&row.text) || self.text_now(row).is_some_and(has)
    }

    /// The text as it is now, if it was edited and not deleted.
    pub(super) fn text_now(&self, row: &KeptRow) -> Option<&str> {
        let present = self.present(row)?;
        let edited = present.edited.as_ref().filter(|_| !present.is_deleted);
        edited.map(|edited| &*edited.text)
    }

    /// The subject as it is now, if it was changed and the message is not deleted.
    pub(super) fn subject_now(&self, row: &KeptRow) -> Option<&str> {
        let present = self.present(row).filter(|present| !present.is_deleted)?;
        present.subject.as_deref()
    }

    /// Forgets what a dropped message says.
    pub(super) fn forget_present(&mut self, row: &KeptRow, message_id: &str) {
        if self.presents.0.is_empty() {
            return;
        }
        let key = (row.platform, Arc::clone(&row.conversation));
        let Some(marks) = self.presents.0.get_mut(&key) else {
            return;
        };
        if let Some(alike) = marks.get_mut(&row.mark) {
            alike.retain(|it| *it.message_id != *message_id);
            if alike.is_empty() {
                marks.remove(&row.mark);
            }
        }
        if marks.is_empty() {
            self.presents.0.remove(&key);
        }
    }
}
