//! Follows what changes in a channel or chat, without an address that the service can call.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use futures_util::{Stream, stream};
use ms_messenger_core::{ClockOffset, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep_until};

use crate::{
    channel::Channel,
    chat::Chat,
    messages::{Changes, DeltaToken, MessageQuery},
    models::ChatMessage,
    times::{before, earliest},
};

/// The time between two looks by default.
const INTERVAL: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Follows what changes in a channel or chat by looking at intervals: new messages, edits, reactions
/// and deletions. A message that changes again comes again.
///
/// [`next`](Self::next) returns the changes page by page; [`into_stream`](Self::into_stream) the
/// messages one by one. It survives errors: the next call looks again, later after each failure. After
/// a restart it goes on from [`token`](Self::token). When the service has forgotten a token, it reads
/// what changed since the last complete look; then, and at its start, a message of the last minutes
/// may come that was there before.
///
/// ```
/// use std::time::Duration;
///
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
/// use msgraph_chat::GraphChatClient;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let token = StaticToken::new(graph.token.as_str());
/// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
///
/// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
/// let mut watch = channel.watch().with_interval(Duration::from_secs(1));
/// let posted = channel.send("The build is red").await?;
/// let changed = watch.next().await?;
/// assert_eq!(changed[0].id.as_deref(), Some(posted.id.as_str()));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read before the first call of next"]
pub struct Watch {
    place: Place,
    interval: Duration,
    /// The look that is under way, and when it began.
    look: Option<(Changes, SystemTime)>,
    token: Option<DeltaToken>,
    /// The time from which changes are read without a token; `None` for all that there are.
    since: Option<SystemTime>,
    /// When it was made, until the first look from then on is complete.
    start: Option<SystemTime>,
    not_before: Option<Instant>,
    failures: u32,
}

#[derive(Clone)]
enum Place {
    Channel(Channel),
    Chat(Chat),
}

impl Place {
    fn changes(&self, token: Option<&DeltaToken>, since: Option<SystemTime>) -> Changes {
        let query = MessageQuery::new();
        let query = match since {
            Some(since) => query.with_changed_after(since),
            None => query,
        };
        match (self, token) {
            (Self::Channel(channel), Some(token)) => channel.changes_since(token),
            (Self::Chat(chat), Some(token)) => chat.changes_since(token),
            (Self::Channel(channel), None) => channel.changes_with(&query),
            (Self::Chat(chat), None) => chat.changes_with(&query),
        }
    }
}

impl Place {
    fn clock(&self) -> Option<ClockOffset> {
        let client = match self {
            Self::Channel(channel) => &channel.client,
            Self::Chat(chat) => &chat.client,
        };
        client.pipeline().service_clock()
    }
}

impl Channel {
    /// Follows what changes in the channel from now on, replies not included.
    pub fn watch(&self) -> Watch {
        Watch::new(Place::Channel(self.clone()))
    }
}

impl Chat {
    /// Follows what changes in the chat from now on.
    pub fn watch(&self) -> Watch {
        Watch::new(Place::Chat(self.clone()))
    }
}

impl Watch {
    fn new(place: Place) -> Self {
        let start = SystemTime::now();
        Self {
            since: Some(before(start, place.clock())),
            start: Some(start),
            place,
            interval: INTERVAL,
            look: None,
            token: None,
            not_before: None,
            failures: 0,
        }
    }

    /// Sets the time between two looks, at least a second. Default 60 s. The terms of Graph allow
    /// polling a resource once a day, more often only for what changed since the last look, as this
    /// does; use notifications where seconds count.
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(SHORTEST);
        self
    }

    /// Goes on after the look that ended with `token`. If the service has forgotten it, everything is
    /// read that it keeps, or what changed after the time that is [set](Self::with_since) next.
    pub fn with_token(mut self, token: DeltaToken) -> Self {
        self.token = Some(token);
        (self.since, self.start) = (None, None);
        self
    }

    /// Starts with what changed after `time`, at most 8 months ago in a channel.
    pub fn with_since(mut self, time: SystemTime) -> Self {
        (self.since, self.start) = (Some(time), None);
        self
    }

    /// Returns the token of the last complete look, to go on from after a restart: everything before
    /// it was returned.
    #[must_use]
    pub fn token(&self) -> Option<&DeltaToken> {
        self.token.as_ref()
    }

    /// Waits until something changed, and returns a page of it. It can be dropped at any time and
    /// called again.
    ///
    /// # Errors
    ///
    /// That of a look that failed. The next call waits for the interval, doubled after each failure and
    /// at most five minutes, and looks again.
    pub async fn next(&mut self) -> Result<Vec<ChatMessage>> {
        loop {
            if let Some(at) = self.not_before {
                sleep_until(at).await;
                self.not_before = None;
            }
            // Taken while it is read: what was not read to its end is read again from its start.
            let look = self.look.take();
            let (mut changes, began) = look.unwrap_or_else(|| self.begin());
            match changes.next_page().await {
                Ok(Some(messages)) => {
                    self.failures = 0;
                    self.look = Some((changes, began));
                    if !messages.is_empty() {
                        return Ok(messages);
                    }
                }
                Ok(None) if self.is_too_late() => {}
                Ok(None) => {
                    self.token = changes.token();
                    self.since = Some(before(began, self.place.clock()));
                    self.not_before = Some(Instant::now() + self.interval);
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// Whether the first look began after the start by the clock of the service, which is known now.
    fn is_too_late(&mut self) -> bool {
        let (Some(start), Some(clock)) = (self.start.take(), self.place.clock()) else {
            return false;
        };
        let is_too_late = self
            .since
            .is_some_and(|since| earliest(start, Some(clock)) < since);
        if is_too_late {
            self.since = Some(before(start, Some(clock)));
        }
        is_too_late
    }

    fn begin(&self) -> (Changes, SystemTime) {
        let changes = self.place.changes(self.token.as_ref(), self.since);
        (changes, SystemTime::now())
    }

    /// Notes a failure. A token that the service does not know any more is dropped.
    fn failed(&mut self, error: Error) -> Error {
        // A token of another place is refused here, and stays so.
        let is_refused = error.kind() == ErrorKind::InvalidRequest && error.attempts() > 0;
        if is_refused || error.status() == Some(410) {
            self.token = None;
        }
        let doubled = self.interval.saturating_mul(1 << self.failures.min(10));
        let wait = error.retry_after().unwrap_or(doubled).min(LONGEST_WAIT);
        self.failures += 1;
        self.not_before = Some(Instant::now() + wait);
        error
    }

    /// Returns the messages one by one. The stream does not end: after an error it goes on.
    pub fn into_stream(self) -> impl Stream<Item = Result<ChatMessage>> + Send {
        let state = (self, Vec::new().into_iter());
        stream::unfold(state, |(mut watch, mut messages)| async move {
            loop {
                if let Some(message) = messages.next() {
                    return Some((Ok(message), (watch, messages)));
                }
                match watch.next().await {
                    Ok(page) => messages = page.into_iter(),
                    Err(error) => return Some((Err(error), (watch, messages))),
                }
            }
        })
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("interval", &self.interval)
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}
