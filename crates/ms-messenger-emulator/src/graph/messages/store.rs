//! The messages of channels and chats.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use serde_json::Value;

use crate::clock::{self, IdClock};
use crate::graph::Place;

/// All places that hold messages.
#[derive(Debug, Default)]
pub(crate) struct Store {
    places: HashMap<Place, Thread>,
}

#[derive(Debug, Default)]
struct Thread {
    clock: IdClock,
    messages: BTreeMap<u64, Message>,
    /// Roots by (last activity, id): a reply lifts its root.
    by_activity: BTreeSet<(u64, u64)>,
}

#[derive(Debug)]
struct Message {
    rendered: Bytes,
    root: Option<u64>,
    activity: u64,
    replies: BTreeSet<u64>,
}

/// A listed message: its JSON, and its replies where they count.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) rendered: Bytes,
    pub(crate) replies: Vec<Bytes>,
}

/// One page, newest first, and the cursor after which the next one begins.
pub(crate) type Page = (Vec<Listed>, Option<(u64, u64)>);

impl Store {
    /// Whether `root` is a message of its own, not a reply.
    pub(crate) fn has_root(&self, place: &Place, root: u64) -> bool {
        self.message(place, root)
            .is_some_and(|message| message.root.is_none())
    }

    fn message(&self, place: &Place, id: u64) -> Option<&Message> {
        self.places.get(place)?.messages.get(&id)
    }

    /// The JSON of a message that is a reply to `root` (or none).
    pub(crate) fn rendered(&self, place: &Place, root: Option<u64>, id: u64) -> Option<Bytes> {
        let message = self
            .message(place, id)
            .filter(|message| message.root == root)?;
        Some(message.rendered.clone())
    }

    /// Appends a message, creating the place on first use; `render` makes its JSON from its id.
    pub(crate) fn store(
        &mut self,
        place: &Place,
        root: Option<u64>,
        render: impl FnOnce(u64) -> Value,
    ) -> (u64, Bytes) {
        let thread = self.places.entry(place.clone()).or_default();
        let id = thread.clock.next(clock::now_ms());
        let rendered = Bytes::from(render(id).to_string());
        match root.and_then(|root| Some((root, thread.messages.get_mut(&root)?))) {
            Some((root_id, root)) => {
                thread.by_activity.remove(&(root.activity, root_id));
                root.activity = id;
                root.replies.insert(id);
                thread.by_activity.insert((id, root_id));
            }
            None => {
                thread.by_activity.insert((id, id));
            }
        }
        let message = Message {
            rendered: rendered.clone(),
            root,
            activity: id,
            replies: BTreeSet::new(),
        };
        thread.messages.insert(id, message);
        (id, rendered)
    }

    /// The roots of a place whose time `admits`, newest activity first.
    pub(crate) fn roots(
        &self,
        place: &Place,
        before: (u64, u64),
        size: usize,
        admits: impl Fn(u64) -> bool,
    ) -> Page {
        let Some(thread) = self.places.get(place) else {
            return (Vec::new(), None);
        };
        let mut wanted = thread
            .by_activity
            .range(..before)
            .rev()
            .filter(|(_, id)| admits(*id));
        let (mut listed, mut last) = (Vec::new(), before);
        for (activity, id) in wanted.by_ref().take(size) {
            last = (*activity, *id);
            listed.extend(thread.listed(*id));
        }
        let next = wanted.next().map(|_| last);
        (listed, next)
    }

    /// The replies to `root`, newest first.
    pub(crate) fn replies(&self, place: &Place, root: u64, before: u64, size: usize) -> Page {
        let (Some(thread), Some(message)) = (self.places.get(place), self.message(place, root))
        else {
            return (Vec::new(), None);
        };
        let mut wanted = message.replies.range(..before).rev();
        let (mut listed, mut last) = (Vec::new(), before);
        for id in wanted.by_ref().take(size) {
            last = *id;
            listed.extend(thread.listed(*id));
        }
        let next = wanted.next().map(|_| (last, last));
        (listed, next)
    }
}

impl Thread {
    fn listed(&self, id: u64) -> Option<Listed> {
        let message = self.messages.get(&id)?;
        let reply = |id: &u64| self.messages.get(id).map(|reply| reply.rendered.clone());
        Some(Listed {
            rendered: message.rendered.clone(),
            replies: message.replies.iter().rev().filter_map(reply).collect(),
        })
    }
}
