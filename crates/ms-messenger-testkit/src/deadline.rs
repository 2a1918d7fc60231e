//! After the caller's timeout or cancellation the reported delivery is true.

use std::time::Duration;

use ms_messenger_core::{CancelHandle, Capability, Delivery, ErrorKind, Evidence, Receipt, Result};

use crate::{
    Failure, Rule, Subject,
    suite::{Arrived, Suite},
};

/// A timeout that no double reaches.
const GENEROUS: Duration = Duration::from_secs(30);
/// Timeouts that end a send somewhere on its way.
const HASTY: [Duration; 3] = [
    Duration::from_micros(200),
    Duration::from_millis(2),
    Duration::from_millis(20),
];

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    if !suite
        .messenger
        .capabilities()
        .supports(Capability::Deadline)
    {
        // The rules of the capabilities check that it rejects such a request.
        return;
    }
    cancelled_before(suite).await;
    lost_in_time(suite).await;
    ended_early(suite).await;
}

/// A request that is cancelled already is rejected without I/O.
async fn cancelled_before<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::CancelledBefore);
    let cancel = CancelHandle::new();
    cancel.cancel();
    let cancelled = suite.request().with_cancel(cancel);
    let timed_out = suite.request().with_timeout(Duration::ZERO);
    for (what, kinds, request) in [
        (
            "a cancelled request",
            &[ErrorKind::Cancelled][..],
            cancelled,
        ),
        (
            "a timeout of zero",
            &[ErrorKind::InvalidRequest, ErrorKind::Timeout],
            timed_out,
        ),
    ] {
        let (result, stored) = suite.send(&request).await;
        suite.expect(stored == 0, || {
            format!("{what}: {stored} messages were stored")
        });
        let Err(error) = result else {
            suite.fail(format!("{what}: was accepted"));
            continue;
        };
        let right = error.delivery() == Delivery::NotSent && error.attempts() == 0;
        suite.expect(right, || {
            format!(
                "{what}: must be not_sent before any attempt, is {} after {}",
                error.delivery(),
                error.attempts()
            )
        });
        suite.expect(kinds.contains(&error.kind()), || {
            format!("{what}: must be {}, is {}", kinds[0], error.kind())
        });
    }
    suite.send_valid("after a cancelled request").await;
}

/// A deadline does not change what an error says.
async fn lost_in_time<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::DeadlineEvidence);
    if !suite.subject.fail_next(Failure::LostResponse).await {
        return suite.skip("lost response: the subject cannot arrange it");
    }
    let request = suite.request().with_timeout(GENEROUS);
    let (result, stored) = suite.send(&request).await;
    is_true(suite, "a lost response within the timeout", &result, stored);
}

fn is_true<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    result: &Result<Receipt>,
    stored: usize,
) {
    let Err(error) = result else { return };
    let is_false = stored > 0 && error.delivery() == Delivery::NotSent;
    suite.expect(!is_false, || {
        format!("{what}: reported not_sent, but the message was stored")
    });
    let unknown = error.delivery() == Delivery::Unknown;
    let evidence = Evidence::of(error);
    suite.expect(!unknown || evidence.is_some(), || {
        format!("{what}: the delivery is unknown, and the evidence is lost")
    });
}

/// At whatever moment the timeout ends the send, the report is true and the messenger usable.
async fn ended_early<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::DeadlineEvidence);
    let before = suite.subject.stored().await;
    let mut arrived = Arrived::default();
    for timeout in HASTY {
        for failure in [None, Some(Failure::LostResponse)] {
            if let Some(failure) = failure
                && !suite.subject.fail_next(failure).await
            {
                continue;
            }
            let what = format!("a timeout of {timeout:?}");
            let request = suite.request().with_timeout(timeout);
            let (result, _) = suite.send(&request).await;
            arrived.count(&result);
            is_true(suite, &what, &result, 0);
            if let Err(error) = &result
                && let Some(evidence) = Evidence::of(error)
            {
                arrived.settle(&suite.look(&request, &evidence).await);
            }
            usable(suite, &what, &mut arrived).await;
        }
    }
    suite.may_arrive_late = arrived.most - arrived.least;
    let stored = suite.subject.stored().await.saturating_sub(before);
    suite.expect((arrived.least..=arrived.most).contains(&stored), || {
        format!(
            "between {} and {} messages can be stored, but {stored} are",
            arrived.least, arrived.most
        )
    });
}

/// The messenger sends again; an arranged failure that has not occurred yet may come first.
async fn usable<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, what: &str, arrived: &mut Arrived) {
    for attempt in 0..2 {
        let request = suite.request();
        let (result, _) = suite.send(&request).await;
        arrived.count(&result);
        match result {
            Ok(_) => return,
            Err(error) if attempt == 1 => {
                suite.fail(format!("after {what}: a valid request failed: {error}"));
            }
            Err(_) => {}
        }
    }
}
