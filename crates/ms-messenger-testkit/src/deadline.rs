//! A caller's own time-out or cancellation ends a send without a lie.

use std::time::Duration;

use ms_messenger_core::{CancelHandle, Capability, Delivery, ErrorKind, Evidence, Receipt, Result};

use crate::{
    Failure, Rule, Subject,
    suite::{Arrived, Suite},
};

/// A time-out that no double reaches.
const GENEROUS: Duration = Duration::from_secs(30);
/// Time-outs that strike somewhere on the way.
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
        // That it refuses such a request, the rules of the capabilities say.
        return;
    }
    over_before_it_began(suite).await;
    lost_in_time(suite).await;
    ended_early(suite).await;
}

/// What was cancelled before is refused without I/O.
async fn over_before_it_began<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
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
            "a time-out of zero",
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

/// A deadline takes nothing from what an error says.
async fn lost_in_time<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::DeadlineEvidence);
    if !suite.subject.fail_next(Failure::LostResponse).await {
        return suite.skip("lost response: the subject cannot arrange it");
    }
    let request = suite.request().with_timeout(GENEROUS);
    let (result, stored) = suite.send(&request).await;
    told(
        suite,
        "a lost response within the time-out",
        &result,
        stored,
    );
}

fn told<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    result: &Result<Receipt>,
    stored: usize,
) {
    let Err(error) = result else { return };
    let lied = stored > 0 && error.delivery() == Delivery::NotSent;
    suite.expect(!lied, || {
        format!("{what}: said not_sent, but the message was stored")
    });
    let unknown = error.delivery() == Delivery::Unknown;
    let evidence = Evidence::of(error);
    suite.expect(!unknown || evidence.is_some(), || {
        format!("{what}: the delivery is unknown, and the evidence is lost")
    });
}

/// Whatever moment the time-out strikes, what is said is true, and the messenger stays usable.
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
            let what = format!("a time-out of {timeout:?}");
            let request = suite.request().with_timeout(timeout);
            let (result, _) = suite.send(&request).await;
            arrived.count(&result);
            told(suite, &what, &result, 0);
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

/// The messenger sends again; a failure that was arranged and not met yet may come in between.
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
