//! The evidence of a message whose outcome is unknown.

use std::time::Duration;

use ms_messenger_core::Evidence;

use crate::{message::Head, store::Twins, time::after};

/// How long after the end of an attempt its message can still appear at most, where nothing says it:
/// the time that bytes in the buffers of a dead process take, with a margin.
const LATE: Duration = Duration::from_secs(30);

/// What is known of the last attempt. After a crash that is what was on disk before it began: it
/// ended when its worker would have ended it at the latest.
pub(crate) fn evidence(head: &Head) -> Option<Evidence> {
    if let Some(evidence) = &head.evidence {
        return Some(ended(evidence.clone(), head));
    }
    Some(ended(head.attempt.as_ref()?.evidence.clone(), head))
}

fn ended(evidence: Evidence, head: &Head) -> Evidence {
    match &head.attempt {
        Some(attempt) if evidence.ended_at.is_none() => {
            evidence.with_end(attempt.ends_by, after(attempt.ends_by, LATE))
        }
        _ => evidence,
    }
}

/// Adds what is known of equal messages, so that none of them is taken for this one.
pub(crate) fn add_twins(evidence: &mut Evidence, twins: Twins) {
    for id in twins.sent {
        if !evidence.claimed.contains(&id) {
            evidence.claimed.push(id);
        }
    }
    evidence.has_twins |= twins.in_doubt > 0;
}
