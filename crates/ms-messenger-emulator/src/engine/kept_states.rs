//! The parts of a service's state that are kept in a data file as they are, not as requests.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::{
        journal::entry::{Entry, Head, Moment},
        resources::Engine,
    },
    wire::{request::Request, response::Response},
};

impl Engine {
    /// Records a part of a service's state as it is when no other change is under way, and not before:
    /// of two changes at once, the last record has both. Not while another change is recorded.
    pub(crate) fn record_state(&self, path: &str, document: impl FnOnce() -> Value) {
        let Some(journal) = self.journal() else {
            return;
        };
        let entry = |document: &Value, moment| Some(state_entry(path, document, moment));
        journal.perform(|| self.moment(), document, entry);
    }

    /// Records a part of a service's state as it is, under the lock of the service's store, which
    /// orders the records.
    pub(crate) fn note_state(&self, path: &str, document: impl FnOnce() -> Value) {
        if let Some(journal) = self.journal().filter(|it| !it.is_replaying()) {
            journal.add(&state_entry(path, &document(), self.moment()));
        }
    }

    /// Puts a part of a service's state in force again, if `request` to `path` of the admin API is one of
    /// those `paths` while the journal is replayed; `None` for another path, or a client. A part that
    /// `restore` cannot use is refused.
    pub(crate) fn restore_state(
        &self,
        paths: &[&str],
        path: &str,
        request: &Request,
        restore: impl FnOnce(&Value) -> Option<()>,
    ) -> Option<Response> {
        if !paths.contains(&path) || !self.is_replaying() {
            return None;
        }
        let status = match serde_json::from_slice(&request.body) {
            Ok(document) if restore(&document).is_some() => StatusCode::NO_CONTENT,
            _ => StatusCode::BAD_REQUEST,
        };
        Some(Response::empty(status))
    }
}

fn state_entry(path: &str, document: &Value, moment: Moment) -> Entry {
    let head = Head::State {
        moment,
        path: path.to_owned(),
    };
    let body = document.to_string().into();
    Entry { head, body }
}
