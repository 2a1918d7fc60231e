//! What every messenger can do in addition.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt as _, stream};
use ms_messenger_core::{
    Acceptance, Capabilities, Error, ErrorKind, Evidence, MemoryMessenger, Message, Messenger,
    MessengerExt as _, Receipt, Result, SendRequest, Settled, SharedMessenger, Target, async_trait,
};

fn requests(count: usize) -> impl futures_util::Stream<Item = SendRequest> + Send {
    stream::iter(
        (0..count)
            .map(|i| SendRequest::new(Target::conversation("1"), Message::text(i.to_string()))),
    )
}

/// Counts how many sends run side by side; even numbers take longer than odd ones.
#[derive(Debug, Default)]
struct Counting {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Messenger for Counting {
    fn platform(&self) -> &str {
        "counting"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none()
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let ms_messenger_core::Body::Text(text) = &request.message.body else {
            unreachable!()
        };
        let turns = if text.parse::<usize>().unwrap() % 2 == 0 {
            20
        } else {
            2
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(Receipt::new(Acceptance::Posted))
    }

    async fn settle(&self, _: &SendRequest, _: &Evidence) -> Settled {
        Settled::cannot_tell("counting", "nothing is kept")
    }
}

#[tokio::test]
async fn outcomes_come_in_order_and_no_more_than_the_limit_run_at_once() {
    for (limit, most) in [(0, 1), (1, 1), (4, 4)] {
        let counting = Counting::default();
        let sent: Vec<_> = counting.send_all(requests(20), limit).collect().await;
        let order: Vec<usize> = sent.iter().map(|sent| sent.index).collect();
        assert_eq!(order, (0..20).collect::<Vec<_>>());
        assert_eq!(counting.most.load(Ordering::SeqCst), most, "{limit}");
    }
}

#[tokio::test]
async fn without_order_the_quick_ones_come_first_and_none_is_missing() {
    let counting = Counting::default();
    let sent: Vec<_> = counting.send_all_unordered(requests(20), 4).collect().await;
    let mut order: Vec<usize> = sent.iter().map(|sent| sent.index).collect();
    assert_ne!(order, (0..20).collect::<Vec<_>>());
    order.sort_unstable();
    assert_eq!(order, (0..20).collect::<Vec<_>>());
    assert_eq!(counting.most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_failure_does_not_end_the_stream_and_hands_the_request_back() {
    let memory = MemoryMessenger::new();
    memory.fail_next(Error::new(ErrorKind::RateLimited, "slow down"));
    let shared: SharedMessenger = Arc::new(memory);
    let sent: Vec<_> = shared.send_all(requests(3), 1).collect().await;
    assert!(sent[0].result.is_err() && sent[1].result.is_ok() && sent[2].result.is_ok());
    assert_eq!(sent[0].request.message, Message::text("0"));
}

#[tokio::test]
async fn a_checked_send_rejects_what_the_messenger_does_not_declare() {
    let counting = Counting::default();
    let request = SendRequest::new(Target::conversation("1"), Message::text("0"));
    assert!(counting.send(&request).await.is_ok());
    let error = counting.send_checked(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.platform(), Some("counting"));
}
