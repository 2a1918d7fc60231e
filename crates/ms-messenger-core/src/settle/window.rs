//! When a message in doubt was created, if it was created at all.

use std::time::{Duration, SystemTime};

use super::{
    clock::{ClockOffset, shifted},
    evidence::Evidence,
    settled::Settled,
};
use crate::error::{Error, ErrorKind, Result};

/// The longest that a call of our clients lasts by default: the time in which retries begin, and
/// one more attempt. Assumed where the evidence does not say when the send ended.
const LONGEST_CALL: Duration = Duration::from_secs(340);
/// Around a time whose clock nobody read, equal messages of this span leave the verdict open.
const BLIND: Duration = Duration::from_secs(24 * 60 * 60);

/// The span in which the service created the message of a send in doubt, by the service's clock.
///
/// A message created inside it can be the message in doubt. Between the inner and the outer
/// bounds the clocks do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// No message created before this is the message in doubt.
    pub opens: SystemTime,
    /// A message created from here on can be the message in doubt, by the best reading.
    pub from: SystemTime,
    /// A message created after this may belong to a later send.
    pub to: SystemTime,
    /// No message created after this is the message in doubt; `None` when the evidence does not
    /// say how long the send could take effect.
    pub closes: Option<SystemTime>,
}

impl Window {
    /// Whether a message `created` then, by the service's clock, lies inside; `None` where the
    /// clocks do not tell.
    #[must_use]
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
    /// The span in which the message was created, if it was.
    ///
    /// `clock` is what the service's responses showed this process. `is_sender` says that the
    /// same client made the send and so knows all of its other sends: a message that appeared
    /// after the last attempt had ended is then none of them. `None` when nobody ever read the
    /// service's clock.
    #[must_use]
    pub fn window(&self, clock: Option<ClockOffset>, is_sender: bool) -> Option<Window> {
        // The sender's own readings go with its times. Without them this machine's readings do,
        // on the assumption that it is the same machine, and the span of doubt is wide.
        let (offset, is_blind) = match (self.service_clock, clock) {
            // A clock that was set since then is none of the evidence's times.
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
            // What another process knows nothing of, a later send, must not be inside.
            to: if is_sender {
                offset.likely(last).1
            } else {
                offset.likely(last).0
            },
            closes,
        })
    }

    /// From when on, by the clock of this machine, a look that does not find the message proves
    /// that it is not there. `None` when the evidence does not say how long the send could take
    /// effect.
    ///
    /// `clock` is what the service's responses showed this process. Where it contradicts the
    /// evidence, the clock was set meanwhile, or this is another machine.
    #[must_use]
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

    /// The verdict of a whole look that began at `looked_at`, by the clock of this machine, and
    /// did not find the message; `clock` as in [`conclusive_from`](Self::conclusive_from).
    ///
    /// # Errors
    ///
    /// `Other` when the evidence does not say how long the send could take effect.
    pub fn absence(&self, clock: Option<ClockOffset>, looked_at: SystemTime) -> Result<Settled> {
        let Some(from) = self.conclusive_from(clock) else {
            let why = "the evidence does not say until when the send can take effect";
            return Err(Error::new(ErrorKind::Other, why));
        };
        if looked_at >= from {
            Ok(Settled::NotFound)
        } else {
            Ok(Settled::NotYet(from))
        }
    }
}

/// Services count in milliseconds: what began within one may have been created in it.
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
