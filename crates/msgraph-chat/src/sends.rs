//! The recent sends of a client, so that settling does not mistake another message for the one
//! that it looks for.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{Error, Evidence, MessageId};
use ms_messenger_http::{Moment, clock_set_by};
use tokio::sync::Notify;

use crate::content::Content;

/// The number of receipts that are remembered.
const RECEIPTS: usize = 16 * 1024;
/// The number of unknown sends that are remembered.
const UNKNOWN: usize = 4 * 1024;
/// The number of receipts that evidence names: the last ones, because older messages are outside
/// its window or leave the verdict open.
const CLAIMED: usize = 32;

/// The id of a message in few bytes: ids of the service are numbers.
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

/// A send that has a receipt.
#[derive(Debug)]
struct Stored {
    content: Content,
    id: Id,
    /// That of a send with a journal. Its caller may have lost the receipt, and settle the send by what
    /// the journal noted.
    client_request_id: Option<Box<str>>,
    at: SystemTime,
}

impl Stored {
    /// Whether `evidence` is of this send.
    fn is_of(&self, evidence: &Evidence) -> bool {
        let own = self.client_request_id.as_deref();
        own.is_some() && own == evidence.client_request_id.as_deref()
    }
}

/// A send whose delivery was unknown when it ended.
#[derive(Debug)]
struct UnknownSend {
    content: Content,
    /// Whether this client made the send.
    is_own: bool,
    /// `None` for a send without evidence: it was dropped, or its response was unreadable.
    client_request_id: Option<String>,
    began_at: SystemTime,
    noted: Noted,
    pending_until: SystemTime,
    state: Verdict,
}

impl UnknownSend {
    /// Whether `evidence` is of this send. Without an id, sends are distinguished by their time.
    fn is_of(&self, content: Content, evidence: &Evidence) -> bool {
        self.content == content
            && self.client_request_id == evidence.client_request_id
            && (self.client_request_id.is_some() || self.began_at == evidence.began_at)
    }
}

/// When this client noted the beginning of a send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted(Moment);

impl Noted {
    fn now() -> Self {
        Self((Instant::now(), SystemTime::now()))
    }

    /// By how many milliseconds the clock of this machine was set since then: forward, if it is positive.
    /// Zero if it was not.
    pub(crate) fn clock_set_by(self) -> i64 {
        clock_set_by(self.0, Self::now().0)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Found(Id),
    NotFound,
}

/// The sends of one content that are under way.
#[derive(Debug, Default)]
struct Sending {
    count: u32,
    /// Whether the one that is must be the only one.
    is_alone: bool,
    /// Whether a send waits until they have ended.
    is_awaited: bool,
}

#[derive(Debug, Default)]
struct State {
    under_way: HashMap<Content, Sending>,
    receipts: VecDeque<Stored>,
    unknown: VecDeque<UnknownSend>,
    /// Sends that ended before this may be forgotten.
    forgotten_until: Option<SystemTime>,
}

/// The recent sends of a client.
#[derive(Debug, Default)]
pub(crate) struct RecentSends {
    state: Mutex<State>,
    /// Notified when a send ends that others wait for.
    ended: Notify,
}

/// The other sends of a client that could be mistaken for an unknown one.
#[derive(Debug, Default)]
pub(crate) struct Rivals {
    /// Whether another send of the same content is under way.
    pub(crate) is_under_way: bool,
    /// Whether the delivery of another send of the same content and time is unknown too.
    pub(crate) has_unknown: bool,
    /// Whether so many messages were sent since that receipts are forgotten.
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
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the other sends of the content, and notes a send that begins.
    pub(crate) async fn begin_later(
        &self,
        content: Content,
        margin: Duration,
        is_alone: bool,
    ) -> UnderWay<'_> {
        loop {
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            if let Some(under_way) = self.begin_now(content, margin, is_alone) {
                return under_way;
            }
            ended.await;
        }
    }

