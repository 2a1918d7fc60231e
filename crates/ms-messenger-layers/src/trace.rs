//! What the layers did, as events, when the feature `tracing` is on; nothing when it is off. They hold
//! names and facts: no content, no target and no text of an error.

#![allow(unused_variables, reason = "used by the feature `tracing` only")]

use std::{io, time::Duration};

use ms_messenger_core::{Error, Receipt, Result, Settled};

use crate::member::Member;

/// Reports which route takes a request.
pub(crate) fn routed(platform: &str, member: &Member) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "ms_messenger",
        platform,
        member = member.name(),
        member_platform = member.platform(),
        "routed"
    );
}

/// Reports the outcome of one member.
pub(crate) fn ended(platform: &str, member: &Member, outcome: &Result<Receipt>) {
    #[cfg(feature = "tracing")]
    match outcome {
        Ok(_) => tracing::debug!(
            target: "ms_messenger",
            platform,
            member = member.name(),
            member_platform = member.platform(),
            delivery = "sent",
            "sent by the member"
        ),
        Err(error) => tracing::debug!(
            target: "ms_messenger",
            platform,
            member = member.name(),
            member_platform = member.platform(),
            delivery = error.delivery().as_str(),
            kind = error.kind().as_str(),
            status = error.status(),
            "failed at the member"
        ),
    }
}

/// Reports that a member provably did not send, and whether another one follows.
pub(crate) fn not_sent(platform: &str, member: &Member, error: &Error, next: Option<&Member>) {
    #[cfg(feature = "tracing")]
    tracing::info!(
        target: "ms_messenger",
        platform,
        member = member.name(),
        kind = error.kind().as_str(),
        status = error.status(),
        next = next.map(Member::name),
        "not sent by the member"
    );
}

/// Reports that no other member may send, because this one may have sent.
pub(crate) fn stays(platform: &str, member: &Member, error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "ms_messenger",
        platform,
        member = member.name(),
        kind = error.kind().as_str(),
        delivery = error.delivery().as_str(),
        "no other member sends: this one may have sent"
    );
}

/// Reports what a platform said about an unknown send of a member.
pub(crate) fn settled(platform: &str, member: &Member, verdict: Option<&Settled>) {
    #[cfg(feature = "tracing")]
    {
        let verdict = match verdict {
            Some(Settled::Found(_)) => "found",
            Some(Settled::NotFound) => "not_found",
            Some(Settled::NotYet(_)) => "not_yet",
            Some(_) => "cannot_tell",
            None => "timeout",
        };
        tracing::debug!(
            target: "ms_messenger",
            platform,
            member = member.name(),
            verdict,
            "settled"
        );
    }
}

/// Reports that a request waits for its turn.
pub(crate) fn waits(platform: &str, wait: Duration, ahead: u32) {
    #[cfg(feature = "tracing")]
    if !wait.is_zero() {
        tracing::debug!(target: "ms_messenger", platform, wait_ms = millis(wait), ahead, "waits for its turn");
    }
}

/// Reports that a request is not sent by a rate limit.
pub(crate) fn limited(platform: &str, error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "ms_messenger",
        platform,
        kind = error.kind().as_str(),
        wait_ms = error.retry_after().map(millis),
        "not sent: its turn comes too late"
    );
}

/// Reports that a deadline has ended a send.
pub(crate) fn elapsed(platform: &str, timeout: Duration, error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "ms_messenger",
        platform,
        timeout_ms = millis(timeout),
        delivery = error.delivery().as_str(),
        "the deadline has passed"
    );
}

/// Reports that a recording has a line more, or why it ended.
pub(crate) fn recorded(platform: &str, what: &'static str, failed: Option<&io::Error>) {
    #[cfg(feature = "tracing")]
    match failed {
        None => tracing::debug!(target: "ms_messenger", platform, what, "recorded"),
        Some(error) => tracing::warn!(
            target: "ms_messenger",
            platform,
            what,
            error = %error.kind(),
            "not recorded: the recording has failed"
        ),
    }
}

/// Reports whether a request was found in a recording.
pub(crate) fn replayed(platform: &str, what: &'static str, is_recorded: bool) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "ms_messenger", platform, what, is_recorded, "replayed");
}

#[cfg(feature = "tracing")]
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
