//! The evidence of a message whose outcome is unknown.

use std::time::{Duration, SystemTime};

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
    evidence.knows_rivals = !twins.has_earlier;
    for id in twins.sent {
        if !evidence.claimed.contains(&id) {
            evidence.claimed.push(id);
        }
    }
    let apart = twins.doubts.iter().filter(|it| is_apart(evidence, it));
    evidence.has_twins |= twins.in_doubt > apart.count() as u64;
}

/// Whether no message can be both the one of `evidence` and the one of `other`, because they were
/// sent at different times.
fn is_apart(evidence: &Evidence, other: &Head) -> bool {
    let Some(other) = self::evidence(other) else {
        return false;
    };
    match (span(evidence), span(&other)) {
        (Some(one), Some(other)) => one.1 < other.0 || other.1 < one.0,
        _ => false,
    }
}

/// From when to when the message can have been created, by the clock of the service. Without that
/// clock it is a day longer at each end: the machine can have been another one, or its clock set.
fn span(evidence: &Evidence) -> Option<(SystemTime, SystemTime)> {
    match evidence.window(None, false) {
        Some(window) => Some((window.opens, window.closes?)),
        None => {
            let opens = evidence.began_at.checked_sub(DAY)?;
            Some((opens, evidence.pending_until?.checked_add(DAY)?))
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
