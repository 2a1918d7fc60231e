//! Texts of `msm outbox`, and of whatever works with an outbox.

use std::fmt::Display;

use ms_messenger::clause;
use ms_messenger_outbox::{OutboxErrorKind, State};

use crate::{counts::Counts, print::counted};

// Its address and its keys.

pub(crate) const UNNAMED: &str = "no outbox is named: give --store sqlite:PATH, or set MSM_OUTBOX";

/// The stores of this build.
const STORES: &str = match (cfg!(feature = "postgres"), cfg!(feature = "nats")) {
    (true, true) => "sqlite:PATH, postgres://… or nats://…",
    (true, false) => "sqlite:PATH or postgres://…",
    (false, true) => "sqlite:PATH or nats://…",
    (false, false) => "sqlite:PATH",
};

pub(crate) const WITHOUT_PATH: &str = "sqlite: needs a path, e.g. sqlite:out.db";

/// A new file whose name looks like a part of a URL.
pub(crate) const PARAMETERS: &str = "there is no such file, and none is created with ? or % in its \
    name: what follows sqlite: is a path, without parameters and without encoded characters";
pub(crate) const PATH_NOT_UTF8: &str = "the path is not UTF-8, which SQLite needs";
pub(crate) const NOT_A_REGULAR_FILE: &str = "is not a regular file: an outbox must be one";
pub(crate) const NOT_A_DATABASE: &str = "is not a SQLite database, so it holds no outbox";

pub(crate) fn unknown_store() -> String {
    format!("must be {STORES}, e.g. sqlite:out.db")
}

/// The store of an address is not one of this build.
pub(crate) fn store_not_built(scheme: &str) -> String {
    format!("this build of msm has no store for {scheme}: it has {STORES}")
}

pub(crate) const NOT_A_KEY: &str = "each line must be a key of 32 bytes in base64, as \
    `head -c 32 /dev/urandom | base64` prints it";
pub(crate) const NO_KEY: &str = "holds no key";

/// What to do about an error, if its own text does not say so.
pub(crate) const fn advice(kind: OutboxErrorKind) -> Option<&'static str> {
    match kind {
        OutboxErrorKind::Sealed => Some("give its key with --key-file, or in MSM_OUTBOX_KEY"),
        _ => None,
    }
}

// Adding and changing messages.

/// Follows the problems of the input of `add`.
pub(crate) const NOTHING_STORED: &str = "nothing was stored";

pub(crate) fn added(new: usize, known: usize) -> String {
    let new = counted(new as u64, "message");
    let were = if known == 1 { "was" } else { "were" };
    format!("{new} added, {known} {were} there already")
}

/// What is wrong with a line of `add` and why that does not matter.
pub(crate) fn and_so(what: &str, then: &str) -> String {
    format!("{what}; {then}")
}

/// A message with files that are gone, which is stored already.
pub(crate) const STORED_WITH_FILES: &str =
    "the message is stored already and stays as it is: it was compared but for this file";
/// The same after its content was erased.
pub(crate) const STORED_AND_ERASED: &str = "a message with this id is stored already and stays as it is: its content was erased, so it \
     was not compared";
/// A message with files that are gone, whose id has another one.
pub(crate) const OTHER_MESSAGE: &str =
    "is the id of another message that is stored: restore the line, or give it a new id";

pub(crate) fn unknown_message(id: impl Display) -> String {
    format!("there is no message {id}")
}

pub(crate) const NO_MESSAGES: &str = "no messages";

/// The columns of `status`.
pub(crate) const COUNTS: [&str; 5] = ["PLATFORM", "STATE", "MESSAGES", "OLDEST", "AGE"];

/// A retry of a message that may have been sent.
pub(crate) const RETRY_IN_DOUBT: &str =
    "it is unknown whether it was sent: run msm outbox settle first, or give --allow-duplicate";

pub(crate) fn not_deleted(state: State) -> String {
    format!("messages that are {state} are not deleted")
}

pub(crate) fn deleted(messages: u64) -> String {
    format!("{} deleted", counted(messages, "message"))
}

// Sending.

pub(crate) fn in_use(outbox: &str) -> String {
    format!("{outbox}: an msm batch is at work on it")
}

pub(crate) fn metrics(address: impl Display) -> String {
    format!("metrics at http://{address}/metrics")
}

pub(crate) const METRICS_NOT_LOOPBACK: &str =
    "--metrics must be a loopback address, e.g. 127.0.0.1:9464: it has no sign-in";

