//! What a store does. Implement it for a database of your own.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{ConversationId, DeliveryStatus, MessageId};
use serde::Serialize;

use crate::{
    budget::Budget,
    change::Change,
    envelope::Hash,
    error::Result,
    id::{EnvelopeId, WorkerId},
    message::{Head, NewMessage, StoredMessage},
    state::State,
};

/// A durable store of messages.
///
/// [`conformance`](crate::conformance) checks an implementation.
///
/// # For implementers
///
/// * Each method is one atomic step. When it returns `Ok`, its effect is durable.
/// * State changes are computed by [`Change::apply`], within the transaction that reads the head
///   and writes it back.
/// * [`Head::lease_to`], [`Head::orphan`] and [`Head::recall`] are the only other ways to change a
///   head, but for [`Head::wait_for_slot`] and `has_slot` in [`claim`](Self::claim).
/// * Leases have no times: a worker that does not [`beat`](Self::beat) any more is noticed by the
///   others, which measure with their own clocks and [`bury`](Self::bury) it. No clock that is set,
///   back or forward, ends one early.
/// * What is stored with a time is stored with the time at which that was set, so that a clock that
///   was set back stops nothing: [`Pause::set_at`](crate::Pause::set_at),
///   [`Slots::taken_at`](crate::Slots::taken_at), [`Head::changed_at`].
/// * The content of a message is opaque.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Stores messages: all of them or, on an error, none. A message whose id is stored already is
    /// [`Same`](Inserted::Same) if its `hash` is equal; else the call fails.
    ///
    /// The sequence numbers grow in the order of the messages.
    ///
    /// # Errors
    ///
    /// `Conflict` with the id that belongs to another message, and those of the store.
    async fn insert(&self, messages: Vec<NewMessage>) -> Result<Vec<Inserted>>;

    /// Leases messages of one route that are due, the longest due first, to a worker. A worker that
    /// has no session gets none: no other worker could take them over.
    ///
    /// A message is due if no worker has it, it is queued or being sent, its time has come, and no
    /// earlier message with its order key [holds the order](Head::holds_order). While the route is
    /// paused, only those that are being sent are. The pause is [`Pause::at`](crate::Pause::at) the
    /// time of the claim, which is stored if it differs.
    ///
    /// Queued messages take slots of the budget: the route's with
    /// [`Slots::take`](crate::Slots::take), as many as are leased, then the target's: a message
    /// without a [slot](Head::has_slot) whose slot is not due yet
    /// ([`Slots::reserve`](crate::Slots::reserve)) gets it and waits for it
    /// ([`Head::wait_for_slot`]). A message whose
    /// time to expire has come takes none.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn claim(&self, claim: &Claim) -> Result<Claimed>;

    /// Applies changes, each for itself: the results are in their order. Changes of one call may be
    /// made in one transaction.
    ///
    /// # Errors
    ///
    /// The outer error is the store's: no change is made. The inner ones are those of
    /// [`Change::apply`], `NotFound`, and those of a store that makes each change for itself.
    async fn apply(&self, changes: Vec<Change>) -> Result<Vec<Result<Head>>>;

    /// Returns a message.
    ///
    /// # Errors
    ///
    /// `Damaged` if it cannot be read, and those of the store.
    async fn get(&self, id: &EnvelopeId) -> Result<Option<StoredMessage>>;

    /// Lists messages by their sequence numbers.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn list(&self, query: &Query) -> Result<Vec<Head>>;

    /// Counts the messages by route and state.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn counts(&self) -> Result<Vec<Count>>;

    /// Returns whether a message of the route is queued or being sent. It costs about the same
    /// however many messages are stored.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn has_pending(&self, route: &str) -> Result<bool>;

    /// Returns what is known of other messages with the same twin hash, so that settling does not
    /// take one for the other.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn twins(&self, twin: &Hash, except: &EnvelopeId) -> Result<Twins>;

    /// Returns the messages with this twin hash that are being sent, but not `except`: the latest 100
    /// ([`MOST_DOUBTS`](Twins::MOST_DOUBTS)), without what cannot be read. Where several workers use the
    /// store, each asks before every send that is recognised by nothing but its content.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn being_sent(&self, twin: &Hash, except: &EnvelopeId) -> Result<Vec<Head>>;

    /// Raises the status of the sent messages with this id. Returns how many there are.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn report(&self, report: &Report) -> Result<u64>;

    /// Deletes messages. Returns how many.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn purge(&self, purge: &Purge) -> Result<u64>;

    /// Pauses a route for every worker until `until`; a time that has passed ends the pause. A later
    /// end of a pause is kept unless `until` has passed: [`Pause::extended`](crate::Pause::extended).
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn pause(&self, route: &str, until: SystemTime) -> Result<()>;

    /// Brings the times of messages to a clock that shows `now`: [`Head::recall`] for those of a route,
    /// also where an earlier one holds them up, at least 1,000 of them if there are so many. Returns how
    /// many were changed: 0 if none is left.
    ///
    /// Workers call it at least once a minute. It costs about the same however many messages wait, as
    /// long as none was changed on a clock that was ahead.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn recall(&self, route: &str, now: SystemTime) -> Result<u64>;

    /// Says that a worker is alive: its first call opens its session, each one counts its beats up.
    /// Returns whether it still has its session; after it was buried it has not, and the call
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn beat(&self, beat: &Beat) -> Result<bool>;

    /// Lists the sessions.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn sessions(&self) -> Result<Vec<Session>>;

    /// Ends the session of a worker, if it has the same number of beats as in `session`, and takes
    /// its messages from it ([`Head::orphan`]). Returns whether it did. The id of that worker opens
    /// no session again.
    ///
    /// A worker ends its own session so, too, when it stops.
    ///
    /// # Errors
    ///
    /// Those of the store.
    async fn bury(&self, session: &Session, now: SystemTime) -> Result<bool>;

    /// Waits until something may have become due by a change of another process or task, or for
    /// `longest`. It may return early for no reason.
    async fn changed(&self, longest: Duration);
}

