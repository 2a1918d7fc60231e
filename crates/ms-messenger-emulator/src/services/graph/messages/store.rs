//! The messages of channels and chats.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    services::graph::{
        messages::{
            migrating::Migration,
            template::{KeptTemplate, Template},
        },
        notifications::change::{Change, ChangeType},
        place::Place,
    },
    wire::{
        clock::{self, Clock, IdClock},
        packed::Packer,
    },
};

/// All places that hold messages.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) places: HashMap<Place, Thread>,
    service_clock: Clock,
    /// How many messages were stored or changed so far, in all places.
    pub(super) changes: u64,
    packer: Packer,
    /// Distinguishes this store from those of earlier starts: it does not know their delta tokens.
    generation: u64,
    /// The migrations that are in progress.
    pub(super) migrations: HashMap<Place, Migration>,
    /// Whether changes are remembered until they are published.
    is_watched: bool,
    unpublished: Vec<Change>,
}

/// The messages of one place.
#[derive(Debug, Default)]
pub(super) struct Thread {
    clock: IdClock,
    pub(super) messages: BTreeMap<u64, Message>,
    /// Roots by (last activity, id): a reply lifts its root.
    pub(super) by_activity: BTreeSet<(u64, u64)>,
    /// All messages by the number of their last change.
    pub(super) by_change: BTreeMap<u64, u64>,
    pub(super) hosted: HashMap<u64, Vec<Hosted>>,
    /// What deleted messages were.
    pub(super) deleted: HashMap<u64, KeptTemplate>,
    /// The last change of a message that was forgotten.
    pub(super) forgotten_until: u64,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) template: KeptTemplate,
    pub(super) root: Option<u64>,
    /// Of the whole thread in a channel; the last change in a chat. Epoch milliseconds.
    pub(super) activity: u64,
    /// Epoch milliseconds.
    pub(super) modified: u64,
    /// Number of the last change.
    pub(super) changed: u64,
    /// The same, its replies included.
    pub(super) thread_changed: u64,
    pub(super) replies: BTreeSet<u64>,
}

/// A hosted content: an image of a message.
#[derive(Clone, Debug)]
pub(crate) struct Hosted {
    pub(crate) id: String,
    pub(crate) content_type: String,
    pub(crate) content: Bytes,
}

/// A message that is to be stored.
#[derive(Debug)]
pub(crate) struct New<'a> {
    pub(crate) place: &'a Place,
    /// The channel message that is replied to.
    pub(crate) root: Option<u64>,
    /// When an imported message was made, epoch milliseconds; `None` is now.
    pub(crate) created: Option<u64>,
}

impl Store {
    /// No messages yet; their times are by `clock`.
    pub(crate) fn new(clock: &Clock) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = since.map_or(0, |since| since.as_nanos());
        Self {
            places: HashMap::new(),
            service_clock: clock.clone(),
            changes: 0,
            packer: Packer::default(),
            // The upper bits would only hold the century.
            generation: u64::try_from(nanos & u128::from(u64::MAX)).unwrap_or(0),
            migrations: HashMap::new(),
            is_watched: false,
            unpublished: Vec::new(),
        }
    }
}

