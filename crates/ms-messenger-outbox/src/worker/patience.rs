//! For how long a platform is asked about a message.

use std::time::{Duration, Instant, SystemTime};

use super::context::Context;
use crate::{message::Head, settling, time::LONGEST};

/// The longest `Retry-After` of a service that the patience is extended for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// For how long questions that the service rejects are asked again, as a part of the patience.
const REJECTED_PART: u32 = 20;
/// How long it takes at most until an equal message is settled, after that can be done.
const TWIN_PAUSE: Duration = Duration::from_secs(5);

/// Until when a platform is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Until what prevents the verdict has passed.
    Passed,
    /// For a shorter time: the service rejects the question, and may go on to do so.
    Rejected,
    /// Until the messages of the same content that are in doubt now must be settled.
    TwinsEnded,
}

/// For how long a platform is asked about a message.
#[derive(Debug)]
pub(super) struct Patience {
    longest: Instant,
    rejected: Instant,
    twins: Instant,
    most: Instant,
}

impl Patience {
    /// Begins when the absence of the message can be proven.
    pub(super) fn new(context: &Context, head: &Head) -> Self {
        let now = Instant::now();
        let pending = pending(head);
        let longest = context.settling_patience;
        let twin = context
            .attempt_timeout
            .saturating_add(context.settling_margin);
        let twin = twin.saturating_add(TWIN_PAUSE);
        let at = |wait: Duration| now.checked_add(wait.min(LONGEST)).unwrap_or(now);
        Self {
            longest: at(pending.saturating_add(longest)),
            rejected: at(pending.saturating_add(longest / REJECTED_PART)),
            twins: at(pending.saturating_add(longest.min(twin))),
            most: at(pending
                .saturating_add(longest)
                .saturating_add(LONGEST_RETRY_AFTER)),
        }
    }

    /// The service is not asked before `wait` has passed.
    pub(super) fn extend(&mut self, wait: Option<Duration>) {
        let until = wait.and_then(|it| Instant::now().checked_add(it));
        let until = until.filter(|it| *it <= self.most);
        self.longest = until.map_or(self.longest, |it| it.max(self.longest));
    }

    /// How much of it is left.
    pub(super) fn left(&self, until: Until) -> Duration {
        let ends_at = match until {
            Until::Passed => self.longest,
            Until::Rejected => self.rejected,
            Until::TwinsEnded => self.twins,
        };
        ends_at.saturating_duration_since(Instant::now())
    }
}

/// How long the message can still appear. The end of an attempt is no later than a clock says that
/// was not set back since.
fn pending(head: &Head) -> Duration {
    let Some(evidence) = settling::evidence(head) else {
        return Duration::ZERO;
    };
    let Some(until) = evidence.pending_until else {
        return Duration::ZERO;
    };
    let length = until.duration_since(evidence.began_at).unwrap_or_default();
    let left = until.duration_since(SystemTime::now()).unwrap_or_default();
    left.min(length)
}
