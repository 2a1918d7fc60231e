//! Texts of `msm send` and `msm reply`: what became of the message, and what is printed instead.

use std::fmt::Display;

// A message that was sent.

pub(crate) const RECEIPT_UNWRITTEN: &str =
    "the message was sent, but the receipt could not be written";

/// A message whose delivery was unknown was found.
pub(crate) fn found(receipt: &str) -> String {
    format!("the message was sent: {receipt}")
}

/// A bar of an upload, by the columns that it needs.
pub(crate) const UPLOAD_BARS: [(usize, &str); 2] = [
    (75, "upload {bar:24} {bytes}/{total_bytes}, {eta} left"),
    (0, "upload {percent}%"),
];

// What was reported of it.

pub(crate) const NOTHING_REPORTED: &str = "nothing is reported";
pub(crate) const NO_RESPONSE_IN_TIME: &str = "the service gave no response in time";
pub(crate) const NOTHING_REPORTED_IN_TIME: &str = "nothing was reported in time";

pub(crate) fn nothing_reported(why: &str) -> String {
    format!("nothing was reported: {why}")
}

pub(crate) const ACS_CHAT_REPORTS: &str = "acs-chat reports no delivery: wait for read";
pub(crate) const UCWA_REPORTS: &str =
    "ucwa does not report whether a message was read: wait for delivered";
pub(crate) const MSGRAPH_CHAT_REPORTS: &str =
    "msgraph-chat does not report to a sender what others received or read";
pub(crate) const ACS_MESSAGES_REPORTS: &str = "acs-messages reports it in events: run msm listen \
    --keep FILE, and name that file with --events FILE";

pub(crate) fn events_file(path: impl Display) -> String {
    format!("--events: {path}")
}

pub(crate) const EVENTS_NOT_A_FILE: &str = "is not a regular file, as msm listen keeps one";

// A message that was not sent, or may have been sent.

pub(crate) const INTERRUPTED_BEFORE: &str = "interrupted before anything was sent";
pub(crate) const INTERRUPTED: &str = "interrupted before the response arrived";
pub(crate) const OTHER_REFUSED: &str = "not sent, because another target was refused";

pub(crate) fn falls_back(to: impl Display) -> String {
    format!("not sent: sending to {to} instead")
}

/// How to settle it with the evidence that was stored. `file` is quoted for a shell.
pub(crate) fn settle(file: &str) -> String {
    format!(
        "to find out whether it was sent, run with the same settings:\n  \
         msm settle --evidence {file} --wait 2m"
    )
}

/// How to settle it with evidence that exists in this text alone.
pub(crate) fn settle_with(why: &str, evidence: impl Display) -> String {
    format!(
        "the evidence could not be stored: {why}\n\
         to find out whether the message was sent, put the next line into a file and run \
         with the same settings:\n  \
         msm settle --evidence FILE --wait 2m\n{evidence}"
    )
}

// A message that is sent later.

pub(crate) fn waits(platform: &str, store: &str, id: &str, not_before: &str) -> String {
    format!(
        "{platform}: waits in {store} as {id}\n  \
         msm outbox run sends it from {not_before} on"
    )
}

// A message that is checked only.

pub(crate) fn checked(platform: &str) -> String {
    format!("{platform}: no problem found; nothing was sent")
}

/// The credential of a request.
pub(crate) const REMOVED: &str = "(removed)";

/// The permission that a request needs.
pub(crate) fn permission(needed: Option<&str>) -> String {
    format!("permission: {}", needed.unwrap_or("none of its own"))
}

/// A request that precedes the message.
pub(crate) fn before(method: impl Display, path: &str, needed: Option<&str>) -> String {
    format!("before it: {method} {path} ({})", permission(needed))
}

/// The begin of a long body.
pub(crate) fn shortened(begin: &str, more: usize) -> String {
    format!("{begin}… ({more} bytes more: --json prints all)")
}
