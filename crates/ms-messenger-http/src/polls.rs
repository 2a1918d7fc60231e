//! Whether everything that was received so far has been judged.
//!
//! A connection of HTTP/1.1 is free for the next request a moment before the response that freed
//! it can be judged. The next response is believed only when that moment has passed.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// The polls that run now, by the parity of the epoch in which they began.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    epoch: AtomicUsize,
    running: [AtomicUsize; 2],
}

impl Polls {
    /// Counts a poll until its guard is dropped, which must not wait for anything.
    pub(crate) fn enter(&self) -> Running<'_> {
        loop {
            let epoch = self.epoch.load(SeqCst);
            let running = &self.running[epoch % 2];
            running.fetch_add(1, SeqCst);
            if self.epoch.load(SeqCst) == epoch {
                return Running(running);
            }
            running.fetch_sub(1, SeqCst);
        }
    }

    /// Waits until each poll that runs now has ended.
    pub(crate) async fn settle(&self) {
        let start = self.epoch.load(SeqCst);
        // The first step leaves behind what began before `start`, the second what began in it.
        while self.epoch.load(SeqCst).wrapping_sub(start) < 2 {
            if !self.advance() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Begins the next epoch if no poll of the one before is left.
    fn advance(&self) -> bool {
        let epoch = self.epoch.load(SeqCst);
        let next = epoch.wrapping_add(1);
        // Those of the epoch before have the parity of the next one.
        if self.running[next % 2].load(SeqCst) != 0 {
            return false;
        }
        // If another task did it first, it is done.
        let _ = self.epoch.compare_exchange(epoch, next, SeqCst, SeqCst);
        true
    }
}

/// A poll that runs.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    fn is_settled(settling: &mut std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        let polled = settling
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        matches!(polled, Poll::Ready(()))
    }

    #[test]
    fn it_is_settled_once_the_polls_from_before_have_ended_whatever_began_since() {
        let polls = Polls::default();
        for _ in 0..5 {
            let before = polls.enter();
            let mut settling = pin!(polls.settle());
            assert!(!is_settled(&mut settling));
            let since = polls.enter();
            assert!(!is_settled(&mut settling));
            drop(before);
            // What began in the next epoch holds up the one after it, and no longer than it runs.
            drop(since);
            let _later = polls.enter();
            assert!(is_settled(&mut settling));
        }
    }

    #[test]
    fn without_a_poll_it_is_settled_at_once() {
        let polls = Polls::default();
        for _ in 0..5 {
            assert!(is_settled(&mut pin!(polls.settle())));
        }
    }
}
