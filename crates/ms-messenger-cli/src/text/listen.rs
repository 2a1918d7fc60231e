//! `msm listen`.

use std::fmt::Display;

pub(crate) const NO_SECRET: &str =
    "no secret is given: set MSM_LISTEN_KEY for Event Grid, or MSM_LISTEN_CLIENT_STATE for Graph";
pub(crate) const NO_LOOPBACK: &str = "must be a loopback address, because secrets would cross the network in plain text; \
     --any-address permits it";
pub(crate) const UNKNOWN_ADDRESS: &str = "the address is unknown";
pub(crate) const NO_REGULAR_FILE: &str =
    "is not a regular file: what is kept must be there after a crash";

#[cfg(unix)]
pub(crate) const IN_USE: &str = "another msm listen is at work on it: name another file";

pub(crate) const NO_WHOLE_BODY: &str =
    "the body is larger than 4 MiB, or did not arrive whole within 30 s";

pub(crate) fn not_bound(why: impl Display) -> String {
    format!("cannot listen: {why}; port 0 takes any free port")
}

pub(crate) fn no_status(why: &str) -> String {
    format!("the outbox could not store a status: {why}")
}

pub(crate) fn not_kept(why: impl Display) -> String {
    format!("an event could not be kept: {why}")
}

/// An item of a request whose others are kept.
pub(crate) fn rejected_item(reason: impl Display) -> String {
    format!("rejected an item: {reason}")
}

pub(crate) fn rejected(reason: impl Display) -> String {
    format!("rejected: {reason}")
}

pub(crate) fn ended(why: impl Display) -> String {
    format!("the server ended: {why}")
}