/// Whether a message was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inserted {
    /// It is stored now.
    New,
    /// It was stored before, and is in this state.
    Same(State),
}

/// What a worker asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// The worker. It has a session.
    pub worker: WorkerId,
    /// The route.
    pub route: String,
    /// The most messages.
    pub limit: u32,
    /// The time.
    pub now: SystemTime,
    /// The rates of the route.
    pub budget: Budget,
}

impl Claim {
    /// Creates a claim without rates.
    #[must_use]
    pub fn new(worker: WorkerId, route: impl Into<String>, limit: u32, now: SystemTime) -> Self {
        Self {
            worker,
            route: route.into(),
            limit,
            now,
            budget: Budget::default(),
        }
    }

    /// Sets the rates of the route.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }
}

/// What a worker gets.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Claimed {
    /// The messages.
    pub messages: Vec<StoredMessage>,
    /// When the next message of the route is due that no worker has, or the next slot, or the end of
    /// the pause; `None` if nothing waits. It may be early.
    pub next_at: Option<SystemTime>,
}

/// Which messages are listed: of all of these states and of this route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// The states; empty for all.
    pub states: Vec<State>,
    /// The route.
    pub route: Option<String>,
    /// Only those after this sequence number.
    pub after: u64,
    /// The most messages; 0 counts as 100.
    pub limit: u32,
}

impl Query {
    /// Creates a query for the first 100 messages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a state.
    #[must_use]
    pub fn with_state(mut self, state: State) -> Self {
        self.states.push(state);
        self
    }

    /// Sets the route.
    #[must_use]
    pub fn with_route(mut self, route: impl Into<String>) -> Self {
        self.route = Some(route.into());
        self
    }

    /// Sets the sequence number after which it begins: that of the last message of a page.
    #[must_use]
    pub fn with_after(mut self, seq: u64) -> Self {
        self.after = seq;
        self
    }

    /// Sets the most messages.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }
}

/// How many messages of a route are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Count {
    /// The route.
    pub route: String,
    /// The state.
    pub state: State,
    /// How many.
    pub messages: u64,
    /// When the oldest of them was enqueued; if the clock was set back since, perhaps when another one was.
    #[serde(with = "crate::time::optional")]
    pub oldest: Option<SystemTime>,
}

