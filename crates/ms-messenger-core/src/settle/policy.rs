//! How patiently the fate of a send is looked into.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::{evidence::Evidence, settled::Settled};
use crate::{deadline::Deadline, messenger::Messenger, request::SendRequest};

/// How long, and how often, [`send_settled`](crate::MessengerExt::send_settled) and
/// [`settle_with`](crate::MessengerExt::settle_with) look for a message in doubt.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_core::SettlePolicy;
///
/// let hasty = SettlePolicy::default().with_max_wait(Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettlePolicy {
    /// After how long no further look begins. Default 120 s. A verdict that would come later is
    /// not waited for.
    pub max_wait: Duration,
    /// The pause after the first look. Default 0.5 s; doubled after each later one.
    pub initial_pause: Duration,
    /// The longest pause between two looks. Default 10 s.
    pub max_pause: Duration,
}

impl Default for SettlePolicy {
    fn default() -> Self {
        Self {
            max_wait: Duration::from_secs(120),
            initial_pause: Duration::from_millis(500),
            max_pause: Duration::from_secs(10),
        }
    }
}

impl SettlePolicy {
    /// Looks once, without waiting.
    #[must_use]
    pub fn once() -> Self {
        Self::default().with_max_wait(Duration::ZERO)
    }

    /// Sets after how long no further look begins.
    #[must_use]
    pub fn with_max_wait(mut self, longest: Duration) -> Self {
        self.max_wait = longest;
        self
    }

    /// Sets the first and the longest pause between two looks.
    #[must_use]
    pub fn with_pauses(mut self, initial: Duration, longest: Duration) -> Self {
        self.initial_pause = initial;
        self.max_pause = longest;
        self
    }
}

/// The shortest pause, whatever a policy says: a look is a request to the service.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// Looks until there is a verdict or the policy ends, and returns what the last look said.
pub(crate) async fn settle_patiently<M: Messenger + ?Sized>(
    messenger: &M,
    request: &SendRequest,
    evidence: &Evidence,
    policy: &SettlePolicy,
    cancelled: &Deadline,
) -> Settled {
    let started = Instant::now();
    let mut pause = policy.initial_pause.max(MIN_PAUSE);
    loop {
        let settled = messenger.settle(request, evidence).await;
        let wait = match &settled {
            Settled::NotYet(when) => {
                // A look in between finds a message that appears early.
                let left = when.duration_since(SystemTime::now()).unwrap_or_default();
                pause.min(left.max(MIN_PAUSE))
            }
            Settled::CannotTell(error) if error.is_transient() => {
                error.retry_after().unwrap_or(pause)
            }
            _ => return settled,
        };
        if started.elapsed().saturating_add(wait) > policy.max_wait {
            return settled;
        }
        if cancelled.limit(sleep(wait)).await.is_err() {
            return settled;
        }
        pause = pause.saturating_mul(2).min(policy.max_pause.max(MIN_PAUSE));
    }
}
