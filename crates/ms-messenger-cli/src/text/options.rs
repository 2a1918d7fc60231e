//! Headings of options in the help, and what is wrong with options and their values.

use std::fmt::Display;

/// The heading of the options about what follows a send.
pub(crate) const DELIVERY: &str = "Delivery";
/// The heading of the options for Microsoft Graph.
pub(crate) const TEAMS: &str = "Teams through Microsoft Graph";
/// The heading of the options for Skype for Business Server.
pub(crate) const SKYPE: &str = "Skype for Business through UCWA";

pub(crate) const TARGET_MISSING: &str = "--to is missing: it names the target of the message";
pub(crate) const CONTENT_MISSING: &str = "the content is missing: give --text TEXT, or another of \
    --html, --template, --image, --document, --video, --audio, --request, --card, --file, \
    --picture, or - for standard input";
pub(crate) const EVIDENCE_MISSING: &str =
    "--evidence is missing: it names the JSON line of the failed send";
pub(crate) const STANDARD_INPUT_TWICE: &str =
    "standard input is read once: use --evidence - alone, with the request in it";

pub(crate) const EMPTY: &str = "must not be empty";
pub(crate) const NOT_AN_HTTPS_ADDRESS: &str =
    "must be an https address: the platform downloads it, and local files are not sent";
pub(crate) const NOT_A_DURATION: &str = "must be a time like 30s, 2m or 1h 30m";
pub(crate) const DURATION_OF_ZERO: &str = "must be more than 0";
pub(crate) const DURATION_TOO_LONG: &str = "must be at most 36500d";
pub(crate) const NOT_A_RATE: &str =
    "must be a number of messages from 1 with a unit, e.g. 20/s, 300/m or 5000/h";
pub(crate) const CONCURRENCY_OUT_OF_RANGE: &str = "must be a whole number from 1 to 1000";
pub(crate) const NOT_A_TIME: &str = "must be written like 2026-11-28T21:22:06Z";
pub(crate) const NOT_A_TIME_OR_AGE: &str =
    "must be a time like 2026-11-28T21:22:06Z, or an age like 30d or 12h";
pub(crate) const NOT_A_TIME_OR_DELAY: &str =
    "must be a time like 2026-11-28T21:22:06Z, or a delay like 30m or 12h";
pub(crate) const NOT_IN_THE_FUTURE: &str = "must be in the future";
pub(crate) const NUMBER_OF_ZERO: &str = "must be at least 1";
pub(crate) const NOT_A_NUMBER: &str = "must be a whole number from 1";
pub(crate) const NOT_A_FACTOR: &str = "must be a finite number above 0";
pub(crate) const NOT_A_HOST: &str = "must be a DNS name or an IP address, without a port";

/// What is wrong with `-` where a file or folder is written.
pub(crate) const NO_FILE: &str = "must be a file: it cannot be written to standard output (./- is \
    a file of that name)";
pub(crate) const NO_FILE_OF_VARIABLES: &str = "must be a file: standard output is for the ready line or \
    the command (./- is a file of that name; `msm emulator env` prints the variables)";
pub(crate) const NO_FOLDER: &str = "must be a folder: files cannot be written to standard output (./- \
    is a folder of that name)";

pub(crate) const WAIT_FOR_OTHER: &str = "--wait must be delivered or read, e.g. --wait read 30s";

/// The time after `--wait` violates a rule of times.
pub(crate) fn wait_time(rule: &str) -> String {
    format!("--wait: the time {rule}")
}

/// A target is likely to mean this one.
pub(crate) fn meant(target: &str) -> String {
    format!("is not a target: did you mean {target}?")
}

/// What stands where a target is expected is one of the values after it.
pub(crate) fn wrong_order(order: &str) -> String {
    format!("is not a target: the order is {order}")
}

/// Two targets of which one is enough, by their numbers.
pub(crate) fn same_target(first: usize, second: usize) -> String {
    format!(
        "--to number {second} is the same target as number {first}, which would get the message twice"
    )
}

/// A place in what an option gives.
pub(crate) fn of(option: &str, place: &str) -> String {
    format!("{option}: {place}")
}

/// How several targets stand in a rule.
pub(crate) const SEVERAL_TARGETS: &str = "several --to";

pub(crate) fn several_of_one(given: &[&str]) -> String {
    let given = given.join(" and ");
    format!("{given} cannot be used together: give one of them")
}

/// An option has no meaning without one of others.
pub(crate) fn needs_one_of(option: impl Display, others: &[&str]) -> String {
    format!("{option} needs {}", others.join(" or "))
}