    /// Notes a send that begins; `None` if it must wait for others. If it is dropped without an
    /// outcome, its delivery is unknown.
    ///
    /// `is_alone` says that no other send of the content may be under way: it waits for them, and
    /// they wait for it. After a crash two of them could not be told apart, because what the one
    /// came to is not in the journal of the other.
    pub(crate) fn begin_now(
        &self,
        content: Content,
        margin: Duration,
        is_alone: bool,
    ) -> Option<UnderWay<'_>> {
        let mut state = self.state();
        let sending = state.under_way.entry(content).or_default();
        if sending.count > 0 && (is_alone || sending.is_alone) {
            sending.is_awaited = true;
            return None;
        }
        sending.count += 1;
        sending.is_alone = is_alone;
        drop(state);
        Some(UnderWay {
            sends: self,
            content,
            client_request_id: None,
            began_at: SystemTime::now(),
            noted: Noted::now(),
            margin,
            has_ended: false,
        })
    }

    /// Adds the rivals to the evidence of a send that is under way.
    pub(crate) fn complete(&self, content: Content, evidence: &mut Evidence) {
        self.state()
            .complete(content, evidence.began_at, 1, evidence);
    }

    /// Whether this client made the send of `evidence`, and so knows all its rivals.
    pub(crate) fn is_sender(&self, content: Content, evidence: &Evidence) -> bool {
        self.state().own(content, evidence).is_some()
    }

    /// When this client noted the beginning of the send of `evidence`, if it made it.
    pub(crate) fn noted(&self, content: Content, evidence: &Evidence) -> Option<Noted> {
        Some(self.state().own(content, evidence)?.noted)
    }

    /// The sends that could be mistaken for that of `evidence`, as far as this client knows.
    pub(crate) fn rivals(&self, content: Content, evidence: &Evidence) -> Rivals {
        self.state().rivals(content, evidence)
    }

    /// Remembers a message that was found, so that no other send claims it; and one that was not,
    /// so that it keeps no other from being found.
    pub(crate) fn settled(&self, content: Content, evidence: &Evidence, found: Option<&str>) {
        let verdict = found.map_or(Verdict::NotFound, |id| Verdict::Found(Id::new(id)));
        let mut state = self.state();
        let mut unknown = state.unknown.iter_mut();
        if let Some(send) = unknown.find(|send| send.is_of(content, evidence)) {
            send.state = verdict;
        } else if found.is_some() {
            state.remember(UnknownSend {
                content,
                is_own: false,
                client_request_id: evidence.client_request_id.clone(),
                began_at: evidence.began_at,
                noted: Noted::now(),
                pending_until: evidence.pending_until.unwrap_or(evidence.began_at),
                state: verdict,
            });
        }
    }
}

impl State {
    /// The send of `evidence`, if this client made it.
    fn own(&self, content: Content, evidence: &Evidence) -> Option<&UnknownSend> {
        self.unknown.iter().find(|send| {
            send.is_own && send.is_of(content, evidence) && send.began_at <= evidence.began_at
        })
    }

    fn rivals(&self, content: Content, evidence: &Evidence) -> Rivals {
        let equal = self.unknown.iter().filter(|it| it.content == content);
        let equal = equal.filter(|it| !it.is_of(content, evidence));
        let overlaps = |send: &UnknownSend| {
            send.pending_until >= evidence.began_at
                && evidence
                    .pending_until
                    .is_none_or(|until| send.began_at <= until)
        };
        let receipts = self.receipts.iter().filter(|it| it.content == content);
        let receipts = receipts.filter(|it| !it.is_of(evidence));
        let mut rivals = Rivals {
            is_under_way: self.under_way.contains_key(&content),
            has_unknown: false,
            is_forgotten: self
                .forgotten_until
                .is_some_and(|until| until >= evidence.began_at),
            claimed: receipts.map(|it| it.id.clone()).collect(),
        };
        for send in equal {
            match &send.state {
                Verdict::Found(id) => rivals.claimed.push(id.clone()),
                Verdict::Open => rivals.has_unknown |= overlaps(send),
                Verdict::NotFound => {}
            }
        }
        let claimed = evidence.claimed.iter().map(|id| Id::new(id.as_str()));
        rivals.claimed.extend(claimed);
        rivals
    }

