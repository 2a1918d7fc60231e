//! One connection for many: the first of a burst opens it, the others wait until it stands.
//!
//! Whether a server speaks HTTP/2 is known only after the first handshake. Without a turn each
//! of 64 senders at a cold start would open a connection of its own, to drop 63 of them again.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a call waits at most for the first one: a slow answer must not hold up the others.
const PATIENCE: Duration = Duration::from_millis(250);

/// Lets one call ahead of the others, once in the life of a client.
#[derive(Debug)]
pub(crate) struct Opening(Semaphore);

impl Default for Opening {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

impl Opening {
    /// Waits for the first call, or is the first: whoever gets a [`First`] goes ahead.
    pub(crate) async fn turn(&self) -> Option<First<'_>> {
        if self.0.is_closed() {
            return None;
        }
        let permit = tokio::time::timeout(PATIENCE, self.0.acquire()).await;
        let permit = permit.ok()?.ok()?;
        Some(First {
            opening: self,
            _permit: permit,
        })
    }
}

/// The call that goes ahead. Once it is over, well or not, nobody waits any more.
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
    async fn the_others_wait_for_the_first_and_nobody_after_it() {
        let opening = Opening::default();
        let first = opening.turn().await;
        assert!(first.is_some());
        let (second, ()) = tokio::join!(opening.turn(), async { drop(first) });
        assert!(second.is_none());
        assert!(opening.turn().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_call_holds_nobody_up_for_long() {
        let opening = Opening::default();
        let _first = opening.turn().await;
        let began = tokio::time::Instant::now();
        assert!(opening.turn().await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
