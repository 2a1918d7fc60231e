//! Forgets old messages, so that memory stays bounded.

use crate::services::graph::{
    messages::store::{Store, Thread},
    place::Place,
};

impl Store {
    /// Forgets a message, as if it had never been. Delta tokens from before its last change
    /// are too old by that.
    pub(crate) fn forget(&mut self, conversation: &str, id: &str) {
        let Ok(id) = id.parse() else { return };
        let chat = Place::Chat {
            chat: conversation.to_owned(),
        };
        if let Some(thread) = self.places.get_mut(&chat) {
            return thread.forget(id);
        }
        // A row does not name the team of its channel; there are few channels.
        let mut places = self.places.iter_mut();
        let channel = places.find(|(place, _)| place.conversation() == conversation);
        if let Some((_, thread)) = channel {
            thread.forget(id);
        }
    }

    /// Whether a change after `position` was forgotten, so that a reader at that position cannot get
    /// all changes since. Position 0 is the beginning, where no change was missed.
    pub(crate) fn has_forgotten_since(&self, places: &[&Place], position: u64) -> bool {
        let threads = places.iter().filter_map(|place| self.places.get(*place));
        position > 0
            && threads
                .into_iter()
                .any(|thread| thread.forgotten_until > position)
    }
}

impl Thread {
    fn forget(&mut self, id: u64) {
        let Some(message) = self.messages.remove(&id) else {
            return;
        };
        self.by_activity.remove(&(message.activity, id));
        self.by_change.remove(&message.changed);
        self.hosted.remove(&id);
        self.deleted.remove(&id);
        self.forgotten_until = self.forgotten_until.max(message.changed);
        let root = message.root.and_then(|root| self.messages.get_mut(&root));
        if let Some(root) = root {
            root.replies.remove(&id);
        }
    }
}
