//! Pages of messages, newest first.

use crate::services::graph::{
    messages::{
        store::{Store, Thread},
        template::Template,
    },
    place::Place,
};

/// The largest number of replies that a root includes.
const MAX_REPLIES: usize = 1000;

/// A listed message, and its newest replies where they count.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: u64,
    pub(crate) template: Template,
    pub(crate) replies: Vec<Template>,
    /// The oldest reply in `replies`, when there are older ones.
    pub(crate) more_replies: Option<u64>,
}

/// One page, and the cursor after which the next one begins.
pub(crate) type Page = (Vec<Listed>, Option<Cursor>);

/// Where a page ends: time of the order and id.
pub(crate) type Cursor = (u64, u64);

/// What a page is taken from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Whether the order is that of creation, not of activity.
    pub(crate) by_creation: bool,
    /// The first time that counts.
    pub(crate) from: u64,
    /// Where it ends, exclusive.
    pub(crate) before: Cursor,
    pub(crate) size: usize,
    pub(crate) with_replies: bool,
}

impl Store {
    /// The roots of a place in that window.
    pub(crate) fn roots(&self, place: &Place, window: Window) -> Page {
        let Some(thread) = self.places.get(place) else {
            return (Vec::new(), None);
        };
        let (from, before) = ((window.from, 0), window.before);
        if from >= before {
            return (Vec::new(), None);
        }
        if window.by_creation {
            let ids = thread.messages.range(from.0..before.0).rev();
            let roots = ids.filter(|(_, message)| message.root.is_none());
            return thread.page(roots.map(|(id, _)| (*id, *id)), window);
        }
        thread.page(
            thread.by_activity.range(from..before).rev().copied(),
            window,
        )
    }

    /// The replies to `root`.
    pub(crate) fn replies(&self, place: &Place, root: u64, window: Window) -> Page {
        let (Some(thread), Some(message)) = (self.places.get(place), self.message(place, root))
        else {
            return (Vec::new(), None);
        };
        let replies = message.replies.range(..window.before.0).rev();
        thread.page(replies.map(|id| (*id, *id)), window)
    }
}

impl Thread {
    fn page(&self, mut wanted: impl Iterator<Item = Cursor>, window: Window) -> Page {
        let (mut listed, mut last) = (Vec::new(), window.before);
        for cursor in wanted.by_ref().take(window.size) {
            last = cursor;
            listed.extend(self.listed(cursor.1, window.with_replies));
        }
        let next = wanted.next().map(|_| last);
        (listed, next)
    }

    /// A message with its newest replies, newest first.
    pub(super) fn listed(&self, id: u64, with_replies: bool) -> Option<Listed> {
        let message = self.messages.get(&id)?;
        let mut listed = Listed {
            id,
            template: message.template.open(),
            replies: Vec::new(),
            more_replies: None,
        };
        if with_replies {
            let mut replies = message.replies.iter().rev();
            let mut last = None;
            for reply in replies.by_ref().take(MAX_REPLIES) {
                last = Some(*reply);
                let reply = self.messages.get(reply);
                listed.replies.extend(reply.map(|r| r.template.open()));
            }
            listed.more_replies = last.filter(|_| replies.next().is_some());
        }
        Some(listed)
    }
}
