//! What was stored or changed since a position, oldest change first.

use crate::services::graph::{
    messages::{
        pages::Listed,
        store::{Message, Store, Thread},
    },
    place::Place,
};

/// What counts as an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Messages that are no replies.
    Roots,
    /// Messages that are no replies, with their replies: a change of a reply is a change of its
    /// root.
    WithReplies,
    /// Messages and replies alike.
    Flat,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    /// Number of the last change that is known.
    pub(crate) position: u64,
    pub(crate) size: usize,
    /// How many items are left out at the beginning.
    pub(crate) skip: usize,
    pub(crate) depth: Depth,
    /// Exclusive bounds on the time of a message's last change, epoch milliseconds.
    pub(crate) after_ms: u64,
    pub(crate) before_ms: u64,
}

/// A page of changes.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) listed: Vec<Listed>,
    /// Number of the last change that this page knows.
    pub(crate) position: u64,
    /// Whether there are further ones now.
    pub(crate) has_more: bool,
}

impl Store {
    /// The changes of these places since then.
    pub(crate) fn changes(&self, places: &[&Place], since: Since) -> Changes {
        let wanted = since.skip.saturating_add(since.size).saturating_add(1);
        let mut found: Vec<(u64, &Thread, u64)> = Vec::new();
        for thread in places.iter().filter_map(|place| self.places.get(place)) {
            let items = thread.by_change.range(since.position + 1..);
            let items = items.filter_map(|(change, id)| thread.item(*change, *id, since));
            found.extend(items.take(wanted).map(|(change, id)| (change, thread, id)));
        }
        found.sort_unstable_by_key(|(change, ..)| *change);
        let end = since.skip.saturating_add(since.size);
        let has_more = found.len() > end;
        let page = found.into_iter().take(end).skip(since.skip);
        let mut changes = Changes {
            listed: Vec::new(),
            position: self.changes.max(since.position),
            has_more,
        };
        let with_replies = since.depth == Depth::WithReplies;
        for (change, thread, id) in page {
            changes.listed.extend(thread.listed(id, with_replies));
            if has_more {
                changes.position = change;
            }
        }
        changes
    }
}

impl Thread {
    /// The message that is listed for a change, if one is: each at its last change only.
    fn item(&self, change: u64, id: u64, since: Since) -> Option<(u64, u64)> {
        let message = self.messages.get(&id)?;
        let (id, message) = match (message.root, since.depth) {
            (Some(_), Depth::Roots) => return None,
            (Some(root), Depth::WithReplies) => (root, self.messages.get(&root)?),
            _ => (id, message),
        };
        let is_last = since.depth != Depth::WithReplies || message.thread_changed == change;
        (is_last && is_between(message, since)).then_some((change, id))
    }
}

fn is_between(message: &Message, since: Since) -> bool {
    message.modified > since.after_ms && message.modified < since.before_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn place() -> Place {
        Place::Chat {
            chat: "19:a@thread.v2".to_owned(),
        }
    }

    fn since(position: u64, size: usize) -> Since {
        Since {
            position,
            size,
            skip: 0,
            depth: Depth::Flat,
            after_ms: 0,
            before_ms: u64::MAX,
        }
    }

    #[test]
    fn a_change_between_two_pages_moves_the_message_to_the_end() {
        let mut store = Store::new(&crate::wire::clock::Clock::default());
        let place = place();
        let ids = [0; 4].map(|_| store.append(&place, |id| (json!({"id": id}), Vec::new())));
        let first = store.changes(&[&place], since(0, 2));
        assert!(first.has_more);
        store.revise(&place, ids[2], |message, _| message["edited"] = json!(true));
        let rest = store.changes(&[&place], since(first.position, 9));
        let listed: Vec<u64> = rest.listed.iter().map(|listed| listed.id).collect();
        assert_eq!(listed, [ids[3], ids[2]]);
        assert!(!rest.has_more);
        assert!(
            store
                .changes(&[&place], since(rest.position, 9))
                .listed
                .is_empty()
        );
    }
}
