//! What a client has sent lately, so that settling takes no other message for the one in doubt.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Error, Evidence, MessageId};

use crate::{NewChatMessage, settle::visible::Visible};

/// How many receipts are remembered.
const RECEIPTS: usize = 16 * 1024;
/// How many sends in doubt are remembered.
const DOUBTS: usize = 4 * 1024;
/// How many receipts evidence names: the last ones, for older messages are outside its window or
/// leave the verdict open.
const CLAIMED: usize = 32;
/// How much of a text tells it from another: more would cost every send, and less only makes a
/// verdict more careful.
const COMPARED_BYTES: usize = 1024;

/// What two sends have in common that cannot be told apart in a list: place and visible text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Content(u64);

impl Content {
    pub(crate) fn of(place: &str, message: &NewChatMessage) -> Self {
        let mut text = [0; COMPARED_BYTES + 4];
        let mut length = 0;
        for c in Visible::new(&message.body.content, &message.body.content_type) {
            if length >= COMPARED_BYTES {
                break;
            }
            length += c.encode_utf8(&mut text[length..]).len();
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(place.as_bytes());
        hasher.write_u8(0xff);
        hasher.write(&text[..length]);
        Self(hasher.finish())
    }
}

/// The id of a message in few bytes: those of the service are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    Number(u64),
    Text(Box<str>),
}

impl Id {
    fn new(id: &str) -> Self {
        match id.parse::<u64>() {
            Ok(number) if !id.starts_with(['0', '+']) => Self::Number(number),
            _ => Self::Text(id.into()),
        }
    }

    fn to_message_id(&self) -> MessageId {
        match self {
            Self::Number(number) => MessageId::new(number.to_string()),
            Self::Text(text) => MessageId::new(&**text),
        }
    }
}

/// A send whose delivery was unknown when it ended.
#[derive(Debug)]
struct Doubt {
    content: Content,
    /// `None` for a send that nobody can ask about: it was dropped, or its response was unreadable.
    client_request_id: Option<String>,
    began_at: SystemTime,
    pending_until: SystemTime,
    state: DoubtState,
}

#[derive(Debug, PartialEq, Eq)]
enum DoubtState {
    Open,
    Found(Id),
    NotFound,
}

#[derive(Debug, Default)]
struct State {
    under_way: HashMap<Content, u32>,
    receipts: VecDeque<(Content, Id)>,
    doubts: VecDeque<Doubt>,
    /// No send that ended before this is remembered for certain.
    forgotten_until: Option<SystemTime>,
}

/// What a client has sent lately.
#[derive(Debug, Default)]
pub(crate) struct RecentSends(Mutex<State>);

/// What else a client has sent that could be taken for a message in doubt.
#[derive(Debug, Default)]
pub(crate) struct Rivals {
    /// Whether another send of the same content is under way.
    pub(crate) is_under_way: bool,
    /// Whether another send of the same content and time is in doubt itself.
    pub(crate) is_in_doubt: bool,
    /// Whether so much was sent since that receipts are forgotten.
    pub(crate) is_forgotten: bool,
    claimed: Vec<Id>,
}

impl Rivals {
    /// Whether another send has the receipt of this message.
    pub(crate) fn claim(&self, id: &str) -> bool {
        self.claimed.contains(&Id::new(id))
    }
}

