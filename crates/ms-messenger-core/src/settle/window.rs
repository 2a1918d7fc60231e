//! When the message of an unknown send was created, if it was.
//!
//! The evidence has times of the sender's clock, and the messages have times of the clock of the
//! service's store. What connects the two can be wrong:
//!
//! | Reading | Says | Wrong if |
//! |---|---|---|
//! | none | the sender's clock is that of the store | the sender's clock is wrong |
//! | `Date` known at the send | how far the store is ahead of the sender | the server that wrote it is wrong |
//! | `Date` known while settling | how far the store is ahead of this machine | the same, or this is not the sender's clock |
//! | a message of this client | the same, by the store itself | the clock of this machine was set since, and then it does not count |
//!
//! No single reading proves that another one is wrong, so:
//!
//! * **A message is ruled out only if every reading does so**: the outer bounds are those of all
//!   readings together, the sender's own clock among them. An absence needs a list that is complete
//!   within them.
//! * **A message is inside only by a reading that nothing makes doubtful**: that of a message; a `Date`
//!   with which the sender's clock agrees, give or take [`CREDIBLE_MS`]. Two clocks that agree by
//!   chance on a wrong time are not expected, while an equal message of an hour ago is: programs
//!   repeat what they say at full minutes and hours, and clocks are wrong by those. Else only what
//!   every reading allows is inside, which is nothing if they are far apart.
//! * **The last moment of effect** is one of the sender's clock. If the readings say that this
//!   machine has another one, or had, it is the later of the two times. As `Date`s may be wrong by
//!   years, that is not waited for when there is a proof without any wall clock: the evidence
//!   existed when this process first looked for the message, so the send had begun, and since then
//!   the clock that is never set has advanced by all the time that the send can take effect in.
//!
//! | Own clock | `Date` at the send | `Date` at the read | Inside by | Outer bounds | Not before |
//! |---|---|---|---|---|---|
//! | right | right | right | all | all | the last moment |
//! | right | right | wrong | own and send | + read | the later, or the time in this process |
//! | right | wrong | right | what both allow | + send | the same |
//! | right | wrong | wrong, alike | what both allow | own and both | the last moment |
//! | right | wrong | wrong, otherwise | what all allow | all | the later, or the time in this process |
//! | wrong | right | right | what both allow; by a message, that | own and both | the last moment |
//! | wrong | right | wrong | what all allow; by a message, that | all | the later, or the time in this process |
//!
//! "Right" and "wrong" are not known here: rows with the same pattern of agreement have the same
//! outcome, which is true in each of them.

use std::time::{Duration, SystemTime};

use super::{
    clock::{ClockBasis, ClockOffset, shifted},
    evidence::Evidence,
    settled::Settled,
};
use crate::error::{Error, ErrorKind, Result};

/// The longest that a call of the clients of this project takes by default: the time in which
/// retries begin, and one more attempt. Assumed if the evidence does not say when the send ended.
const LONGEST_CALL: Duration = Duration::from_secs(340);
/// Around a time whose clock is not known, equal messages in this span leave the verdict open.
const BLIND: Duration = Duration::from_secs(24 * 60 * 60);
/// So long after an attempt, one who knows every rival takes an equal message for that of the send: the
/// clock of the store may be ahead of all others by that.
const SOON: Duration = Duration::from_secs(1);
/// A `Date` that contradicts the sender's clock by no more than this is believed: the time in which a
/// send can take effect is as long anyway.
const CREDIBLE_MS: i64 = 30_000;