    /// Whether there are more receipts of `content` since `time` than evidence can name.
    fn has_too_many(&self, content: Content, time: SystemTime) -> bool {
        let later = self.receipts.iter().rev();
        let later = later.filter(|it| it.content == content && it.at >= time);
        later.count() > CLAIMED
    }

    fn remember(&mut self, send: UnknownSend) {
        if self.unknown.len() == UNKNOWN {
            self.unknown.pop_front();
            self.forgotten_until = Some(SystemTime::now());
        }
        self.unknown.push_back(send);
    }

    /// Adds what tells a send from others to its evidence. `own` of the sends under way are this
    /// one, which began at `began_at`.
    fn complete(&self, content: Content, began_at: SystemTime, own: u32, evidence: &mut Evidence) {
        let rivals = self.rivals(content, evidence);
        let claimed = rivals.claimed.iter().rev().take(CLAIMED);
        evidence.claimed = claimed.map(Id::to_message_id).collect();
        let under_way = self.under_way.get(&content);
        evidence.has_twins = rivals.has_unknown
            || under_way.is_some_and(|sending| sending.count > own)
            || rivals.is_forgotten
            || self.has_too_many(content, began_at);
    }

    /// Returns whether another send waits for this one.
    fn end(&mut self, content: Content) -> bool {
        let Entry::Occupied(mut sending) = self.under_way.entry(content) else {
            return false;
        };
        sending.get_mut().count -= 1;
        let is_awaited = sending.get().is_awaited;
        if sending.get().count == 0 {
            sending.remove();
        }
        is_awaited
    }
}

/// A send that has begun.
pub(crate) struct UnderWay<'a> {
    sends: &'a RecentSends,
    content: Content,
    /// Where it is known before the outcome.
    client_request_id: Option<String>,
    began_at: SystemTime,
    noted: Noted,
    margin: Duration,
    has_ended: bool,
}

impl UnderWay<'_> {
    /// Names the send, so that it is recognised by its journal, too.
    pub(crate) fn name(&mut self, client_request_id: String) {
        self.client_request_id = Some(client_request_id);
    }

    fn end(&mut self) -> MutexGuard<'_, State> {
        self.has_ended = true;
        let mut state = self.sends.state();
        if state.end(self.content) {
            self.sends.ended.notify_waiters();
        }
        state
    }

    /// The service stored the message under this id.
    pub(crate) fn sent(mut self, id: &str) {
        let content = self.content;
        let client_request_id = self.client_request_id.take().map(String::into_boxed_str);
        let mut state = self.end();
        if state.receipts.len() == RECEIPTS {
            state.receipts.pop_front();
            state.forgotten_until = Some(SystemTime::now());
        }
        state.receipts.push_back(Stored {
            content,
            id: Id::new(id),
            client_request_id,
            at: SystemTime::now(),
        });
    }

    /// The message was not sent.
    pub(crate) fn not_sent(mut self) {
        drop(self.end());
    }

    /// It is unknown whether the message was sent. Adds the rivals to the evidence of the error.
    pub(crate) fn unknown(mut self, error: Error, sender: Option<String>) -> Error {
        let Some(mut evidence) = Evidence::of(&error) else {
            return error;
        };
        let (content, began_at, noted) = (self.content, self.began_at, self.noted);
        // By one lock: a send that ends in between would be neither under way nor claimed.
        let mut state = self.end();
        state.complete(content, began_at, 0, &mut evidence);
        evidence.sender = sender;
        state.remember(UnknownSend {
            content,
            is_own: true,
            client_request_id: evidence.client_request_id.clone(),
            began_at: began_at.min(evidence.began_at),
            noted,
            pending_until: evidence.pending_until.unwrap_or(evidence.began_at),
            state: Verdict::Open,
        });
        drop(state);
        error.with_evidence(evidence)
    }
}

/// The send was dropped before its outcome, or its id could not be read.
impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let now = SystemTime::now();
        let send = UnknownSend {
            content: self.content,
            is_own: true,
            client_request_id: self.client_request_id.take(),
            began_at: self.began_at,
            noted: self.noted,
            pending_until: now.checked_add(self.margin).unwrap_or(now),
            state: Verdict::Open,
        };
        self.end().remember(send);
    }
}
