//! A dropped send does no harm to other sends.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use ms_messenger_core::Delivery;

use crate::{Rule, Subject, suite::Suite};

/// A send is dropped after each number of polls up to this one.
const POLLS: usize = 8;

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::LazySend);
    let before = suite.subject.stored().await;
    let request = suite.request();
    drop(suite.messenger.send(&request));
    let stored = suite.subject.stored().await.saturating_sub(before);
    suite.expect(stored == 0, || {
        format!("a future that was never polled stored {stored} messages")
    });
    usable_after_drop(suite).await;
}

async fn usable_after_drop<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::UsableAfterDrop);
    let before = suite.subject.stored().await;
    // A dropped send may still arrive, so only the bounds are known.
    let (mut least, mut most) = (0, suite.may_arrive_late);
    for polls in 1..=POLLS {
        let request = suite.request();
        let outcome = poll_times(pin!(suite.messenger.send(&request)), polls).await;
        let delivery = match &outcome {
            Some(Ok(_)) => Delivery::Sent,
            Some(Err(error)) => error.delivery(),
            None => Delivery::Unknown,
        };
        least += usize::from(delivery == Delivery::Sent);
        most += usize::from(delivery != Delivery::NotSent);

        let request = suite.request();
        match suite.send(&request).await {
            (Ok(_), 0) => suite.fail(format!(
                "dropped after poll {polls}: the next send was accepted, but not stored"
            )),
            (Ok(_), _) => {}
            (Err(error), _) => {
                suite.fail(format!(
                    "dropped after poll {polls}: the next send failed: {error}"
                ));
                return;
            }
        }
        least += 1;
        most += 1;
    }
    let stored = suite.subject.stored().await.saturating_sub(before);
    suite.expect((least..=most).contains(&stored), || {
        format!("between {least} and {most} messages can be stored, but {stored} are")
    });
}

/// Polls `future` at most `times` times; `None` if that does not finish it.
async fn poll_times<F: Future>(mut future: Pin<&mut F>, times: usize) -> Option<F::Output> {
    let mut polled = 0;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            polled += 1;
            if polled < times {
                Poll::Pending
            } else {
                Poll::Ready(None)
            }
        }
    })
    .await
}
