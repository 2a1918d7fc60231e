//! When the message of an unknown send was created, if it was.

use std::time::{Duration, SystemTime};

use super::{
    clock::{ClockOffset, shifted},
    evidence::Evidence,
    settled::Settled,
};
use crate::error::{Error, ErrorKind, Result};

/// The longest that a call of the clients of this project takes by default: the time in which
/// retries begin, and one more attempt. Assumed if the evidence does not say when the send ended.
const LONGEST_CALL: Duration = Duration::from_secs(340);
/// Around a time whose clock is not known, equal messages in this span leave the verdict open.
const BLIND: Duration = Duration::from_secs(24 * 60 * 60);

/// The span in which the service created the message of a send with an unknown delivery, by the
/// service's clock.
///
/// A message created inside it can be the message of the send. Between the inner and the outer
/// bounds the clocks cannot decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// No message created before this is the message of the send.
    pub opens: SystemTime,
    /// A message created from this time on can be the message of the send, by the best reading.
    pub from: SystemTime,
    /// A message created after this may belong to a later send.
    pub to: SystemTime,
    /// No message created after this is the message of the send; `None` if the evidence does not
    /// say how long the send could be executed.
    pub closes: Option<SystemTime>,
}

impl Window {
    /// Returns whether a message `created` at this time, by the service's clock, is inside; `None` if
    /// the clocks cannot decide it.
    pub fn contains(&self, created: SystemTime) -> Option<bool> {
        if created < self.opens || self.closes.is_some_and(|closes| created > closes) {
            Some(false)
        } else if created >= self.from && created <= self.to {
            Some(true)
        } else {
            None
        }
    }
}

impl Evidence {
    /// Returns the span in which the message was created, if it was.
    ///
    /// `clock` is the offset that the service's responses showed to this process. `is_sender` says
    /// that the same client made the send and so knows all its other sends: a message that appeared
    /// after the last attempt had ended is then from none of them. `None` if the service's clock was
    /// never read.
    pub fn window(&self, clock: Option<ClockOffset>, is_sender: bool) -> Option<Window> {
        // The sender's own readings go with its times. Without them this machine's readings do,
        // on the assumption that it is the same machine, and the span of doubt is wide.
        let (offset, is_blind) = match (self.service_clock, clock) {
            // A clock that was set since then is not the clock of the evidence.
            (Some(then), Some(now)) if is_sender => (now.narrowed_by(then), false),
            (Some(then), _) => (then, false),
            (None, Some(now)) => (now, !is_sender),
            (None, None) => return None,
        };
        let blind = if is_blind { BLIND } else { Duration::ZERO };
        let opens = back(offset.earliest(self.began_at), blind);
        let from = whole_ms(offset.likely(self.began_at).0);
        let last = match (is_sender, self.ended_at) {
            (true, Some(ended)) => self.pending_until.unwrap_or(ended),
            (false, Some(ended)) => ended,
            (_, None) => forth(self.began_at, LONGEST_CALL),
        };
        let closes = self
            .pending_until
            .map(|until| forth(offset.latest(until), blind));
        Some(Window {
            opens: opens.min(from),
            from,
            // A later send, which another process does not know, must not be inside.
            to: if is_sender {
                offset.likely(last).1
            } else {
                offset.likely(last).0
            },
            closes,
        })
    }

    /// Returns the time, by the clock of this machine, from which on not finding the message proves
    /// that it was not sent. `None` if the evidence does not say how long the send could be executed.
    ///
    /// `clock` is the offset that the service's responses showed to this process. If it contradicts
    /// the evidence, the clock was set in the meantime, or this is another machine.
    pub fn conclusive_from(&self, clock: Option<ClockOffset>) -> Option<SystemTime> {
        let until = self.pending_until?;
        match (self.service_clock, clock) {
            (Some(then), Some(now)) if !then.agrees_with(now) => {
                let apart = then.at_most_ms.saturating_sub(now.at_least_ms);
                Some(shifted(until, apart))
            }
            _ => Some(until),
        }
    }

    /// Returns the verdict of a complete search that began at `looked_at`, by the clock of this
    /// machine, and did not find the message; `clock` as in
    /// [`conclusive_from`](Self::conclusive_from).
    ///
    /// # Errors
    ///
    /// `Other` if the evidence does not say how long the send could be executed.
    pub fn absence(&self, clock: Option<ClockOffset>, looked_at: SystemTime) -> Result<Settled> {
        let Some(from) = self.conclusive_from(clock) else {
            let why = "the evidence does not say until when the send can be executed";
            return Err(Error::new(ErrorKind::Other, why));
        };
        if looked_at >= from {
            Ok(Settled::NotFound)
        } else {
            Ok(Settled::NotYet(from))
        }
    }
}

/// Services count in milliseconds: a message may have been created in the one in which its send
/// began.
fn whole_ms(time: SystemTime) -> SystemTime {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => back(
            time,
            Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000_000)),
        ),
        Err(_) => time,
    }
}

fn back(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_sub(by).unwrap_or(time)
}

fn forth(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_add(by).unwrap_or(time)
}
