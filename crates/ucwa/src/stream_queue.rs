//! The bounded queue of a stream: events that were not taken yet, and how many were lost.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::mpsc;

use crate::raw_event::RawEvent;

/// The most that waits for a reader.
const MAX_ITEMS: usize = 10_000;
const MAX_BYTES: usize = 64 << 20;

#[derive(Debug, Default)]
struct Held {
    items: AtomicUsize,
    bytes: AtomicUsize,
    lost: AtomicU64,
}

/// The end that is written. Never waits.
#[derive(Debug)]
pub(crate) struct Inlet {
    queue: mpsc::UnboundedSender<RawEvent>,
    held: Arc<Held>,
}

/// The end that is read.
#[derive(Debug)]
pub(crate) struct Outlet {
    queue: mpsc::UnboundedReceiver<RawEvent>,
    held: Arc<Held>,
}

/// Creates the queue of one reader.
pub(crate) fn queue() -> (Inlet, Outlet) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let held = Arc::<Held>::default();
    let inlet = Inlet {
        queue: sender,
        held: Arc::clone(&held),
    };
    let outlet = Outlet {
        queue: receiver,
        held,
    };
    (inlet, outlet)
}

impl Inlet {
    /// Adds an event. Returns whether the reader is still there.
    pub(crate) fn send(&self, event: RawEvent) -> bool {
        if self.queue.is_closed() {
            return false;
        }
        let bytes = self.held.bytes.load(Ordering::Relaxed);
        if self.held.items.load(Ordering::Relaxed) >= MAX_ITEMS
            || bytes.saturating_add(event.bytes()) > MAX_BYTES
        {
            self.held.lost.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let lost = self.held.lost.swap(0, Ordering::Relaxed);
        if lost > 0 && !self.push(RawEvent::Missed(lost)) {
            return false;
        }
        self.push(event)
    }

    /// Whether `outlet` reads this queue.
    pub(crate) fn leads_to(&self, outlet: &Outlet) -> bool {
        Arc::ptr_eq(&self.held, &outlet.held)
    }

    fn push(&self, event: RawEvent) -> bool {
        self.held.items.fetch_add(1, Ordering::Relaxed);
        let bytes = event.bytes();
        self.held.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.queue.send(event).is_ok()
    }
}

impl Outlet {
    /// Takes the next event, as the `poll` of a future does.
    pub(crate) fn poll(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<RawEvent>> {
        if self.queue.is_empty() {
            let lost = self.held.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                return std::task::Poll::Ready(Some(RawEvent::Missed(lost)));
            }
        }
        let event = self.queue.poll_recv(context);
        if let std::task::Poll::Ready(Some(event)) = &event {
            self.held.items.fetch_sub(1, Ordering::Relaxed);
            let bytes = event.bytes();
            self.held.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn typing(conversation: &str) -> RawEvent {
        RawEvent::Typing {
            conversation: conversation.to_owned(),
            from: crate::sender::Sender::default(),
            is_typing: true,
        }
    }

    fn take(outlet: &mut Outlet) -> Option<RawEvent> {
        match outlet.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        }
    }

    #[test]
    fn the_queue_is_bounded_and_reports_the_loss_in_its_place() {
        let (inlet, mut outlet) = queue();
        for _ in 0..MAX_ITEMS + 7 {
            assert!(inlet.send(typing("/c")));
        }
        assert!(take(&mut outlet).is_some() && take(&mut outlet).is_some());
        assert!(inlet.send(typing("/last")));
        for _ in 0..MAX_ITEMS - 2 {
            assert!(matches!(take(&mut outlet), Some(RawEvent::Typing { .. })));
        }
        assert!(matches!(take(&mut outlet), Some(RawEvent::Missed(7))));
        let last = take(&mut outlet);
        assert!(
            matches!(last, Some(RawEvent::Typing { conversation, .. }) if conversation == "/last")
        );
        assert!(take(&mut outlet).is_none());
        drop(outlet);
        assert!(!inlet.send(typing("/c")));
    }

    #[test]
    fn large_texts_are_bounded_by_bytes_and_a_loss_at_the_end_is_reported() {
        let (inlet, mut outlet) = queue();
        let large = "x".repeat(MAX_BYTES / 2);
        for _ in 0..5 {
            assert!(inlet.send(typing(&large)));
        }
        assert!(matches!(take(&mut outlet), Some(RawEvent::Typing { .. })));
        assert!(matches!(take(&mut outlet), Some(RawEvent::Missed(4))));
        assert!(take(&mut outlet).is_none());
    }
}
