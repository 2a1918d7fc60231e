//! One connection for many: the first call of a burst opens it, the others wait for it.
//!
//! Whether a server speaks HTTP/2 is known only after the first handshake. Otherwise each of 64
//! senders at a cold start would open a connection of its own, and drop 63 of them again.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// The longest time for which a call waits for the first one: a slow response must not delay the
/// others.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// Lets one call ahead of the others, once in the life of a client.
#[derive(Debug)]
pub(crate) struct Opening(Semaphore);

impl Default for Opening {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

impl Opening {
    /// Waits for the first call. The one that gets a [`First`] is the first.
    pub(crate) async fn turn(&self) -> Option<First<'_>> {
        if self.0.is_closed() {
            return None;
        }
        let permit = tokio::time::timeout(LONGEST_WAIT, self.0.acquire()).await;
        let permit = permit.ok()?.ok()?;
        Some(First {
            opening: self,
            _permit: permit,
        })
    }
}

/// The first call. Once it has ended, successfully or not, no call waits any more.
pub(crate) struct First<'a> {
    opening: &'a Opening,
    _permit: SemaphorePermit<'a>,
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.opening.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_others_wait_for_the_first_and_none_after_it() {
        let opening = Opening::default();
        let first = opening.turn().await;
        assert!(first.is_some());
        let (second, ()) = tokio::join!(opening.turn(), async { drop(first) });
        assert!(second.is_none());
        assert!(opening.turn().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_call_does_not_delay_the_others_for_long() {
        let opening = Opening::default();
        let _first = opening.turn().await;
        let began = tokio::time::Instant::now();
        assert!(opening.turn().await.is_none());
        assert_eq!(began.elapsed(), LONGEST_WAIT);
    }
}
