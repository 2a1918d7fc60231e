//! Messages that are claimed and wait for their turn to be sent.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::message::StoredMessage;

/// How long a message may wait. Then it is given back: meanwhile its route may have been paused by
/// another worker, and others may have nothing to do.
const LONGEST: Duration = Duration::from_millis(250);
/// How long a message that is claimed ahead should have to wait.
const AHEAD: Duration = Duration::from_millis(100);
/// How many messages are claimed ahead at most, for each one that can be sent at a time.
const MOST: usize = 2;
/// How many are claimed ahead at most on a route that sends few at a time.
const LEAST: usize = 128;

/// Messages that are claimed and wait for their turn, the first one first.
#[derive(Debug)]
pub(super) struct Waiting {
    messages: VecDeque<Claimed>,
    most: usize,
    /// How many are claimed ahead: as many as will be sent within a moment.
    ahead: usize,
    /// How many were sent since the last claim, and when that was.
    sent: u32,
    claimed_at: Instant,
}

#[derive(Debug)]
struct Claimed {
    message: StoredMessage,
    at: Instant,
    /// How often the route had paused then.
    pauses: u64,
}

impl Waiting {
    /// Creates an empty queue. Nothing is claimed ahead where each claim takes slots of a rate: they
    /// are taken when the message is sent.
    pub(super) fn new(concurrency: u32, has_rates: bool) -> Self {
        let most = (concurrency as usize * MOST).max(LEAST);
        Self {
            messages: VecDeque::new(),
            most: if has_rates { 0 } else { most },
            ahead: 0,
            sent: 0,
            claimed_at: Instant::now(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether it is time to claim more, when so many can be sent at once.
    pub(super) fn wants_more(&self, free: usize) -> bool {
        self.messages.len() * 2 <= self.ahead && self.room(free) > 0
    }

    fn room(&self, free: usize) -> usize {
        (free + self.ahead).saturating_sub(self.messages.len())
    }

    /// How many to claim, by how many were sent since the last claim.
    pub(super) fn next_claim(&mut self, free: usize) -> usize {
        let elapsed = self.claimed_at.elapsed().as_secs_f64().max(1e-6);
        let soon = f64::from(self.sent) / elapsed * AHEAD.as_secs_f64();
        // It is not negative, and cut off.
        self.ahead = (soon as usize).min(self.most);
        (self.sent, self.claimed_at) = (0, Instant::now());
        self.room(free)
    }

    pub(super) fn add(&mut self, messages: Vec<StoredMessage>, pauses: u64) {
        let at = Instant::now();
        let claimed = messages.into_iter();
        self.messages.extend(claimed.map(|message| Claimed {
            message,
            at,
            pauses,
        }));
    }

    /// Takes the first message, unless it has waited for too long.
    pub(super) fn next(&mut self, pauses: u64) -> Option<StoredMessage> {
        self.messages.front().filter(|it| it.is_fresh(pauses))?;
        let first = self.messages.pop_front()?;
        self.sent += 1;
        Some(first.message)
    }

    /// Takes the messages that have waited for too long, or were claimed before a pause. There are
    /// none ahead then, for a while.
    pub(super) fn stale(&mut self, pauses: u64) -> Vec<StoredMessage> {
        if self.messages.front().is_none_or(|it| it.is_fresh(pauses)) {
            return Vec::new();
        }
        self.ahead = 0;
        let fresh = self.messages.iter().position(|it| it.is_fresh(pauses));
        let fresh = self
            .messages
            .split_off(fresh.unwrap_or(self.messages.len()));
        let stale = std::mem::replace(&mut self.messages, fresh);
        stale.into_iter().map(|it| it.message).collect()
    }

    /// Puts messages back that could not be given back. They are not sent.
    pub(super) fn put_back(&mut self, messages: Vec<StoredMessage>) {
        let at = Instant::now();
        let at = at.checked_sub(LONGEST).unwrap_or(at);
        for message in messages.into_iter().rev() {
            self.messages.push_front(Claimed {
                message,
                at,
                pauses: u64::MAX,
            });
        }
    }

    /// Takes all messages.
    pub(super) fn take(&mut self) -> Vec<StoredMessage> {
        let all = self.messages.drain(..);
        all.map(|it| it.message).collect()
    }

    /// How long until the first message has waited for too long.
    pub(super) fn patience(&self) -> Option<Duration> {
        let first = self.messages.front()?;
        Some(LONGEST.saturating_sub(first.at.elapsed()))
    }
}

impl Claimed {
    fn is_fresh(&self, pauses: u64) -> bool {
        self.pauses == pauses && self.at.elapsed() < LONGEST
    }
}
