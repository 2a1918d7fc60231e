//! The evidence of a message whose outcome is unknown.

use ms_messenger_core::Evidence;

use crate::{message::Head, store::Twins};

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
            evidence.with_end(attempt.ends_by, attempt.pending_until)
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
