//! The recent sends of a client, so that settling does not mistake another message for the one
//! that it looks for.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{DefaultHasher, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Error, Evidence, MessageId};

/// The number of receipts that are remembered.
const RECEIPTS: usize = 16 * 1024;
/// The number of unknown sends that are remembered.
const UNKNOWN: usize = 4 * 1024;
/// The number of receipts that evidence names: the last ones, because older messages are outside
/// its window or leave the verdict open.
const CLAIMED: usize = 32;
/// The bytes of a text that are compared: more would cost every send, and fewer only make a
/// verdict more careful.
const COMPARED_BYTES: usize = 1024;
/// The bytes of a path that are hashed at once.
const CHUNK: usize = 128;

/// The visible text of a message, as far as it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text(u64);

impl Text {
    /// Spaces do not count, because the service changes them.
    pub(crate) fn of(visible: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        let start = visible.as_bytes();
        let start = &start[..start.len().min(COMPARED_BYTES)];
        if is_one_spaced(start) {
            hasher.write(start);
            return Self(hasher.finish());
        }
        let mut text = [0; COMPARED_BYTES];
        let mut length = 0;
        for word in visible.split_whitespace() {
            if length > 0 && length < COMPARED_BYTES {
                text[length] = b' ';
                length += 1;
            }
            let room = &mut text[length..];
            let taken = room.len().min(word.len());
            room[..taken].copy_from_slice(&word.as_bytes()[..taken]);
            length += taken;
            if length == COMPARED_BYTES {
                break;
            }
        }
        hasher.write(&text[..length]);
        Self(hasher.finish())
    }
}

/// Whether `text` is of visible ASCII characters with single spaces between them, so that no space
/// must be removed before it is compared. Nearly every text is, and this costs a tenth of it.
fn is_one_spaced(text: &[u8]) -> bool {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
    let is_at_end = text.first() == Some(&b' ') || text.last() == Some(&b' ');
    let next = text.get(1..).unwrap_or_default();
    let is_double = text.iter().zip(next).fold(false, |found, (byte, next)| {
        found | ((*byte == b' ') & (*next == b' '))
    });
    let is_ascii = text
        .iter()
        .fold(true, |all, byte| all & is_printable(*byte));
    is_ascii && !is_double && !is_at_end
}

/// What two sends that a list does not distinguish have in common: place and visible text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Content(u64);

impl Content {
    /// The content of a message that is listed at the path `list`.
    pub(crate) fn new(list: &str, text: Text) -> Self {
        // One channel can be reached through several teams, and ids be written in either case.
        let channel = list
            .strip_prefix("/teams/")
            .and_then(|it| it.split_once('/'));
        let place = channel.map_or(list, |(_, channel)| channel);
        let mut hasher = DefaultHasher::new();
        for piece in place.as_bytes().chunks(CHUNK) {
            let mut lower = [0; CHUNK];
            let lower = &mut lower[..piece.len()];
            lower.copy_from_slice(piece);
            lower.make_ascii_lowercase();
            hasher.write(lower);
        }
        hasher.write_u64(text.0);
        Self(hasher.finish())
    }
}

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
    at: SystemTime,
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

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Found(Id),
    NotFound,
}

#[derive(Debug, Default)]
struct State {
    under_way: HashMap<Content, u32>,
    receipts: VecDeque<Stored>,
    unknown: VecDeque<UnknownSend>,
    /// Sends that ended before this may be forgotten.
    forgotten_until: Option<SystemTime>,
}

/// The recent sends of a client.
#[derive(Debug, Default)]
pub(crate) struct RecentSends(Mutex<State>);

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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a send that begins. If it is dropped without an outcome, its delivery is unknown.
    pub(crate) fn begin(&self, content: Content, margin: Duration) -> UnderWay<'_> {
        *self.state().under_way.entry(content).or_default() += 1;
        UnderWay {
            sends: self,
            content,
            began_at: SystemTime::now(),
            margin,
            has_ended: false,
        }
    }

    /// Whether this client made the send of `evidence`, and so knows all its rivals.
    pub(crate) fn is_sender(&self, content: Content, evidence: &Evidence) -> bool {
        let state = self.state();
        state.unknown.iter().any(|send| {
            send.is_own && send.is_of(content, evidence) && send.began_at <= evidence.began_at
        })
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
                pending_until: evidence.pending_until.unwrap_or(evidence.began_at),
                state: verdict,
            });
        }
    }
}