impl Store {
    /// Tells the tokens of this store from those of others.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The places that hold messages.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.keys()
    }

    /// Whether `root` is a message of its own, not a reply.
    pub(crate) fn has_root(&self, place: &Place, root: u64) -> bool {
        self.message(place, root)
            .is_some_and(|message| message.root.is_none())
    }

    pub(super) fn message(&self, place: &Place, id: u64) -> Option<&Message> {
        self.places.get(place)?.messages.get(&id)
    }

    /// A message that is a reply to `root` (or none).
    pub(crate) fn template(&self, place: &Place, root: Option<u64>, id: u64) -> Option<Template> {
        let message = self.message(place, id);
        let message = message.filter(|message| message.root == root)?;
        Some(message.template.open())
    }

    /// Appends a message, creating the place on first use; `render` makes its JSON and its hosted
    /// contents from its id. `None` when an imported message's millisecond is taken.
    pub(crate) fn store(
        &mut self,
        new: &New<'_>,
        render: impl FnOnce(u64) -> (Value, Vec<Hosted>),
    ) -> Option<(u64, Template)> {
        let now = self.service_clock.now_ms();
        let thread = match self.places.get_mut(new.place) {
            Some(thread) => thread,
            None => self.places.entry(new.place.clone()).or_default(),
        };
        let id = match new.created {
            None => thread.free_id(now),
            Some(created) if thread.messages.contains_key(&created) => return None,
            Some(created) => created,
        };
        self.changes += 1;
        let (value, hosted) = render(id);
        let template = Template::new(&value);
        thread.insert(id, new.root, self.changes, template.keep(&mut self.packer));
        if !hosted.is_empty() {
            thread.hosted.insert(id, hosted);
        }
        self.remember(ChangeType::Created, (new.place, new.root, id), &template);
        Some((id, template))
    }

    /// The first millisecond from `at` on that no message of the place has.
    pub(crate) fn free_at(&self, place: &Place, at: u64) -> u64 {
        let thread = self.places.get(place);
        let is_taken = |id: &u64| thread.is_some_and(|thread| thread.messages.contains_key(id));
        (at..).find(|id| !is_taken(id)).unwrap_or(at)
    }

    /// The message that a message replies to; `None` when it is not there.
    pub(crate) fn root_of(&self, place: &Place, id: u64) -> Option<Option<u64>> {
        self.message(place, id).map(|message| message.root)
    }

    /// Appends a root that is made now; `render` as for [`store`](Self::store). Returns its id.
    pub(crate) fn append(
        &mut self,
        place: &Place,
        render: impl FnOnce(u64) -> (Value, Vec<Hosted>),
    ) -> u64 {
        let new = New {
            place,
            root: None,
            created: None,
        };
        // Only an imported message's id can be taken.
        self.store(&new, render).map_or(0, |(id, _)| id)
    }

    /// Changes a message: `revise` is given its JSON and the time of the change, in epoch
    /// milliseconds. Its `etag` and `lastModifiedDateTime` move, and its place in lists.
    pub(crate) fn revise(&mut self, place: &Place, id: u64, revise: impl FnOnce(&mut Value, u64)) {
        let Some(thread) = self.places.get_mut(place) else {
            return;
        };
        let now = thread.clock.next(self.service_clock.now_ms());
        let Some(message) = thread.messages.get_mut(&id) else {
            return;
        };
        let mut value = message.template.open().value();
        let was_deleted = !value["deletedDateTime"].is_null();
        revise(&mut value, now);
        value["etag"] = json!(now.to_string());
        value["lastModifiedDateTime"] = json!(clock::rfc3339_trimmed(now));
        let is_deleted = !value["deletedDateTime"].is_null();
        let template = Template::new(&value);
        message.template = template.keep(&mut self.packer);
        let root = message.root;
        message.modified = now;
        self.changes += 1;
        thread.note_change(id, self.changes);
        if !place.is_channel() {
            thread.lift(id, now);
        }
        let kind = if is_deleted && !was_deleted {
            ChangeType::Deleted
        } else {
            ChangeType::Updated
        };
        self.remember(kind, (place, root, id), &template);
    }

    fn remember(
        &mut self,
        kind: ChangeType,
        (place, root, id): (&Place, Option<u64>, u64),
        message: &Template,
    ) {
        if self.is_watched {
            self.unpublished.push(Change {
                kind,
                place: place.clone(),
                root,
                id,
                message: message.clone(),
            });
        }
    }

    /// The changes since this was called last, if they were watched; `is_watched` says whether
    /// those from now on are.
    pub(crate) fn take_changes(&mut self, is_watched: bool) -> Vec<Change> {
        self.is_watched = is_watched;
        std::mem::take(&mut self.unpublished)
    }

    /// The hosted contents of a message, empty for one without.
    pub(crate) fn hosted(&self, place: &Place, id: u64) -> &[Hosted] {
        let found = self.places.get(place).and_then(|t| t.hosted.get(&id));
        found.map_or(&[], Vec::as_slice)
    }

    /// Adds hosted contents to a message that is being edited.
    pub(crate) fn add_hosted(&mut self, place: &Place, id: u64, hosted: Vec<Hosted>) {
        if let Some(thread) = self.places.get_mut(place).filter(|_| !hosted.is_empty()) {
            thread.hosted.entry(id).or_default().extend(hosted);
        }
    }

    /// Remembers what a message is before it is deleted.
    pub(crate) fn bury(&mut self, place: &Place, id: u64) {
        if let Some(thread) = self.places.get_mut(place)
            && let Some(message) = thread.messages.get(&id)
        {
            thread.deleted.insert(id, message.template.clone());
        }
    }

    /// What a deleted message was; it is forgotten by that.
    pub(crate) fn unearth(&mut self, place: &Place, id: u64) -> Option<Value> {
        let buried = self.places.get_mut(place)?.deleted.remove(&id)?;
        Some(buried.open().value())
    }

    pub(crate) fn is_deleted(&self, place: &Place, id: u64) -> bool {
        let thread = self.places.get(place);
        thread.is_some_and(|thread| thread.deleted.contains_key(&id))
    }
}

impl Thread {
    /// The id of a message that is made now. An imported one may have taken the next.
    fn free_id(&mut self, now: u64) -> u64 {
        loop {
            let id = self.clock.next(now);
            if !self.messages.contains_key(&id) {
                return id;
            }
        }
    }

    fn insert(&mut self, id: u64, root: Option<u64>, change: u64, template: KeptTemplate) {
        let message = Message {
            template,
            root,
            activity: id,
            modified: id,
            changed: change,
            thread_changed: change,
            replies: BTreeSet::new(),
        };
        self.messages.insert(id, message);
        self.by_change.insert(change, id);
        match root {
            None => {
                self.by_activity.insert((id, id));
            }
            Some(root) => {
                if let Some(root) = self.messages.get_mut(&root) {
                    root.replies.insert(id);
                    root.thread_changed = change;
                }
                self.lift(root, id);
            }
        }
    }

    /// Notes activity at `now` in the thread of a root.
    fn lift(&mut self, root: u64, now: u64) {
        if let Some(message) = self.messages.get_mut(&root) {
            self.by_activity.remove(&(message.activity, root));
            message.activity = message.activity.max(now);
            self.by_activity.insert((message.activity, root));
        }
    }

    fn note_change(&mut self, id: u64, change: u64) {
        let Some(message) = self.messages.get_mut(&id) else {
            return;
        };
        self.by_change.remove(&message.changed);
        message.changed = change;
        message.thread_changed = change;
        self.by_change.insert(change, id);
        let root = message.root.and_then(|root| self.messages.get_mut(&root));
        if let Some(root) = root {
            root.thread_changed = change;
        }
    }
}