pub(crate) fn metrics_failed(address: impl Display, why: impl Display) -> String {
    format!("--metrics {address}: cannot listen: {why}")
}

pub(crate) const INTERRUPTED: &str =
    "interrupted: the running sends may end; interrupt again to end at once";
pub(crate) const SENDS_ENDED: &str =
    "the running sends were ended: the next run finds out what became of them";
pub(crate) const OUTCOME_UNWRITTEN: &str = "an outcome could not be written; it is in the outbox";

/// What failed with a platform or an outbox, and what follows from it.
pub(crate) fn and_then(of: &str, what: &str, then: &str) -> String {
    format!("{of}: {}; {then}", clause(what))
}

/// Nothing can be sent over a platform now, and the run has an end.
pub(crate) const MESSAGES_WAIT: &str = "its messages wait in the outbox";
/// A message could not be sent, and the run goes on.
pub(crate) const RETRIED_LATER: &str = "it is retried later";

/// The outbox cannot be written to, and the run goes on.
pub(crate) const RETRIED: &str = "it is retried until it works";
/// A message is damaged.
pub(crate) const LEFT: &str = "it is left as it is";

pub(crate) fn waits_for_key(advice: &str) -> String {
    format!("it waits for its key: {advice}")
}

/// A message waits for an earlier one with the same order key, which is in doubt.
pub(crate) fn held_back(store: &str) -> String {
    format!("msm outbox list --state unconfirmed --store {store} names that one")
}

// Settling.

pub(crate) fn not_configured(id: impl Display, platform: &str) -> String {
    format!("{id}: {platform} is not configured")
}

/// What to do about a message in doubt.
pub(crate) fn settle(store: &str) -> String {
    format!(
        "to ask the platform again: msm outbox settle --store {store} ID; \
         then confirm, retry or give-up"
    )
}

/// Of a message that was queued again in doubt, and that no later attempt has sent.
pub(crate) const RESENT: &str = "it was queued again while it was unknown whether it was sent: \
    an earlier attempt may have sent it";

// The outcome of a message, and of a run.

/// What its state says of a message without an error.
pub(crate) const fn reason(state: State) -> &'static str {
    match state {
        State::Queued => "it waits for its turn",
        State::Sending => "it is being sent, or settled",
        State::Expired => "its time had passed before it was sent",
        State::Cancelled => "it was cancelled before it was sent",
        State::Sent => "the response could not be read",
        State::Refused => "it was given up",
        _ => "it is unknown whether it was sent",
    }
}

/// The counts of a running command.
pub(crate) fn counts(counts: Counts) -> String {
    let Counts {
        sent,
        refused,
        unconfirmed,
        ..
    } = counts;
    format!("{sent} sent, {refused} refused, {unconfirmed} unconfirmed")
}

/// The counts of a command that ended, but those that are zero.
pub(crate) fn all_counts(counts: Counts) -> String {
    let rest = [
        (counts.refused, "refused"),
        (counts.unconfirmed, "unconfirmed"),
        (counts.expired, "expired"),
        (counts.cancelled, "cancelled"),
        (counts.sending, "being sent"),
        (counts.waiting, "waiting"),
    ];
    let rest = rest.into_iter().filter(|(count, _)| *count > 0);
    let rest = rest.map(|(count, name)| format!(", {count} {name}"));
    format!("{} sent{}", counts.sent, rest.collect::<String>())
}

/// A bar of progress, by the columns that it needs. `wide_msg` is cut at the end of the line.
pub(crate) const BARS: [(usize, &str); 3] = [
    (100, "{bar:24} {pos}/{len} {msg}, {rate}, {eta} left"),
    (60, "{bar:16} {pos}/{len} {wide_msg}"),
    (0, "{pos}/{len} {wide_msg}"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::outcome::{with_cause, with_code};

    #[test]
    fn no_full_stop_of_a_service_stands_within_a_line() {
        let what = "Injected by a fault rule.";
        let then = and_then("msgraph-chat", what, MESSAGES_WAIT);
        let expected = "msgraph-chat: Injected by a fault rule; its messages wait in the outbox";
        assert_eq!(then, expected);
        let caused = with_cause(what, "It is closed.");
        assert_eq!(caused, "Injected by a fault rule: It is closed.");
        assert_eq!(
            with_code(what, "Busy"),
            "Injected by a fault rule (code Busy)"
        );
    }
}