/// The span in which the service created the message of a send with an unknown delivery, by the
/// service's clock.
///
/// A message created inside it can be the message of the send. Between the inner and the outer
/// bounds the clocks cannot decide it; the inner ones may be empty.
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
    /// Whether the clocks contradict each other, so that only the outer bounds are sure. A later
    /// reading may bring certainty.
    pub is_disputed: bool,
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
    /// after the last attempt had ended is then from none of them. An outbox says the same of the second
    /// after the attempt ([`knows_rivals`](Self::knows_rivals)). `None` if the service's clock was never read.
    ///
    /// Readings that contradict each other or the clock of the sender widen the outer bounds, and
    /// leave inside only what all of them allow.
    pub fn window(&self, clock: Option<ClockOffset>, is_sender: bool) -> Option<Window> {
        let trusted = self.trusted(clock, is_sender);
        let all = self.readings(clock, trusted.is_none())?;
        // Without the sender's own readings this machine's count, on the assumption that it is the
        // same machine, and the span of doubt is wide.
        let is_blind = self.service_clock.is_none() && !is_sender;
        let blind = if is_blind { BLIND } else { Duration::ZERO };
        let last = match self.ended_at {
            Some(ended) if is_sender => self.pending_until.unwrap_or(ended),
            Some(ended) if self.knows_rivals => {
                let until = self.pending_until.unwrap_or(ended);
                forth(ended, SOON).min(until.max(ended))
            }
            Some(ended) => ended,
            None => forth(self.began_at, LONGEST_CALL),
        };
        let (from, to) = match trusted {
            Some(offset) => {
                let (least, most) = offset.likely(last);
                // A later send, which another process does not know, must not be inside.
                let knows_later = is_sender || self.knows_rivals;
                let to = if knows_later { most } else { least };
                (whole_ms(offset.likely(self.began_at).0), to)
            }
            None => (all.latest(self.began_at), all.earliest(last)),
        };
        let closes = self
            .pending_until
            .map(|until| forth(all.latest(until), blind));
        Some(Window {
            opens: back(whole_ms(all.earliest(self.began_at)), blind).min(from),
            from,
            to,
            closes,
            is_disputed: trusted.is_none(),
        })
    }

    /// The bounds that every reading is within, the sender's clock among them. A clock with which no
    /// reading agrees is wrong by a little, even if the readings are wrong by more.
    fn readings(&self, clock: Option<ClockOffset>, is_disputed: bool) -> Option<ClockOffset> {
        let by = if is_disputed { CREDIBLE_MS } else { 0 };
        let own = ClockOffset::new(-by, by);
        let readings = [self.service_clock, clock];
        let known = readings.into_iter().flatten();
        let known = known.reduce(ClockOffset::widened_by);
        known.map(|all| all.widened_by(own))
    }

    /// The reading that nothing makes doubtful.
    fn trusted(&self, clock: Option<ClockOffset>, is_sender: bool) -> Option<ClockOffset> {
        let is_credible = |it: &ClockOffset| {
            let is_near = it.distance_ms() <= CREDIBLE_MS.unsigned_abs();
            !it.is_disputed() && (is_near || it.basis == ClockBasis::Message)
        };
        let (then, now) = match (self.service_clock, clock) {
            (Some(then), Some(now)) => (then, now),
            (then, now) => return then.or(now).filter(is_credible),
        };
        let is_one = then.agrees_with(now) && !then.is_disputed() && !now.is_disputed();
        if is_one {
            // The sender's own reading goes with its times.
            let both = now.narrowed_by(then);
            return Some(if is_sender { both } else { then }).filter(|_| is_credible(&both));
        }
        // This machine may have another clock, or a wrong reading.
        let is_proven = then.basis == ClockBasis::Message || then.distance_ms() == 0;
        Some(then).filter(|then| is_proven && !then.is_disputed())
    }

    /// Returns the time, by the clock of this machine, from which on not finding the message proves
    /// that it was not sent. `None` if the evidence does not say how long the send could be executed.
    ///
    /// `clock` is the offset that the service's responses showed to this process. If it contradicts
    /// the evidence, the clock was set in the meantime, or this is another machine, or a response had a
    /// wrong date: the later of the possible times counts.
    pub fn conclusive_from(&self, clock: Option<ClockOffset>) -> Option<SystemTime> {
        let until = self.pending_until?;
        match (self.service_clock, clock) {
            (Some(then), Some(now))
                if then.is_disputed() || now.is_disputed() || !then.agrees_with(now) =>
            {
                let apart = then.at_most_ms.saturating_sub(now.at_least_ms);
                Some(shifted(until, apart.max(0)))
            }
            _ => Some(until),
        }
    }

    /// Returns the verdict of a complete search that began at `looked_at`, by the clock of this
    /// machine, and did not find the message; `clock` as in
    /// [`conclusive_from`](Self::conclusive_from). `known_for` is how long this process had known the
    /// evidence by then, by a clock that is never set: when that is as long as the send could take
    /// effect, no other clock is needed.
    ///
    /// # Errors
    ///
    /// `Other` if the evidence does not say how long the send could be executed.
    pub fn absence(
        &self,
        clock: Option<ClockOffset>,
        looked_at: SystemTime,
        known_for: Duration,
    ) -> Result<Settled> {
        let Some(from) = self.conclusive_from(clock) else {
            let why = "the evidence does not say until when the send can be executed";
            return Err(Error::new(ErrorKind::Other, why));
        };
        let left = self.longest_effect().map(|it| it.saturating_sub(known_for));
        if looked_at >= from || left.is_some_and(|left| left.is_zero()) {
            return Ok(Settled::NotFound);
        }
        let by_this_process = left.and_then(|left| looked_at.checked_add(left));
        let from = by_this_process.map_or(from, |then| then.min(from));
        Ok(Settled::NotYet(from))
    }

    /// From the start of the send to the last moment at which it can be executed.
    fn longest_effect(&self) -> Option<Duration> {
        let longest = self.pending_until?.duration_since(self.began_at).ok()?;
        // A send that was noted before it began, and not how long it could take.
        let is_known = self.ended_at.is_some();
        is_known.then_some(longest)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Far enough that any wrong arithmetic stays after the epoch.
    const BEGAN: u64 = 10_000_000;
    const DAY: i64 = 86_400;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn after(seconds: i64) -> SystemTime {
        at(BEGAN.checked_add_signed(seconds).unwrap())
    }

    /// What a `Date` shows of a clock that is `seconds` ahead.
    fn date(seconds: i64) -> ClockOffset {
        ClockOffset::new(seconds * 1000 - 1000, seconds * 1000 + 4000)
    }

    fn message(seconds: i64) -> ClockOffset {
        ClockOffset::new(seconds * 1000 - 1000, seconds * 1000 + 1000)
            .with_basis(ClockBasis::Message)
    }

    /// A send of ten seconds that can take effect for half a minute more.
    fn evidence(then: Option<ClockOffset>) -> Evidence {
        let mut evidence = Evidence::new(after(0)).with_end(after(10), after(40));
        evidence.service_clock = then;
        evidence
    }

    const WRONG: [i64; 8] = [2 * DAY, -2 * DAY, 72_000, -72_000, 3600, -3600, 61, -61];

    #[test]
    fn no_wrong_date_rules_out_the_message_and_none_puts_another_inside() {
        // The clock of the store is that of the sender; dates are right or wrong, at each time.
        let readings = |other: i64| [None, Some(date(0)), Some(date(-other)), Some(date(other))];
        for wrong in WRONG {
            for (then, now) in readings(wrong)
                .into_iter()
                .flat_map(|then| readings(wrong).map(|now| (then, now)))
            {
                for is_sender in [false, true] {
                    let Some(window) = evidence(then).window(now, is_sender) else {
                        assert!(then.is_none() && now.is_none());
                        continue;
                    };
                    let case = format!("{then:?} {now:?} {is_sender} {window:?}");
                    for second in [0, 5, 10, 40] {
                        assert_ne!(window.contains(after(second)), Some(false), "{case}");
                    }
                    // An equal message of the time that a wrong date names is another one.
                    for second in [wrong + 2, -wrong + 2] {
                        assert_ne!(window.contains(after(second)), Some(true), "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_wrong_clock_of_the_sender_rules_out_the_message() {
        // The clock of the store is ahead of the sender's; dates are right or wrong, at each time.
        for ahead in WRONG {
            for other in [0, 2 * ahead, -ahead] {
                for (then, now) in [
                    (Some(date(ahead)), Some(date(ahead))),
                    (Some(date(ahead)), Some(date(other))),
                    (Some(date(other)), Some(date(ahead))),
                    (Some(date(ahead)), None),
                    (None, Some(date(ahead))),
                ] {
                    for is_sender in [false, true] {
                        let window = evidence(then).window(now, is_sender).unwrap();
                        let case = format!("{ahead}: {then:?} {now:?} {is_sender} {window:?}");
                        for second in [0, 5, 10, 40] {
                            let created = after(ahead + second);
                            assert_ne!(window.contains(created), Some(false), "{case}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn who_knows_every_rival_finds_what_appears_soon_after_the_attempt() {
        let mut evidence = evidence(Some(message(0)));
        let contains = |evidence: &Evidence, second| {
            let window = evidence.window(None, false).unwrap();
            window.contains(after(second))
        };
        assert_eq!(contains(&evidence, 11), None);
        evidence.knows_rivals = true;
        for (second, expected) in [(11, Some(true)), (13, None), (40, None), (60, Some(false))] {
            assert_eq!(contains(&evidence, second), expected, "{second}");
        }
        // Not when the send can take effect no more.
        evidence.pending_until = evidence.ended_at;
        assert_eq!(contains(&evidence, 12), Some(false));
        // Which clock is right is as unknown as before.
        evidence.service_clock = Some(date(3600));
        assert_eq!(contains(&evidence, 11), None);
    }

    #[test]
    fn what_agrees_decides_and_a_message_decides_alone() {
        let inside = |then, now, is_sender, second| {
            let window = evidence(then).window(now, is_sender).unwrap();
            (window.contains(after(second)), window.is_disputed)
        };
        let (yes, open) = ((Some(true), false), (None, true));
        for is_sender in [false, true] {
            for wrong in WRONG {
                let (right, off) = (Some(date(0)), Some(date(wrong)));
                assert_eq!(inside(right, right, is_sender, 5), yes);
                // The sender's clock agreed with the service at the send.
                assert_eq!(inside(right, off, is_sender, 5), yes);
                // It may have been wrong then, and set since.
                assert_eq!(inside(off, right, is_sender, 5), open);
                assert_eq!(inside(off, off, is_sender, 5), open);
                assert_eq!(inside(off, off, is_sender, wrong + 5), open);
                // The store itself says that the sender's clock is wrong.
                let proven = Some(message(wrong));
                for now in [None, right, off, proven] {
                    assert_eq!(inside(proven, now, is_sender, wrong + 5), yes);
                }
                assert_eq!(inside(None, proven, true, wrong + 5), yes);
                let disputed = Some(date(0).narrowed_by(date(wrong)));
                assert_eq!(inside(right, disputed, is_sender, 5), yes);
                assert_eq!(inside(disputed, right, is_sender, 5), open);
                assert_eq!(inside(disputed, None, is_sender, 5), open);
            }
            // A few seconds are less than a send can take.
            assert_eq!(inside(Some(date(20)), Some(date(20)), is_sender, 25), yes);
        }
    }

    #[test]
    fn a_wrong_date_makes_no_absence_earlier_and_delays_none_without_bound() {
        let long = Duration::from_secs(40);
        for wrong in WRONG {
            let disputed = date(0).narrowed_by(date(wrong));
            for (then, now) in [
                (date(0), date(wrong)),
                (date(wrong), date(0)),
                (date(wrong), date(-wrong)),
                (disputed, date(0)),
                (date(0), disputed),
            ] {
                let evidence = evidence(Some(then));
                let absence = |looked, known| {
                    let known = Duration::from_secs(known);
                    evidence.absence(Some(now), after(looked), known).unwrap()
                };
                let latest = evidence.conclusive_from(Some(now)).unwrap();
                assert!(latest >= after(40), "{then:?} {now:?}");
                // Soon after the send, by whichever clock.
                for looked in [0, 39] {
                    let Settled::NotYet(when) = absence(looked, 0) else {
                        panic!("{then:?} {now:?}");
                    };
                    assert!(when <= after(looked) + long, "{then:?} {now:?}");
                    assert!(when >= after(40).min(latest), "{then:?} {now:?}");
                }
                // All of its time has passed in this process, whatever the clocks show.
                for looked in [-5 * DAY, 0, 41, 5 * DAY] {
                    assert!(matches!(absence(looked, 40), Settled::NotFound));
                }
                assert!(matches!(absence(6 * DAY, 0), Settled::NotFound));
            }
        }
    }

    #[test]
    fn evidence_without_an_end_is_proven_by_no_wait() {
        let mut evidence = evidence(Some(date(DAY)));
        evidence.ended_at = None;
        let long = Duration::from_secs(10_000);
        let settled = evidence.absence(Some(date(0)), after(41), long).unwrap();
        assert!(matches!(settled, Settled::NotYet(when) if when > after(DAY)));
        evidence.pending_until = None;
        assert!(evidence.absence(None, after(41), long).is_err());
    }
}