impl Count {
    /// Returns for how many whole seconds the oldest has been there.
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(crate) fn age(&self, now: SystemTime) -> Option<u64> {
        let age = now.duration_since(self.oldest?);
        Some(age.unwrap_or_default().as_secs())
    }

    /// Creates a count.
    pub fn new(route: impl Into<String>, state: State, messages: u64) -> Self {
        Self {
            route: route.into(),
            state,
            messages,
            oldest: None,
        }
    }
}

/// Other messages with the same route and request.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Twins {
    /// The ids of those that were sent.
    pub sent: Vec<MessageId>,
    /// How many are being sent, unconfirmed, or sent without an id: each can be any message with this content.
    pub in_doubt: u64,
    /// The latest 100 of those ([`MOST_DOUBTS`](Self::MOST_DOUBTS)), without what cannot be read.
    pub doubts: Vec<Head>,
    /// Whether more were sent than the latest 200 ([`MOST_SENT`](Self::MOST_SENT)), with an id or without.
    /// Earlier ones are not looked at.
    pub has_earlier: bool,
}

impl Twins {
    /// How many of those that were sent are looked at.
    pub const MOST_SENT: usize = 200;
    /// The most heads in [`doubts`](Self::doubts).
    pub const MOST_DOUBTS: usize = 100;

    /// Creates what is known of equal messages. `in_doubt` also counts `doubts`.
    #[must_use]
    pub fn new(sent: Vec<MessageId>, in_doubt: u64, doubts: Vec<Head>) -> Self {
        Self {
            sent,
            in_doubt,
            doubts,
            has_earlier: false,
        }
    }

    /// Says whether more were sent than are looked at.
    #[must_use]
    pub fn with_earlier(mut self, has_earlier: bool) -> Self {
        self.has_earlier = has_earlier;
        self
    }
}

/// A later status of a sent message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The id of the message, as in its receipt.
    pub message_id: MessageId,
    /// The conversation, where the id is unique in it only.
    pub conversation: Option<ConversationId>,
    /// The status.
    pub status: DeliveryStatus,
    /// The code of the channel, if it failed.
    pub code: Option<String>,
}

impl Report {
    /// Creates a report.
    pub fn new(message_id: impl Into<MessageId>, status: DeliveryStatus) -> Self {
        Self {
            message_id: message_id.into(),
            conversation: None,
            status,
            code: None,
        }
    }

    /// Sets the conversation, where the id is unique in it only.
    #[must_use]
    pub fn with_conversation(mut self, conversation: ConversationId) -> Self {
        self.conversation = Some(conversation);
        self
    }

    /// Sets the code of the channel.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

/// Which messages are deleted: those in a [final](State::is_final) state that were last changed
/// before a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purge {
    /// The states; empty for every final one. Other states are left out.
    pub states: Vec<State>,
    /// The time.
    pub before: SystemTime,
    /// The most messages of one call; 0 counts as 10,000.
    pub limit: u32,
    /// The time of the call. What crashes have left behind is deleted by its age, too.
    pub now: SystemTime,
}

impl Purge {
    /// Deletes what was last changed before this time.
    #[must_use]
    pub fn new(before: SystemTime) -> Self {
        Self {
            states: Vec::new(),
            before,
            limit: 0,
            now: SystemTime::now(),
        }
    }

    /// Adds a state.
    #[must_use]
    pub fn with_state(mut self, state: State) -> Self {
        self.states.push(state);
        self
    }
}

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Beat {
    /// The worker.
    pub worker: WorkerId,
    /// How long it may be silent before others bury it.
    pub lease: Duration,
    /// Whether this is its first beat, which opens the session.
    pub is_first: bool,
}

impl Beat {
    /// Creates a sign of life.
    #[must_use]
    pub fn new(worker: WorkerId, lease: Duration, is_first: bool) -> Self {
        Self {
            worker,
            lease,
            is_first,
        }
    }
}

/// The session of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The worker.
    pub worker: WorkerId,
    /// How often it has said that it is alive.
    pub beats: u64,
    /// How long it may be silent before others bury it.
    pub lease: Duration,
}

impl Session {
    /// Creates a session as a store kept it.
    #[must_use]
    pub fn new(worker: WorkerId, beats: u64, lease: Duration) -> Self {
        Self {
            worker,
            beats,
            lease,
        }
    }
}
