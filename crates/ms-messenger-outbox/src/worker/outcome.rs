//! What follows a send.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Delivery, Error, ErrorKind, Evidence};

use super::{attempt::Ended, context::Context};
use crate::{
    message::Head,
    step::{Step, error_json},
    time::after,
};

/// The pauses of a message that waits for an equal one to be settled.
const SHORTEST_TWIN_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_TWIN_PAUSE: Duration = Duration::from_secs(5);
/// That pause if another worker settles it.
const PAUSE_FOR_ANOTHER: Duration = Duration::from_secs(1);

/// What follows a send.
#[derive(Debug)]
pub(super) enum Next {
    /// The last step under this lease.
    Finish(Step),
    /// The route pauses, and the message waits.
    Pause(Step, SystemTime),
    /// It is unknown whether it was sent.
    Doubt(Step),
}

/// Decides what follows a first send.
pub(super) fn after_send(context: &Context, ended: &Ended) -> Next {
    let error = match &ended.outcome {
        Ok(receipt) => {
            return Next::Finish(Step::Sent {
                receipt: Some(receipt.clone()),
                erase: context.erases_content,
                attempts: 1,
            });
        }
        Err(error) => error,
    };
    match error.delivery() {
        Delivery::Sent => Next::Finish(Step::Sent {
            receipt: None,
            erase: context.erases_content,
            attempts: error.attempts().max(1),
        }),
        Delivery::NotSent => not_sent(context, ended, error),
        _ => Next::Doubt(doubt(error, &ended.head)),
    }
}

/// The step of an attempt whose outcome is unknown. An error without evidence leaves what was noted
/// before the attempt began.
pub(super) fn doubt(error: &Error, head: &Head) -> Step {
    let noted = || Some(head.attempt.as_ref()?.evidence.clone());
    let evidence = Evidence::of(error).or_else(noted);
    let evidence = evidence.unwrap_or_else(|| Evidence::new(SystemTime::now()));
    Step::Doubt {
        evidence,
        error: error_json(error),
        attempts: error.attempts().max(1),
    }
}

fn not_sent(context: &Context, ended: &Ended, error: &Error) -> Next {
    let now = SystemTime::now();
    let backoff = context.outbox.backoff(&ended.head);
    let pause = backoff.pause(ended.head.failures + 1);
    if error.kind() == ErrorKind::Cancelled {
        // The worker stops, or its lease has ended, or an equal message is to be settled first: no
        // failure of the message.
        let due_at = if ended.is_held_up {
            after(now, twin_pause(context, &ended.head, now))
        } else {
            now
        };
        return Next::Finish(Step::Requeue {
            due_at,
            error: error_json(error).filter(|_| ended.is_held_up),
            attempts: error.attempts(),
            is_failure: false,
        });
    }
    if let Some(wait) = route_pause(context, error, pause) {
        let until = after(now, wait);
        return Next::Pause(Step::requeue(until.max(after(now, pause)), error), until);
    }
    if error.is_transient() || ended.is_unnoted {
        return Next::Finish(Step::requeue(after(now, pause), error));
    }
    Next::Finish(Step::Refuse {
        error: error_json(error).unwrap_or_default(),
        attempts: error.attempts(),
    })
}

/// When a message is sent again that waits for an equal one: that one is often settled at once, and
/// latest when it cannot appear any more.
fn twin_pause(context: &Context, head: &Head, now: SystemTime) -> Duration {
    let Some(until) = context.doubts.until(&head.twin) else {
        return PAUSE_FOR_ANOTHER;
    };
    let left = until.duration_since(now);
    (left.unwrap_or_default() / 8).clamp(SHORTEST_TWIN_PAUSE, LONGEST_TWIN_PAUSE)
}

/// For how long no message of the route should be sent: the service asked for it, or the sign-in
/// failed.
fn route_pause(context: &Context, error: &Error, pause: Duration) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Unauthenticated | ErrorKind::Config => Some(context.sign_in_pause),
        ErrorKind::RateLimited => Some(error.retry_after().unwrap_or(pause)),
        _ => error.retry_after().filter(|_| error.is_transient()),
    }
}