impl State {
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

    fn end(&mut self, content: Content) {
        if let Entry::Occupied(mut count) = self.under_way.entry(content) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
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
    has_ended: bool,
}

impl UnderWay<'_> {
    /// The service stored the message under this id.
    pub(crate) fn sent(mut self, id: &str) {
        self.has_ended = true;
        let mut state = self.sends.state();
        state.end(self.content);
        if state.receipts.len() == RECEIPTS {
            state.receipts.pop_front();
            state.forgotten_until = Some(SystemTime::now());
        }
        state.receipts.push_back(Stored {
            content: self.content,
            id: Id::new(id),
            at: SystemTime::now(),
        });
    }

    /// The message was not sent.
    pub(crate) fn not_sent(mut self) {
        self.has_ended = true;
        self.sends.state().end(self.content);
    }

    /// It is unknown whether the message was sent. Adds the rivals to the evidence of the error.
    pub(crate) fn unknown(mut self, error: Error, sender: Option<String>) -> Error {
        let Some(mut evidence) = Evidence::of(&error) else {
            return error;
        };
        self.has_ended = true;
        let mut state = self.sends.state();
        state.end(self.content);
        // By one lock: a send that ends in between would be neither under way nor claimed.
        let rivals = state.rivals(self.content, &evidence);
        let claimed = rivals.claimed.iter().rev().take(CLAIMED);
        evidence.claimed = claimed.map(Id::to_message_id).collect();
        evidence.has_twins = rivals.has_unknown
            || rivals.is_under_way
            || rivals.is_forgotten
            || state.has_too_many(self.content, self.began_at);
        evidence.sender = sender;
        state.remember(UnknownSend {
            content: self.content,
            is_own: true,
            client_request_id: evidence.client_request_id.clone(),
            began_at: self.began_at.min(evidence.began_at),
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
        let mut state = self.sends.state();
        state.end(self.content);
        state.remember(UnknownSend {
            content: self.content,
            is_own: true,
            client_request_id: None,
            began_at: self.began_at,
            pending_until: now.checked_add(self.margin).unwrap_or(now),
            state: Verdict::Open,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_differ_in_their_spaces_only_are_equal() {
        let one = Text::of("The build is green");
        for other in [
            " The build is green",
            "The build  is green ",
            "The\tbuild\nis\u{a0}green",
        ] {
            assert_eq!(Text::of(other), one, "{other:?}");
        }
        for other in ["The build is greeN", "Thebuild is green", ""] {
            assert_ne!(Text::of(other), one, "{other:?}");
        }
    }

    #[test]
    fn a_channel_is_the_same_in_every_team_and_case() {
        let text = Text::of("x");
        let content = |list| Content::new(list, text);
        let one = content("/teams/a/channels/19:X@thread.tacv2/messages");
        assert_eq!(one, content("/teams/b/channels/19:x@thread.tacv2/messages"));
        for other in [
            "/teams/a/channels/19:Y@thread.tacv2/messages",
            "/teams/a/channels/19:X@thread.tacv2/messages/1/replies",
            "/chats/19:X@thread.tacv2/messages",
        ] {
            assert_ne!(one, content(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn more_spaces_make_no_other_text(words in proptest::collection::vec("[!-~]{1,40}", 1..60)) {
            let one = words.join(" ");
            prop_assert_eq!(Text::of(&one), Text::of(&words.join("  ")));
            prop_assert_eq!(Text::of(&one), Text::of(&format!("\u{2003}{one} ")));
        }
    }
}
