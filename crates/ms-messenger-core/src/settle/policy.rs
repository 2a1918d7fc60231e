//! How long, and how often, a platform is asked about a send.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::{evidence::Evidence, settled::Settled};
use crate::{deadline::Deadline, messenger::Messenger, request::SendRequest};

/// How long, and how often, [`send_settled`](crate::MessengerExt::send_settled) and
/// [`settle_with`](crate::MessengerExt::settle_with) ask the platform about a send.
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
    /// The time after which the platform is not asked again. Default 120 s. A verdict that is only
    /// possible later is not waited for.
    pub max_wait: Duration,
    /// The pause after the first request. Default 0.5 s; doubled after each later one.
    pub initial_pause: Duration,
    /// The longest pause between two requests. Default 10 s.
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
    /// Creates a policy that asks once, without waiting.
    #[must_use]
    pub fn once() -> Self {
        Self::default().with_max_wait(Duration::ZERO)
    }

    /// Sets the time after which the platform is not asked again.
    #[must_use]
    pub fn with_max_wait(mut self, longest: Duration) -> Self {
        self.max_wait = longest;
        self
    }

    /// Sets the first and the longest pause between two requests.
    #[must_use]
    pub fn with_pauses(mut self, initial: Duration, longest: Duration) -> Self {
        self.initial_pause = initial;
        self.max_pause = longest;
        self
    }
}

/// The shortest pause, whatever a policy says: each verdict costs a request to the service.
const MIN_PAUSE: Duration = Duration::from_millis(10);

/// Settles until there is a verdict or the policy ends, and returns the last verdict.
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
                // Asking earlier finds a message that appears early.
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
