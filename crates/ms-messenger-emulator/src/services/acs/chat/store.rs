//! All threads, and the rights in them.

use std::collections::{HashMap, VecDeque};

use http::StatusCode;

use crate::{
    seed::{Seed, derive::EPOCH_SECONDS},
    services::acs::{
        chat::thread::{Participant, Thread, View},
        error::{AcsError, forbidden},
    },
    wire::{
        clock::{Clock, IdClock},
        path::may_be_id,
        response::Response,
    },
};

const TOPIC: &str = "Emulated thread";
/// How long the response to a repeatable creation is kept. The service's own time is unknown: a guess.
const KEPT_MS: u64 = 24 * 3600 * 1000;

/// Caller and request id of a repeatable creation.
type CreationKey = (String, String);

/// All chat threads.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) threads: HashMap<String, Thread>,
    /// Orders the threads by what happened in them.
    activity: IdClock,
    created: HashMap<CreationKey, Response>,
    creations: VecDeque<(u64, CreationKey)>,
    clock: Clock,
    /// Whether unknown threads and strangers are refused.
    is_strict: bool,
}

/// The relation of a caller to a thread.
enum Membership {
    /// A participant.
    Member(View),
    /// A participant until removal.
    Former(View),
    /// Not yet a participant; the next call joins.
    Open,
}

fn membership(thread: &Thread, caller: &str, is_strict: bool) -> Result<Membership, AcsError> {
    if thread.deleted_on.is_some() {
        return Err(missing_thread());
    }
    if let Some(participant) = thread.participant(caller) {
        return Ok(Membership::Member(View {
            from: participant.share_history,
            ..View::ALL
        }));
    }
    if let Some(until) = thread.left.get(caller) {
        return Ok(Membership::Former(View {
            until: *until,
            ..View::ALL
        }));
    }
    if thread.is_open && !is_strict {
        return Ok(Membership::Open);
    }
    Err(forbidden())
}

fn missing_thread() -> AcsError {
    AcsError::of_status(StatusCode::NOT_FOUND, "The thread does not exist.")
}

impl Store {
    /// The number of images of all threads.
    pub(crate) fn images(&self) -> usize {
        self.threads.values().map(|it| it.images.len()).sum()
    }

    /// The seeded thread with all seeded users.
    pub(crate) fn new(seed: &Seed, clock: &Clock, is_strict: bool) -> Self {
        let mut store = Self {
            clock: clock.clone(),
            is_strict,
            ..Self::default()
        };
        let users = seed.acs.users.iter();
        let participants: Vec<Participant> = users.map(|u| Participant::new(&u.id)).collect();
        let creator = seed.acs.users.first().map_or("", |user| &user.id);
        let mut thread = Thread::new(creator, participants, TOPIC, EPOCH_SECONDS * 1000);
        thread.is_open = true;
        store.insert(&seed.acs.thread_id, thread, EPOCH_SECONDS * 1000);
        store
    }

    /// Adds a thread.
    pub(crate) fn insert(&mut self, id: &str, mut thread: Thread, now: u64) {
        thread.activity = self.activity.next(now);
        self.threads.insert(id.to_owned(), thread);
    }

    /// The thread for a caller that acts in it. Unless strict, an unknown one is made, and a
    /// stranger joins an open one.
    pub(crate) fn enter(&mut self, id: &str, caller: &str) -> Result<&mut Thread, AcsError> {
        if !self.threads.contains_key(id) {
            if self.is_strict || !may_be_id(id) {
                return Err(missing_thread());
            }
            let now = self.clock.now_ms();
            self.make_open(id, caller, now);
        }
        let thread = self.threads.get_mut(id).ok_or_else(missing_thread)?;
        match membership(thread, caller, self.is_strict)? {
            Membership::Member(_) => {}
            Membership::Former(_) => return Err(forbidden()),
            Membership::Open => thread.join(Participant::new(caller)),
        }
        Ok(thread)
    }

    /// The thread for an injected message. Its sender joins any thread.
    pub(crate) fn enter_as_guest(
        &mut self,
        id: &str,
        guest: &str,
        now: u64,
    ) -> Option<&mut Thread> {
        if !self.threads.contains_key(id) {
            self.make_open(id, guest, now);
        }
        let thread = self.threads.get_mut(id)?;
        if thread.participant(guest).is_none() {
            thread.join(Participant::new(guest));
        }
        Some(thread)
    }

    fn make_open(&mut self, id: &str, creator: &str, now: u64) {
        let mut thread = Thread::new(creator, vec![Participant::new(creator)], TOPIC, now);
        thread.is_open = true;
        self.insert(id, thread, now);
    }

    /// Forgets a message.
    pub(crate) fn forget(&mut self, id: &str, message: &str) {
        if let Some(thread) = self.threads.get_mut(id) {
            thread.forget(message);
        }
    }

    /// Notes that something happened in a thread.
    pub(crate) fn touch(&mut self, id: &str, now: u64) {
        let activity = self.activity.next(now);
        if let Some(thread) = self.threads.get_mut(id) {
            thread.activity = activity;
        }
    }

    /// The thread and what the caller may read of its messages; `None` for one that is not made yet.
    pub(crate) fn read(&self, id: &str, caller: &str) -> Result<Option<(&Thread, View)>, AcsError> {
        let Some(thread) = self.threads.get(id) else {
            return if self.is_strict || !may_be_id(id) {
                Err(missing_thread())
            } else {
                Ok(None)
            };
        };
        let view = match membership(thread, caller, self.is_strict)? {
            Membership::Member(view) | Membership::Former(view) => view,
            Membership::Open => View::ALL,
        };
        Ok(Some((thread, view)))
    }

    /// The response that this creation was given before.
    pub(crate) fn earlier_creation(&self, key: &CreationKey) -> Option<Response> {
        self.created.get(key).cloned()
    }

    /// Keeps the response to a repeatable creation.
    pub(crate) fn keep_creation(&mut self, key: CreationKey, response: &Response, now: u64) {
        while let Some((kept, key)) = self.creations.front() {
            if now.saturating_sub(*kept) <= KEPT_MS {
                break;
            }
            self.created.remove(key);
            self.creations.pop_front();
        }
        self.created.insert(key.clone(), response.clone());
        self.creations.push_back((now, key));
    }
}
