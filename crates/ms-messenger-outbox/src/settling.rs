//! The evidence of a message whose outcome is unknown.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Evidence, Receipt};

use crate::{
    error::Result,
    message::Head,
    outbox::Outbox,
    store::{Store, Twins},
};

/// Why a message that was found is not taken for the one that was looked for.
pub(crate) const AMBIGUOUS: &str =
    "it is unknown whether another message with the same content was sent";

impl<S: Store + ?Sized> Outbox<S> {
    /// Whether the message that was found can be an equal one: it was recognised by what it says alone,
    /// and one with the same content was sent, or its outcome is unknown, perhaps only since the platform was asked.
    pub(crate) async fn is_ambiguous(
        &self,
        head: &Head,
        evidence: &Evidence,
        found: &Receipt,
    ) -> Result<bool> {
        if evidence.mark.is_some() {
            return Ok(false);
        }
        let Some(evidence) = self.evidence(head).await? else {
            return Ok(true);
        };
        let is_claimed = |id| evidence.claimed.contains(id);
        Ok(evidence.has_twins || found.message_id.as_ref().is_some_and(is_claimed))
    }

    /// What settling needs: of the error, or of the attempt that was on disk before it began, with
    /// what is known of equal messages.
    pub(crate) async fn evidence(&self, head: &Head) -> Result<Option<Evidence>> {
        let Some(mut evidence) = evidence(head) else {
            return Ok(None);
        };
        let twins = self.store().twins(&head.twin, &head.id).await?;
        add_twins(&mut evidence, twins);
        Ok(Some(evidence))
    }
}

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
    // An earlier attempt, of which nothing is stored any more, may be what was sent.
    if other.was_resent {
        return false;
    }
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