impl RecentSends {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a send that begins. Dropped without an outcome it stays in doubt.
    pub(crate) fn begin(&self, content: Content, margin: Duration) -> UnderWay<'_> {
        *self.state().under_way.entry(content).or_default() += 1;
        UnderWay {
            sends: self,
            content,
            began_at: SystemTime::now(),
            margin,
            is_over: false,
        }
    }

    /// Whether this client made the send of `evidence`, and so knows all its other sends.
    pub(crate) fn is_sender(&self, evidence: &Evidence) -> bool {
        let state = self.state();
        evidence.client_request_id.is_some()
            && state.doubts.iter().any(|doubt| {
                doubt.client_request_id == evidence.client_request_id
                    && doubt.began_at <= evidence.began_at
            })
    }

    /// What else could be taken for the message of `evidence`, as far as this client knows.
    pub(crate) fn rivals(&self, content: Content, evidence: &Evidence) -> Rivals {
        let state = self.state();
        let own = &evidence.client_request_id;
        let is_own = |doubt: &Doubt| own.is_some() && doubt.client_request_id == *own;
        let others = || state.doubts.iter().filter(|doubt| !is_own(doubt));
        let overlaps = |doubt: &Doubt| {
            doubt.pending_until >= evidence.began_at
                && evidence
                    .pending_until
                    .is_none_or(|until| doubt.began_at <= until)
        };
        let receipts = state.receipts.iter().filter(|(it, _)| *it == content);
        // An id is unique in its place alone.
        let equal = others().filter(|doubt| doubt.content == content);
        let found = equal.filter_map(|doubt| match &doubt.state {
            DoubtState::Found(id) => Some(id.clone()),
            _ => None,
        });
        Rivals {
            is_under_way: state.under_way.contains_key(&content),
            is_in_doubt: others().any(|doubt| {
                doubt.content == content && doubt.state == DoubtState::Open && overlaps(doubt)
            }),
            is_forgotten: state
                .forgotten_until
                .is_some_and(|until| until >= evidence.began_at),
            claimed: receipts
                .map(|(_, id)| id.clone())
                .chain(found)
                .chain(evidence.claimed.iter().map(|id| Id::new(id.as_str())))
                .collect(),
        }
    }

    /// Remembers a verdict, so that no other send in doubt is told of the same message.
    pub(crate) fn settled(&self, content: Content, evidence: &Evidence, found: Option<&str>) {
        let verdict = found.map_or(DoubtState::NotFound, |id| DoubtState::Found(Id::new(id)));
        let mut state = self.state();
        let id = &evidence.client_request_id;
        let known = state
            .doubts
            .iter_mut()
            .find(|doubt| id.is_some() && doubt.client_request_id == *id);
        if let Some(doubt) = known {
            doubt.state = verdict;
            return;
        }
        state.doubt(Doubt {
            content,
            client_request_id: id.clone(),
            began_at: evidence.began_at,
            pending_until: evidence.pending_until.unwrap_or(evidence.began_at),
            state: verdict,
        });
    }
}

impl State {
    fn doubt(&mut self, doubt: Doubt) {
        if self.doubts.len() == DOUBTS {
            self.doubts.pop_front();
            self.forgotten_until = Some(SystemTime::now());
        }
        self.doubts.push_back(doubt);
    }

    fn end(&mut self, content: Content) {
        if let Some(count) = self.under_way.get_mut(&content) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&content);
            }
        }
    }
}

/// A send that has begun.
pub(crate) struct UnderWay<'a> {
    sends: &'a RecentSends,
    content: Content,
    began_at: SystemTime,
    margin: Duration,
    is_over: bool,
}

impl UnderWay<'_> {
    /// The service stored the message under this id.
    pub(crate) fn sent(mut self, id: &str) {
        self.is_over = true;
        let mut state = self.sends.state();
        state.end(self.content);
        if state.receipts.len() == RECEIPTS {
            state.receipts.pop_front();
            state.forgotten_until = Some(SystemTime::now());
        }
        state.receipts.push_back((self.content, Id::new(id)));
    }

    /// The message was not sent.
    pub(crate) fn not_sent(mut self) {
        self.is_over = true;
        self.sends.state().end(self.content);
    }

    /// It is unknown whether it was sent. Returns the error with what else was sent that could
    /// be taken for it.
    pub(crate) fn in_doubt(mut self, error: Error) -> Error {
        let Some(mut evidence) = Evidence::of(&error) else {
            return error;
        };
        self.is_over = true;
        let rivals = self.sends.rivals(self.content, &evidence);
        let claimed = rivals.claimed.iter().rev().take(CLAIMED);
        evidence.claimed = claimed.map(Id::to_message_id).collect();
        let mut state = self.sends.state();
        state.end(self.content);
        evidence.has_twins = rivals.is_in_doubt || state.under_way.contains_key(&self.content);
        state.doubt(Doubt {
            content: self.content,
            client_request_id: evidence.client_request_id.clone(),
            began_at: self.began_at.min(evidence.began_at),
            pending_until: evidence.pending_until.unwrap_or(evidence.began_at),
            state: DoubtState::Open,
        });
        error.with_evidence(evidence)
    }
}

/// Dropped on the way, or stored under an id that nobody could read.
impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let now = SystemTime::now();
        let mut state = self.sends.state();
        state.end(self.content);
        state.doubt(Doubt {
            content: self.content,
            client_request_id: None,
            began_at: self.began_at,
            pending_until: now.checked_add(self.margin).unwrap_or(now),
            state: DoubtState::Open,
        });
    }
}
